"""The counts: SPEC 8.2's own table, Wilson's interval, lead times."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.replay.course import Called
from service.replay.figures import Share, alerts_per_1000_days, figures, ppv
from service.replay.report import Report
from service.replay.result import Told
from tests.replay.test_changes import AT, BASE


@pytest.mark.parametrize(
    ("incidence", "sensitivity", "specificity", "alerts", "value"),
    [
        (0.0002, 0.696, 0.907, 9.31, 0.15),
        (0.0004, 0.80, 0.98, 2.03, 1.6),
        (0.0011, 0.70, 0.995, 0.58, 13.4),
        (0.003, 0.65, 0.999, 0.29, 66.2),
        (0.01, 0.696, 0.907, 9.90, 7.0),
        (0.03, 0.80, 0.98, 4.34, 55.3),
    ],
)
def test_the_table_of_spec_8_2(
    incidence: float, sensitivity: float, specificity: float, alerts: float, value: float
) -> None:
    assert alerts_per_1000_days(incidence, sensitivity, specificity) == pytest.approx(
        alerts, abs=0.006
    )
    found = ppv(incidence, sensitivity, specificity)
    assert found is not None
    assert 100 * found == pytest.approx(value, rel=0.02)


def test_nobody_alerted_has_no_ppv() -> None:
    assert ppv(0.001, 0.0, 1.0) is None


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.2775), (32, 32, 0.8928, 1.0), (5, 10, 0.2366, 0.7634)],
)
def test_the_interval_of_wilson(part: int, whole: int, low: float, high: float) -> None:
    assert Share(part, whole).interval == pytest.approx((low, high), abs=5e-4)


def test_rates_leads_and_burden() -> None:
    recognised = AT + timedelta(hours=28)
    ill = replace(BASE, told=Told("ill", "published", syndrome=True, recognised_at=recognised))
    missed = replace(ill, peak_tier="NONE", first_at={}, told=replace(ill.told, case="missed"))
    mimic = replace(BASE, told=Told("mimic", "published", syndrome=False), peak_tier="WATCH")
    ward = replace(BASE, told=Told("ward", "simulated"), called=Called(2, 6, 1, 1, AT, 250.0))
    found = figures(Report("A", (ill, missed, mimic, ward)))
    watch, possible, probable, loud = found.levels
    assert (watch.sensitivity, watch.specificity) == (Share(1, 2), Share(0, 1))
    assert (possible.sensitivity, possible.specificity) == (Share(1, 2), Share(1, 1))
    assert (probable.sensitivity.part, loud.sensitivity.part) == (0, 0)
    assert [(lead.case, lead.hours) for lead in found.leads] == [("ill", 24.0), ("missed", None)]
    assert found.burden.per_1000(found.burden.opened) == 8.0
    assert found.burden.per_1000(found.burden.interruptive) == 4.0
