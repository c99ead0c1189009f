"""Coordination of order-select and order-sign, as HL7 PDDI-CDS describes it: only when asked.

The client switches two options on, call by call: order-select remembers what it showed, order-sign
leaves out what the same clinician saw for the same patient, encounter, rule and medication. By
default nothing is left out. ALR-05 (one message per pair in 24 h) reaches a hook answer in this
way alone: what was shown counts for `interaction.quiet_h`, and whatever is louder, or about an
order that was changed, is another message. Never left out: a card about suspected NMS, any card
while NMS is suspected, a contraindicated or critical pair. What is left out is said on a card.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from alerts.cards import EXTENSION as CARD
from alerts.statements import TierName
from service.cds_hooks.desk import Desk
from service.cds_hooks.options import FILTER, REMEMBER
from service.cds_hooks.request import HookCall

KIND = "shown"
RULE = "REPEATED"
_NAMED_MAX = 10
_UNFILTERED = ("critical",)
Orders = Mapping[str, Mapping[str, Any]]


def remembered(cards: Sequence[dict[str, Any]], call: HookCall, orders: Orders) -> dict[str, str]:
    """Card id -> the key to remember it by; {} unless the client asked and told who looks."""
    if call.hook != "order-select" or REMEMBER not in call.options or not call.user:
        return {}
    return {c["uuid"]: _key(c, call, orders) for c in cards if "drugs" in _marks(c)}


def unrepeated(
    cards: Sequence[dict[str, Any]], call: HookCall, orders: Orders, tenant: str, desk: Desk
) -> list[dict[str, Any]]:
    """The cards without those seen before, and one that says so; all unless the client asked."""
    if call.hook != "order-sign" or FILTER not in call.options or not call.user:
        return list(cards)
    keys = {c["uuid"]: kept_key(_key(c, call, orders), tenant) for c in cards if _may_go(c)}
    if not keys:
        return list(cards)
    seen = desk.ledger.was_used(KIND, list(keys.values()), desk.now())
    gone = [c for c in cards if keys.get(c["uuid"]) in seen]
    kept = [c for c in cards if keys.get(c["uuid"]) not in seen]
    return [*kept, _said(gone, desk)] if gone else kept


def remember(keys: Sequence[str], tenant: str, at: datetime, desk: Desk) -> None:
    """Keep what was shown for as long as ALR-05 counts."""
    until = at + desk.repeats_after
    for key in keys:
        desk.ledger.use_once(KIND, kept_key(key, tenant), until, at)


def kept_key(key: str, tenant: str) -> str:
    return f"{tenant} {key}"


def _marks(card: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = card.get("extension", {}).get(CARD, {})
    return found


def _may_go(card: Mapping[str, Any]) -> bool:
    marks = _marks(card)
    if "drugs" not in marks or card["indicator"] in _UNFILTERED:
        return False
    suspected = marks["tier"] not in (TierName.NONE.value, TierName.WATCH.value)
    return not suspected and marks["severity"] != "contraindicated"


def _key(card: Mapping[str, Any], call: HookCall, orders: Orders) -> str:
    """Same clinician, patient, encounter, rules as they stand (those that are told with the first
    too), loudness, drugs and medication."""
    marks = _marks(card)
    order = orders.get(marks.get("order", ""), {})
    medication = {k: v for k, v in order.items() if k.startswith(("medication", "dosage"))}
    parts = [
        call.user, call.patient, call.encounter, marks["rule"], marks["ruleVersion"],
        card["indicator"], *sorted(marks["drugs"]),
    ]  # fmt: skip
    also = sorted(marks.get("also", ()))
    said = orjson.dumps([parts, also, medication, order.get("status")], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(said).hexdigest()


def _said(gone: Sequence[Mapping[str, Any]], desk: Desk) -> dict[str, Any]:
    marks = [_marks(card) for card in gone]
    told = [f"- {' with '.join(m['drugs'])} ({m['rule']})".replace("_", " ") for m in marks]
    more = [f"- and {len(told) - _NAMED_MAX} more"] if len(told) > _NAMED_MAX else []
    number = f"{len(gone)} interaction warning{'s' if len(gone) > 1 else ''}"
    first = marks[0]
    return {
        "uuid": desk.new_id(),
        "summary": f"{number} shown to you when the orders were chosen: not repeated.",
        "detail": "\n".join(["**Not repeated**", "", *told[:_NAMED_MAX], *more]),
        "indicator": "info",
        "source": {"label": "NMS Sentinel", "url": f"{desk.base_url.rstrip('/')}/"},
        "extension": {CARD: {"rule": RULE, "ruleVersion": first["ruleVersion"], "tier": "NONE"}},
    }
