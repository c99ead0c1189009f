"""A plan costs what the running episode costs: years of old facts change nothing."""

from collections.abc import Callable

from alerts.chart import Fact
from alerts.findings import read_findings
from alerts.guidance import plan
from alerts.moment import moment
from tests.costs import costs
from tests.management.charts import NOW, assessed, chart, knowledge, reading
from tests.management.examples import severe


def planned(facts: list[Fact]) -> Callable[[], object]:
    """One plan for a chart of these facts."""
    found = assessed(facts)
    now = moment(chart(facts), knowledge(), NOW)
    told = read_findings(now)
    args = (found.tier.name, found.severity, told.exposures, told.withdrawals, told.findings)
    return lambda: plan(now, *args)


def test_old_readings_do_not_make_a_plan_dearer() -> None:
    old = [reading("heart_rate", 60 + n % 40, 400 + n / 7) for n in range(2500)]
    long, short = costs(planned([*severe(), *old]), planned(severe()), turns=40)
    assert long < 3 * short
