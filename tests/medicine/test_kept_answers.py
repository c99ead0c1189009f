"""What is worked out once for all patients is never one patient's answer to another.

Each picture differs from the ill patient in one fact. Assessed in a row under rules that keep what
they work out, each must say what it says under rules that have kept nothing yet.
"""

from dataclasses import replace

import pytest

from alerts.assessment import as_dict, assess
from alerts.knowledge import load
from tests.medicine.ward import NOW, chart

KNOWLEDGE = load()
ILL = (
    "-5d order haloperidol oral 5 mg x2",
    "-20h temp 39.1 oral",
    "-2h temp 39.4 oral",
    "-8h CK 3000 uln 200",
    "-5h rigidity present lead_pipe",
    "-5h diaphoresis present",
    "-4h acvpu V",
    "patient female 1980-01-01",
)
ONE_MORE = (
    "-3h clonus present ocular",
    "-3h clonus absent",
    "-3h tremor present",
    "-3h mydriasis absent",
    "-3h seizure present",
    "-3h agitation present",
    "-3h medication_reconciled present",
    "-6h given sertraline oral 50 mg",
    "-6h given haloperidol im 5 mg",
    "-6h given sevoflurane inhaled",
    "-6h given clozapine oral 50 mg",
    "-6h given simvastatin oral 20 mg",
    "-9d order baclofen oral 10 mg to -2d stopped",
    "-9d order levodopa oral 100 mg to -2d stopped",
    "-9d order lithium oral 300 mg",
    "-3h Larach 20",
    "-3h Larach 50",
    "-3h CRP 90 uln 5",
    "-3h lithium-level 2.1 uln 1.2",
    "-3h WBC 16",
    "-3h potassium 6.7",
    "-3h weight 70",
    "-3h SpO2 85",
    "-3h BP 85/50",
    "condition serotonin_syndrome -2d",
    "condition pneumonia -2d",
    "condition pneumonia -2d unconfirmed",
    "condition parkinson_disease -300d",
    "condition pregnancy -30d",
    "condition neuroleptic_malignant_syndrome -30d inactive",
    "condition chronic_kidney_disease -300d",
)
PICTURES = [ILL, *[(*ILL, line) for line in ONE_MORE], ILL[:-1]]


@pytest.fixture(scope="module")
def kept() -> list[dict[str, object]]:
    """What each picture says, one after the other and then once more."""
    rules = replace(KNOWLEDGE)
    for lines in PICTURES:
        assess(chart(*lines), rules, NOW)
    return [as_dict(assess(chart(*lines), rules, NOW)) for lines in PICTURES]


@pytest.mark.parametrize("i", range(len(PICTURES)), ids=lambda i: PICTURES[i][-1])
def test_a_picture_says_the_same_after_all_the_others(
    i: int, kept: list[dict[str, object]]
) -> None:
    rules = replace(KNOWLEDGE)
    assert not rules.memo
    assert as_dict(assess(chart(*PICTURES[i]), rules, NOW)) == kept[i]


def test_one_fact_more_is_seen() -> None:
    """No two of the pictures come to the same: an answer given for another would show."""
    said = [repr(as_dict(assess(chart(*lines), KNOWLEDGE, NOW))) for lines in PICTURES]
    assert len(set(said)) == len(PICTURES)
