"""The next review of a quiet patient comes to an end: the clock alone may not wake it for ever."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.assessment import as_dict, assess
from alerts.chart import Chart
from alerts.knowledge import load
from alerts.statements import Assessment
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


# what the clock alone changes, each once read without a word to the account of reviews
QUIET_CHANGES = {
    "the earlier of two low scores leaves the episode": ["-1441m GCS 8", "-1442m GCS 8"],
    "an old CK leaves the episode": ["-4321m CK 50 uln 200"],
    "a depot passes its injection interval": [
        "-27d given haloperidol depot product=haloperidol_decanoate",
    ],
    "a levodopa dose leaves the two weeks that are read": ["-4321m given levodopa oral 5 mg"],
    "missed doses leave them": [
        "-8d given levodopa oral 100 mg not-done",
        "-191h given levodopa oral 100 mg not-done",
    ],
    "a switch of antipsychotics is two weeks old": [
        "-400d order haloperidol oral 5 mg x2",
        "-5d order olanzapine oral 10 mg x1",
    ],
    "an antipsychotic order ended two weeks ago": [
        "-400d order haloperidol oral 5 mg x2 to -13d stopped",
        "-400d order olanzapine oral 10 mg x1",
        "-5d order quetiapine oral 100 mg x1",
    ],
    "the first of a run of doses is too old to reach": [
        "-13d given pimozide oral 4 mg",
        "-5d given pimozide oral 4 mg",
    ],
    "a replacement begun half a day before a stop at an untold time": [
        "-30d order levodopa oral 100 mg x4 stopped",
        "-2h order pramipexole oral 1 mg x3",
    ],
}


@pytest.mark.rules("REVIEW", "TIER-10")
@pytest.mark.parametrize("lines", QUIET_CHANGES.values(), ids=QUIET_CHANGES)
def test_nothing_changes_unasked(lines: list[str]) -> None:
    """From review to review for sixty days: the same is said until the next, to the microsecond."""
    patient, at = chart(*lines), NOW
    for _ in range(60):
        first = assess(patient, KNOWLEDGE, at)
        due = first.next_review_at
        last = (due or at + timedelta(days=900)) - timedelta(microseconds=1)
        for later in (*(at + (last - at) * part for part in (0.1, 0.2, 0.5, 0.8)), last):
            after = assess(patient, KNOWLEDGE, later)
            assert _said(after) == _said(first), later
        if due is None or due > NOW + timedelta(days=60):
            return
        at = due


def _said(assessment: Assessment) -> dict[str, Any]:
    return as_dict(assessment) | {"as_of": None, "next_review_at": None}
