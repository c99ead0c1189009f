"""Interaction rows (SPEC 6): when each applies to this patient, and what it may do.

Interruptive rows interrupt at ordering or verification only; on running drugs the same row goes
to the list. A context that cannot be decided makes the row passive and says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.chart import Chart, Evidence, MedicationUse, SignKind, UseStatus
from alerts.dosing import Certainty, dosing
from alerts.knowledge import Knowledge
from alerts.knowledge.loader import Row
from alerts.moment import Moment, moment, sign_datum, use_datum
from alerts.statements import Assessment, Channel, Datum, Interaction, TierName, Withdrawal
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

STOPPING = frozenset({UseStatus.STOPPED, UseStatus.CANCELLED, UseStatus.ON_HOLD, UseStatus.ENDED})
PARKINSONIAN = frozenset({"parkinson_disease", "parkinsonism_other", "lewy_body_dementia"})
NMS = "neuroleptic_malignant_syndrome"


@dataclass(frozen=True, slots=True)
class Situation:
    """What the contexts read of the patient."""

    now: Moment
    tier: TierName
    onset: datetime | None
    withdrawals: tuple[Withdrawal, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A condition of a row: does it hold, by which facts, and what to say."""

    state: Truth
    facts: tuple[Datum, ...] = ()
    note: str = ""


def running_interactions(situation: Situation) -> tuple[Interaction, ...]:
    """Rows that hold among the drugs the patient is on: for the list, never interruptive."""
    uses = [u for u in situation.now.chart.medications if _present(situation.now, u)]
    found: list[Interaction] = []
    for row in situation.now.knowledge.interactions:
        found += _pairs(situation, row, uses, uses, ordering=False)
        found += _conditions(situation, row, uses, ordering=False)
        found += _withdrawn(situation, row)
    return _unique(found)


def order_interactions(
    drafts: Sequence[MedicationUse],
    chart: Chart,
    assessment: Assessment,
    knowledge: Knowledge,
    as_of: datetime,
) -> tuple[Interaction, ...]:
    """Rows that the draft orders set off against each other and against the chart.

    A draft that stops, holds or cancels a dopaminergic drug is a stop, not an order.
    """
    ids = {d.source.reference for d in drafts}
    now = moment(chart, knowledge, as_of)
    situation = Situation(now, assessment.tier.name, assessment.onset, assessment.withdrawals)
    starting = [d for d in drafts if d.status not in STOPPING and not d.do_not_perform]
    running = [
        u for u in now.chart.medications if u.source.reference not in ids and _present(now, u)
    ]
    found: list[Interaction] = []
    for row in knowledge.interactions:
        found += _pairs(situation, row, starting, [*starting, *running], ordering=True)
        found += _conditions(situation, row, starting, ordering=True)
        for draft in drafts:
            if draft.status in STOPPING or draft.do_not_perform:
                found += _stop(situation, row, draft, running)
    return _unique(found)


def _present(now: Moment, use: MedicationUse) -> bool:
    """Running, or with a dose recent enough to be in the body (interaction.recent_h)."""
    span = dosing(use, now.as_of)
    if span.certainty is Certainty.NONE or span.first is None:
        return False
    if span.certainty is Certainty.POSSIBLE and use.as_needed:
        return True
    if span.running is TRUE:
        return True
    return (span.last or span.first) >= now.as_of - now.hours("interaction.recent_h")


def _matches(knowledge: Knowledge, use: MedicationUse, names: tuple[str, ...]) -> str | None:
    for ingredient in use.ingredients:
        for name in names:
            if name == ingredient:
                return ingredient
            if name.startswith("class:") and knowledge.is_member(ingredient, name[6:]):
                return ingredient
    return None


def _pairs(
    situation: Situation,
    row: Row,
    firsts: Sequence[MedicationUse],
    seconds: Sequence[MedicationUse],
    *,
    ordering: bool,
) -> Iterator[Interaction]:
    """Drug against drug; direction does not matter."""
    if not _context(situation, row):
        return
    knowledge = situation.now.knowledge
    for side, other in ((row.a, row.b), (row.b, row.a)):
        for first in firsts:
            one = _matches(knowledge, first, side)
            for second in seconds if one else ():
                two = _matches(knowledge, second, other)
                if two and two != one and second is not first:
                    facts = (use_datum(first), use_datum(second))
                    order = first.source.reference if ordering else ""
                    drugs = (one, two) if side is row.a else (two, one)
                    yield _interaction(row, [d for d in drugs if d], facts, order, TRUE, "")


def _context(situation: Situation, row: Row) -> bool:
    """Is any context of a drug-pair row present? TX is implied by a treatment drug in the pair."""
    contexts = set(row.context)
    if contexts & {"ANY", "PRE", "TX"}:
        return True
    if "SUS" in contexts and situation.tier.rank >= TierName[row.tier_min].rank:
        return True
    return "PD" in contexts and _parkinsonian(situation.now)


def _parkinsonian(now: Moment) -> bool:
    if any(c.kind in PARKINSONIAN for c in now.chart.conditions):
        return True
    return any(set(u.ingredients) & now.knowledge.dopaminergic for u in now.chart.medications)


def _conditions(
    situation: Situation, row: Row, uses: Sequence[MedicationUse], *, ordering: bool
) -> Iterator[Interaction]:
    """Drug against the patient's state."""
    for name in row.b:
        check = _CHECKS.get(name)
        if check is None:
            continue
        for use in uses:
            drug = _matches(situation.now.knowledge, use, row.a)
            if drug is None:
                continue
            held = check(situation, row, use, ordering=ordering)
            if held.state is not FALSE:
                order = use.source.reference if ordering else ""
                facts = (use_datum(use), *held.facts)
                yield _interaction(row, [drug], facts, order, held.state, held.note)


