"""A timeline against what was expected of it: one verdict, and every difference in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.statements import Assessment, TierName
from alerts.truth import TRUE, UNKNOWN
from service.replay.expected import Expectation


class Verdict(StrEnum):
    """The gravest difference names the verdict."""

    AS_EXPECTED = "as expected"
    NO_EXPECTATION = "no expectation"
    REFUSED = "refused"  # the bundle could not be read
    MISSED = "missed"  # never as high as expected
    EXTRA = "extra"  # higher than expected
    LATE = "late"
    EARLY = "early"
    CHANGED = "changed"  # a finding, the gate, a withdrawal or an interaction differs


GRAVITY = (Verdict.MISSED, Verdict.EXTRA, Verdict.LATE, Verdict.EARLY, Verdict.CHANGED)


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
    """Every difference, the gravest kind first. `course` is not empty."""
    found = [
        *_peak(expectation, course),
        *_times(expectation, course),
        *_findings(expectation, course),
        *_lists(expectation, course),
    ]
    return tuple(sorted(found, key=lambda d: (GRAVITY.index(d.kind), d.text)))


def _peak(expectation: Expectation, course: Sequence[Assessment]) -> Iterator[Difference]:
    peak = peak_of(course).tier.name
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


def _findings(expectation: Expectation, course: Sequence[Assessment]) -> Iterator[Difference]:
    ever = {key for a in course for key, f in a.findings.items() if f.state is TRUE}
    for key in expectation.ever_true:
        if key not in ever:
            yield Difference(Verdict.CHANGED, f"{key} was never true")
    for key in expectation.never_true:
        if key in ever:
            yield Difference(Verdict.CHANGED, f"{key} was true")
    at_peak = peak_of(course).findings
    for key in expectation.unknown_at_peak:
        state = at_peak[key].state if key in at_peak else UNKNOWN
        if state is not UNKNOWN:
            yield Difference(Verdict.CHANGED, f"{key} is {state} at the peak, expected unknown")


def _lists(expectation: Expectation, course: Sequence[Assessment]) -> Iterator[Difference]:
    gate = peak_of(course).gate.state
    if expectation.gate is not None and gate.value != expectation.gate:
        yield Difference(Verdict.CHANGED, f"gate {gate}, expected {expectation.gate}")
    stopped = {w.drug for a in course for w in a.withdrawals}
    for drug in expectation.withdrawals:
        if drug not in stopped:
            yield Difference(Verdict.CHANGED, f"withdrawal of {drug} was not seen")
    rows = {i.id for a in course for i in a.interactions}
    for row in expectation.interactions:
        if row not in rows:
            yield Difference(Verdict.CHANGED, f"interaction {row} did not apply")
