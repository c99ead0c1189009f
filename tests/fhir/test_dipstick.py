"""Blood in urine by test strip, in words, pluses and codes (Caroff & Mann, myoglobinuria)."""

from typing import Any

import pytest

from alerts.chart import Measurement, Unread
from tests.fhir.charted import LOINC, SNOMED, coding, facts, observation, quantity

STRIP = coding(LOINC, "5794-3")


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ({"valueString": "3+"}, 3),
        ({"valueString": "+++"}, 3),
        ({"valueString": "Large"}, 3),
        ({"valueString": "moderate"}, 2),
        ({"valueString": "1+"}, 1),
        ({"valueString": "Positive"}, 1),
        ({"valueString": "Negative"}, 0),
        ({"valueString": "not detected"}, 0),
        ({"valueBoolean": True}, 1),
        ({"valueBoolean": False}, 0),
        ({"valueCodeableConcept": coding(SNOMED, "10828004")}, 1),
        ({"valueCodeableConcept": coding(SNOMED, "260385009")}, 0),
        ({"valueCodeableConcept": coding("http://loinc.org", "LA6576-8")}, 1),
        ({"valueCodeableConcept": coding(SNOMED, "10828004", text="2+")}, 2),
        ({"valueCodeableConcept": {"text": "+"}}, 1),
        ({"valueQuantity": quantity(0.2, "mg/dL")}, 0.2),
    ],
    ids=str,
)
def test_a_strip_reads_as_its_pluses(sent: dict[str, Any], wanted: float) -> None:
    (told,) = facts(observation(STRIP, **sent))
    assert isinstance(told, Measurement)
    assert (told.kind, told.value) == ("urinalysis_blood", wanted)


@pytest.mark.parametrize(
    "sent",
    [
        {"valueString": "trace"},
        {"valueString": "see note"},
        {"valueString": "5"},
        {"valueString": "positive?"},
        {"valueCodeableConcept": coding(SNOMED, "260385009", text="3+")},
        {"valueCodeableConcept": {"text": "1+", "coding": [{"display": "3+"}]}},
        {"dataAbsentReason": {"text": "unknown"}},
        {"interpretation": [coding("x", "POS")]},
    ],
    ids=str,
)
def test_what_a_strip_leaves_open_is_no_number(sent: dict[str, Any]) -> None:
    assert not [f for f in facts(observation(STRIP, **sent)) if isinstance(f, Measurement)]
    assert all(isinstance(f, Unread) for f in facts(observation(STRIP, **sent)))


def test_pluses_under_another_code_are_no_number() -> None:
    told = facts(observation(coding(LOINC, "2157-6"), valueString="3+"))
    assert not [f for f in told if isinstance(f, Measurement)]
