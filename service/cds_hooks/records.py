"""What is kept of an answer, for feedback and for the silent mode: ids, rule, version; no text."""

from collections.abc import Collection
from typing import Any

import structlog

from service.cds_hooks.answer import Answer
from service.cds_hooks.coordination import remember
from service.cds_hooks.desk import Desk
from service.cds_hooks.request import HookCall
from service.cds_hooks.services import Service

log = structlog.get_logger(__name__)


def marks_of(card: dict[str, Any]) -> dict[str, Any]:
    """What a card says of itself to programs."""
    found: dict[str, Any] = next(iter(card.get("extension", {}).values()), {})
    return found


def rule_of(card: dict[str, Any]) -> str:
    """The rule that a card speaks for; "" for a card that stands for a fault."""
    return str(marks_of(card).get("rule", ""))


def handles(
    response: dict[str, Any], seen: Collection[str], call: HookCall, service: Service
) -> list[dict[str, Any]]:
    """What feedback will later refer to. `seen`: ids of the cards that were shown."""
    return [_handle(card, card["uuid"] in seen, call, service) for card in response["cards"]]


def _handle(card: dict[str, Any], shown: bool, call: HookCall, service: Service) -> dict[str, Any]:
    marks = marks_of(card)
    rule = marks.get("rule", "UNAVAILABLE")
    return {
        "uuid": card["uuid"],
        "service": service.id,
        "hook": call.hook,
        "hook_instance": call.instance,
        "rule": rule,
        "rule_version": marks.get("ruleVersion", ""),
        "tier": marks.get("tier", ""),
        "indicator": card["indicator"],
        "suggestions": [s["uuid"] for s in card.get("suggestions", [])],
        # as the alert of a running pair is called (alerts.lifecycle)
        "subject": f"{rule}:{'+'.join(sorted(marks['drugs']))}" if "drugs" in marks else "",
        "clinician": call.user,
        "shown": shown,
    }


def record(
    answer: Answer,
    seen: Collection[str],
    call: HookCall,
    service: Service,
    tenant: str,
    desk: Desk,
) -> None:
    """Keep the handles for feedback. Best effort: the clinician's answer does not wait for it."""
    held = handles(answer.response, seen, call, service)
    if not held:
        return
    try:
        desk.ledger.record_cards(tenant, call.patient, held, desk.now())
        keys = [key for uuid, key in answer.remember.items() if uuid in seen]
        remember(keys, tenant, desk.now(), desk)
    except Exception as fault:  # the answer must go out; the loss is logged and counted
        log.error("cards.not-recorded", count=len(held), fault=type(fault).__name__)
