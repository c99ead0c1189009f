"""What the clock alone changes in what the rows say is asked for: no line moves unannounced.

The rows are read by themselves here, so that no other room's review can stand in for a missing one.
"""

from datetime import datetime, timedelta

import pytest

from alerts.chart import Chart
from alerts.interactions import Situation, running_interactions
from alerts.knowledge import load
from alerts.moment import TICK, moment
from alerts.statements import Interaction, TierName
from tests.interactions.patients import NOW, chart

KNOWLEDGE = load()
DAY = timedelta(days=1)

# rule, drugs, chart, for how many more days the row holds (None: it does not end by the clock)
HOLDS = [
    ("INT-DA-REC14", ["olanzapine oral 10 mg x1"], ["old neuroleptic_malignant_syndrome 5d"], 9),
    (
        "INT-AP-DOSE",
        ["risperidone oral 3 mg x1", "stopped risperidone oral 2 mg x1 11d"],
        [],
        3,
    ),
    ("INT-AP-DOSE", ["risperidone oral 3 mg x1", "risperidone oral 2 mg x1 from 200h"], [], None),
]


def read(patient: Chart, at: datetime) -> tuple[tuple[Interaction, ...], datetime | None]:
    """What the rows say at a moment, and when they would say something else."""
    now = moment(patient, KNOWLEDGE, at)
    said = running_interactions(Situation(now, TierName.NONE, None, (), {}))
    return said, now.next_change


@pytest.mark.parametrize(("rule", "drugs", "facts", "days"), HOLDS)
def test_nothing_is_said_otherwise_unasked(
    rule: str, drugs: list[str], facts: list[str], days: int | None
) -> None:
    patient, end = chart(drugs, facts), NOW + 20 * DAY
    at, ended = NOW, None
    while at < end:
        said, due = read(patient, at)
        if ended is None and rule not in {i.id for i in said}:
            ended = at
        until = min(due or end, end)
        for moment_between in (at + (until - at) / 2, until - TICK):
            assert read(patient, moment_between)[0] == said
        later = at + DAY
        while later < until:
            assert read(patient, later)[0] == said
            later += DAY
        at = until
    assert ended is None if days is None else ended is not None
    if ended is not None and days is not None:
        assert timedelta(0) <= ended - (NOW + days * DAY) <= TICK


def test_the_day_of_recovery_is_told_as_a_date() -> None:
    patient = chart(["olanzapine oral 10 mg x1"], ["old neuroleptic_malignant_syndrome 5d"])
    (row,) = [i for i in read(patient, NOW)[0] if i.id == "INT-DA-REC14"]
    assert "NMS resolved on 20 Nov 2026" in row.context
