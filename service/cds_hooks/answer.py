"""One hook call, answered: prefetch and stored chart -> assessment -> cards, checked.

Nothing here is queued, and nothing that breaks ends as "no cards": what cannot be had is a
412, what could not be read is named on a card and in the answer's extension.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from alerts.assessment import assess
from alerts.cards import cards
from alerts.chart import Chart, Fact, chart_of
from alerts.interactions import order_interactions
from alerts.statements import Assessment, Interaction
from service.cds_hooks.coordination import remembered, unrepeated
from service.cds_hooks.desk import Desk
from service.cds_hooks.issues import with_issues
from service.cds_hooks.orders import Orders, read_orders, selected
from service.cds_hooks.prefetch import Prefetched, read_prefetch
from service.cds_hooks.request import HookCall
from service.cds_hooks.services import USAGE, Service
from service.cds_hooks.soundness import sound
from service.errors import MissingData
from service.fhir.reader import (
    EntryOutcome,
    Outcome,
    ReadContext,
    Reading,
    read_entries,
)

EXTENSION = "org.nms-sentinel.answer"
_OTHER_PATIENT = "other-patient"


@dataclass(frozen=True, slots=True)
class Answer:
    """`response`: the body. `remember`: card id -> key of what the client wants remembered."""

    response: dict[str, Any]
    remember: Mapping[str, str] = field(default_factory=dict)


def answer(call: HookCall, service: Service, tenant: str, desk: Desk) -> Answer:
    """The answer to a call. MissingData (412) when there is nothing to go by."""
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
    orders = read_orders(call, context) if service.orders else Orders()
    failures = (*prefetched.failures, *orders.failures, *_refusals(reading.outcomes))
    gaps = prefetched.gaps if stored is None else _gaps_filled(prefetched)
    assessment = assess(chart, desk.knowledge, as_of)
    assessment = replace(assessment, incomplete=(*assessment.incomplete, *gaps, *orders.gaps))
    dealt = cards(
        assessment,
        service.hook,
        _rows(call, service, orders, chart, assessment, desk),
        desk.new_id,
        desk.base_url,
        desk.zone,
        failures=failures,
        removable=orders.removable,
        sent=orders.sent,
        references=desk.references,
    )
    if desk.detected_issues:
        dealt = with_issues(dealt, assessment, desk)
    dealt = unrepeated(dealt, call, orders.sent, tenant, desk)
    response = {"cards": dealt, "extension": _extension(assessment, failures)}
    return Answer(sound(response, desk), remembered(dealt, call, orders.sent))


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


def _rows(
    call: HookCall,
    service: Service,
    orders: Orders,
    chart: Chart,
    assessment: Assessment,
    desk: Desk,
) -> Sequence[Interaction]:
    """The interactions to show: those of the drafts, or without an order those that run."""
    if not service.orders:
        return assessment.interactions
    rows = order_interactions(orders.drafts, chart, assessment, desk.knowledge, assessment.as_of)
    chosen = call.selections if service.hook == "order-select" else None
    return selected(rows, chosen) if chosen else rows


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
