"""Ordinary hospital drugs are understood: only a drug that nobody knows is shown as unmapped."""

import pytest

from alerts.assessment import assess
from alerts.chart import Fact, MedicationUse, Unread, chart_of
from alerts.knowledge import load
from service.fhir.reader import DrugIdentity, completed
from service.fhir.terminology import terminology
from service.fhir.terminology.known_drugs import listed
from tests.fhir.charted import NOW, RXNORM, coding, facts, order, outcome, read

WARD = [
    "amoxicillin 500 mg capsule", "Amoxicillin-Clavulanate 875-125 mg tablet", "omeprazole 20 mg",
    "pantoprazole 40 mg IV", "ceftriaxone 1 g in dextrose 5% IVPB", "piperacillin-tazobactam 4.5 g",
    "METFORMIN HCL 500 MG PO TABS", "insulin glargine 100 units/mL", "enoxaparin 40 mg/0.4 mL",
    "heparin 5000 units/mL", "apixaban 5 mg tablet", "furosemide 40 mg tablet",
    "atorvastatin 20 mg", "lisinopril 10 mg", "salbutamol 100 mcg inhaler",
    "ipratropium-albuterol nebulizer",
    "prednisolone 30 mg", "levothyroxine 50 mcg", "paracetamol 1 g", "senna 8.6 mg tablet",
    "docusate sodium 100 mg", "macrogol 3350 oral powder", "lactulose 10 g/15 mL",
    "folic acid 5 mg", "thiamine 100 mg", "cholecalciferol 1000 units",
    "potassium chloride 20 mEq",
    "sodium chloride 0.9 % 1000 mL", "aspirin 75 mg", "allopurinol 100 mg", "Lantus 10 units",
    "clopidogrel 75 mg", "meropenem 1 g", "nystatin suspension", "calcium carbonate 500 mg",
    "multivitamin tablet", "magnesium sulfate 2 g", "lactated Ringer's 1000 mL",
]  # fmt: skip
UNKNOWN = [
    "zzyzxumab 100 mg", "study drug 12-B", "amoxicillin + zzyzxumab",
    "pantoprazole/zzyzxidone 20/5",
    "trial medication", "unlisted product",
]  # fmt: skip


def orders() -> list[Fact]:
    sent = [
        order(id=f"m{number}", medicationCodeableConcept={"text": text})
        for number, text in enumerate(WARD)
    ]
    return facts(*sent)


def test_a_chart_of_ordinary_drugs_has_no_unmapped_one() -> None:
    found = orders()
    assert [f.text for f in found if isinstance(f, Unread)] == []
    uses = [f for f in found if isinstance(f, MedicationUse)]
    assert len(uses) == len(WARD) > 30
    assert all(use.ingredients for use in uses)


def test_no_ordinary_drug_has_a_dopamine_role() -> None:
    known = terminology()
    for use in orders():
        assert isinstance(use, MedicationUse)
        listed_keys = [key for key in use.ingredients if key in known.ingredients()]
        roles = set(known.dopamine_roles(listed_keys))
        assert roles <= {"interaction_partner", "control"}, use.text


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_nobody_knows_stays_unmapped(text: str) -> None:
    found = facts(order(medicationCodeableConcept={"text": text}))
    assert [f.reason for f in found if isinstance(f, Unread)] == ["unmapped-drug"]
    assert outcome(order(medicationCodeableConcept={"text": text})).reason == "unmapped-drug"


def test_an_unknown_code_with_the_name_of_a_known_drug() -> None:
    told = coding(RXNORM, "723", text="Amoxicillin")
    (use,) = facts(order(medicationCodeableConcept=told))
    assert isinstance(use, MedicationUse)
    assert use.ingredients == ("amoxicillin",)


def test_an_order_that_awaits_its_drug_is_settled_by_a_known_one() -> None:
    sent = order(medicationReference={"reference": "Medication/x"}, medicationCodeableConcept=None)
    waiting = read(sent).resources[0]
    assert waiting.awaits == "Medication/x"
    (use,) = completed(
        waiting.facts, DrugIdentity("Medication/x", ("amoxicillin",), "Amoxicillin 500 mg")
    )
    assert isinstance(use, MedicationUse)
    assert use.ingredients == ("amoxicillin",)


def test_the_list_is_long_and_names_no_drug_of_ours() -> None:
    names = listed()
    assert len(names) > 400
    known = terminology()
    assert [n for n in names if known.drug((), n).ingredients] == []


def test_an_assessment_of_ordinary_drugs_says_nothing_of_unrecognised_ones() -> None:
    ward = assess(chart_of("p1", orders()), load(), NOW)
    assert ward.unmapped == ()
    assert not [one for one in ward.incomplete if "recognised" in one]
    odd = facts(order(id="odd", medicationCodeableConcept={"text": "zzyzxumab 100 mg"}))
    told = assess(chart_of("p1", [*orders(), *odd]), load(), NOW)
    assert [one.label for one in told.unmapped] == ["unmapped-drug"]
