"""Alerts as stored: machine and human state in two columns, an append-only history beside."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from alerts.lifecycle import (
    Alert,
    AlertKind,
    HistoryEntry,
    HumanState,
    MachineState,
    Move,
    What,
    Why,
    human_of,
    machine_of,
    plain,
)
from service.errors import BadInput, NotFound
from service.store.alerting.changes import note_changes
from service.store.alerting.notices import post
from service.store.database.codes import clean
from service.store.database.inserts import inserting
from service.store.database.part import Part
from service.store.database.schema import alerts, history
from service.store.evaluation.due import touch
from service.store.oversight.audit import AuditEntry, append

_ATTEMPTS = 5
_NAMED = ("id", "tenant", "patient", "kind", "subject", "machine", "human", "version")
# asked for by every evaluation: made once
_OF_PATIENT = (
    select(*(alerts.c[name] for name in _NAMED))
    .where(alerts.c.tenant == bindparam("tenant"), alerts.c.patient == bindparam("patient"))
    .order_by(alerts.c.opened_at, alerts.c.id)
)


class Stale(BadInput):
    """Somebody else was faster: what the caller saw is no longer so."""

    status = 409
    issue = "conflict"

    def __init__(self, message: str = "Somebody was faster: look again.") -> None:
        super().__init__(message, code="stale")


class Alerts(Part):
    """What was raised, what people did with it, and its history."""

    def alerts(
        self, tenant: str, patient: str | None = None, open_only: bool = True
    ) -> list[Alert]:
        """Oldest first. `open_only`: those that the rules have not ended (resolved ones too)."""
        if patient is not None and not open_only:
            mine = {"tenant": tenant, "patient": patient}
            return [_alert(*row) for row in self._database.glance(_OF_PATIENT, mine)]
        wanted = select(alerts).where(alerts.c.tenant == tenant)
        if patient is not None:
            wanted = wanted.where(alerts.c.patient == patient)
        if open_only:
            wanted = wanted.where(alerts.c.is_open)
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(alerts.c.opened_at, alerts.c.id))
            return [alert_of(row) for row in rows]

    def alert(self, tenant: str, alert_id: str) -> Alert:
        """NotFound (`no-alert`) when this tenant has none of that id."""
        with self._database.read() as connection:
            return _one(connection, tenant, alert_id)

    def act(
        self,
        tenant: str,
        alert_id: str,
        step: Callable[[Alert], Move],
        now: datetime,
        correlation: str = "",
    ) -> Alert:
        """A person's step, written as one transaction. The alert as it is afterwards.

        Of two who act on what both saw, one wins; the other gets Stale. What `step` raises comes
        out unchanged. An assessment that comes in between is no conflict: the step is tried on
        the newer alert. The patient becomes due, so that quiet and its end are timed anew.
        """
        seen: HumanState | None = None
        for _ in range(_ATTEMPTS):
            before = self.alert(tenant, alert_id)
            if seen is not None and before.human != seen:
                raise Stale
            seen = before.human
            move = step(before)
            if move.alert == before:  # it is so already
                return before
            try:
                self._database.transact(partial(_act, move=move, now=now, correlation=correlation))
            except Stale:
                continue
            return move.alert
        raise Stale

    def history(self, tenant: str, alert_id: str) -> list[HistoryEntry]:
        """What happened to an alert, oldest first."""
        return self._history(history.c.tenant == tenant, history.c.alert == alert_id)

    def patient_history(self, tenant: str, patient: str) -> list[HistoryEntry]:
        """What happened to any alert of a patient, oldest first."""
        return self._history(history.c.tenant == tenant, history.c.patient == patient)

    def _history(self, *which: Any) -> list[HistoryEntry]:
        with self._database.read() as connection:
            rows = connection.execute(select(history).where(*which).order_by(history.c.seq))
            return [
                HistoryEntry(r.alert, r.at, What(r.what), r.who, Why(r.why), r.detail) for r in rows
            ]


def alert_of(row: Row[Any]) -> Alert:
    return _alert(*(getattr(row, name) for name in _NAMED))


def _alert(
    key: str,
    tenant: str,
    patient: str,
    kind: str,
    subject: str,
    machine: str,
    human: str,
    version: int,
) -> Alert:
    return Alert(
        id=key,
        tenant=tenant,
        patient=patient,
        kind=AlertKind(kind),
        subject=subject,
        machine=machine_of(orjson.loads(machine)),
        human=human_of(orjson.loads(human)),
        version=version,
    )


def write_moves(
    connection: Connection, moves: Iterable[Move], correlation: str, now: datetime
) -> list[str]:
    """Alerts, history and notices of these moves; the ids that changed. Stale when overtaken."""
    moved = [m for m in moves if _written(connection, m, now)]
    entries = [_entry(m.alert, entry, correlation) for m in moved for entry in m.history]
    if entries:
        connection.execute(insert(history), entries)
    for m in moved:
        post(connection, m.alert, m.notices, correlation)
    return [m.alert.id for m in moved]


def _written(connection: Connection, move: Move, now: datetime) -> bool:
    """Whether there was anything to write."""
    alert = move.alert
    held = connection.execute(
        select(alerts.c.version).where(alerts.c.id == alert.id).with_for_update()
    ).scalar()
    if held == alert.version and not move.history and not move.notices:
        return False
    if held is None and alert.version == 1:
        made = inserting(connection, alerts).values(_columns(alert, now))
        if connection.execute(made.on_conflict_do_nothing()).rowcount != 1:
            raise Stale
        return True
    if held is None or held != alert.version - 1:
        raise Stale
    values = _columns(alert, now)
    for fixed in ("id", "tenant", "patient", "kind", "subject"):
        del values[fixed]
    mine = (alerts.c.id == alert.id, alerts.c.tenant == alert.tenant, alerts.c.version == held)
    if connection.execute(update(alerts).where(*mine).values(values)).rowcount != 1:
        raise Stale
    return True


def _act(connection: Connection, move: Move, now: datetime, correlation: str) -> None:
    alert = move.alert
    # the due row first, then the alert: the order in which an evaluation takes them
    touch(connection, alert.tenant, [alert.patient], now, "acted", correlation)
    changed = write_moves(connection, [move], correlation, now)
    note_changes(connection, alert.tenant, changed, now)
    append(connection, alert.tenant, [_decision(alert, e, correlation) for e in move.history])


def _decision(alert: Alert, entry: HistoryEntry, correlation: str) -> AuditEntry:
    """A person's step, in the audit with the step itself or not at all."""
    return AuditEntry(
        at=entry.at,
        who=entry.who,
        action=f"alert.{entry.what.value}",
        patient=alert.patient,
        subject=f"Alert/{alert.id}",
        why=entry.why.value,
        correlation=correlation,
    )


