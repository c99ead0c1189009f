"""Two reports on the same cases under two rule versions: what changed, and which way."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.statements import TierName
from service.replay.report import CaseResult, Report


@dataclass(frozen=True, slots=True)
class Change:
    """`kind`: higher, lower, earlier, later, new, gone."""

    case: str
    patient: str
    kind: str
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


def as_dict(before: Report, found: tuple[Change, ...]) -> dict[str, Any]:
    return {
        "rules": before.rules,
        "changes": [
            {"case": c.case, "patient": c.patient, "kind": c.kind, "text": c.text} for c in found
        ],
    }


def _change(before: CaseResult | None, after: CaseResult | None) -> Change | None:
    if after is None:
        return before and Change(before.case, before.patient, "gone", "no counterpart")
    if before is None:
        return Change(after.case, after.patient, "new", "no counterpart")
    rank = {tier.value: tier.rank for tier in TierName}
    was, now = rank[before.peak_tier], rank[after.peak_tier]
    if was != now:
        kind = "higher" if now > was else "lower"
        text = f"peak {before.peak_tier} -> {after.peak_tier}"
        return Change(after.case, after.patient, kind, text)
    for tier in reversed(list(TierName)[1:]):
        moved = _moved(before.first_at.get(tier.value), after.first_at.get(tier.value))
        if moved:
            text = f"{tier.value} {moved[1]}"
            return Change(after.case, after.patient, moved[0], text)
    return None


def _moved(before: datetime | None, after: datetime | None) -> tuple[str, str] | None:
    if before is None or after is None or before == after:
        return None
    kind = "earlier" if after < before else "later"
    return kind, f"{before.isoformat()} -> {after.isoformat()}"
