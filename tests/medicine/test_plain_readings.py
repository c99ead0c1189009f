"""What is read cheaply says the same as what is read with care, and nothing outlives its moment."""

import gc
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from alerts.assessment import assess
from alerts.chart import Chart, Measurement, Source, chart_of
from alerts.knowledge import load
from alerts.moment import Moment, moment
from tests.medicine.random_charts import LINES
from tests.medicine.ward import NOW, facts

KNOWLEDGE = load()
SOUND = Measurement(
    "heart_rate", NOW - timedelta(hours=2), 130.0, "/min", Source("t", "Observation", "1")
)
QUALIFIED = {
    "comparator": {"comparator": "<"},
    "preliminary": {"preliminary": True},
    "unit inferred": {"unit_inferred": True},
    "flag": {"flags": ("paced",)},
}


def test_readings_that_stand_as_they_are_make_their_kind_plain() -> None:
    earlier = replace(SOUND, at=SOUND.at - timedelta(hours=1))
    assert chart_of("p", [SOUND, earlier]).plain == {"heart_rate"}


@pytest.mark.parametrize("changed", QUALIFIED.values(), ids=QUALIFIED.keys())
def test_one_reading_that_does_not_takes_its_kind_out(changed: dict[str, object]) -> None:
    other = replace(SOUND, at=SOUND.at - timedelta(hours=1), **changed)  # type: ignore[arg-type]
    pressure = replace(SOUND, kind="systolic_bp")
    assert chart_of("p", [SOUND, other, pressure]).plain == {"systolic_bp"}


def test_a_chart_put_together_by_hand_takes_nothing_for_plain() -> None:
    assert Chart("p").plain == frozenset()


@given(LINES)
def test_plain_readings_need_no_second_look(lines: list[str]) -> None:
    chart = chart_of("p", facts(lines))
    with_care = assess(replace(chart, plain=frozenset()), KNOWLEDGE, NOW)
    assert repr(assess(chart, KNOWLEDGE, NOW)) == repr(with_care)


def test_the_hours_of_a_parameter_are_one_window_by_name_or_by_length() -> None:
    now = moment(chart_of("p", [SOUND]), KNOWLEDGE, NOW)
    with now.account("by name"):
        named = now.recent("heart_rate", "met.window_h")
    with now.account("by length"):
        told = now.within("heart_rate", now.hours("met.window_h"))
    assert named == told == [SOUND]
    steps = {step.id: step for step in now.steps()}
    name, length = steps["by name"], steps["by length"]
    assert (name.thresholds, name.reads) == (length.thresholds, length.reads)
    assert name.reads == (("heart_rate", KNOWLEDGE["met.window_h"], 1),)


def test_a_moment_is_freed_at_once_without_a_search_for_cycles() -> None:
    chart = chart_of("p", [SOUND])
    gc.collect()
    gc.disable()
    try:
        before = _moments()
        assess(chart, KNOWLEDGE, NOW)
        after = _moments()
    finally:
        gc.enable()
    assert after == before


def _moments() -> int:
    """How many moments are alive: other tests may hold some."""
    return sum(type(thing) is Moment for thing in gc.get_objects())
