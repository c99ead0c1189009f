"""What a ward writes down, as FHIR resources: vital signs, examinations, orders, doses."""

from datetime import datetime
from typing import Any

import fixture_resources as fhir

Json = dict[str, Any]
ZERO = datetime.fromisoformat("2025-03-05T06:00:00+01:00")
TEST_DATA = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}
ACVPU = {
    "A": ("248234008", "Mentally alert"),
    "C": ("130987000", "Acute confusion"),
    "V": ("300202002", "Responds to voice"),
}


class Ward:
    """Writes down what a ward records; every call is one or more resources."""

    def __init__(self, patient: str, name: str) -> None:
        self.line = fhir.Timeline(patient, ZERO)
        self.name = name
        self.sent: list[tuple[float, list[Json]]] = []
        self.open: list[Json] = []

    def patient(self, age: int, sex: str, *problems: str) -> None:
        person = fhir.patient(self.line, {"age": age, "sex": sex, "conditions": problems})
        person["name"] = [{"text": self.name}]
        self.open += [person, *fhir.conditions(self.line, {"conditions": problems})]

    def admitted(self, hours: float, ward: str) -> None:
        self.open.append(
            {
                "resourceType": "Encounter",
                "id": self.line.next_id("e"),
                "status": "in-progress",
                "class": {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                    "code": "IMP",
                    "display": "inpatient encounter",
                },
                "subject": self.line.subject(),
                "period": {"start": self.line.stamp(hours)},
                "location": [{"location": {"display": ward}}],
            }
        )

    def vitals(self, hours: float, temp: float, pulse: int, breaths: int, bp: str) -> None:
        when = self.line.stamp(hours)
        systolic, diastolic = (int(part) for part in bp.split("/"))
        oral = {"text": "oral"}
        self.open += [
            fhir.measurement(self.line, "temperature", when, temp, "Cel", oral),
            fhir.measurement(self.line, "heart_rate", when, pulse, "/min"),
            fhir.measurement(self.line, "respiratory_rate", when, breaths, "/min"),
            fhir.blood_pressure(self.line, when, systolic, diastolic),
        ]

    def alertness(self, hours: float, letter: str) -> None:
        concept = {
            "coding": [
                {
                    "system": fhir.codes.LOINC,
                    "code": "80288-4",
                    "display": "Level of consciousness AVPU score",
                }
            ],
            "text": "ACVPU",
        }
        code, display = ACVPU[letter]
        self.open.append(
            {
                "resourceType": "Observation",
                "id": self.line.next_id("o"),
                "status": "final",
                "code": concept,
                "subject": self.line.subject(),
                "effectiveDateTime": self.line.stamp(hours),
                "valueCodeableConcept": {
                    "coding": [{"system": fhir.codes.SNOMED, "code": code, "display": display}],
                    "text": letter,
                },
            }
        )

    def tone(self, hours: float, words: str) -> None:
        """A structured tone examination: normal, increased, cogwheel or lead-pipe."""
        exam = fhir.sign(self.line, "rigidity", self.line.stamp(hours), words)
        exam["code"] = {"text": "Muscle tone examination"}
        exam["valueCodeableConcept"] = {"text": words}
        exam.pop("note", None)
        self.open.append(exam)

    def sign(self, hours: float, name: str, words: str = "present") -> None:
        self.open.append(fhir.sign(self.line, name, self.line.stamp(hours), words))

    def nil_by_mouth(self, hours: float) -> None:
        exam = fhir.sign(self.line, "nil_by_mouth", self.line.stamp(hours), "present")
        exam["code"] = {
            "coding": [
                {"system": fhir.codes.SNOMED, "code": "182923009", "display": "Nil by mouth"}
            ],
            "text": "Nil by mouth",
        }
        self.open.append(exam)

    def creatine_kinase(self, hours: float, value: int) -> None:
        when, reference = self.line.stamp(hours), {"text": "reference 40-200"}
        self.open.append(
            fhir.measurement(self.line, "creatine_kinase", when, value, "U/L", reference)
        )

    def ordered(self, hours: float, drug: str, dose: str, route: str) -> str:
        """An active order; answers its id."""
        told = {"drug": drug, "dose_text": dose, "route": route, "start": hours}
        order = fhir.order(self.line, told)
        self.open.append(order)
        return str(order["id"])

    def given(self, hours: float, drug: str, milligrams: float, route: str) -> None:
        dose = {"value": milligrams, "unit": "mg", "system": fhir.codes.UCUM, "code": "mg"}
        told = {"drug": drug, "dose_text": f"{milligrams} mg", "route": route}
        self.open.append(fhir.administration(self.line, told, hours, dose))

    def not_given(self, hours: float, drug: str, why: str) -> None:
        told = {"drug": drug, "dose_text": "", "route": "oral"}
        omitted = fhir.administration(self.line, told, hours)
        omitted["status"] = "not-done"
        omitted["statusReason"] = [{"text": why}]
        self.open.append(omitted)

    def send(self, hours: float) -> None:
        """What was written down so far leaves the ward as one bundle."""
        self.sent.append((hours, self.open))
        self.open = []
