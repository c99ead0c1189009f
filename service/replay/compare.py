"""Two reports on the same cases under two rule versions: what changed, and which way."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from alerts.statements import Channel, TierName
from service.replay.report import Report
from service.replay.result import CaseResult

# an alert that somebody is sent for, not a line on a list (ALR-01, ALR-03)
ALERTED = TierName.POSSIBLE


class Kind(StrEnum):
    """How a case changed; the gravest names it."""

    LOST = "lost"  # a syndrome that was alerted and no longer is
    LOWER = "lower"
    HIGHER = "higher"
    LATER = "later"
    EARLIER = "earlier"
    LOUDER = "louder"  # told more insistently at the same tier
    QUIETER = "quieter"
    INTERACTION = "interaction"
    REASON = "reason"  # the same tier at the same time for another reason
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Change:
    case: str
    patient: str
    kind: Kind
    text: str


def changes(before: Report, after: Report) -> tuple[Change, ...]:
    """What `after` changes against `before`, by case."""
    old = {(c.case, c.patient): c for c in before.cases}
    new = {(c.case, c.patient): c for c in after.cases}
    found = [
        change
        for key in sorted(old.keys() | new.keys())
        if (change := _change(old.get(key), new.get(key))) is not None
    ]
    return tuple(found)


def as_dict(before: Report, found: Sequence[Change]) -> dict[str, Any]:
    kinds = Counter(change.kind.value for change in found)
    return {
        "rules": before.rules,
        "kinds": dict(sorted(kinds.items())),
        "changes": [
            {"case": c.case, "patient": c.patient, "kind": c.kind.value, "text": c.text}
            for c in found
        ],
    }


def _change(before: CaseResult | None, after: CaseResult | None) -> Change | None:
    if after is None or before is None:
        only = after or before
        if only is None:
            return None
        kind = Kind.GONE if after is None else Kind.NEW
        return Change(only.case, only.patient, kind, "no counterpart")
    told = _tier(before, after) or _time(before, after) or _loudness(before, after)
    told = told or _reason(before, after)
    return Change(after.case, after.patient, *told) if told else None


def _tier(before: CaseResult, after: CaseResult) -> tuple[Kind, str] | None:
    was, now = TierName(before.peak_tier), TierName(after.peak_tier)
    if was is now:
        return None
    text = f"peak {was} -> {now}"
    if now.rank > was.rank:
        return Kind.HIGHER, text
    lost = before.told.syndrome is True and was.rank >= ALERTED.rank > now.rank
    return (Kind.LOST if lost else Kind.LOWER), text


def _time(before: CaseResult, after: CaseResult) -> tuple[Kind, str] | None:
    for tier in reversed(list(TierName)[1:]):
        was, now = before.first_at.get(tier.value), after.first_at.get(tier.value)
        if was is not None and now is not None and was != now:
            kind = Kind.EARLIER if now < was else Kind.LATER
            return kind, f"{tier.value} {_moved(was, now)}"
    return None


def _moved(was: datetime, now: datetime) -> str:
    hours = abs((now - was).total_seconds()) / 3600
    way = "earlier" if now < was else "later"
    return f"{hours:.1f} h {way}: {_at(was)} -> {_at(now)}"


def _loudness(before: CaseResult, after: CaseResult) -> tuple[Kind, str] | None:
    order = [channel.value for channel in Channel]
    was, now = before.loudest, after.loudest
    if was != now:
        kind = Kind.LOUDER if order.index(now) > order.index(was) else Kind.QUIETER
        return kind, f"told by {was} -> {now}".replace("_", " ")
    one, other = before.called.interrupted_at, after.called.interrupted_at
    if one != other:
        kind = Kind.LOUDER if other and (one is None or other < one) else Kind.QUIETER
        return kind, f"interrupts first at {_at(one)} -> {_at(other)}"
    return None


def _at(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "never"


def _reason(before: CaseResult, after: CaseResult) -> tuple[Kind, str] | None:
    if before.said == after.said:
        return None
    if before.interactions != after.interactions:
        gone = sorted(set(before.interactions) - set(after.interactions))
        new = sorted(set(after.interactions) - set(before.interactions))
        words = [f"no longer {row}" for row in gone] + [f"now {row}" for row in new]
        return Kind.INTERACTION, "; ".join(words)
    return Kind.REASON, "the same tiers at the same times for other reasons"
