"""Every number of criteria.yaml moved by the least that a chart can show: which fixture notices?

A mutant is killed when the verdict of a fixture changes: what its expected.yaml states no longer
holds, by the same judge as `nms-sentinel replay`. Nothing else kills: a changed word, a changed
trace or a changed course that no expectation speaks of is a survivor.

The step is the resolution of the unit: a minute for every span of time, 0.1 °C, 1 mmHg, a beat, a
point, a U/L, 0.1 mmol/L, 0.01 pH, one of a count, 0.05 of a ratio. It is the smallest wrong number
that a chart can tell from the right one, so the hardest to notice; a wrong number further off lies
on the same side of the same boundary. Both directions are tried.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from alerts.assessment import assess
from alerts.knowledge import Knowledge
from alerts.statements import Assessment
from service.replay.cases import Case
from service.replay.chronicle import Moment, courses
from service.replay.expected import Expectation
from service.replay.life import lived, unlike
from service.replay.play import Part, arrived_of
from service.replay.verdict import judge

MINUTES = {"min": 1.0, "h": 60.0, "d": 1440.0}
STEPS = {
    "Cel": 0.1, "/min": 1, "mm[Hg]": 1, "U/L": 1, "umol/L": 1, "mmol/L": 0.1, "10*9/L": 0.1,
    "/[HPF]": 1, "[pH]": 0.01, "%": 1, "{score}": 1, "points": 1, "a": 1, "kg": 1,
}  # fmt: skip
RATIO = 0.05
# "1" counts things, unless the name says how many times something is
TIMES = ("ratio", "multiple")
RANGE_STEPS = {
    "body_temperature": 0.1, "potassium": 0.1, "wbc": 0.1, "iron": 0.1, "body_weight": 0.1,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """`number`: a parameter, or "plausible.heart_rate.high". `kinds`: the readings that an accepted
    range bears on; empty for a parameter."""

    number: str
    value: float
    rules: Knowledge
    kinds: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return f"{self.number} = {self.value:g}"


def step_of(number: str, unit: str) -> float:
    """The least by which a number of this unit can be wrong and a chart can tell."""
    if unit in MINUTES:
        return 1 / MINUTES[unit]
    if unit == "1":
        return RATIO if any(word in number for word in TIMES) else 1
    return STEPS[unit]


def beside(value: float, step: float, unit: str) -> tuple[float, float]:
    """A step below and a step above, without the dust of binary fractions."""
    if unit in MINUTES:
        return value - step, value + step
    return round(value - step, 6), round(value + step, 6)


def thresholds(rules: Knowledge) -> Iterator[Mutant]:
    """Each parameter of criteria.yaml a step lower and higher. Basis and citations stay."""
    for key in rules.sources["criteria"]["parameters"]:
        known = rules.parameters[key]
        for value in beside(known.value, step_of(key, known.unit), known.unit):
            yield Mutant(key, value, with_number(rules, key, value))


def with_number(rules: Knowledge, key: str, value: float) -> Knowledge:
    """The rules with another number, without a reading of all of them anew."""
    changed = replace(rules)
    known = rules.parameters[key]
    vars(changed)["parameters"] = {**rules.parameters, key: replace(known, value=value)}
    vars(changed)["_values"] = {**rules._values, key: value}
    return changed


def ranges(rules: Knowledge) -> Iterator[Mutant]:
    """Each end of the accepted ranges (SPEC 2.3) likewise."""
    for kind, known in rules.criteria["plausible"].items():
        for end in ("low", "high", "verify_below", "verify_above"):
            if end not in known:
                continue
            step = RANGE_STEPS.get(kind, 1)
            for value in (round(known[end] - step, 6), round(known[end] + step, 6)):
                kept = type(known[end])(value) if isinstance(step, int) else float(value)
                changed = replace(rules)
                plausible = {**rules.criteria["plausible"], kind: {**known, end: kept}}
                vars(changed)["criteria"] = {**rules.criteria, "plausible": plausible}
                yield Mutant(f"plausible.{kind}.{end}", value, changed, frozenset({kind}))


V = TypeVar("V")


class Noted(dict[str, V]):
    """A mapping that notes which of its keys were asked for."""

    def __init__(self, values: Mapping[str, V], asked: set[str]) -> None:
        super().__init__(values)
        self.asked = asked

    def __getitem__(self, key: str) -> V:
        self.asked.add(key)
        return super().__getitem__(key)


def noting(rules: Knowledge, asked: set[str]) -> Knowledge:
    """The same rules, noting every number that is read: the trace names those of a finding or rule
    only, and a number read beside every account would seem unread."""
    kept = replace(rules)
    vars(kept)["_values"] = Noted(rules._values, asked)
    vars(kept)["parameters"] = Noted(rules.parameters, asked)
    return kept


class Course:
    """A patient's moments, what was said of each, which numbers were read for it."""

    def __init__(
        self, name: str, expectation: Expectation, moments: Sequence[Moment], rules: Knowledge
    ) -> None:
        self.name, self.expectation, self.moments = name, expectation, moments
        self.said: list[Assessment] = []
        self.read: list[frozenset[str]] = []
        for moment in moments:
            asked: set[str] = set()
            self.said.append(assess(moment.chart, noting(rules, asked), moment.at))
            self.read.append(frozenset(asked))
        self.of_life: set[str] = set()
        self.kinds = frozenset(moments[-1].chart.by_kind)
        self.verdict = self._verdict(self.said, noting(rules, self.of_life))
        self.ever: set[str] = self.of_life.union(*self.read)

    def reads(self, mutant: Mutant) -> bool:
        return bool(self.kinds & mutant.kinds) or mutant.number in self.ever

    def _verdict(self, said: Sequence[Assessment], rules: Knowledge) -> tuple[str, ...]:
        life = self.expectation.life
        other = () if life is None else unlike(life, lived(life, self.moments, said, rules))
        return (*(found.text for found in judge(self.expectation, said)), *other)

    def judged(self, mutant: Mutant) -> tuple[str, ...]:
        """The verdict under other rules; what never read the number is as it was."""
        said = [
            assess(moment.chart, mutant.rules, moment.at)
            if mutant.kinds or mutant.number in self.read[n]
            else self.said[n]
            for n, moment in enumerate(self.moments)
        ]
        return self._verdict(said, mutant.rules)


def played(cases: Sequence[Case], rules: Knowledge, now: datetime) -> list[Course]:
    """The courses of these cases that an expectation speaks of: read once, judged as they are."""
    found = []
    for case in cases:
        if case.whole or case.expected is None or case.expected.expectation is None:
            continue
        for patient, series in courses(arrived_of(Part(case), now), None):
            name = f"{case.name} {patient}"
            found.append(Course(name, case.expected.expectation, tuple(series), rules))
    return found


def killer(mutant: Mutant, found: Sequence[Course]) -> str | None:
    """The first course whose verdict changes; None for a survivor. Its own fixtures first."""
    own = f"boundary-{mutant.number}-"
    reading = [course for course in found if course.reads(mutant)]
    for course in sorted(reading, key=lambda c: (not c.name.startswith(own), len(c.moments))):
        if course.judged(mutant) != course.verdict:
            return course.name
    return None
