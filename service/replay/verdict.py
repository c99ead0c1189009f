"""A timeline against what was expected of it: one verdict, and every difference in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from alerts.cards.detail import nms_detail
from alerts.cards.summary import nms_summary
from alerts.statements import Assessment, Channel, TierName
from alerts.truth import TRUE, UNKNOWN
from service.replay.expected import Bound, Expectation
from service.replay.instants import standing_at, unlike


class Verdict(StrEnum):
    """The gravest difference names the verdict."""

    AS_EXPECTED = "as expected"
    NO_EXPECTATION = "no expectation"
    REFUSED = "refused"  # the bundle could not be read
    MISSED = "missed"  # never as high as expected
    EXTRA = "extra"  # higher than expected
    LATE = "late"
    EARLY = "early"
    CHANGED_TIER = "changed tier"  # another tier than expected at a stated time
    CHANGED_REASON = "changed reason"  # a finding, the gate, a withdrawal, an interaction ...


GRAVITY = (
    Verdict.MISSED, Verdict.EXTRA, Verdict.LATE, Verdict.EARLY, Verdict.CHANGED_TIER,
    Verdict.CHANGED_REASON,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    kind: Verdict
    text: str


def first_at(course: Sequence[Assessment]) -> dict[TierName, datetime]:
    """When each tier (or a higher one) was first reached."""
    reached: dict[TierName, datetime] = {}
    for tier in list(TierName)[1:]:
        when = next((a.as_of for a in course if a.tier.name.rank >= tier.rank), None)
        if when is not None:
            reached[tier] = when
    return reached


def peak_of(course: Sequence[Assessment]) -> Assessment:
    """The first assessment with the highest tier; the last one when there never was a tier."""
    peak = max(course, key=lambda a: (a.tier.name.rank, -a.as_of.timestamp()))
    return course[-1] if peak.tier.name is TierName.NONE else peak


def judge(expectation: Expectation, course: Sequence[Assessment]) -> tuple[Difference, ...]:
    """Every difference, the gravest kind first.

    Of a survey (`Expectation.of_tiers`) the course holds what spoke, and may be empty.
    """
    found = [
        *_peak(expectation, course),
        *_times(expectation, course),
        *_standing(expectation, course),
        *_loudness(expectation, course),
        *_findings(expectation, course),
        *_lists(expectation, course),
        *_named(expectation, course),
        *_mentions(expectation, course),
        *_states(expectation, course),
    ]
    return tuple(sorted(found, key=lambda d: (GRAVITY.index(d.kind), d.text)))


def _peak(expectation: Expectation, course: Sequence[Assessment]) -> Iterator[Difference]:
    peak = max((a.tier.name for a in course), key=lambda t: t.rank, default=TierName.NONE)
    if peak.rank < expectation.at_least.rank:
        yield Difference(Verdict.MISSED, f"peak {peak}, expected at least {expectation.at_least}")
    if peak.rank > expectation.at_most.rank:
        yield Difference(Verdict.EXTRA, f"peak {peak}, expected at most {expectation.at_most}")


def _times(expectation: Expectation, course: Sequence[Assessment]) -> Iterator[Difference]:
    reached = first_at(course)
    for tier, bound in expectation.first_at.items():
        at = reached.get(tier)
        if at is None:
            yield Difference(Verdict.MISSED, f"{tier} never reached")
        elif bound.by is not None and at > bound.by:
            yield Difference(Verdict.LATE, f"{tier} at {at.isoformat()}, expected by {bound.by}")
        elif bound.not_before is not None and at < bound.not_before:
            yield Difference(
                Verdict.EARLY,
                f"{tier} at {at.isoformat()}, expected not before {bound.not_before}",
            )


def _standing(expectation: Expectation, course: Sequence[Assessment]) -> Iterator[Difference]:
    for at, tier in sorted(expectation.tier_at.items()):
        stood = TierName.NONE
        for one in course:
            if one.as_of <= at:
                stood = one.tier.name
        if stood is not tier:
            yield Difference(Verdict.CHANGED_TIER, f"{stood} at {at.isoformat()}, expected {tier}")


def _loudness(expectation: Expectation, course: Sequence[Assessment]) -> Iterator[Difference]:
    order = list(Channel)
    loudest = max((a.tier.channel for a in course), key=order.index, default=Channel.NONE)
    least, most = expectation.loudest
    if order.index(loudest) < order.index(least):
        yield Difference(Verdict.MISSED, f"told by {loudest}, expected at least {least}")
    if order.index(loudest) > order.index(most):
        yield Difference(Verdict.EXTRA, f"told by {loudest}, expected at most {most}")


def _findings(expectation: Expectation, course: Sequence[Assessment]) -> Iterator[Difference]:
    ever = {key for a in course for key, f in a.findings.items() if f.state is TRUE}
    for key in expectation.ever_true:
        if key not in ever:
            yield Difference(Verdict.CHANGED_REASON, f"{key} was never true")
    for key in expectation.never_true:
        if key in ever:
            yield Difference(Verdict.CHANGED_REASON, f"{key} was true")
    for key, bound in expectation.first_true.items():
        yield from _first_true(key, bound, course)
    at_peak = peak_of(course).findings if expectation.unknown_at_peak else {}
    for key in expectation.unknown_at_peak:
        state = at_peak[key].state if key in at_peak else UNKNOWN
        if state is not UNKNOWN:
            yield Difference(
                Verdict.CHANGED_REASON, f"{key} is {state} at the peak, expected unknown"
            )


def _first_true(key: str, bound: Bound, course: Sequence[Assessment]) -> Iterator[Difference]:
    at = next(
        (a.as_of for a in course if key in a.findings and a.findings[key].state is TRUE), None
    )
    if at is None:
        yield Difference(Verdict.CHANGED_REASON, f"{key} was never true")
    elif bound.by is not None and at > bound.by:
        yield Difference(
            Verdict.CHANGED_REASON, f"{key} true at {at.isoformat()}, expected by {bound.by}"
        )
    elif bound.not_before is not None and at < bound.not_before:
        yield Difference(
            Verdict.CHANGED_REASON,
            f"{key} true at {at.isoformat()}, expected not before {bound.not_before}",
        )


def _lists(expectation: Expectation, course: Sequence[Assessment]) -> Iterator[Difference]:
    if expectation.gate is not None:
        gate = peak_of(course).gate.state
        if gate.value != expectation.gate:
            yield Difference(Verdict.CHANGED_REASON, f"gate {gate}, expected {expectation.gate}")
    stopped = {w.drug for a in course for w in a.withdrawals}
    for drug in expectation.withdrawals:
        if drug not in stopped:
            yield Difference(Verdict.CHANGED_REASON, f"withdrawal of {drug} was not seen")
    rows = {i.id for a in course for i in a.interactions}
    for row in expectation.interactions:
        if row not in rows:
            yield Difference(Verdict.CHANGED_REASON, f"interaction {row} did not apply")
    for row in expectation.never_interactions:
        if row in rows:
            yield Difference(Verdict.CHANGED_REASON, f"interaction {row} applied")


def _named(expectation: Expectation, course: Sequence[Assessment]) -> Iterator[Difference]:
    met = {d.id for a in course for d in a.differential if d.met is TRUE}
    for key in expectation.differential:
        if key not in met:
            yield Difference(Verdict.CHANGED_REASON, f"{key} was never met")
    asked = {request.id for a in course for request in a.ask_next}
    for key in expectation.asks:
        if key not in asked:
            yield Difference(Verdict.CHANGED_REASON, f"{key} was never asked for")
    if expectation.severity is None:
        return
    level = peak_of(course).severity.level
    if level != expectation.severity:
        yield Difference(
            Verdict.CHANGED_REASON, f"severity {level}, expected {expectation.severity}"
        )


def _mentions(expectation: Expectation, course: Sequence[Assessment]) -> Iterator[Difference]:
    """What the card says at the peak, in whatever letter case."""
    if not expectation.must_mention:
        return
    peak = peak_of(course)
    said = f"{nms_summary(peak)}\n{nms_detail(peak, UTC)}".casefold()
    for words in expectation.must_mention:
        if words.casefold() not in said:
            yield Difference(Verdict.CHANGED_REASON, f"the card does not mention {words!r}")


def _states(expectation: Expectation, course: Sequence[Assessment]) -> Iterator[Difference]:
    """What stood at the stated instants, key by key."""
    for at, expected in sorted(expectation.states.items()):
        one = standing_at(course, at)
        if one is None:
            yield Difference(Verdict.CHANGED_REASON, f"nothing stood at {at.isoformat()}")
            continue
        for key, said, wanted in unlike(expected, one):
            kind = Verdict.CHANGED_TIER if key == "tier" else Verdict.CHANGED_REASON
            yield Difference(kind, f"{key} {said} at {at.isoformat()}, expected {wanted}")
