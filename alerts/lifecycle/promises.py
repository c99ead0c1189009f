"""What a person promised when they chose "will monitor", and whether the chart holds it (ALR-07).

A row promises the tests that it asks for; without any, the readings that it names as factors. A
promise is kept by a reading of each test whose effective time lies after the promise and not after
its end. A time of issue is no effective time; an artefact, a haemolysed sample or a ventilator's
set rate is no reading of the patient (SPEC 2.3, MET-01). A value outside the limits of normal that
came with it keeps nothing: it is what was watched for, and a person looks at it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from alerts.chart import Measurement, TimeBasis
from alerts.evidence import latest
from alerts.knowledge import Knowledge
from alerts.knowledge.records import Row
from alerts.lifecycle.states import HumanState, MachineState
from alerts.moment import Moment

_NOT_OWN = frozenset({"haemolysed", "ventilator_set", "paced"})
_NO_TIME = frozenset({TimeBasis.ISSUED, TimeBasis.UNDATED})


def promised(rule: str, knowledge: Knowledge) -> tuple[str, ...]:
    """The tests that "will monitor" promises for a row; none for a row that names nothing."""
    row = next((row for row in knowledge.interactions if row.id == rule), None)
    return tuple(dict.fromkeys(_asked(row, knowledge))) if row is not None else ()


def _asked(row: Row, knowledge: Knowledge) -> Iterator[str]:
    tests = [said.partition(":")[2] for said in row.suggest if said.startswith("monitor:")]
    if tests:
        yield from tests
        return
    yield from (kind for kind in row.factors if knowledge.answers(kind))


class Arrivals:
    """The readings of a chart, asked for by test."""

    def __init__(self, now: Moment) -> None:
        self._now = now

    def missing(
        self, tests: Sequence[str], after: datetime, until: datetime | None
    ) -> tuple[str, ...]:
        """Those of the tests with no reading after the promise, up to its end included."""
        return tuple(test for test in tests if not self._arrived(test, after, until))

    def outside(
        self, tests: Sequence[str], after: datetime, until: datetime | None
    ) -> tuple[str, ...]:
        """Those of the tests whose newest reading of that time lies outside its own limits."""
        newest = ((t, max(self._of(t, after, until), key=_at, default=None)) for t in tests)
        return tuple(test for test, reading in newest if reading and _is_outside(reading))

    def _arrived(self, test: str, after: datetime, until: datetime | None) -> bool:
        return any(True for _ in self._of(test, after, until))

    def _of(self, test: str, after: datetime, until: datetime | None) -> Iterator[Measurement]:
        for kind in self._now.knowledge.answers(test):
            for reading in self._now.readings(kind):
                in_time = after < reading.at and (until is None or latest(reading) <= until)
                if in_time and _counts(reading):
                    yield reading


def _counts(reading: Measurement) -> bool:
    return reading.time_basis not in _NO_TIME and _NOT_OWN.isdisjoint(reading.flags)


def _at(reading: Measurement) -> datetime:
    return reading.at


def _is_outside(reading: Measurement) -> bool:
    low, high = reading.reference_low, reading.reference_high
    return (low is not None and reading.value < low) or (high is not None and reading.value > high)


def kept(machine: MachineState, human: HumanState) -> bool:
    """Has everything that was promised arrived? Each promise is known by its time."""
    return bool(human.promised) and machine.monitored == human.snoozed_at is not None
