"""Interactions that the patient's own row says already: folded under it, never lost.

The cards leave them out in the same way (`alerts.cards.deck`). Here each stays one click away, is
counted, and is claimed, snoozed and resolved for itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from service.worklist.item import Item
from service.worklist.rows import rank

_STOP = frozenset({"MGT-STOP", "MGT-WITHHOLD"})


def folded(shown: Sequence[Item], now: datetime) -> dict[str, list[Item]]:
    """Key of a row -> what is folded under it, in the order given. Only rows that are shown fold:
    a filter that hides the patient's own row shows its interactions."""
    heads = {item.patient: item for item in shown if item.kind == "nms" and _stands(item, now)}
    found: dict[str, list[Item]] = {}
    for item in shown:
        head = heads.get(item.patient)
        if head is not None and _is_said(item, head, now):
            found.setdefault(head.key, []).append(item)
    return found


def _is_said(item: Item, head: Item, now: datetime) -> bool:
    """Not when it is graver than the row, is somebody else's, or names a drug that the row does
    not."""
    return (
        item.kind == "interaction"
        and bool(item.drugs)
        and _stands(item, now)
        and rank(item) <= rank(head)
        and item.owner in {None, head.owner}
        and _named(head.said or {}).issuperset(item.drugs)
    )


def _stands(item: Item, now: datetime) -> bool:
    return item.is_open and not item.is_snoozed(now) and not item.suppressed


def _named(said: Mapping[str, Any]) -> frozenset[str]:
    """Drugs that the row says to stop, or to give back."""
    advice = set(said.get("guidance", ()))
    named: set[str] = set()
    if advice & _STOP:
        named |= {culprit["drug"] for culprit in said.get("culprits", ())}
    if "MGT-DA-REINSTATE" in advice:
        named |= {w["drug"] for w in said.get("withdrawals", ())}
    return frozenset(named)
