"""One patient's course under one rule version: what was said when, and whom it would call."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count

from alerts.assessment import assess
from alerts.knowledge import Knowledge
from alerts.lifecycle import Alert, AlertKind, advance, circumstances
from alerts.lifecycle.states import What
from alerts.statements import Assessment, Channel, TierName
from service.replay.chronicle import Moment

TENANT = "replay"


@dataclass(frozen=True, slots=True)
class Step:
    """One point of a timeline. The score is None where a survey did not work it out: no tier."""

    at: datetime
    tier: str
    lower: int | None
    upper: int | None
    channel: str

    @property
    def score(self) -> str:
        return "–" if self.lower is None else f"{self.lower}–{self.upper}"


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


def assessed(
    moments: Sequence[Moment], rules: Knowledge, *, brief: bool = False
) -> list[Assessment]:
    """The assessment at each moment; `brief` as `assess` means it."""
    return [assess(moment.chart, rules, moment.at, brief=brief) for moment in moments]


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


@dataclass(slots=True)
class Calls:
    """The alerts of a course by the same life of an alert as in production, moment by moment.

    `corrected`: a record may be sent again with another value (a sequence of bundles); in one
    export nothing is, and what each record says need not be kept to find it.
    """

    rules: Knowledge
    corrected: bool = True
    held: dict[str, Alert] = field(default_factory=dict)
    # of one moment several may open: each has a number of its own
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    opened: int = 0
    calls: int = 0
    interruptive: int = 0
    pairs: int = 0
    first: datetime | None = None

    def meet(
        self,
        moment: Moment,
        said: Assessment,
        present: Callable[[], frozenset[str]] | None = None,
    ) -> None:
        """`present`: the references of the chart's facts, from whoever keeps them."""
        if not spoken(said) and not self.held:
            return
        known = present() if present is not None else None
        around = circumstances(moment.chart, self.rules, said, present=known)
        if not self.corrected:
            around = replace(around, prints=None)
        moves = advance(
            list(self.held.values()), said, TENANT, said.as_of,
            lambda: f"alert-{next(self.numbers)}", around=around, knowledge=self.rules,
        )  # fmt: skip
        for move in moves:
            self.held[move.alert.id] = move.alert
            self.opened += sum(entry.what is What.OPENED for entry in move.history)
            self.calls += len(move.notices)
            loud = sum(n.channel is Channel.INTERRUPTIVE for n in move.notices)
            if move.alert.kind is AlertKind.INTERACTION:
                self.pairs += loud
                continue
            self.interruptive += loud
            if loud and self.first is None:
                self.first = said.as_of

    def over(self, begun: datetime, ended: datetime) -> Called:
        days = (ended - begun).total_seconds() / 86400
        return Called(self.opened, self.calls, self.interruptive, self.pairs, self.first, days)


def spoken(said: Assessment) -> bool:
    """Does an assessment say anything that a person would be shown?"""
    return said.tier.name is not TierName.NONE or bool(said.interactions)


def called(
    moments: Sequence[Moment],
    course: Sequence[Assessment],
    rules: Knowledge,
    *,
    corrected: bool = True,
) -> Called:
    """The alerts of a course. Neither is empty. `corrected`: see `Calls`."""
    calls = Calls(rules, corrected)
    for moment, said in zip(moments, course, strict=True):
        calls.meet(moment, said)
    return calls.over(course[0].as_of, course[-1].as_of)
