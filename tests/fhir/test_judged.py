"""Forms of record that no sample holds, each with what a clinician would read in it.

A row is a resource and its facts as short words: "rigidity true", "systolic_bp 162", or the reason
why nothing was read.
"""

from typing import Any

import pytest

from alerts.chart import Condition, Fact, Measurement, MedicationUse, Sign, Unread
from tests.fhir.charted import (
    AT,
    CK,
    HALOPERIDOL,
    LOINC,
    PULSE,
    TEMPERATURE,
    bundle,
    coding,
    facts,
    observation,
    order,
    quantity,
    temperature,
)

SUBJECT = {"reference": "Patient/p1"}
JSON = dict[str, Any]


def short(fact: Fact) -> str:
    match fact:
        case Measurement():
            return f"{fact.kind} {fact.comparator or ''}{fact.value:g}"
        case Sign():
            return f"{fact.kind.value} {fact.present.value}"
        case Condition():
            return fact.kind
        case MedicationUse():
            return f"{'|'.join(fact.ingredients) or 'unmapped'} {fact.status.value}"
        case Unread():
            return fact.reason
        case _:
            return type(fact).__name__


def read(*resources: Any) -> list[str]:
    return [short(fact) for fact in facts(*resources)]


def said(code: str, words: str) -> JSON:
    return observation({"text": code}, valueString=words)


def resource(kind: str, **elements: Any) -> JSON:
    told = {"resourceType": kind, "id": "r1", "status": "completed", "subject": SUBJECT} | elements
    return {name: value for name, value in told.items() if value is not None}


@pytest.mark.rules("RIG-01", "LOG-01")
@pytest.mark.parametrize(
    ("code", "words", "told"),
    [
        # what was looked at and how it was, told in two elements
        ("Bowel sounds", "Hyperactive", ["bowel_sounds_hyperactive true"]),
        ("Bowel sounds", "absent", ["bowel_sounds_absent true"]),
        ("Bowel sounds", "hypoactive", ["bowel_sounds_absent true"]),
        ("Pupils", "dilated", ["mydriasis true"]),
        ("Deep tendon reflexes", "brisk", ["hyperreflexia true"]),
        ("Tone", "Spastic", ["spasticity true"]),
        ("Bowel sounds", "normal", ["unmapped-answer"]),
        ("Bowel sounds", "present", ["unmapped-answer"]),
        ("Reflexes", "not brisk", ["unmapped-answer"]),
        ("Rigidity", "unsure", ["unmapped-answer"]),
        # every sign that an answer tells, not only the one that was asked for
        ("Reflexes", "hyperreflexia with clonus", ["hyperreflexia true", "clonus true"]),
        ("Tremor", "coarse, bilateral hands", ["tremor true"]),
        ("Tremor", "no tremor", ["tremor false"]),
        # the item of a rating scale
        ("Muscle rigidity scale", "3", ["rigidity true"]),
        ("Rigidity", "0", ["rigidity false"]),
        ("Rigidity", "2/4", ["rigidity true"]),
        ("Rigidity", "7", ["unmapped-answer"]),
        ("Arterial stiffness index", "4", ["unmapped-code"]),
        # scales in words
        ("RASS", "-3 Moderate sedation", ["rass -3"]),
        ("RASS", "RASS +1", ["rass 1"]),
        ("RASS", "0 - Alert and calm", ["rass 0"]),
        ("RASS", "-2 (goal)", ["not-a-number"]),
        ("RASS", "-1 or -2", ["not-a-number"]),
        ("4AT", "5/12", ["four_at 5"]),
        ("4AT", "5/10", ["unmapped-answer"]),
        ("ACVPU", "Confusion (new)", ["acvpu true"]),
        ("NEWS2 consciousness", "Alert", ["acvpu false"]),
        # both pressures in one string
        ("BP", "162/95", ["systolic_bp 162", "diastolic_bp 95"]),
        ("Blood pressure", "162 / 95 mmHg", ["systolic_bp 162", "diastolic_bp 95"]),
        ("BP", "95/162", ["not-a-number"]),
        ("BP", "162/160", ["pressure-pair"]),
        ("BP", "400/95", ["implausible"]),
        ("BP", "162/95 lying, 140/80 standing", ["not-a-number"]),
    ],
)
def test_an_answer_in_words(code: str, words: str, told: list[str]) -> None:
    assert read(said(code, words)) == told


@pytest.mark.rules("RIG-01")
@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"valueInteger": 2}, ["rigidity true"]),
        ({"valueInteger": 0}, ["rigidity false"]),
        ({"valueQuantity": quantity(3, "{score}")}, ["rigidity true"]),
        ({"valueQuantity": {"value": 3}}, ["unmapped-answer"]),
        ({"valueInteger": 9}, ["unmapped-answer"]),
    ],
)
def test_the_rigidity_item_of_a_scale(value: JSON, told: list[str]) -> None:
    assert read(observation({"text": "Rigidity"}, **value)) == told


HEART_OR_HEAT = {"coding": [*PULSE["coding"], *TEMPERATURE["coding"]]}