def _one(connection: Connection, tenant: str, alert_id: str) -> Alert:
    wanted = select(alerts).where(alerts.c.tenant == tenant, alerts.c.id == alert_id)
    row = connection.execute(wanted).first()
    if row is None:
        raise NotFound("There is no such alert.", code="no-alert")
    return alert_of(row)


def _columns(alert: Alert, now: datetime) -> dict[str, Any]:
    return {
        "id": alert.id,
        "tenant": alert.tenant,
        "patient": alert.patient,
        "kind": alert.kind.value,
        "subject": alert.subject,
        "version": alert.version,
        "is_open": alert.machine.ended_at is None,
        "opened_at": alert.machine.opened_at,
        "changed_at": now,
        "machine": _json(alert.machine),
        "human": _json(alert.human),
    }


def _json(state: MachineState | HumanState) -> str:
    return orjson.dumps(plain(state)).decode()


def _entry(alert: Alert, entry: HistoryEntry, correlation: str) -> dict[str, Any]:
    return {
        "tenant": alert.tenant,
        "patient": alert.patient,
        "alert": alert.id,
        "at": entry.at,
        "what": entry.what.value,
        "who": clean(entry.who, 256),
        "why": entry.why.value,
        "detail": clean(entry.detail, 4000),
        "correlation": correlation,
    }
