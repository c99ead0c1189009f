"""The due list: the one mechanism behind all timing.

One row a patient. Every change raises `revision`; a claim raises it too and hands it out, so that
a worker whose lease was taken over, or whose patient got newer data, cannot settle.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from service.store.codes import clean, reason_code
from service.store.columns import stamp
from service.store.inserts import inserting
from service.store.part import Part
from service.store.schema import due, promises

TRIES_MAX = 5
BACKOFF_S = (5, 15, 45, 120)  # after the first, second ... failed try
OVERDUE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A patient handed to one worker. `correlation`: of the newest call that made it due."""

    tenant: str
    patient: str
    revision: int
    due_at: datetime
    reasons: tuple[str, ...]
    tries: int
    correlation: str
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A patient whose evaluation failed too often: shown, and tried once again on new data."""

    tenant: str
    patient: str
    since: datetime
    code: str
    tries: int
    correlation: str


class DueList(Part):
    """Who is to be evaluated, when, and who is at it."""

    def make_due(self, tenant: str, patient: str, at: datetime, reason: str) -> None:
        """Evaluate this patient at `at` at the latest. A promise: no earlier run takes it away."""

        def write(connection: Connection) -> None:
            keep_promise(connection, tenant, patient, at, reason)
            touch(connection, tenant, [patient], at, reason, "")

        self._database.transact(write)

    def claim_due(
        self, now: datetime, limit: int = 50, lease_s: float = 60, worker: str = ""
    ) -> list[Due]:
        """Up to `limit` patients that are due, the longest waiting first, leased to the caller.

        No other worker gets them until they are settled or failed, or the lease has ended.
        """
        with self._database.read() as connection:
            if (
                connection.execute(select(due.c.patient).where(_claimable(now)).limit(1)).first()
                is None
            ):
                return []
        return self._database.transact(lambda c: _claim(c, now, limit, lease_s, worker))

    def fail(self, item: Due, code: str, now: datetime) -> bool:
        """Evaluation failed: tried again later; True when it was the last try (quarantine).

        Does nothing when the lease is no longer the caller's.
        """

        def write(connection: Connection) -> bool:
            mine = and_(row_of(item.tenant, item.patient), due.c.lease == item.revision)
            held = connection.execute(
                select(due.c.tries, due.c.revision, due.c.due_at).where(mine).with_for_update()
            ).first()
            if held is None:
                return False
            tries = held.tries + 1
            last: bool = tries >= TRIES_MAX
            fresh = held.revision != item.revision and not last  # newer data came meanwhile
            wait = timedelta(seconds=BACKOFF_S[min(tries, len(BACKOFF_S)) - 1])
            values = {
                "tries": tries,
                "code": reason_code(code),
                "lease": None,
                "leased_until": None,
                "due_at": None if last else (held.due_at if fresh else now + wait),
                "revision": due.c.revision + 1,
            }
            if last:
                values["quarantined_at"] = func.coalesce(due.c.quarantined_at, stamp(now))
            connection.execute(update(due).where(mine).values(values))
            return last

        return self._database.transact(write)

    def quarantined(self, tenant: str) -> list[Quarantined]:
        wanted = (
            select(due)
            .where(due.c.tenant == tenant, due.c.quarantined_at.is_not(None))
            .order_by(due.c.quarantined_at, due.c.patient)
        )
        with self._database.read() as connection:
            return [
                Quarantined(r.tenant, r.patient, r.quarantined_at, r.code, r.tries, r.correlation)
                for r in connection.execute(wanted)
            ]

    def release_quarantine(self, tenant: str, patient: str, now: datetime) -> bool:
        """Try a quarantined patient again from the first try. False when it is not one."""

        def write(connection: Connection) -> bool:
            done = connection.execute(
                update(due)
                .where(row_of(tenant, patient), due.c.quarantined_at.is_not(None))
                .values(
                    tries=0, code="", quarantined_at=None, due_at=now, revision=due.c.revision + 1
                )
            )
            return done.rowcount == 1

        return self._database.transact(write)

    def due_age(self, now: datetime) -> float:
        """Seconds for which the longest waiting patient has been due; 0.0 when none is."""
        with self._database.read() as connection:
            oldest = connection.execute(
                select(due.c.due_at).where(due.c.due_at <= now).order_by(due.c.due_at).limit(1)
            ).scalar()
        return max(0.0, (now - oldest).total_seconds()) if oldest else 0.0

    def due_count(self, now: datetime) -> int:
        """How many patients are due now, leased ones included."""
        with self._database.read() as connection:
            counted = select(func.count()).select_from(due).where(due.c.due_at <= now)
            return int(connection.execute(counted).scalar_one())

    def overdue(self, tenant: str, now: datetime) -> list[tuple[str, datetime]]:
        """Patients due for more than a minute and not settled, with since when."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(due.c.patient, due.c.due_at)
                .where(due.c.tenant == tenant, due.c.due_at <= now - OVERDUE)
                .order_by(due.c.due_at)
            )
            return [(r.patient, r.due_at) for r in rows]


