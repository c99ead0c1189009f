"""Strict on the way out: nothing leaves that breaks a rule of CDS Hooks or of FHIR.

A suggestion whose resource the models refuse is left out; a card that breaks a rule is replaced by
one that says so: advice is never lost in silence. The models are asked once for each shape: two
resources that differ in nothing but well-formed ids are the same to them.
"""

import re
from collections import OrderedDict
from typing import Any

import orjson
import structlog

from alerts.cards.offers import requested
from service.cds_hooks.desk import Desk
from service.cds_hooks.validator import card_faults, faults
from service.fhir.emit import EmitFault, validated
from service.fhir.terminology import terminology
from service.metrics import count

log = structlog.get_logger(__name__)
_BARE = {"org.nms-sentinel.answer": {"notice": "Absence of a card does not mean absence of risk."}}


# asking the models takes longer than all the rest of a card
SHAPES_MAX = 512
_REFERENCE = re.compile(r"[A-Z][A-Za-z]{1,40}/[A-Za-z0-9\-.]{1,64}")
_accepted: OrderedDict[bytes, None] = OrderedDict()


def warm() -> None:
    """Load the terminology and the models that judge what we emit: a second, once a process."""
    terminology()
    validated(requested("p1", "CK")["resource"])


def sound(response: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """The response as it may leave."""
    for card in response["cards"]:
        if "suggestions" in card:
            _only_fhir(card)
    if not faults(response):
        return response
    kept = []
    for card in response["cards"]:
        broken = card_faults(card) or faults({"cards": [card]})
        if broken:
            count("nms_sentinel_cards_invalid_total")
            log.error("card.invalid", faults=broken)
        kept.append(plain_card(card, desk) if broken else card)
    checked = {**response, "cards": kept}
    remaining = faults(checked)
    if remaining:
        count("nms_sentinel_cards_invalid_total")
        log.error("answer.invalid", faults=remaining)
        return {"cards": [plain_card({}, desk)], "extension": _BARE}
    return checked


def _only_fhir(card: dict[str, Any]) -> None:
    """Leave out each suggestion that would bring into the record what is no FHIR."""
    kept = [s for s in card["suggestions"] if all(_is_fhir(a) for a in s.get("actions", ()))]
    if len(kept) == len(card["suggestions"]):
        return
    card["suggestions"] = kept
    if not kept:
        del card["suggestions"]
        del card["selectionBehavior"]


def _is_fhir(action: dict[str, Any]) -> bool:
    if "resource" not in action:
        return True
    shape = _shape(action["resource"])
    if shape in _accepted:
        return True
    try:
        validated(action["resource"])
    except EmitFault as fault:
        count("nms_sentinel_suggestions_invalid_total")
        kind = action["resource"].get("resourceType")
        log.warning("suggestion.invalid", kind=kind, code=fault.code)
        return False
    _accepted[shape] = None
    while len(_accepted) > SHAPES_MAX:
        _accepted.popitem(last=False)
    return True


def _shape(resource: dict[str, Any]) -> bytes:
    """The resource but for whom it is about; as it is when that is not a plain reference."""
    subject = resource.get("subject")
    if isinstance(subject, dict) and subject.keys() == {"reference"}:
        reference = subject["reference"]
        if isinstance(reference, str) and _REFERENCE.fullmatch(reference):
            told = reference.partition("/")[0]
            resource = {**resource, "subject": {"reference": f"{told}/1"}}
    return orjson.dumps(resource)


def plain_card(card: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """What stands for a card that could not be sent as it was."""
    indicator = card.get("indicator")
    root = desk.base_url.rstrip("/")
    return {
        "uuid": desk.new_id(),
        "summary": "NMS Sentinel has advice for this patient, but its details are unavailable."
        " See the worklist.",
        "indicator": indicator if indicator in ("warning", "critical") else "warning",
        "source": {"label": "NMS Sentinel", "url": f"{root}/"},
        "links": [{"label": "Open the worklist", "url": f"{root}/worklist", "type": "absolute"}],
    }
