"""How cards were received: counts by day, rule, version, indicator, and by reason (ALR-09)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Select, and_, func, select, type_coerce

from service.store.database.columns import EPOCH
from service.store.database.part import Part
from service.store.database.schema import cards, feedback

_DAY = 86_400_000_000  # microseconds


@dataclass(slots=True)
class Received:
    """One day's cards of one version of a rule with one indicator (days in UTC).

    `shown`: sent to a client; `hidden`: computed in silent mode. Of those shown `accepted`,
    `overridden`, and `reasons`: override reason code -> how many ("" when none was given). Cards
    without feedback were neither: ignored cards are never reported.
    """

    day: date
    rule: str
    rule_version: str
    indicator: str
    shown: int = 0
    hidden: int = 0
    accepted: int = 0
    overridden: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def unanswered(self) -> int:
        return self.shown - self.accepted - self.overridden


class Reception(Part):
    """What clinicians did with the cards; no patient in it."""

    def reception(
        self, tenant: str, since: datetime | None = None, until: datetime | None = None
    ) -> list[Received]:
        """By day, rule, version and indicator. The last outcome of a card counts."""
        found: dict[tuple[Any, ...], Received] = {}
        with self._database.read() as connection:
            for row in connection.execute(_counted(tenant, since, until)):
                key = (row.day, row.rule, row.rule_version, row.indicator)
                if key not in found:
                    day = (EPOCH + timedelta(days=int(row.day))).astimezone(UTC).date()
                    found[key] = Received(day, *key[1:])
                _add(found[key], row)
        return [found[key] for key in sorted(found)]


def _counted(tenant: str, since: datetime | None, until: datetime | None) -> Select[Any]:
    rank = func.row_number().over(
        partition_by=feedback.c.card, order_by=(feedback.c.at.desc(), feedback.c.outcome)
    )
    last = (
        select(feedback.c.card, feedback.c.outcome, feedback.c.reason_code, rank.label("rank"))
        .where(feedback.c.tenant == tenant)
        .subquery()
    )
    day = (type_coerce(cards.c.at, BigInteger) // _DAY).label("day")
    by = (
        day,
        cards.c.rule,
        cards.c.rule_version,
        cards.c.indicator,
        cards.c.shown,
        last.c.outcome,
        last.c.reason_code,
    )
    joined = cards.outerjoin(last, and_(last.c.card == cards.c.uuid, last.c.rank == 1))
    wanted = select(*by, func.count().label("number")).select_from(joined)
    wanted = wanted.where(cards.c.tenant == tenant, *_between(since, until))
    return wanted.group_by(*by)


def _between(since: datetime | None, until: datetime | None) -> Sequence[Any]:
    bounds = [cards.c.at >= since] if since is not None else []
    return [*bounds, cards.c.at < until] if until is not None else bounds


def _add(held: Received, row: Any) -> None:
    number = int(row.number)
    if not row.shown:
        held.hidden += number
        return
    held.shown += number
    if row.outcome == "accepted":
        held.accepted += number
    elif row.outcome == "overridden":
        held.overridden += number
        held.reasons[row.reason_code] = held.reasons.get(row.reason_code, 0) + number
