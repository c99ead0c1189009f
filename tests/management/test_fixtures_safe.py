"""The safety rules over the published cases: every card and plan along each course."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts.assessment import assess
from alerts.chart import Chart, Fact, chart_of
from alerts.moment import moment
from service.fhir.reader import ReadContext, read_body
from tests.cards.deal import dealt
from tests.management.charts import knowledge
from tests.management.safety import breaches, card_breaches, plan_breaches

ROOT = Path(__file__).parents[2] / "fixtures"
BUNDLES = sorted([*ROOT.glob("cases/*/*.json"), *ROOT.glob("demo/*/*.json")])
MOMENTS = 6


def chart_from(path: Path) -> Chart:
    context = ReadContext(
        tenant="fixtures", received_at=datetime(2026, 11, 24, tzinfo=UTC), zone=ZoneInfo("UTC")
    )
    reading = read_body(path.read_bytes(), context)
    facts: list[Fact] = [f for r in reading.resources if not r.retracted for f in r.facts]
    return chart_of("p1", facts)


def moments(chart: Chart) -> list[datetime]:
    """A few clocks along the course: where vital signs, signs and results were recorded."""
    times = sorted({m.at for m in (*chart.measurements, *chart.signs)})
    step = max(len(times) // MOMENTS, 1)
    return [*times[::step], *times[-1:]]


def test_there_are_cases() -> None:
    assert len(BUNDLES) >= 50


@pytest.mark.rules("SAF-01", "SAF-03", "SAF-04", "SAF-05", "SAF-06", "SAF-07", "SAF-08", "SAF-09")
@pytest.mark.parametrize("path", BUNDLES, ids=lambda p: p.parent.name)
def test_nothing_unsafe_is_said_along_a_published_course(path: Path) -> None:
    chart = chart_from(path)
    assert chart.measurements or chart.signs or chart.medications
    for at in moments(chart):
        found = assess(chart, knowledge(), at)
        faults = plan_breaches(found.plan, moment(chart, knowledge(), at))
        for card in dealt(found):
            faults += card_breaches(card, found)
        for cause in found.differential:
            for said in (cause.name, *cause.toward, *cause.away, *cause.missing):
                faults += breaches(said)
        assert faults == [], at
