"""A plan costs what the running episode costs: years of old facts change nothing."""

from time import process_time_ns

from alerts.chart import Fact
from alerts.findings import read_findings
from alerts.guidance import plan
from alerts.moment import moment
from tests.management.charts import NOW, assessed, chart, knowledge, reading
from tests.management.examples import severe


def cost(facts: list[Fact]) -> int:
    """CPU nanoseconds of one plan, the least of many."""
    found = assessed(facts)
    now = moment(chart(facts), knowledge(), NOW)
    told = read_findings(now)
    args = (found.tier.name, found.severity, told.exposures, told.withdrawals, told.findings)
    plan(now, *args)
    times = []
    for _ in range(40):
        start = process_time_ns()
        plan(now, *args)
        times.append(process_time_ns() - start)
    return min(times)


def test_old_readings_do_not_make_a_plan_dearer() -> None:
    old = [reading("heart_rate", 60 + n % 40, 400 + n / 7) for n in range(2500)]
    assert cost([*severe(), *old]) < 3 * cost(severe())
