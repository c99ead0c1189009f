"""Which reader reads which resource type, in every version of FHIR, and how its patient is told."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from alerts.chart import Source
from service.fhir.reader.body import Body, Read
from service.fhir.reader.circumstance import read_device, read_device_use, read_procedure
from service.fhir.reader.condition import read_allergy, read_condition
from service.fhir.reader.entry import Entry
from service.fhir.reader.medication import (
    read_administration,
    read_dispense,
    read_medication,
    read_order,
    read_statement,
)
from service.fhir.reader.observation import read_observation
from service.fhir.reader.person import read_encounter, read_patient
from service.fhir.reader.questionnaire import read_questionnaire

ORDERS = frozenset({"MedicationRequest", "MedicationOrder", "MedicationPrescription"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource type that we read. `subject`: its elements that name the patient."""

    read: Callable[[Entry, Source, Body], Read]
    subject: tuple[str, ...] = ("subject", "patient")


KINDS: dict[str, Kind] = {
    "Observation": Kind(read_observation, ("subject", "patient")),
    "MedicationRequest": Kind(read_order),
    "MedicationOrder": Kind(read_order),
    "MedicationPrescription": Kind(read_order),
    "MedicationAdministration": Kind(read_administration),
    "MedicationDispense": Kind(read_dispense),
    "MedicationStatement": Kind(read_statement),
    "MedicationUsage": Kind(read_statement),
    "Medication": Kind(read_medication, ()),
    "Condition": Kind(read_condition),
    "AllergyIntolerance": Kind(read_allergy),
    "Patient": Kind(read_patient, ()),
    "Encounter": Kind(read_encounter),
    "Procedure": Kind(read_procedure),
    "Device": Kind(read_device),
    "DeviceUseStatement": Kind(read_device_use),
    "DeviceUsage": Kind(read_device_use),
    "QuestionnaireResponse": Kind(read_questionnaire, ("subject",)),
}


# Names that another version than R4 has for one of these.
_NOT_R4 = frozenset({"MedicationOrder", "MedicationPrescription", "MedicationUsage", "DeviceUsage"})


def r4_types() -> tuple[str, ...]:
    """The types that we read, by their names in R4."""
    return tuple(sorted(kind for kind in KINDS if kind not in _NOT_R4))


@cache
def resource_types() -> frozenset[str]:
    """Every resource type of any version of FHIR (resource_types.csv)."""
    text = (files("service.fhir") / "resource_types.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(row["type"] for row in rows)
