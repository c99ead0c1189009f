"""Every read of a patient is in the audit, once for a sitting and not once for a refresh."""

import hashlib
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from service.logs import correlation
from service.security.session import User
from service.store import AuditEntry
from service.worklist.desk import Desk

# a page that is open refreshes itself; the same reader is told anew after this long
SITTING = timedelta(minutes=15)
_KEPT = 20_000


class Reads:
    """Once over all processes: the store holds what was told. What this process knows to be told
    is not asked for again."""

    def __init__(self) -> None:
        self._told: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def patient(self, desk: Desk, user: User, patient: str, now: datetime, why: str = "") -> None:
        """One patient was read: their page, time line or assessment."""
        entry = _entry(user, "patient.read", now, patient=patient, why=why)
        self._noted(desk, user, [patient], entry)

    def listed(self, desk: Desk, user: User, patients: Iterable[str], now: datetime) -> None:
        """These patients stood on a list that was read."""
        self._noted(desk, user, patients, _entry(user, "worklist.read", now))

    def _noted(self, desk: Desk, user: User, patients: Iterable[str], entry: AuditEntry) -> None:
        now, who = entry.at, user.session or user.name
        keys = {
            _key(desk.tenant, who, entry.action, patient): patient
            for patient in dict.fromkeys(patients)
        }
        with self._lock:
            told = self._told
            fresh = {k: p for k, p in keys.items() if k not in told or now - told[k] >= SITTING}
        if not fresh:
            return

        def line(of: list[str]) -> AuditEntry:
            return entry if entry.patient else replace(entry, detail={"patients": of})

        desk.note_first(fresh, now + SITTING, line)
        with self._lock:  # only what is on record counts as told
            if len(self._told) > _KEPT:
                self._told = {k: at for k, at in self._told.items() if now - at < SITTING}
            self._told.update(dict.fromkeys(fresh, now))


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _entry(
    user: User,
    action: str,
    now: datetime,
    *,
    patient: str = "",
    why: str = "",
    subject: str = "",
) -> AuditEntry:
    return AuditEntry(
        at=now,
        who=user.name,
        role=user.role,
        action=action,
        patient=patient,
        subject=subject,
        why=why,
        correlation=correlation() or "",
    )


def did(
    desk: Desk,
    user: User,
    action: str,
    now: datetime,
    *,
    patient: str = "",
    why: str = "",
    subject: str = "",
) -> None:
    """Something that a user did, in the audit."""
    desk.note([_entry(user, action, now, patient=patient, why=why, subject=subject)])
