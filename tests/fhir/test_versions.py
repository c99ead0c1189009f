"""Versions of FHIR: told or recognised, and strict reading by the right models."""

from dataclasses import replace
from typing import Any

import pytest

from service.fhir.models import model_faults
from service.fhir.versions import version_named, version_of, version_of_media_type
from tests.fhir.charted import (
    CONTEXT,
    HALOPERIDOL,
    bundle,
    dose,
    number,
    observation,
    order,
    read,
    temperature,
)

STRICT = replace(CONTEXT, strict=True)


@pytest.mark.parametrize(
    ("text", "version"),
    [("4.0", "R4"), ("4.0.1", "R4"), ("4.3", "R4B"), ("5.0.0", "R5"), ("3.0", "STU3"),
     ("1.0.2", "DSTU2"), ("6.0", "R6"), ("r4b", "R4B"), ("9.9", None), ("", None), (None, None)],
)  # fmt: skip
def test_names_of_versions(text: str | None, version: str | None) -> None:
    assert version_named(text) == version


@pytest.mark.parametrize(
    ("media", "version"),
    [
        ("application/fhir+json; fhirVersion=5.0", "R5"),
        ('application/fhir+json;charset=utf-8; fhirversion="3.0"', "STU3"),
        ("application/fhir+json", None),
        (None, None),
    ],
)
def test_the_media_type_tells(media: str | None, version: str | None) -> None:
    assert version_of_media_type(media) == version


@pytest.mark.parametrize(
    ("resource", "version"),
    [
        (temperature(), "R4"),
        (order(), "R4"),
        (order(medicationCodeableConcept=None, medication={"concept": HALOPERIDOL}), "R5"),
        ({"resourceType": "MedicationOrder"}, "DSTU2"),
        (observation(context={"reference": "Encounter/1"}), "STU3"),
        (dose(context={"reference": "Encounter/1"}), "R4"),
        (observation(interpretation={"text": "high"}), "STU3"),
        ({"resourceType": "Condition", "clinicalStatus": "active"}, "STU3"),
        ({"resourceType": "Encounter", "class": [{"text": "virtual"}]}, "R5"),
        ({"resourceType": "MedicationUsage"}, "R5"),
    ],
)
def test_the_form_tells(resource: dict[str, Any], version: str) -> None:
    assert version_of(resource) == version
    assert version_of(resource, "4.3") == "R4B"


def test_strict_reading_asks_the_models_and_reads_all_the_same() -> None:
    good, bad = temperature(id="a"), temperature(id="b") | {"invented": True}
    r5 = order(medicationCodeableConcept=None, medication={"concept": HALOPERIDOL})
    reading = read(bundle(good, bad, r5), context=STRICT)
    assert [o.reason for o in reading.outcomes] == ["", "model-refused", ""]
    assert [o.outcome.value for o in reading.outcomes] == ["accepted"] * 3
    assert reading.model_faults == ((1, ("invented: extra_forbidden",)),)
    assert number(bundle(bad), context=STRICT).value == 38.4


def test_a_type_that_a_version_does_not_have_is_no_exception() -> None:
    assert model_faults({"resourceType": "MedicationOrder"}) is None
    assert model_faults({"resourceType": "Spaceship"}) is None
    assert model_faults({"resourceType": "../etc"}, "R4") is None
    inside = temperature(contained=[{"resourceType": "MedicationOrder", "id": "x"}])
    faults = model_faults(inside, "R4")
    assert faults
    assert read(inside, context=STRICT).outcomes[0].reason == "model-refused"


def test_the_models_of_r4_are_not_the_package_s_root() -> None:
    assert model_faults(order(), "R4") == ()
    assert model_faults(order(), "R5")


def test_a_told_fault_holds_no_value_of_the_patient() -> None:
    faults = model_faults(temperature() | {"status": {"text": "Ann Other"}}, "R4")
    assert faults
    assert "Ann" not in " ".join(faults)
