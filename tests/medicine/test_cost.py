"""Cost grows with the facts in the windows and not with the history outside them."""

from alerts.assessment import assess
from alerts.chart import chart_of
from alerts.knowledge import load
from tests.benchmarks.assessing import cost, facts_of
from tests.medicine.ward import NOW

KNOWLEDGE = load()


def least(facts: list) -> float:  # type: ignore[type-arg]
    chart = chart_of("p1", facts)
    return cost(lambda: assess(chart, KNOWLEDGE, NOW), 25)[1]


def test_a_long_history_costs_nothing() -> None:
    now = facts_of(200, 72)
    history = facts_of(10_000, 24 * 365, before=24 * 400)[1:]
    assert least([*now, *history]) < 1.8 * least(now)


def test_the_cost_is_linear_in_the_facts_of_the_windows() -> None:
    assert least(facts_of(4000, 72, sick=True)) < 3 * least(facts_of(2000, 72, sick=True))