def touch(
    connection: Connection,
    tenant: str,
    patients: Iterable[str],
    at: datetime,
    reason: str,
    correlation: str,
) -> None:
    """Put patients on the list, each once: the earlier time stays, reasons add up.

    Rows are taken in one order everywhere, so that two writers cannot block each other.
    """
    rows = [
        {
            "tenant": tenant,
            "patient": patient,
            "revision": 1,
            "due_at": at,
            "reasons": f",{reason_code(reason)},",
            "tries": 0,
            "correlation": correlation,
            "worker": "",
            "code": "",
        }
        for patient in sorted(set(patients))
    ]
    if rows:
        connection.execute(_TOUCH[connection.dialect.name], rows)


def _touch_statement(insert: Any) -> Any:
    new = insert(due)
    given = new.excluded
    return new.on_conflict_do_update(
        index_elements=[due.c.tenant, due.c.patient],
        set_={
            "revision": due.c.revision + 1,
            "due_at": case(
                (or_(due.c.due_at.is_(None), due.c.due_at > given.due_at), given.due_at),
                else_=due.c.due_at,
            ),
            "reasons": case(
                (due.c.reasons.contains(given.reasons), due.c.reasons),
                else_=due.c.reasons + func.substr(given.reasons, 2),
            ),
            "tries": case((due.c.tries >= TRIES_MAX, TRIES_MAX - 1), else_=due.c.tries),
            "correlation": case(
                (given.correlation == "", due.c.correlation), else_=given.correlation
            ),
        },
    )


_TOUCH = {
    "sqlite": _touch_statement(sqlite_insert),
    "postgresql": _touch_statement(postgresql_insert),
}


def keep_promise(
    connection: Connection, tenant: str, patient: str, at: datetime, reason: str
) -> None:
    insert = inserting(connection, promises)
    connection.execute(
        insert.values(
            tenant=tenant, patient=patient, at=at, reason=reason_code(reason)
        ).on_conflict_do_nothing()
    )


def settle_due(connection: Connection, item: Due, next_due: datetime | None) -> bool:
    """Take the patient off the list until its next time; False when the claim is overtaken."""
    done = connection.execute(
        update(due)
        .where(row_of(item.tenant, item.patient), due.c.revision == item.revision)
        .values(
            revision=due.c.revision + 1,
            due_at=next_due,
            reasons=",",
            tries=0,
            lease=None,
            leased_until=None,
            quarantined_at=None,
            code="",
        )
    )
    if done.rowcount != 1:
        return False
    mine = and_(promises.c.tenant == item.tenant, promises.c.patient == item.patient)
    connection.execute(delete(promises).where(mine, promises.c.at <= item.claimed_at))
    promised = connection.execute(select(func.min(promises.c.at)).where(mine)).scalar()
    if promised is not None and (next_due is None or promised < next_due):
        connection.execute(
            update(due).where(row_of(item.tenant, item.patient)).values(due_at=promised)
        )
    return True


def give_back(connection: Connection, item: Due) -> None:
    """End the caller's lease at once, so that the newer data need not wait for it."""
    connection.execute(
        update(due)
        .where(row_of(item.tenant, item.patient), due.c.lease == item.revision)
        .values(lease=None, leased_until=None)
    )


def row_of(tenant: str, patient: str) -> ColumnElement[bool]:
    return and_(due.c.tenant == tenant, due.c.patient == patient)


def _claimable(now: datetime) -> ColumnElement[bool]:
    free = or_(due.c.leased_until.is_(None), due.c.leased_until <= now)
    return and_(due.c.due_at <= now, free)


def _claim(
    connection: Connection, now: datetime, limit: int, lease_s: float, worker: str
) -> list[Due]:
    rows = connection.execute(
        select(due)
        .where(_claimable(now))
        .order_by(due.c.due_at, due.c.tenant, due.c.patient)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return []
    until = now + timedelta(seconds=lease_s)
    connection.execute(
        _LEASE,
        [
            {
                "t": r.tenant,
                "p": r.patient,
                "lease": r.revision + 1,
                "revision": r.revision + 1,
                "leased_until": until,
                "worker": clean(worker, 128),
            }
            for r in rows
        ],
    )
    return [
        Due(
            tenant=r.tenant,
            patient=r.patient,
            revision=r.revision + 1,
            due_at=r.due_at,
            reasons=tuple(part for part in r.reasons.split(",") if part),
            tries=r.tries,
            correlation=r.correlation,
            claimed_at=now,
        )
        for r in rows
    ]


_LEASE = (
    update(due)
    .where(due.c.tenant == bindparam("t"), due.c.patient == bindparam("p"))
    .values(
        lease=bindparam("lease"),
        revision=bindparam("revision"),
        leased_until=bindparam("leased_until"),
        worker=bindparam("worker"),
    )
)
