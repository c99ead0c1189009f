"""Which channel a card speaks through, and what the tenant's policy makes of it (SPEC 8.3)."""

from collections.abc import Sequence
from typing import Any

from alerts.cards import EXTENSION as CARD
from alerts.statements import Assessment, Channel, Interaction
from service.security.policy import Policy

_NMS = "NMS"
_CRITICAL, _WARNING = "critical", "warning"
_NEVER_HIDDEN = "contraindicated"


def with_channels(
    cards: list[dict[str, Any]], assessment: Assessment, rows: Sequence[Interaction]
) -> list[dict[str, Any]]:
    """Each card of a tier or an interaction says its channel in its extension; others have none."""
    modes: dict[tuple[str, tuple[str, ...]], Channel] = {}
    for row in rows:
        if row.mode is not Channel.NONE:  # of a pair the first row is dealt (alerts.cards.deck)
            modes.setdefault((row.id, row.drugs), row.mode)
    for card in cards:
        marks = card["extension"][CARD]
        if marks["rule"] == _NMS:
            marks["channel"] = assessment.tier.channel.value
        elif "drugs" in marks:
            marks["channel"] = modes[marks["rule"], tuple(marks["drugs"])].value
    return cards


def permitted(card: dict[str, Any], hook: str, policy: Policy) -> dict[str, Any] | None:
    """The card as this hook may show it; None when it may not."""
    marks = card.get("extension", {}).get(CARD, {})
    channel = marks.get("channel")
    may_hide = channel is not None and marks.get("severity") != _NEVER_HIDDEN
    if may_hide and not policy.shows(Channel(channel), hook):
        return None
    if card["indicator"] == _CRITICAL and not policy.interrupt:
        return {**card, "indicator": _WARNING}
    return card