def _suspected(situation: Situation, row: Row, use: MedicationUse, *, ordering: bool) -> Held:
    """Findings at or above the row's tier, or NMS coded as an active problem."""
    if situation.tier.rank >= TierName[row.tier_min].rank:
        return Held(TRUE, note=f"tier {situation.tier.value}")
    for condition in situation.now.chart.conditions:
        if condition.kind == NMS and condition.active is TRUE and condition.abated is None:
            fact = Datum(NMS, "active", "", condition.onset, condition.source.reference)
            return Held(TRUE, (fact,), "NMS recorded as an active problem")
    return Held(FALSE)


def _after_onset(situation: Situation, row: Row, use: MedicationUse, *, ordering: bool) -> Held:
    """A new order after onset; at ordering every draft is new."""
    if situation.tier.rank < TierName[row.tier_min].rank:
        return Held(FALSE)
    begun = use.start or use.authored
    new = ordering or (
        situation.onset is not None and begun is not None and begun > situation.onset
    )
    return Held(TRUE if new else FALSE, note=f"tier {situation.tier.value}")


def _recent_episode(situation: Situation, row: Row, use: MedicationUse, *, ordering: bool) -> Held:
    """Within 14 days of complete resolution (RECH-01)."""
    now = situation.now
    wait = now.days("recurrence.wait_d")
    for at, fact in _resolutions(now):
        if at is None:
            return Held(UNKNOWN, (fact,), "date of resolution not recorded")
        if timedelta(0) <= now.as_of - at < wait:
            begun = use.start or use.authored
            if ordering or (begun is not None and begun >= at):
                return Held(TRUE, (fact,), f"{(now.as_of - at).days} days after NMS resolved")
    return Held(FALSE)


def _resolutions(now: Moment) -> Iterator[tuple[datetime | None, Datum]]:
    for sign in reversed(now.chart.signs_of(SignKind.RESOLVED)):
        if sign.present is TRUE:
            yield sign.at, sign_datum(sign)
    for condition in now.chart.conditions:
        if condition.kind == NMS and (condition.abated or condition.active is FALSE):
            at = condition.abated if condition.abated and condition.abated <= now.as_of else None
            label = "resolved"
            yield at, Datum(NMS, label, "", at or condition.onset, condition.source.reference)


_CHECKS = {
    "condition:nms_suspected": _suspected,
    "condition:new_order_after_onset": _after_onset,
    "condition:nms_resolved_under_14_d": _recent_episode,
}


def _withdrawn(situation: Situation, row: Row) -> Iterator[Interaction]:
    """A dopaminergic drug that was stopped, missed or lost its route, of any cause."""
    if "condition:abrupt_stop" not in row.b:
        return
    for stop in situation.withdrawals:
        if stop.drug in row.a and stop.reading in {"full", "extended"}:
            fact = Datum(stop.drug, stop.reason, "", stop.at, stop.source, stop.trigger)
            yield _interaction(row, [stop.drug], (fact,), "", TRUE, stop.trigger)


def _stop(
    situation: Situation, row: Row, draft: MedicationUse, running: Sequence[MedicationUse]
) -> Iterator[Interaction]:
    """An order to stop a dopaminergic drug that nothing replaces."""
    if "condition:abrupt_stop" not in row.b:
        return
    drug = _matches(situation.now.knowledge, draft, row.a)
    replaced = any(
        drug in u.ingredients and u.evidence is Evidence.ORDER and u.status is UseStatus.ACTIVE
        for u in running
    )
    if drug and not replaced:
        note = f"order to stop ({draft.status.value})"
        reference = draft.source.reference
        yield _interaction(row, [drug], (use_datum(draft),), reference, TRUE, note)


def _interaction(
    row: Row, drugs: Sequence[str], facts: tuple[Datum, ...], order: str, state: Truth, note: str
) -> Interaction:
    interrupts = row.mode == "interruptive" and order and state is TRUE and row.basis != "U"
    label = "unconfirmed: basis U" if row.basis == "U" else ""
    if state is UNKNOWN:
        label = f"context not certain: {note}"
    return Interaction(
        id=row.id,
        severity=row.severity,
        drugs=tuple(drugs),
        mode=Channel.INTERRUPTIVE if interrupts else Channel.PASSIVE,
        mechanism=row.mechanism,
        effect=row.effect,
        management=row.management,
        context=(*row.context, *((note,) if note else ())),
        facts=facts,
        evidence=row.evidence,
        basis=row.basis,
        cite=row.cite,
        label=label,
        order=order,
    )


def _unique(found: Sequence[Interaction]) -> tuple[Interaction, ...]:
    """One message per row and drugs (ALR-05), the interruptive one first, worst first."""
    ranks = ("contraindicated", "major", "moderate", "minor")
    kept: dict[tuple[str, tuple[str, ...]], Interaction] = {}
    for interaction in sorted(
        found, key=lambda i: (i.mode is not Channel.INTERRUPTIVE, i.order, i.label)
    ):
        kept.setdefault((interaction.id, tuple(sorted(interaction.drugs))), interaction)
    return tuple(sorted(kept.values(), key=lambda i: (ranks.index(i.severity), i.id, i.drugs)))
