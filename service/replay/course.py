"""One patient's course under one rule version: what was said when, and whom it would call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.assessment import assess
from alerts.knowledge import Knowledge
from alerts.lifecycle import Alert, AlertKind, advance, circumstances
from alerts.lifecycle.states import What
from alerts.statements import Assessment, Channel, TierName
from service.replay.chronicle import Moment

TENANT = "replay"


@dataclass(frozen=True, slots=True)
class Step:
    """One point of a timeline."""

    at: datetime
    tier: str
    lower: int
    upper: int
    channel: str


@dataclass(frozen=True, slots=True)
class Called:
    """What production would have done on this course with nobody answering.

    `opened`: alerts; `calls`: notices posted; `interruptive`: those that interrupt for NMS,
    `interrupted_at` the first of them; `pairs`: those that interrupt for an interaction;
    `days`: length of the course in patient-days.
    """

    opened: int
    calls: int
    interruptive: int
    pairs: int
    interrupted_at: datetime | None
    days: float


def assessed(moments: Sequence[Moment], rules: Knowledge) -> list[Assessment]:
    """The assessment at each moment."""
    return [assess(moment.chart, rules, moment.at) for moment in moments]


def step_of(assessment: Assessment) -> Step:
    tier, score = assessment.tier, assessment.iec
    return Step(assessment.as_of, tier.name.value, score.lower, score.upper, tier.channel.value)


def steps_of(course: Sequence[Assessment], *, whole: bool) -> tuple[Step, ...]:
    """Every moment, or only those at which the answer changed."""
    steps = [step_of(one) for one in course]
    return tuple(steps) if whole else tuple(_changed(steps))


def _changed(steps: Sequence[Step]) -> Iterator[Step]:
    before: Step | None = None
    for one in steps:
        if before is None or (one.tier, one.lower, one.upper) != (
            before.tier,
            before.lower,
            before.upper,
        ):
            yield one
        before = one


def called(moments: Sequence[Moment], course: Sequence[Assessment], rules: Knowledge) -> Called:
    """The alerts of a course by the same life of an alert as in production."""
    held: dict[str, Alert] = {}
    opened = calls = interruptive = pairs = 0
    first: datetime | None = None
    for moment, said in zip(moments, course, strict=True):
        if said.tier.name is TierName.NONE and not said.interactions and not held:
            continue
        moves = advance(
            list(held.values()), said, TENANT, said.as_of, lambda: f"alert-{len(held) + 1}",
            around=circumstances(moment.chart, rules, said), knowledge=rules,
        )  # fmt: skip
        for move in moves:
            held[move.alert.id] = move.alert
            opened += sum(entry.what is What.OPENED for entry in move.history)
            calls += len(move.notices)
            loud = sum(n.channel is Channel.INTERRUPTIVE for n in move.notices)
            if move.alert.kind is AlertKind.INTERACTION:
                pairs += loud
                continue
            interruptive += loud
            if loud and first is None:
                first = said.as_of
    days = (course[-1].as_of - course[0].as_of).total_seconds() / 86400 if course else 0.0
    return Called(opened, calls, interruptive, pairs, first, days)