@pytest.mark.rules("LOG-01")
def test_codes_that_mean_different_measurements_are_no_guess() -> None:
    assert read(observation(HEART_OR_HEAT, valueQuantity={"value": 100})) == []
    named = HEART_OR_HEAT | {"text": "Heart rate"}
    assert read(observation(named, valueQuantity=quantity(112, "/min"))) == ["heart_rate 112"]
    same = {"coding": [*TEMPERATURE["coding"], coding(LOINC, "8331-1")["coding"][0]]}
    assert read(observation(same, valueQuantity=quantity(38.4, "Cel"))) == ["body_temperature 38.4"]


@pytest.mark.rules("LOG-01")
def test_a_value_that_is_said_to_be_absent_is_none() -> None:
    error = {"coding": [{"code": "error"}]}
    assert read(temperature(39.4, dataAbsentReason=error)) == ["data-absent"]
    told = observation(CK, valueQuantity=quantity(9000, "U/L"), dataAbsentReason=error)
    assert read(told) == ["data-absent"]


FOLEY = {"resourceType": "Device", "id": "d", "type": {"text": "Foley catheter"}}


@pytest.mark.parametrize(
    "sent",
    [
        resource("DeviceUseStatement", status="active", timingPeriod={"start": AT},
                 device={"reference": "#d"}, contained=[FOLEY]),
        resource("DeviceUseStatement", whenUsed={"start": AT}, device={"reference": "#d"},
                 contained=[FOLEY]),
        resource("DeviceUsage", status="active", subject=None, patient=SUBJECT,
                 timingPeriod={"start": AT}, device={"concept": {"text": "Foley catheter"}}),
    ],
)  # fmt: skip
def test_a_device_in_use_wherever_it_is_named(sent: JSON) -> None:
    assert read(sent) == ["urinary_catheter true"]


def test_a_drug_named_in_an_unusual_place() -> None:
    by_number = {"identifier": {"system": "http://hl7.org/fhir/sid/ndc", "value": "0781-1391-01"}}
    sent = order(medicationCodeableConcept=None, medicationReference=by_number)
    assert read(sent) == ["haloperidol active"]
    # DSTU2: the ingredient is a Reference that has only a display
    drug = {
        "resourceType": "Medication",
        "id": "9",
        "product": {"ingredient": [{"item": {"display": "metoclopramide"}}]},
    }
    referring = order(
        medicationCodeableConcept=None, medicationReference={"reference": "Medication/9"}
    )
    assert read(bundle(drug, referring)) == ["metoclopramide active"]
    local = {"identifier": {"system": "urn:ward:formulary", "value": "77"}}
    unknown = order(medicationCodeableConcept=None, medicationReference=local)
    assert read(unknown) == ["unmapped active", "unmapped-drug"]


def test_a_coding_without_a_code_is_read_by_its_display() -> None:
    item = {"linkId": "y", "text": "Level of consciousness (ACVPU)",
            "answer": [{"valueCoding": {"display": "Voice"}}]}  # fmt: skip
    sent = resource("QuestionnaireResponse", authored=AT, item=[item])
    assert read(sent) == ["acvpu true"]


@pytest.mark.rules("RIG-01")
def test_a_problem_of_one_side_is_not_generalised_rigidity() -> None:
    def problem(text: str) -> JSON:
        return resource("Condition", status=None, code={"text": text}, onsetDateTime=AT)

    assert read(problem("Rigidity of right arm")) == ["rigidity", "rigidity unknown"]
    assert read(problem("Generalised rigidity")) == ["rigidity", "rigidity true"]


MADE = {"medicationCodeableConcept": HALOPERIDOL}


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (resource("MedicationAdministration", **MADE, effectiveTimeDateTime=AT, wasNotGiven=True),
         "haloperidol not-done"),
        (resource("MedicationAdministration", **MADE, effectiveDateTime=AT, notGiven=True),
         "haloperidol not-done"),
        (resource("MedicationAdministration", occurenceDateTime=AT,
                  medication={"concept": {"text": "haloperidol 5 mg IM"}}),
         "haloperidol completed"),
        (resource("MedicationStatement", **MADE, status="active", wasNotTaken=True),
         "haloperidol not-taken"),
        (resource("MedicationStatement", **MADE, status="active", taken="n"),
         "haloperidol not-taken"),
        (resource("MedicationStatement", status="recorded",
                  medication={"concept": {"text": "clozapine"}},
                  adherence={"code": {"coding": [{"code": "not-taking"}]}}),
         "clozapine not-taken"),
        (resource("MedicationUsage", status="recorded",
                  medication={"concept": {"text": "Sinemet 25/100"}}),
         "carbidopa|levodopa active"),
        (resource("MedicationOrder", status="active", **MADE), "haloperidol active"),
        (resource("MedicationPrescription", status="active",
                  medication={"reference": "#m", "display": "olanzapine 10 mg"},
                  contained=[{"resourceType": "Medication", "id": "m", "name": "olanzapine"}]),
         "olanzapine active"),
    ],
)  # fmt: skip
def test_a_drug_that_was_not_given_or_taken_in_any_version(sent: JSON, told: str) -> None:
    assert read(sent) == [told]
