"""What was heard of each subscription: event numbers, gaps, silence, restarts.

`eventsSinceSubscriptionStart` counts events, not heartbeats, and does not rise on repeats. A
number above the next leaves a gap that a late notification may fill; a count that went back means
that the subscription was restarted and everything must be read again (fhir-reality, section 4).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Connection, Row, select, update

from service.store.database.codes import clean
from service.store.database.engine import Again
from service.store.database.inserts import inserting
from service.store.database.part import Part
from service.store.database.schema import subscriptions

Gap = tuple[int, int]
GAPS_MAX = 1000


class Heard(StrEnum):
    """What an event number or a count told."""

    FIRST = "first"
    NEXT = "next"
    REPEAT = "repeat"
    LATE = "late"  # it fills a gap
    GAP = "gap"  # something before it is missing
    RESTARTED = "restarted"  # the sender's count went back: read everything again
    STILL = "still"  # a heartbeat that tells nothing new


@dataclass(frozen=True, slots=True)
class Subscription:
    """`missing`: gaps as (first, last). `heard_at`: anything; `event_at`: the last event."""

    tenant: str
    subscription: str
    last_event: int
    heard_at: datetime
    event_at: datetime | None
    missing: tuple[Gap, ...]
    restarts: int

    def silent(self, now: datetime, period: timedelta) -> bool:
        """Nothing for two periods: the source is silent, and that is to be said."""
        return now - self.heard_at > 2 * period


class Subscriptions(Part):
    """The listener's memory."""

    def note_event(self, tenant: str, subscription: str, number: int, now: datetime) -> Heard:
        """An event notification with this event number came in."""
        return self._note(tenant, subscription, number, now, is_event=True)

    def note_heartbeat(self, tenant: str, subscription: str, count: int, now: datetime) -> Heard:
        """A heartbeat or handshake came in; `count`: events since the subscription started."""
        return self._note(tenant, subscription, count, now, is_event=False)

    def subscription(self, tenant: str, subscription: str) -> Subscription | None:
        with self._database.read() as connection:
            return _known(connection, tenant, clean(subscription, 256))

    def subscriptions(self, tenant: str) -> list[Subscription]:
        wanted = select(subscriptions).where(subscriptions.c.tenant == tenant)
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(subscriptions.c.subscription)).all()
        return [_subscription(row) for row in rows]

    def close_gaps(self, tenant: str, subscription: str, up_to: int) -> tuple[Gap, ...]:
        """What was missing up to this number was fetched another way ($events, a search). What
        was closed; () when nothing was missing."""

        def write(connection: Connection) -> tuple[Gap, ...]:
            known = _known(connection, tenant, clean(subscription, 256), lock=True)
            if known is None:
                return ()
            kept = tuple((max(a, up_to + 1), b) for a, b in known.missing if b > up_to)
            closed = tuple((a, min(b, up_to)) for a, b in known.missing if a <= up_to)
            if closed:
                _keep(connection, replace(known, missing=kept))
            return closed

        return self._database.transact(write)

    def _note(
        self, tenant: str, subscription: str, number: int, now: datetime, *, is_event: bool
    ) -> Heard:
        name = clean(subscription, 256)

        def write(connection: Connection) -> Heard:
            known = _known(connection, tenant, name, lock=True)
            if known is None:
                first = Subscription(
                    tenant,
                    name,
                    number,
                    now,
                    now if is_event else None,
                    _before_first(number, is_event=is_event),
                    0,
                )
                if not _begin(connection, first):
                    raise Again
                return Heard.FIRST
            told, after = _follow(known, number, now, is_event=is_event)
            _keep(connection, after)
            return told

        return self._database.transact(write)


def _before_first(number: int, *, is_event: bool) -> tuple[Gap, ...]:
    """What the sender says it sent before we first heard of it."""
    last = number - 1 if is_event else number
    return ((1, last),) if last >= 1 else ()


def _follow(
    known: Subscription, number: int, now: datetime, *, is_event: bool
) -> tuple[Heard, Subscription]:
    heard = replace(
        known, heard_at=max(known.heard_at, now), event_at=now if is_event else known.event_at
    )
    last = known.last_event
    if is_event and number == last + 1:
        return Heard.NEXT, replace(heard, last_event=number)
    if number > last:
        until = number - 1 if is_event else number
        missing = (*known.missing, (last + 1, until))[-GAPS_MAX:]
        return Heard.GAP, replace(heard, last_event=number, missing=missing)
    if is_event:
        kept = _without(known.missing, number)
        return (Heard.LATE if kept != known.missing else Heard.REPEAT), replace(heard, missing=kept)
    if number < last:
        return Heard.RESTARTED, replace(
            heard, last_event=number, missing=(), restarts=known.restarts + 1
        )
    return Heard.STILL, heard


def _without(missing: tuple[Gap, ...], number: int) -> tuple[Gap, ...]:
    kept: list[Gap] = []
    for first, last in missing:
        if not first <= number <= last:
            kept.append((first, last))
            continue
        kept += [(first, number - 1)] if first < number else []
        kept += [(number + 1, last)] if number < last else []
    return tuple(kept)


def _known(
    connection: Connection, tenant: str, name: str, *, lock: bool = False
) -> Subscription | None:
    wanted = select(subscriptions).where(
        subscriptions.c.tenant == tenant, subscriptions.c.subscription == name
    )
    row = connection.execute(wanted.with_for_update() if lock else wanted).first()
    return None if row is None else _subscription(row)


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        row.tenant,
        row.subscription,
        row.last_event,
        row.heard_at,
        row.event_at,
        tuple((first, last) for first, last in orjson.loads(row.missing)),
        row.restarts,
    )


def _columns(held: Subscription) -> dict[str, Any]:
    return {
        "tenant": held.tenant,
        "subscription": held.subscription,
        "last_event": held.last_event,
        "heard_at": held.heard_at,
        "event_at": held.event_at,
        "missing": orjson.dumps(held.missing).decode(),
        "restarts": held.restarts,
    }


def _begin(connection: Connection, held: Subscription) -> bool:
    """False when another process has begun with it meanwhile."""
    new = inserting(connection, subscriptions).values(_columns(held))
    return bool(connection.execute(new.on_conflict_do_nothing()).rowcount == 1)


def _keep(connection: Connection, held: Subscription) -> None:
    mine = (
        subscriptions.c.tenant == held.tenant,
        subscriptions.c.subscription == held.subscription,
    )
    connection.execute(update(subscriptions).where(*mine).values(_columns(held)))
