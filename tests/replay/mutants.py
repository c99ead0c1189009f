"""Every number of criteria.yaml moved a little: does some fixture notice?

A mutant is killed when any moment of any course is judged otherwise than by the rules as they are:
tier, channel, a finding, a scale's item, severity, advice, a look-alike, an interaction, a request,
an exposure; or when other alerts would have been raised. Words (reasons, evidence) do not count:
many of them name the number itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from alerts.assessment import assess
from alerts.knowledge import Knowledge, KnowledgeFault, with_overlay
from alerts.statements import Assessment
from service.replay.cases import Case
from service.replay.chronicle import Moment, courses
from service.replay.course import called
from service.replay.play import Part, arrived_of
from service.replay.trace import signature

CRITERIA = Path(__file__).resolve().parents[2] / "alerts" / "knowledge" / "criteria.yaml"
MOST, SHORT = 200, 30
WHOLE_UNITS = {"1", "points", "{score}"}


@dataclass(frozen=True)
class Mutant:
    parameter: str
    value: float
    rules: Knowledge


def mutants(rules: Knowledge) -> Iterator[Mutant]:
    """Each number a notch lower and a notch higher; what the loader refuses is no rule."""
    document = yaml.safe_load(CRITERIA.read_text("utf-8"))
    for key, raw in document["parameters"].items():
        for value in moved(float(raw["value"]), str(raw["unit"])):
            change = {"version": f"mutant {key}", "parameters": {key: {"value": value}}}
            try:
                yield Mutant(key, value, with_overlay(rules, change))
            except KnowledgeFault:
                continue


def moved(value: float, unit: str) -> tuple[float, float]:
    """Ten per cent, a whole number where only those make sense, 0.5 °C, 0.05 pH."""
    if unit == "Cel":
        return value - 0.5, value + 0.5
    if unit == "[pH]":
        return value - 0.05, value + 0.05
    if unit in WHOLE_UNITS and value == int(value):
        return value - 1, value + 1
    if value == int(value) and value <= 10:
        return value - 1, value + 1
    return round(value * 0.9, 3), round(value * 1.1, 3)


def outcome(said: Assessment) -> tuple[Any, ...]:
    """What was decided, without words that name numbers."""
    return (
        signature(said),
        tuple((s.id, s.met, s.count, *(f.state for f in s.features)) for s in said.scale_details),
        (said.severity.level, said.severity.stage, len(said.severity.critical_care)),
        tuple(a.id for a in said.plan.advice),
        tuple((e.drug, e.reading, e.literal, e.recency) for e in said.exposures),
        tuple((w.trigger, w.drug, w.reading) for w in said.withdrawals),
        tuple(r.id for r in said.risk_factors),
        tuple((d.id, len(d.toward), len(d.away)) for d in said.differential),
        tuple((f.caveats, len(f.evidence)) for f in said.findings.values()),
        said.onset, said.incomplete,
    )  # fmt: skip


class Course:
    """A patient's moments, what was said of each and which numbers were read for it."""

    def __init__(
        self, name: str, moments: Sequence[Moment], said: Sequence[Assessment], rules: Knowledge
    ) -> None:
        self.name, self.moments = name, moments
        self.outcomes = [outcome(one) for one in said]
        changed = [n for n in range(1, len(said)) if self.outcomes[n] != self.outcomes[n - 1]]
        self.turns = {m for n in changed for m in (n - 1, n)}
        self.alerts = called(moments, said, rules)
        self.read = [{p.id for step in one.trace for p in step.thresholds} for one in said]

    def notices(self, mutant: Mutant, at: int) -> bool:
        moment = self.moments[at]
        return outcome(assess(moment.chart, mutant.rules, moment.at)) != self.outcomes[at]

    def alerts_otherwise(self, mutant: Mutant) -> bool:
        said = [assess(m.chart, mutant.rules, m.at) for m in self.moments]
        return called(self.moments, said, mutant.rules) != self.alerts


def played(cases: Sequence[Case], rules: Knowledge, now: datetime) -> list[Course]:
    """The courses of these cases, each judged by the rules as they are."""
    found = []
    for case in cases:
        for patient, series in courses(arrived_of(Part(case), now), None):
            moments = tuple(series)
            said = [assess(m.chart, rules, m.at) for m in moments]
            found.append(Course(f"{case.name} {patient}", moments, said, rules))
    return found


def killer(mutant: Mutant, found: Sequence[Course]) -> str | None:
    """The first course that notices, None for a survivor.

    A number that no trace names is one of the life of alerts: there whole courses are compared.
    """
    places = [
        (course, at)
        for course in found
        for at, read in enumerate(course.read)
        if mutant.parameter in read
    ]
    # a number moved a little moves a change of the answer by a step: look there first
    near = [(course, at) for course, at in places if at in course.turns]
    rest = [place for place in places if place not in near] if len(near) < MOST else []
    for course, at in [*near, *rest[:: max(1, len(rest) // MOST)]]:
        if course.notices(mutant, at):
            return course.name
    if places:
        return None
    for course in found:
        if (
            len(course.moments) <= SHORT
            and course.alerts.opened
            and course.alerts_otherwise(mutant)
        ):
            return course.name
    return None
