"""The trace names every number that an assessment read (promise 7): nothing is read beside it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

import alerts.moment
from alerts.assessment import assess
from alerts.knowledge import Knowledge, load
from alerts.severity import severity
from alerts.statements import Finding, Severity, TierName
from service.replay.cases import find_cases
from service.replay.chronicle import Moment, courses
from service.replay.play import Part, arrived_of
from tests.medicine.ward import NOW, chart
from tests.replay.mutants import noting

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
Findings = Mapping[str, Finding]
RECEIVED = datetime(2026, 1, 1, tzinfo=UTC)


def unaccounted(moment: Moment, rules: Knowledge) -> set[str]:
    """Numbers that were read and stand in no step of the trace."""
    asked: set[str] = set()
    said = assess(moment.chart, noting(rules, asked), moment.at)
    return asked - {parameter.id for step in said.trace for parameter in step.thresholds}


def moments(room: str) -> list[Moment]:
    return [
        moment
        for case in find_cases([FIXTURES / room])
        for _, series in courses(arrived_of(Part(case), RECEIVED), None)
        for moment in series
    ]


@pytest.mark.parametrize("room", ["cases", "demo", "boundaries", "statuses"])
def test_every_number_that_is_read_is_in_the_trace(room: str) -> None:
    rules, found = load(), moments(room)
    assert len(found) > 10
    beside = {key: m.chart.patient for m in found for key in unaccounted(m, rules)}
    assert beside == {}


def test_a_number_read_beside_every_account_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def beside(now: alerts.moment.Moment, findings: Findings, tier: TierName) -> Severity:
        assert now.knowledge["pope.wbc"]
        return severity(now, findings, tier)

    quiet = Moment(NOW, chart("-1h temp 37.1 oral"))
    assert unaccounted(quiet, load()) == set()
    monkeypatch.setattr("alerts.assessment.severity", beside)
    assert unaccounted(quiet, load()) == {"pope.wbc"}
