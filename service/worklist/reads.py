"""Every read of a patient is in the audit, once for a sitting and not once for a refresh."""

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
    """Remembers in this process what is in the audit already; another process may tell it again,
    never less."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str, str, str], datetime] = {}
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
        with self._lock:
            if len(self._told) > _KEPT:
                self._told = {k: at for k, at in self._told.items() if now - at < SITTING}
            keys = [(desk.tenant, who, entry.action, p) for p in dict.fromkeys(patients)]
            fresh = [k for k in keys if k not in self._told or now - self._told[k] >= SITTING]
            if not fresh:
                return
            if not entry.patient:
                entry = replace(entry, detail={"patients": [key[-1] for key in fresh]})
            desk.note([entry])
            self._told.update(dict.fromkeys(fresh, now))  # only what is on record counts as told


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
