"""Removal of what is older than its retention.

Nothing of a patient with an open alert goes, whatever its age: the baseline is frozen at onset
(BASE-06) and the evidence must stay readable. Small transactions, so that nobody waits long.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)

from service.store.database.part import Part
from service.store.database.schema import (
    alerts,
    assessments,
    audit,
    audit_chain,
    cards,
    changes,
    due,
    feedback,
    history,
    intake,
    notices,
    people,
    resources,
    seen,
    ticks,
    used_keys,
)
from service.store.evaluation.flow import OUTCOMES
from service.store.keeping.retention import Keep, Retention

_BATCH = 2000
_DAY = 86_400_000_000
_SKEW = timedelta(hours=1)  # clocks of callers may differ from ours
_other = resources.alias("other")


class Pruning(Part):
    """Run it once a day or oftener; it may be interrupted at any point."""

    def prune(self, now: datetime, retention: Retention | None = None) -> dict[str, int]:
        """Remove what is too old. How many rows went, by kind."""
        keep = retention or Retention()
        gone = {kind.value: self._delete(resources, _old(kind, keep, now)) for kind in Keep}
        gone["assessments"] = self._delete(assessments, _without_facts(assessments))
        idle = and_(due.c.due_at.is_(None), due.c.quarantined_at.is_(None))
        gone["due"] = self._delete(due, and_(idle, _without_facts(due)))
        gone["used_keys"] = self._delete(used_keys, used_keys.c.expires < now - _SKEW)
        gone["seen"] = self._delete(seen, ~_alert_on_list(seen))
        gone["ticks"] = self._delete(ticks, _without_facts(ticks))
        gone["people"] = self._delete(people, people.c.at < now - keep.people)
        newest = select(func.max(changes.c.seq)).scalar_subquery()
        old = and_(changes.c.at < now - keep.changes, changes.c.seq < newest)
        gone["changes"] = self._delete(changes, old)
        gone["intake"] = self._database.transact(lambda c: _roll_up(c, now - keep.intake))
        if keep.alerts is not None:
            gone["alerts"] = self._prune_alerts(now - keep.alerts)
        if keep.cards is not None:
            gone["feedback"] = self._delete(feedback, feedback.c.received_at < now - keep.cards)
            gone["cards"] = self._delete(cards, cards.c.at < now - keep.cards)
        if keep.audit is not None:
            limit = now - keep.audit
            gone["audit"] = self._database.transact(lambda c: _prune_audit(c, limit))
        return gone

    def _delete(self, table: Table, which: ColumnElement[bool]) -> int:
        return self._in_batches(lambda c: _delete_some(c, table, which))

    def _prune_alerts(self, limit: datetime) -> int:
        """Ended alerts with their history and notices."""

        def some(connection: Connection) -> int:
            wanted = select(alerts.c.id).where(~alerts.c.is_open, alerts.c.changed_at < limit)
            ids = connection.execute(wanted.limit(_BATCH // 10)).scalars().all()
            for table in (notices, history):
                connection.execute(delete(table).where(table.c.alert.in_(ids)))
            connection.execute(delete(alerts).where(alerts.c.id.in_(ids)))
            return len(ids)

        return self._in_batches(some)

    def _in_batches(self, some: Callable[[Connection], int]) -> int:
        total = 0
        while gone := self._database.transact(some):
            total += gone
        return total


def _delete_some(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    key = tuple(table.primary_key.columns)
    wanted = select(*key).where(which).limit(_BATCH)
    done = connection.execute(delete(table).where(tuple_(*key).in_(wanted)))
    return int(done.rowcount)


def _old(kind: Keep, keep: Retention, now: datetime) -> ColumnElement[bool]:
    """Which resources of a kind are too old and needed by nothing."""
    mine = and_(resources.c.keep == kind.value, ~_open_alert(resources))
    periods = {
        Keep.READING: keep.readings,
        Keep.BASELINE: keep.baseline,
        Keep.EXPOSURE: keep.exposures,
    }
    if kind in periods:
        return and_(mine, resources.c.effective_until < now - periods[kind])
    mine = and_(mine, resources.c.received_at < now - keep.exposures)
    if kind is Keep.DRUG:
        return and_(mine, ~_named_by_an_order())
    return and_(mine, ~_other_facts())


def _open_alert(table: Any) -> ColumnElement[bool]:
    return exists().where(
        alerts.c.tenant == table.c.tenant, alerts.c.patient == table.c.patient, alerts.c.is_open
    )


def _alert_on_list(table: Any) -> ColumnElement[bool]:
    return exists().where(alerts.c.id == table.c.alert, alerts.c.is_open)


def _named_by_an_order() -> ColumnElement[bool]:
    return exists().where(
        _other.c.tenant == resources.c.tenant, _other.c.awaits == resources.c.resource_id
    )


def _other_facts() -> ColumnElement[bool]:
    """Whether the patient has anything on record but what lasts."""
    return exists().where(
        _other.c.tenant == resources.c.tenant,
        _other.c.patient == resources.c.patient,
        _other.c.keep != Keep.LASTING.value,
    )


def _without_facts(table: Table) -> ColumnElement[bool]:
    facts = exists().where(
        resources.c.tenant == table.c.tenant, resources.c.patient == table.c.patient
    )
    return ~or_(facts, _open_alert(table))


def _roll_up(connection: Connection, limit: datetime) -> int:
    """One row for each tenant and day instead of one for each body: the sums stay."""
    at = type_coerce(intake.c.received_at, BigInteger)
    day = (at - at % _DAY).label("day")
    names = ("bundles", "received", *OUTCOMES)
    sums = [func.sum(intake.c[name]).label(name) for name in names]
    old = intake.c.received_at < limit
    days = connection.execute(
        select(intake.c.tenant, day, func.max(intake.c.received_at).label("last"), *sums)
        .where(old)
        .group_by(intake.c.tenant, day)
        .having(func.count() > 1)
    ).all()
    gone = 0
    for row in days:
        same = and_(old, intake.c.tenant == row.tenant, at - at % _DAY == row.day)
        gone += connection.execute(delete(intake).where(same)).rowcount - 1
        counts = {name: int(getattr(row, name)) for name in names}
        summed = {"tenant": row.tenant, "received_at": row.last, "correlation": "", **counts}
        connection.execute(insert(intake).values(summed))
    return gone


def _prune_audit(connection: Connection, limit: datetime) -> int:
    """The chain goes on from the last row removed, so that the rest still verifies."""
    gone = 0
    for tenant in connection.execute(select(audit_chain.c.tenant)).scalars().all():
        mine = audit.c.tenant == tenant
        connection.execute(
            select(audit_chain.c.seq).where(audit_chain.c.tenant == tenant).with_for_update()
        )
        kept = select(func.min(audit.c.seq)).where(mine, audit.c.at >= limit)
        first_kept = connection.execute(kept).scalar()
        before = mine if first_kept is None else and_(mine, audit.c.seq < first_kept)
        wanted = select(audit.c.seq, audit.c.hash).where(before).order_by(audit.c.seq.desc())
        last = connection.execute(wanted.limit(1)).first()
        if last is None:
            continue
        connection.execute(
            update(audit_chain)
            .where(audit_chain.c.tenant == tenant)
            .values(pruned_to=last.seq, pruned_hash=last.hash)
        )
        gone += connection.execute(delete(audit).where(before)).rowcount
    return gone
