"""An alert ends as resolved only when the plan would say of each part of resolution: met (5.6)."""

import pytest

from alerts.assessment import assess
from alerts.knowledge import load
from alerts.lifecycle.circumstances import circumstances
from tests.medicine.ward import NOW, chart

OVER = (
    "-3d order haloperidol oral to -60h stopped",
    "-60h rigidity present",
    "-2h rigidity absent",
    "-2h acvpu A",
    "-30h CK 700 uln 200",
    "-3h CK 500 uln 200",
)
TWO_DAYS = [f"-{hours}h temp 36.8 oral" for hours in (48, 37, 26, 14, 2)]
CASES = [
    ("cool for two days", [*OVER, *TWO_DAYS], True),
    ("cool for 28 h, nothing known before", [*OVER, *TWO_DAYS[2:]], False),
    (
        "no reading for 13 h in between",
        [*OVER, *TWO_DAYS[:2], "-24h temp 36.8 oral", *TWO_DAYS[3:]],
        False,
    ),
    ("cooled in the two days", [*OVER, *TWO_DAYS, "-40h active_cooling present"], False),
    ("CK no lower than before", [*OVER[:-1], "-3h CK 700 uln 200", *TWO_DAYS], False),
    ("CK low, with a bound in place of a number", [*OVER[:-1], "-3h CK <500 uln 200"], False),
    ("CK in its range need not fall", [*OVER[:-2], "-3h CK 180 uln 200", *TWO_DAYS], True),
    ("said by a clinician", [*OVER[:2], "-1h nms_resolved present"], True),
]


@pytest.mark.rules("RESOLUTION", "TIER-10")
@pytest.mark.parametrize(("said", "lines", "over"), CASES, ids=[case[0] for case in CASES])
def test_the_alert_and_the_plan_agree(said: str, lines: list[str], over: bool) -> None:
    patient, knowledge = chart(*lines), load()
    around = circumstances(patient, knowledge, assess(patient, knowledge, NOW))
    assert (around.resolved_at is not None) is over
