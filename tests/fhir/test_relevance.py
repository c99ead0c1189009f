"""What nobody mapped is shown where it may matter, and only counted where it cannot."""

from typing import Any

import pytest

from alerts.chart import Unread
from service.fhir.reader import Outcome
from tests.fhir.charted import LOINC, SNOMED, coding, facts, observation, outcome, quantity

NUMBER = quantity(12, "mg/dL")
MATTERS = [
    # code, value: a clinician must see that it could not be read
    ({"text": "Probe T-4 reading"}, quantity(38.9, "Cel")),
    ({"text": "Skin thermistor"}, {"value": 101.2, "unit": "degF"}),
    ({"text": "Temp source x9"}, {"value": 38.2}),
    ({"text": "Tone, left arm (house scale)"}, {"value": 3}),
    ({"text": "CK isoform pattern"}, quantity(3, "{ratio}")),
    ({"text": "Pulse, house protocol"}, {"value": 120}),
    ({"text": "Rigor / stiffness index"}, {"value": 4}),
    ({"text": "Ward alertness grade"}, {"value": 2}),
    ({"text": "Sweating grade"}, {"value": 2}),
    (coding("urn:ward:codes", "X17"), {"value": 39.1}),  # nothing tells what it is
    ({"coding": [{"code": "T"}]}, {"value": 39.1}),
    (coding(SNOMED, "276885007"), quantity(38.9, "Cel")),  # licensed identifiers are off
]
DOES_NOT = [
    ({"text": "Shoe size"}, quantity(43, "{EU}")),
    (coding(LOINC, "2093-3", text="Cholesterol"), NUMBER),
    (coding(LOINC, "2093-3"), NUMBER),
    (coding("urn:ward:codes", "H9", text="Hip circumference"), quantity(90, "cm")),
    ({"text": "Tobacco smoking status"}, None),
    ({"text": "Pain severity 0-10 verbal"}, {"value": 4}),
    (coding(LOINC, "1742-6x", text="Gamma glutamyl transferase"), quantity(40, "U/L")),
]


_READ_AMISS = ("unmapped-code", "unmapped-answer", "excluded-code", "unit-missing")


@pytest.mark.parametrize(("code", "value"), MATTERS)
def test_what_may_matter_is_shown(code: dict[str, Any], value: dict[str, Any]) -> None:
    (found,) = facts(observation(code, valueQuantity=value))
    assert isinstance(found, Unread)
    assert found.reason in _READ_AMISS


@pytest.mark.parametrize(("code", "value"), DOES_NOT)
def test_what_cannot_matter_is_counted_and_not_shown(
    code: dict[str, Any], value: dict[str, Any] | None
) -> None:
    sent = observation(code, valueQuantity=value)
    assert facts(sent) == []
    told = outcome(sent)
    assert (told.outcome, told.reason) == (Outcome.ACCEPTED, "not-needed")


@pytest.mark.parametrize("elements", [
    {"status": "cancelled"}, {"effectiveDateTime": "yesterday"}, {"effectiveDateTime": "2099"},
    {"modifierExtension": [{"url": "x"}]},
])  # fmt: skip
def test_a_fault_of_what_cannot_matter_is_its_outcome_alone(elements: dict[str, Any]) -> None:
    sent = observation({"text": "Shoe size"}, valueQuantity=NUMBER, **elements)
    assert facts(sent) == []
    assert outcome(sent).reason not in ("", "not-needed")
    matters = observation({"text": "Limb tone"}, valueQuantity=NUMBER, **elements)
    assert len(facts(matters)) == 1


def test_a_component_that_cannot_matter_costs_its_panel_nothing() -> None:
    parts = [
        {"code": coding(LOINC, "8480-6"), "valueQuantity": quantity(150, "mm[Hg]")},
        {"code": {"text": "Cuff size"}, "valueQuantity": quantity(30, "cm")},
    ]
    sent = observation(coding(LOINC, "85354-9"), component=parts)
    assert [type(f).__name__ for f in facts(sent)] == ["Measurement"]
    assert outcome(sent).reason == "not-needed"


def test_the_words_of_an_answer_count_too() -> None:
    (found,) = facts(observation({"text": "Chief complaint"}, valueString="feels feverish since"))
    assert isinstance(found, Unread)
