"""One hook call, answered: prefetch and stored chart -> assessment -> cards, checked.

Nothing here is queued, and nothing that breaks ends as "no cards": what cannot be had is a
412, what could not be read is named on a card and in the answer's extension.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from alerts.assessment import assess
from alerts.cards import cards
from alerts.chart import Chart, Fact, MedicationUse, chart_of
from alerts.interactions import order_interactions
from alerts.statements import Assessment, Interaction
from service.cds_hooks.desk import Desk
from service.cds_hooks.prefetch import Prefetched, read_prefetch
from service.cds_hooks.request import HookCall
from service.cds_hooks.services import USAGE, Service
from service.cds_hooks.validator import card_faults, faults
from service.errors import MissingData
from service.fhir.reader import (
    EntryOutcome,
    Outcome,
    ReadContext,
    Reading,
    read_drafts,
    read_entries,
)

log = structlog.get_logger(__name__)

EXTENSION = "org.nms-sentinel.answer"
_OTHER_PATIENT = "other-patient"
_UNSIGNED = (None, "draft")


@dataclass(frozen=True, slots=True)
class _Orders:
    """Draft orders as read; references of those never signed; what could not be read."""

    drafts: tuple[MedicationUse, ...] = ()
    removable: frozenset[str] = frozenset()
    failures: tuple[str, ...] = ()


def answer(call: HookCall, service: Service, tenant: str, desk: Desk) -> dict[str, Any]:
    """The response body for a call. MissingData (412) when there is nothing to go by."""
    as_of = desk.now()
    prefetched = read_prefetch(call.prefetch, call.patient)
    stored = desk.ledger.chart(tenant, call.patient)
    if stored is None and prefetched.missing:
        raise _not_enough(prefetched, call)
    context = ReadContext(
        tenant=tenant,
        received_at=as_of,
        zone=desk.zone,
        only_patient=call.patient,
        fhir_version=desk.fhir_version,
    )
    reading = read_entries(prefetched.entries, context)
    chart = joined(call.patient, stored, reading)
    orders = _orders(call, context) if service.orders else _Orders()
    failures = (*prefetched.failures, *orders.failures, *_refusals(reading.outcomes))
    gaps = prefetched.gaps if stored is None else _gaps_filled(prefetched)
    assessment = assess(chart, desk.knowledge, as_of)
    assessment = replace(assessment, incomplete=(*assessment.incomplete, *gaps))
    dealt = cards(
        assessment,
        service.hook,
        _rows(call, service, orders, chart, assessment, desk),
        desk.new_id,
        desk.base_url,
        desk.zone,
        failures=failures,
        removable=orders.removable,
        references=desk.references,
    )
    response = {"cards": dealt, "extension": _extension(assessment, failures)}
    return sound(response, desk)


def joined(patient: str, stored: Chart | None, reading: Reading) -> Chart:
    """The stored chart with what was sent now; a resource sent now replaces the stored one."""
    fresh = {_mark(r.source) for r in reading.resources}
    facts: list[Fact] = [f for r in reading.resources if not r.retracted for f in r.facts]
    if stored is not None:
        facts += [f for f in _facts(stored) if _mark(f.source) not in fresh]
    return chart_of(patient, facts)


def _facts(chart: Chart) -> list[Fact]:
    details: list[Fact] = [chart.details] if chart.details else []
    return [
        *details,
        *chart.measurements,
        *chart.signs,
        *chart.medications,
        *chart.conditions,
        *chart.stays,
        *chart.unread,
    ]


def _mark(source: Any) -> tuple[str, str, str]:
    return (source.tenant, source.resource_type, source.resource_id)


def _not_enough(prefetched: Prefetched, call: HookCall) -> MissingData:
    keys = ", ".join(prefetched.missing)
    return MissingData(
        f"Required data are missing: {keys}. {call.tried or USAGE}",
        code="prefetch-missing",
        location=" | ".join(f"prefetch.{key}" for key in prefetched.missing),
    )


def _gaps_filled(prefetched: Prefetched) -> tuple[str, ...]:
    """What was not sent comes from our own store; say so once."""
    sent = [gap for gap in prefetched.gaps if not gap.endswith("were not sent")]
    if len(sent) < len(prefetched.gaps):
        sent.append("not everything was sent with this call: data received earlier was used")
    return tuple(sent)


def _refusals(outcomes: Sequence[EntryOutcome]) -> list[str]:
    """Entries that could not be used, in numbers only."""
    refused = [o for o in outcomes if o.outcome is Outcome.REFUSED]
    others = sum(o.reason == _OTHER_PATIENT for o in refused)
    said = []
    if others:
        said.append(f"{others} of the entries sent belong to another patient and were refused")
    if len(refused) > others:
        said.append(f"{len(refused) - others} of the entries sent could not be read")
    return said


def _orders(call: HookCall, context: ReadContext) -> _Orders:
    entries = []
    removable = set()
    for n, entry in enumerate(call.drafts.get("entry", [])):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            continue
        if not resource.get("id"):
            resource = {**resource, "id": f"draft-{n + 1}"}
        elif resource.get("status") in _UNSIGNED:
            removable.add(f"{resource.get('resourceType')}/{resource['id']}")
        entries.append({**entry, "resource": resource})
    drafts, outcomes = read_drafts({**call.drafts, "entry": entries}, context)
    refused = sum(o.outcome is Outcome.REFUSED for o in outcomes)
    refused += len(call.drafts.get("entry", [])) - len(entries)
    failures = (f"{refused} of the draft orders could not be read",) if refused else ()
    return _Orders(tuple(drafts), frozenset(removable), failures)


def _rows(
    call: HookCall,
    service: Service,
    orders: _Orders,
    chart: Chart,
    assessment: Assessment,
    desk: Desk,
) -> Sequence[Interaction]:
    """The interactions to show: those of the drafts, or without an order those that run."""
    if not service.orders:
        return assessment.interactions
    rows = order_interactions(orders.drafts, chart, assessment, desk.knowledge, assessment.as_of)
    chosen = call.selections if service.hook == "order-select" else None
    return _selected(rows, chosen) if chosen else rows


def _selected(rows: Sequence[Interaction], chosen: Collection[str]) -> list[Interaction]:
    """order-select advises on what was selected; the other drafts are background."""
    wanted = {c.rsplit("/", 1)[-1] for c in chosen}
    return [r for r in rows if not r.order or r.order.rsplit("/", 1)[-1] in wanted]


def _extension(assessment: Assessment, failures: Sequence[str]) -> dict[str, Any]:
    """How far the answer can be relied on, also when there is no card."""
    held: dict[str, Any] = {
        "evaluatedAt": assessment.as_of.isoformat(),
        "rules": assessment.rules,
        "gate": assessment.gate.state.value,
        "tier": assessment.tier.name.value,
        "interval": {"lower": assessment.iec.lower, "upper": assessment.iec.upper},
        "notice": "Absence of a card does not mean absence of risk.",
    }
    gaps = [*failures, *assessment.incomplete]
    if gaps:
        held["incomplete"] = gaps
    return {EXTENSION: held}


def sound(response: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """The response, with every card that breaks a rule replaced by one that says so."""
    if not faults(response):
        return response
    kept = []
    for card in response["cards"]:
        broken = card_faults(card) or faults({"cards": [card]})
        if broken:
            log.error("card.invalid", faults=broken)
        kept.append(_plain_card(card, desk) if broken else card)
    checked = {**response, "cards": kept}
    remaining = faults(checked)
    if remaining:
        log.error("answer.invalid", faults=remaining)
        return {"cards": [_plain_card({}, desk)]}
    return checked


def _plain_card(card: dict[str, Any], desk: Desk) -> dict[str, Any]:
    indicator = card.get("indicator")
    return {
        "uuid": desk.new_id(),
        "summary": "NMS Sentinel has advice for this patient, but its details are unavailable."
        " See the worklist.",
        "indicator": indicator if indicator in ("warning", "critical") else "warning",
        "source": {"label": "NMS Sentinel", "url": f"{desk.base_url.rstrip('/')}/"},
        "links": [
            {
                "label": "Open the worklist",
                "url": f"{desk.base_url.rstrip('/')}/worklist",
                "type": "absolute",
            }
        ],
    }


def _marks(card: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(iter(card.get("extension", {}).values()), {})
    return found


def rule_of(card: dict[str, Any]) -> str:
    """The rule that a card speaks for; "" for a card that stands for a fault."""
    return str(_marks(card).get("rule", ""))


def handles(response: dict[str, Any], call: HookCall, service: Service) -> list[dict[str, Any]]:
    """What feedback will later refer to: no text, only ids, rule and version."""
    held = []
    for card in response["cards"]:
        marks = _marks(card)
        held.append(
            {
                "uuid": card["uuid"],
                "service": service.id,
                "hook": call.hook,
                "hook_instance": call.instance,
                "rule": marks.get("rule", "UNAVAILABLE"),
                "rule_version": marks.get("ruleVersion", ""),
                "tier": marks.get("tier", ""),
                "indicator": card["indicator"],
                "suggestions": [s["uuid"] for s in card.get("suggestions", [])],
            }
        )
    return held


def record(
    response: dict[str, Any],
    call: HookCall,
    service: Service,
    at: datetime,
    tenant: str,
    desk: Desk,
) -> None:
    """Keep the handles for feedback. Best effort: the clinician's answer does not wait for it."""
    held = handles(response, call, service)
    if not held:
        return
    try:
        desk.ledger.record_cards(tenant, call.patient, held, at)
    except Exception as fault:  # the answer must go out; the loss is logged and counted
        log.error("cards.not-recorded", count=len(held), fault=type(fault).__name__)
