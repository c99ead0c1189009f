"""Claims: due patients handed to a worker, and what becomes of those whose worker died.

A worker marks the few patients that it evaluates together (`begun`). When its lease ends unsettled,
those that were begun are `suspect`: each is claimed alone from then on. A suspect whose lease ends
again has taken a worker down: that counts as a failed try of this patient, and of no other.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, Row, and_, bindparam, or_, select, update

from service.store.database.codes import clean
from service.store.database.columns import Instant, stamp
from service.store.database.part import Part
from service.store.database.schema import due
from service.store.evaluation.due import Due, count_try, row_of

WORKER_LOST = "worker-lost"


class Claims(Part):
    """Who gets whom."""

    def claim_due(
        self,
        now: datetime,
        limit: int = 50,
        lease_s: float = 60,
        worker: str = "",
        begin: int = 0,
    ) -> list[Due]:
        """Up to `limit` patients that are due, the longest waiting first, leased to the caller.

        No other worker gets them until they are settled or failed, or the lease has ended. The
        first `begin` of them are marked as being evaluated. A suspect comes alone, and marked.
        """
        if not self._database.glance(_ANYBODY, {"now": stamp(now)}):
            return []
        return self._database.transact(lambda c: _claim(c, now, limit, lease_s, worker, begin))

    def begin(self, items: Sequence[Due]) -> None:
        """Mark these as being evaluated from now on, together."""
        self._database.transact(lambda c: begin(c, items))


def begin(connection: Connection, items: Sequence[Due]) -> None:
    """Within a transaction: the mark that tells who was at work when a worker died."""
    if items:
        connection.execute(
            _BEGIN,
            [
                {"t": i.tenant, "p": i.patient, "claim": i.revision, "together": len(items)}
                for i in items
            ],
        )


def _claim(
    connection: Connection, now: datetime, limit: int, lease_s: float, worker: str, begin: int
) -> list[Due]:
    _take_back(connection, now)
    rows = connection.execute(_WAITING, {"now": now, "limit": limit}).all()
    if not rows:
        return []
    alone = rows[0].suspect
    taken = rows[:1] if alone else [row for row in rows if not row.suspect]
    together = 1 if alone else min(begin, len(taken))
    connection.execute(
        _LEASE,
        [
            {
                "t": row.tenant,
                "p": row.patient,
                "lease": row.revision + 1,
                "revision": row.revision + 1,
                "leased_until": now + timedelta(seconds=lease_s),
                "worker": clean(worker, 128),
                "begun": together if n < together else 0,
            }
            for n, row in enumerate(taken)
        ],
    )
    return [_due(row, now) for row in taken]


def _take_back(connection: Connection, now: datetime) -> None:
    """Leases that ended while a patient was being evaluated: a worker has died, or hangs."""
    rows = connection.execute(_ENDED, {"now": now}).all()
    among = [row for row in rows if not row.suspect]
    for row in (row for row in rows if row.suspect):
        mine = row_of(row.tenant, row.patient)
        fresh = row.due_at if row.revision != row.lease else None
        count_try(connection, mine, row.tries, WORKER_LOST, now, fresh)
    if among:
        connection.execute(_SUSPECT, _keys(among))


def _keys(rows: Iterable[Row[Any]]) -> list[dict[str, str]]:
    return [{"t": row.tenant, "p": row.patient} for row in rows]


def _due(row: Row[Any], now: datetime) -> Due:
    return Due(
        tenant=row.tenant,
        patient=row.patient,
        revision=row.revision + 1,
        due_at=row.due_at,
        reasons=tuple(part for part in row.reasons.split(",") if part),
        tries=row.tries,
        correlation=row.correlation,
        claimed_at=now,
        suspect=row.suspect,
    )


_NOW = bindparam("now", type_=Instant)
_FREE = or_(due.c.leased_until.is_(None), due.c.leased_until <= _NOW)
_CLAIMABLE = and_(due.c.due_at <= _NOW, _FREE)
_ANYBODY = select(due.c.patient).where(_CLAIMABLE).limit(1)
_WAITING = (
    select(due)
    .where(_CLAIMABLE)
    .order_by(due.c.due_at, due.c.tenant, due.c.patient)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(skip_locked=True)
)
_ENDED = (
    select(due)
    .where(due.c.begun > 0, due.c.leased_until <= _NOW)
    .order_by(due.c.tenant, due.c.patient)
    .with_for_update(skip_locked=True)
)
_MINE = (due.c.tenant == bindparam("t"), due.c.patient == bindparam("p"))
_LEASE = (
    update(due)
    .where(*_MINE)
    .values(
        lease=bindparam("lease"),
        revision=bindparam("revision"),
        leased_until=bindparam("leased_until"),
        worker=bindparam("worker"),
        begun=bindparam("begun"),
    )
)
_BEGIN = (
    update(due).where(*_MINE, due.c.lease == bindparam("claim")).values(begun=bindparam("together"))
)
_SUSPECT = update(due).where(*_MINE).values(suspect=True, begun=0)
