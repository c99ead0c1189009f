"""Urine myoglobin in words, by code, as a number and by its interpretation (Caroff & Mann)."""

from typing import Any

import pytest

from alerts.chart import Measurement, Unread
from tests.fhir.charted import LOINC, SNOMED, coding, facts, observation, quantity

PRESENCE = coding(LOINC, "2640-1")
MASS = coding(LOINC, "2641-9")
V3 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
DSTU2 = "http://hl7.org/fhir/v2/0078"
THERE, NOT_THERE = ("{score}", 1.0), ("{score}", 0.0)


def read(code: Any = PRESENCE, **sent: Any) -> list[tuple[str, float]]:
    told = facts(observation(code, **sent))
    assert all(m.kind == "myoglobin_urine" for m in told if isinstance(m, Measurement))
    return [(m.unit, m.value) for m in told if isinstance(m, Measurement)]


POSITIVE = [coding(V3, "POS")]


def interpreted(code: str, system: str = V3) -> list[Any]:
    return [coding(system, code)]


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ({"valueString": "Positive"}, THERE),
        ({"valueString": "POSITIVE *"}, THERE),
        ({"valueString": "Detected"}, THERE),
        ({"valueString": "large"}, THERE),
        ({"valueString": "3+"}, THERE),
        ({"valueString": "Elevated"}, THERE),
        ({"valueString": "positiv"}, THERE),
        ({"valueString": "Negative"}, NOT_THERE),
        ({"valueString": "Not detected"}, NOT_THERE),
        ({"valueString": "None detected"}, NOT_THERE),
        ({"valueString": "Normal"}, NOT_THERE),
        ({"valueBoolean": True}, THERE),
        ({"valueBoolean": False}, NOT_THERE),
        ({"valueCodeableConcept": coding(SNOMED, "10828004")}, THERE),
        ({"valueCodeableConcept": coding(SNOMED, "260385009")}, NOT_THERE),
        ({"valueCodeableConcept": coding(LOINC, "LA6576-8")}, THERE),
        ({"valueCodeableConcept": {"text": "Detected"}}, THERE),
        ({"valueString": "Positive", "interpretation": interpreted("A")}, THERE),
        ({"interpretation": interpreted("POS")}, THERE),
        ({"interpretation": interpreted("A")}, THERE),
        ({"interpretation": interpreted("H")}, THERE),
        ({"interpretation": coding(DSTU2, "H")}, THERE),
        ({"interpretation": [{"text": "Abnormal"}]}, THERE),
        ({"interpretation": interpreted("NEG")}, NOT_THERE),
        ({"interpretation": interpreted("N")}, NOT_THERE),
    ],
    ids=str,
)
def test_it_is_there_or_not(sent: dict[str, Any], wanted: tuple[str, float]) -> None:
    assert read(**sent) == [wanted]


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ({"valueQuantity": quantity(350, "ng/mL")}, [("ng/mL", 350)]),
        (
            {"valueQuantity": quantity(350, "ng/mL"), "interpretation": interpreted("H")},
            [("ng/mL", 350), THERE],
        ),
        (
            {"valueQuantity": quantity(5, "ug/L"), "interpretation": interpreted("N")},
            [("ng/mL", 5), NOT_THERE],
        ),
        (
            {"valueQuantity": quantity(5, "ng/mL"), "interpretation": interpreted("L")},
            [("ng/mL", 5)],
        ),
        (  # its own range says more than the letter beside it
            {
                "valueQuantity": quantity(350, "ng/mL"),
                "interpretation": interpreted("H"),
                "referenceRange": [{"high": quantity(20, "ng/mL")}],
            },
            [("ng/mL", 350)],
        ),
    ],
    ids=str,
)
def test_a_number_stays_one(sent: dict[str, Any], wanted: list[tuple[str, float]]) -> None:
    assert read(MASS, **sent) == wanted


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"valueString": "trace"}, "not-a-number"),
        ({"valueString": "equivocal"}, "not-a-number"),
        ({"valueString": "see note"}, "not-a-number"),
        ({"valueString": "see note", "interpretation": interpreted("A")}, "not-a-number"),
        ({"valueString": "positive?"}, "not-a-number"),
        ({"valueCodeableConcept": coding(SNOMED, "42425007")}, "not-a-number"),
        (
            {"valueString": "Negative", "interpretation": interpreted("POS")},
            "conflicting-components",
        ),
        ({"interpretation": interpreted("L")}, "interpretation-only"),
        ({"interpretation": interpreted("IND")}, "interpretation-only"),
        ({"interpretation": [coding("urn:local", "POS")]}, "interpretation-only"),
        ({"interpretation": [*interpreted("POS"), *interpreted("NEG")]}, "interpretation-only"),
        ({"interpretation": interpreted("POS"), "dataAbsentReason": {"text": "x"}}, "data-absent"),
        ({"valueQuantity": quantity(350)}, "unit-missing"),
    ],
    ids=str,
)
def test_what_says_neither_is_unread_with_its_reason(sent: dict[str, Any], reason: str) -> None:
    (told,) = facts(observation(PRESENCE, **sent))
    assert isinstance(told, Unread)
    assert told.reason == reason


def test_words_beside_a_range_of_concentrations_take_none_of_it() -> None:
    normal = [{"high": quantity(20, "ng/mL"), "text": "<20"}]
    (told,) = facts(observation(MASS, valueString="Positive", referenceRange=normal))
    assert isinstance(told, Measurement)
    assert (told.reference_low, told.reference_high) == (None, None)


def test_a_component_is_read_as_well() -> None:
    part: dict[str, Any] = {"code": PRESENCE, "valueString": "Positive"}
    told = facts(observation({"text": "Urinalysis"}, component=[part]))
    assert [m.value for m in told if isinstance(m, Measurement)] == [1.0]
    part = {"code": MASS, "valueQuantity": quantity(350, "ng/mL"), "interpretation": POSITIVE}
    told = facts(observation({"text": "Urinalysis"}, component=[part]))
    assert [m.value for m in told if isinstance(m, Measurement)] == [350, 1.0]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("MYOGLOBIN, URINE", "myoglobin_urine"),
        ("Urine myoglobin", "myoglobin_urine"),
        ("Myoglobin im Urin", "myoglobin_urine"),
        ("U-Myoglobin", "myoglobin_urine"),
        ("Myoglobin ur QL", "myoglobin_urine"),
        ("Myoglobin", "myoglobin_serum"),
        ("Myoglobin measurement", "myoglobin_serum"),
        ("Myoglobin during dialysis", "myoglobin_serum"),
        ("Myoglobin/creatinine ratio urine", None),
    ],
)
def test_of_which_specimen_a_name_speaks(text: str, kind: str | None) -> None:
    sent = observation({"text": text}, valueQuantity=quantity(400, "ng/mL"))
    told = [m.kind for m in facts(sent) if isinstance(m, Measurement)]
    assert told == ([kind] if kind else [])


def test_other_results_keep_their_interpretation_apart() -> None:
    (told,) = facts(observation(coding(LOINC, "2639-3"), interpretation=interpreted("POS")))
    assert isinstance(told, Unread)
    assert told.reason == "interpretation-only"
