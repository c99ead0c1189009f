"""The due list: the one mechanism behind all timing.

One row a patient. Every change raises `revision`; a claim raises it too and hands it out, so that
a worker whose lease was taken over, or whose patient got newer data, cannot settle.
"""

from collections.abc import Iterable, Sequence
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
    tuple_,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from service.store.database.codes import reason_code
from service.store.database.columns import stamp
from service.store.database.inserts import inserting
from service.store.database.part import Part
from service.store.database.schema import due, promises, subscriptions

TRIES_MAX = 5
BACKOFF_S = (5, 15, 45, 120)  # after the first, second ... failed try
OVERDUE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A patient handed to one worker. `correlation`: of the newest call that made it due.

    `suspect`: a worker died while it evaluated this patient among others; claimed alone now.
    """

    tenant: str
    patient: str
    revision: int
    due_at: datetime
    reasons: tuple[str, ...]
    tries: int
    correlation: str
    claimed_at: datetime
    suspect: bool = False


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
            fresh = held.revision != item.revision  # newer data came meanwhile
            again = held.due_at if fresh else None
            return count_try(connection, mine, held.tries, code, now, again)

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

    def tenants(self) -> list[str]:
        """Tenants of whom patients are kept, or who have subscriptions that were heard of."""
        wanted = union(select(due.c.tenant), select(subscriptions.c.tenant))
        with self._database.read() as connection:
            return sorted(connection.execute(wanted).scalars())

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


def settle_due(
    connection: Connection, item: Due, next_due: datetime | None, rules: str = ""
) -> bool:
    """Take the patient off the list until its next time; False when the claim is overtaken, and
    nothing was written. What was promised comes afterwards (`keep_promised`). `rules`: by which
    it was judged."""
    mine = {"t": item.tenant, "p": item.patient, "claim": item.revision}
    done = connection.execute(_SETTLE, {**mine, "due_at": next_due, "rules": rules})
    return done.rowcount == 1


def keep_promised(connection: Connection, settled: Sequence[tuple[Due, datetime | None]]) -> None:
    """Of these, settled in this transaction until their next time: promises that this evaluation
    has kept go, and nobody waits for longer than until the next of the others."""
    if not settled:
        return
    keys = [(item.tenant, item.patient) for item, _ in settled]
    held: dict[tuple[str, str], list[datetime]] = {}
    for tenant, patient, at in connection.execute(_PROMISED, {"keys": keys}):
        held.setdefault((tenant, patient), []).append(at)
    for item, next_due in settled:
        promised = held.get((item.tenant, item.patient))
        if promised is not None:
            _keep_promised(connection, item, next_due, promised)


def _keep_promised(
    connection: Connection, item: Due, next_due: datetime | None, promised: Sequence[datetime]
) -> None:
    mine = and_(promises.c.tenant == item.tenant, promises.c.patient == item.patient)
    connection.execute(delete(promises).where(mine, promises.c.at <= item.claimed_at))
    first = min((at for at in promised if at > item.claimed_at), default=None)
    if first is not None and (next_due is None or first < next_due):
        connection.execute(
            update(due).where(row_of(item.tenant, item.patient)).values(due_at=first)
        )


# for every patient that is evaluated: made once
_SETTLE = (
    update(due)
    .where(
        due.c.tenant == bindparam("t"),
        due.c.patient == bindparam("p"),
        due.c.revision == bindparam("claim"),
    )
    .values(
        revision=due.c.revision + 1,
        due_at=bindparam("due_at"),
        reasons=",",
        tries=0,
        lease=None,
        leased_until=None,
        quarantined_at=None,
        code="",
        begun=0,
        suspect=False,
        rules=bindparam("rules"),
    )
)
_PROMISED = select(promises.c.tenant, promises.c.patient, promises.c.at).where(
    tuple_(promises.c.tenant, promises.c.patient).in_(bindparam("keys", expanding=True))
)


def give_back(connection: Connection, item: Due) -> None:
    """End the caller's lease at once, so that the newer data need not wait for it."""
    connection.execute(
        update(due)
        .where(row_of(item.tenant, item.patient), due.c.lease == item.revision)
        .values(lease=None, leased_until=None, begun=0)
    )


def row_of(tenant: str, patient: str) -> ColumnElement[bool]:
    return and_(due.c.tenant == tenant, due.c.patient == patient)


def count_try(
    connection: Connection,
    mine: ColumnElement[bool],
    tries: int,
    code: str,
    now: datetime,
    again: datetime | None = None,
) -> bool:
    """One more failed try of the row `mine`; True when it was the last. `again`: when it is due,
    after a pause when not given."""
    tries += 1
    last = tries >= TRIES_MAX
    wait = timedelta(seconds=BACKOFF_S[min(tries, len(BACKOFF_S)) - 1])
    values: dict[str, Any] = {
        "tries": tries,
        "code": reason_code(code),
        "lease": None,
        "leased_until": None,
        "begun": 0,
        "due_at": None if last else (again or now + wait),
        "revision": due.c.revision + 1,
    }
    if last:
        values["quarantined_at"] = func.coalesce(due.c.quarantined_at, stamp(now))
    connection.execute(update(due).where(mine).values(values))
    return last
