"""The next review of a quiet patient comes to an end: the clock alone may not wake it for ever."""

from datetime import datetime, timedelta

import pytest

from alerts.assessment import assess
from alerts.chart import Chart
from alerts.knowledge import load
from tests.medicine.ward import NOW, chart

KNOWLEDGE = load()


def last_review(patient: Chart) -> datetime | None:
    """The last instant at which something would read differently; None when there is no last."""
    at, reviews = NOW, 0
    while (due := assess(patient, KNOWLEDGE, at).next_review_at) is not None:
        at, reviews = due, reviews + 1
        if reviews > 60:
            return None
    return at


@pytest.mark.rules("REVIEW")
@pytest.mark.parametrize(
    "lines",
    [
        ["-20d order haloperidol depot product=haloperidol_decanoate"],
        ["-2d order haloperidol im 5 mg x2"],
        ["-2d order haloperidol oral 5 mg x2"],
        ["-2d given haloperidol im 5 mg", "-2h temp 36.8 oral", "-1h rigidity absent"],
        [
            "condition parkinson_disease -900d",
            "-300d order levodopa oral 100 mg x4 to -20h stopped",
        ],
    ],
)
def test_it_ends(lines: list[str]) -> None:
    end = last_review(chart(*lines))
    assert end is not None
    assert end < NOW + timedelta(days=400)


@pytest.mark.rules("REVIEW")
@pytest.mark.parametrize(
    "line",
    [
        "-900d order haloperidol oral 5 mg x2",
        "-900d order haloperidol im 5 mg x2",
        "-900d order haloperidol depot product=haloperidol_decanoate",
        "-900d order lithium oral 300 mg x2",
        "-900d order clozapine oral prn",
        "-900d order levodopa oral 100 mg x4",
    ],
)
def test_an_order_that_has_long_run_asks_for_no_review(line: str) -> None:
    assert assess(chart(line), KNOWLEDGE, NOW).next_review_at is None
