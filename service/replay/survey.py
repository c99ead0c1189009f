"""The course of a patient of an export, assessed only where something could be said.

Most patients of a hospital, and most moments of the others, are quiet: the screen of the engine
proves it from each new fact, and no chart is built. What is kept of a survey does not depend on the
screen: the changes of tier, and the assessments that named a tier or an interaction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerts.assessment import assess
from alerts.chart import DAWN, Fact
from alerts.knowledge import Knowledge
from alerts.screening import Answer, Screen
from alerts.statements import Assessment, Channel, TierName
from service.replay.bodies import known_from
from service.replay.chronicle import Moment, moments_of
from service.replay.course import Called, Calls, Step, spoken, step_of
from service.replay.growing import Growing, as_told, end_of

QUIET = (TierName.NONE.value, Channel.NONE.value)


@dataclass(frozen=True, slots=True)
class Survey:
    """`course`: the assessments that spoke, maybe none; `assessed`: how many were made."""

    steps: tuple[Step, ...]
    course: tuple[Assessment, ...]
    called: Called
    assessed: int


@dataclass(slots=True)
class Record:
    """One patient's facts in the order in which they became known."""

    patient: str
    facts: Sequence[Fact]
    told_until: datetime
    until: datetime | None
    _times: list[datetime] | None = None
    _ordered: list[tuple[datetime, Fact]] = field(default_factory=list)

    def times(self) -> list[datetime]:
        if self._times is None:
            self._times = moments_of(self.facts, self.told_until, self.until)
        return self._times

    def ordered(self) -> list[tuple[datetime, Fact]]:
        """What has no time of its own was always there."""
        if not self._ordered:
            told = [(known_from(fact) or DAWN, fact) for fact in self.facts]
            self._ordered = sorted(told, key=lambda one: one[0])
        return self._ordered

    def ends(self) -> tuple[datetime, datetime] | None:
        """The first and the last moment; None when nothing is dated."""
        times = self.times()
        return (times[0], times[-1]) if times else None


def survey(record: Record, rules: Knowledge, *, screened: bool = True) -> Survey | None:
    """The survey of one patient; None when nothing is dated.

    `screened`: leave out what the screen calls quiet; it changes nothing but the time.
    """
    ends = record.ends()
    if ends is None:
        return None
    if screened and _never_stirs(record, rules):
        nobody = Calls(rules).over(*ends)
        return Survey((Step(ends[0], QUIET[0], None, None, QUIET[1]),), (), nobody, 0)
    return _Surveying(record, rules, screened).done()


def _never_stirs(record: Record, rules: Knowledge) -> bool:
    screen = Screen(rules)
    for fact in record.facts:
        hear(screen, fact)
    return screen.says(record.told_until) is Answer.NOTHING


def hear(screen: Screen, fact: Fact) -> None:
    """The fact as it is told at the end, and as it was told while its end lay ahead."""
    screen.take(fact)
    if end_of(fact) is not None:
        screen.take(as_told(fact, DAWN))


@dataclass(slots=True)
class _Surveying:
    """Moment by moment."""

    record: Record
    rules: Knowledge
    screened: bool
    course: list[Assessment] = field(default_factory=list)
    assessed: int = 0

    def done(self) -> Survey:
        calls = Calls(self.rules, corrected=False)
        steps = tuple(self._steps(calls))
        times = self.record.times()
        called = calls.over(times[0], times[-1])
        return Survey(steps, tuple(self.course), called, self.assessed)

    def _steps(self, calls: Calls) -> Iterator[Step]:
        """The moments at which what is said changed."""
        screen, growing = Screen(self.rules), Growing(self.record.patient)
        waiting = iter(self.record.ordered())
        following = next(waiting, None)
        before: tuple[object, ...] | None = None
        for at in self.record.times():
            while following is not None and following[0] <= at:
                hear(screen, following[1])
                growing.add(following[1])
                following = next(waiting, None)
            # an alert that is open, or was, is followed whatever the chart says
            if self.screened and not calls.held and screen.says(at).quiet:
                step = Step(at, QUIET[0], None, None, QUIET[1])
            else:
                step = self._followed(Moment(at, growing.chart(at)), calls, growing)
            said = (step.tier, step.lower, step.upper, step.channel)
            if said != before:
                yield step
            before = said

    def _followed(self, moment: Moment, calls: Calls, growing: Growing) -> Step:
        self.assessed += 1
        said = assess(moment.chart, self.rules, moment.at, brief=True)
        calls.meet(moment, said, growing.references)
        if spoken(said):
            self.course.append(said)
        if said.tier.name is TierName.NONE:
            return Step(moment.at, said.tier.name.value, None, None, said.tier.channel.value)
        return step_of(said)
