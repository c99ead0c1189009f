"""One hook call, answered: prefetch and stored chart -> assessment -> cards, checked.

Nothing here is queued, and nothing that breaks ends as "no cards": what cannot be had is a
412, what could not be read is named on a card and in the answer's extension.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from msgspec.structs import replace as replace_struct

from alerts.assessment import assess
from alerts.cards import cards
from alerts.chart import Chart, Fact, chart_of
from alerts.interactions import order_interactions
from alerts.statements import Assessment, Interaction
from service.cds_hooks.channels import with_channels
from service.cds_hooks.coordination import remembered, unrepeated
from service.cds_hooks.desk import Desk
from service.cds_hooks.familiar import learn
from service.cds_hooks.issues import with_issues
from service.cds_hooks.links import with_launch
from service.cds_hooks.orders import Orders, read_orders, selected
from service.cds_hooks.prefetch import Prefetched, read_prefetch
from service.cds_hooks.recall import Judged, Sent, facts_of
from service.cds_hooks.request import HookCall
from service.cds_hooks.services import USAGE, Service
from service.cds_hooks.soundness import sound
from service.errors import MissingData
from service.fhir.reader import (
    DrugIdentity,
    EntryOutcome,
    ReadContext,
    ResourceFacts,
    completed,
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
    context = desk.context(tenant, call.patient, as_of)
    prefetched, sent = _came(call, context, desk)
    found = judged(call.patient, sent, tenant, desk, as_of)
    if not found.on_record and prefetched.missing:
        raise _not_enough(prefetched, call)
    chart, assessment = found.chart, found.assessment
    orders = read_orders(call, context) if service.orders else Orders()
    failures = (*prefetched.failures, *orders.failures, *_refusals(sent.refused))
    gaps = _gaps_filled(prefetched) if found.on_record else prefetched.gaps
    if gaps or orders.gaps:
        assessment = replace(assessment, incomplete=(*assessment.incomplete, *gaps, *orders.gaps))
    rows = _rows(service, orders, chart, assessment, desk)
    dealt = cards(
        assessment,
        service.hook,
        rows,
        desk.new_id,
        desk.base_url,
        desk.zone,
        failures=failures,
        removable=orders.removable,
        sent=orders.sent,
        references=desk.references,
        check=desk.check_link(tenant, call.patient),
        apart=desk.apart,
    )
    dealt = with_channels(dealt, assessment, rows)
    if desk.smart_links:
        dealt = with_launch(dealt, desk)
    if desk.detected_issues:
        dealt = with_issues(dealt, assessment, desk)
    dealt = unrepeated(dealt, call, orders.sent, tenant, desk)
    response = {"cards": dealt, "extension": _extension(assessment, failures)}
    return Answer(sound(response, desk), remembered(dealt, call, orders.sent))


def _came(call: HookCall, context: ReadContext, desk: Desk) -> tuple[Prefetched, Sent]:
    """The prefetch, read; nothing of it where all of it is known."""
    if call.known is not None:
        return call.known.prefetched, call.known.sent
    prefetched = read_prefetch(call.prefetch, call.patient)
    sent = desk.recall.read(prefetched.entries, context)
    if sent.again and call.body:
        learn(call, prefetched, sent, desk.recall, context)
    return prefetched, sent


def judged(patient: str, sent: Sent, tenant: str, desk: Desk, as_of: datetime) -> Judged:
    """The chart as sent and as stored, assessed; what was said of the same facts if it holds."""
    sent = _with_drugs(sent, tenant, desk)
    # read before the chart: what comes in between is found next time
    revision = desk.ledger.revision(tenant, patient)
    known = sent.judged(revision, desk.knowledge, as_of)
    if known is not None:
        return known
    stored = None if revision is None else desk.ledger.chart(tenant, patient)
    chart = joined(patient, stored, sent.resources)
    assessment = assess(chart, desk.knowledge, as_of)
    made = Judged(chart, assessment, stored is not None, desk.knowledge, as_of)
    sent.keep(revision, made)
    return made


def _with_drugs(sent: Sent, tenant: str, desk: Desk) -> Sent:
    """Orders sent without the Medication that names their drug take it from the store: what is
    known there must not become unknown by being sent. Not remembered: it may be corrected there."""
    if not sent.awaits:
        return sent
    known = desk.ledger.drugs(tenant, sent.awaits)
    resources = tuple(_named(one, known.get(one.awaits or "")) for one in sent.resources)
    return replace(sent, resources=resources, mark=None)


def _named(resource: ResourceFacts, drug: DrugIdentity | None) -> ResourceFacts:
    if drug is None:
        return resource
    return replace_struct(resource, facts=completed(resource.facts, drug))


def joined(patient: str, stored: Chart | None, sent: Sequence[ResourceFacts]) -> Chart:
    """The stored chart with what was sent now; a resource sent now replaces the stored one."""
    facts: list[Fact] = facts_of(sent)
    if stored is not None:
        fresh = {_mark(resource.source) for resource in sent}
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


def _refusals(refused: Sequence[EntryOutcome]) -> list[str]:
    """Entries that could not be used, in numbers only."""
    others = sum(o.reason == _OTHER_PATIENT for o in refused)
    said = []
    if others:
        said.append(f"{others} of the entries sent belong to another patient and were refused")
    if len(refused) > others:
        said.append(f"{len(refused) - others} of the entries sent could not be read")
    return said


def _rows(
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
    return selected(rows, orders) if service.hook == "order-select" else rows


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
