"""Measurements: units, other kinds of value, what makes a number not the patient's own, sites."""

from typing import Any

import pytest

from alerts.chart import Measurement
from tests.fhir.charted import (
    CK,
    LOINC,
    PULSE,
    TEMPERATURE,
    coding,
    facts,
    gap,
    number,
    observation,
    quantity,
    temperature,
)

POTASSIUM = coding(LOINC, "2823-3", text="Potassium")


def test_ck_in_microkatal_is_stored_in_units() -> None:
    assert number(observation(CK, valueQuantity=quantity(100, "ukat/L"))).value == 6000.0


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"valueRange": {"low": {"value": 1}}}, "not-a-number"),
        ({"valueRatio": {"numerator": {"value": 1}}}, "not-a-number"),
        ({"valueDateTime": "2026-03-03"}, "not-a-number"),
        ({"valueQuantity": quantity(38.4, "Cel"), "valueString": "38"}, "two-values"),
        ({"valueQuantity": []}, "not-a-number"),
        ({"valueQuantity": "38"}, "not-a-number"),
    ],
)
def test_values_of_other_kinds_are_shown_not_read(value: dict[str, Any], reason: str) -> None:
    assert gap(observation(**value)).reason == reason


@pytest.mark.rules("MET-01")
@pytest.mark.parametrize(
    ("sent", "flag"),
    [
        (observation(coding(LOINC, "33438-3", text="Breath rate mechanical on ventilator"),
                     valueQuantity=quantity(16, "/min")), "ventilator_set"),
        (observation(PULSE, valueQuantity=quantity(80, "/min"),
                     method={"text": "ECG, paced rhythm"}), "paced"),
        (observation(POTASSIUM, valueQuantity=quantity(6.1, "mmol/L"),
                     note=[{"text": "Sample haemolysed"}]), "haemolysed"),
        (observation(POTASSIUM, valueQuantity=quantity(6.1, "mmol/L"),
                     comments="slight hemolysis"), "haemolysed"),
    ],
)  # fmt: skip
def test_what_makes_a_number_not_the_patient_s_own_is_flagged(
    sent: dict[str, Any], flag: str
) -> None:
    assert number(sent).flags == (flag,)


def test_a_sample_that_is_not_haemolysed_is_not_flagged() -> None:
    sent = observation(
        POTASSIUM, valueQuantity=quantity(4, "mmol/L"), note=[{"text": "not haemolysed"}]
    )
    assert number(sent).flags == ()


@pytest.mark.rules("TEMP-02")
@pytest.mark.parametrize(
    ("elements", "site"),
    [
        ({"bodySite": {"text": "Axilla"}}, "axillary"),
        ({"bodySite": {"coding": [{"display": "Tympanic membrane structure"}]}}, "tympanic"),
        ({"method": {"text": "Rectal thermometer"}}, "rectal"),
        ({"bodySite": {"text": "Urinary bladder"}}, "bladder"),
        ({"bodySite": {"text": "Left arm"}}, None),
    ],
)
def test_the_site_of_a_temperature(elements: dict[str, Any], site: str | None) -> None:
    assert number(temperature(**elements)).site == site


def test_a_glasgow_total_is_the_sum_of_its_parts_when_only_they_were_sent() -> None:
    parts = [
        {"code": coding(LOINC, code), "valueQuantity": quantity(value, "{score}")}
        for code, value in (("9267-6", 3), ("9270-0", 4), ("9268-4", 6))
    ]
    sent = observation(coding(LOINC, "9269-2"), component=parts)
    total = [f for f in facts(sent) if isinstance(f, Measurement) and f.kind == "gcs_total"]
    assert [t.value for t in total] == [13.0]
    told_too = observation(
        coding(LOINC, "9269-2"), valueQuantity=quantity(12, "{score}"), component=parts
    )
    totals = [f for f in facts(told_too) if isinstance(f, Measurement) and f.kind == "gcs_total"]
    assert [t.value for t in totals] == [12.0]
    two = observation(coding(LOINC, "9269-2"), component=parts[:2])
    assert "gcs_total" not in {getattr(f, "kind", "") for f in facts(two)}


@pytest.mark.parametrize(
    ("code", "text", "value", "unit", "inferred"),
    [
        (TEMPERATURE, "39,4", 39.4, "Cel", True),
        (TEMPERATURE, "38.4 °C", 38.4, "Cel", False),
        (TEMPERATURE, "38,4 C", 38.4, "Cel", False),
        (TEMPERATURE, " 101.3 F ", 38.5, "Cel", False),
        (PULSE, "112 bpm", 112, "/min", False),
        (CK, "5000 U/L", 5000, "U/L", False),
        (CK, ">20000 U/L", 20_000, "U/L", False),
    ],
)
def test_a_number_in_words_with_a_comma_or_its_unit(
    code: Any, text: str, value: float, unit: str, inferred: bool
) -> None:
    (found,) = facts(observation(code, valueString=text))
    assert isinstance(found, Measurement)
    assert (found.value, found.unit, found.unit_inferred) == (value, unit, inferred)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (TEMPERATURE, "37,38"),  # two readings, or one
        (TEMPERATURE, "38,4 or so"),
        (TEMPERATURE, "38.4 axillary?"),
        ({"text": "Systolic blood pressure"}, "120,80"),
        ({"text": "White blood cell count"}, "1,234"),
        (CK, "12,500 U/L"),
        ({"text": "GCS"}, "14,15"),
    ],
)
def test_a_number_in_words_that_may_be_two_things_is_none(code: Any, text: str) -> None:
    assert gap(observation(code, valueString=text)).reason == "not-a-number"
