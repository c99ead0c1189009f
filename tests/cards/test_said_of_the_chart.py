"""A card says nothing of the chart that the chart contradicts, and names the drug it speaks of."""

import pytest

from alerts.assessment import assess
from alerts.knowledge import load
from tests.cards.deal import dealt
from tests.medicine.ward import NOW, chart

ADULT = "patient male 1980-01-01"
CASES = [
    ("the newest consciousness, not the one before",
     ["-30d order haloperidol oral", "-3h temp 38.6 oral", "-3h GCS 13", "-1h GCS 11"],
     ["GCS 11 on haloperidol"], ["GCS 13 on"]),
    ("the newest ACVPU",
     ["-30d order haloperidol oral", "-3h temp 38.6 oral", "-3h acvpu C", "-1h acvpu P"],
     ["rousable by pain only"], ["new confusion"]),
    ("one low GCS is recorded, not missing",
     ["-30d order haloperidol oral", "-5h temp 38.6 oral", "-3h temp 38.7 oral", "-1h GCS 12",
      "-1h rigidity absent", "-1h CK 1500 uln 200"],
     ["Consciousness to be confirmed"], ["Consciousness not recorded"]),
    ("rigidity of a parkinsonian patient was examined",
     ["condition parkinson_disease -900d", "-90d order levodopa oral 100 mg x4 to -20h stopped",
      "-3h temp 39 oral", "-1h temp 39 oral", "-1h rigidity present", "-1h acvpu V"],
     ["Tone not certain"], ["Tone not examined"]),
    ("a CK taken early is repeated, never sent for as if there were none",
     ["-30d order haloperidol oral", "-3h temp 38.6 oral", "-1h temp 38.7 oral", "-1h acvpu V",
      "-1h CK 300 uln 200"],
     ["repeat CK"], ["send CK"]),
    ("clonus was examined, and Hunter's rule is said to be met",
     ["-30d order sertraline oral", "-30d order olanzapine oral", "-3h temp 38.6 oral",
      "-1h temp 38.7 oral", "-1h rigidity present", "-1h clonus present inducible",
      "-1h diaphoresis present"],
     ["Serotonin syndrome (Hunter), definition met", "Reflexes, as far as not charted"],
     ["Clonus not examined", "check clonus"]),
    ("no drug of ours is on the chart: nothing is asked to be withheld",
     ["-90d order baclofen oral 10 mg x3 to -30h stopped", "-5h temp 39 oral", "-3h temp 39 oral",
      "-1h rigidity present"],
     ["No dopamine antagonist found on this chart"], ["withholding the next dose"]),
    ("a cause on record is no absent finding",
     ["-30d order quetiapine oral", "-5h temp 39 oral", "-3h temp 39 oral", "-1h acvpu V",
      "condition sepsis -5h"],
     ["Another cause is on record: sepsis."], ["Recorded absent: Work-up"]),
    ("what was missed and stopped is given back once",
     ["condition parkinson_disease -900d", "-90d order levodopa oral 100 mg x5 to -30h stopped",
      *[f"-{h}h given levodopa oral 100 mg" for h in range(31, 90, 5)],
      "-3h temp 39 oral", "-1h temp 39 oral", "-1h acvpu V"],
     ["Restart levodopa at its earlier dose"], ["by tube if needed; Restart"]),
    ("after an anaesthetic malignant hyperthermia is shown first (ALR-12)",
     ["-3h given sevoflurane inhaled", "-2h given droperidol iv 0.6 mg", "-1h temp 39.6 rectal",
      "-40m temp 40.2 rectal", "-1h rigidity present", "-1h etCO2 70", "-30m CK 24000 uln 200"],
     ["Malignant hyperthermia fits: 40.2 °C, rigid", "\n1. Think of malignant hyperthermia first"],
     ["Compatible with NMS:"]),
]  # fmt: skip


@pytest.mark.rules("TIER-09", "SAF-03", "ALR-12", "DDX-01")
@pytest.mark.parametrize(
    ("lines", "said", "never"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_it_is_true_of_the_chart(lines: list[str], said: list[str], never: list[str]) -> None:
    card = dealt(assess(chart(ADULT, *lines), load(), NOW))[0]
    text = f"{card['summary']}\n{card['detail']}"
    assert [words for words in said if words not in text] == []
    assert [words for words in never if words in text] == []
    assert len(card["summary"]) < 140
