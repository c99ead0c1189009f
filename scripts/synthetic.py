"""One invented patient with the whole syndrome, resource by resource: what variants are made of.

The course: admitted three days before, measured and well; haloperidol 5 mg by injection every 12 h
from -36 h; at t = 0 rigid, rousable by voice, 38.5 °C, pulse 118; at 1 h 39.0 °C with pulse 122,
breathing 30 and CK 5200 U/L (limit 200).
"""

import copy
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]
ZERO = datetime.fromisoformat("2025-03-10T08:00:00+01:00")
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
UCUM, RXNORM = "http://unitsofmeasure.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
CODES = {
    "temperature": ("8310-5", "Body temperature", "Cel"),
    "pulse": ("8867-4", "Heart rate", "/min"),
    "breaths": ("9279-1", "Respiratory rate", "/min"),
    "systolic": ("8480-6", "Systolic blood pressure", "mm[Hg]"),
    "diastolic": ("8462-4", "Diastolic blood pressure", "mm[Hg]"),
    "spo2": ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry", "%"),
    "ck": ("2157-6", "Creatine kinase [Enzymatic activity/volume] in Serum or Plasma", "U/L"),
    "wbc": ("26464-8", "Leukocytes [#/volume] in Blood", "10*9/L"),
    "neutrophils": ("26499-4", "Neutrophils [#/volume] in Blood", "10*9/L"),
    "creatinine": ("14682-9", "Creatinine [Moles/volume] in Serum or Plasma", "umol/L"),
    "potassium": ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L"),
    "iron": ("14798-3", "Iron [Moles/volume] in Serum or Plasma", "umol/L"),
    "gcs": ("9269-2", "Glasgow coma score total", "{score}"),
    "rass": ("54632-5", "RASS", "{score}"),
    "ph": ("2744-1", "pH of Arterial blood", "[pH]"),
    "pco2": ("2019-8", "Carbon dioxide [Partial pressure] in Arterial blood", "mm[Hg]"),
    "etco2": ("19889-5", "Carbon dioxide/Gas.total.at end expiration in Exhaled gas", "mm[Hg]"),
    "bicarbonate": ("1963-8", "Bicarbonate [Moles/volume] in Serum or Plasma", "mmol/L"),
    "red_cells": ("13945-1", "Erythrocytes [#/area] in Urine sediment by Microscopy high power field",  # noqa: E501
                  "/[HPF]"),
    "weight": ("29463-7", "Body weight", "kg"),
}  # fmt: skip
HALOPERIDOL = {
    "coding": [{"system": RXNORM, "code": "5093", "display": "haloperidol"}],
    "text": "haloperidol 5 mg injection",
}


def stamp(hours: float) -> str:
    return (ZERO + timedelta(minutes=round(hours * 60))).isoformat()


def concept(system: str, code: str, display: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def measured(key: str, hours: float, value: float, **changes: Any) -> Json:
    code, display, unit = CODES[key]
    resource: Json = {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(LOINC, code, display),
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": stamp(hours),
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }
    return {**resource, **changes}


def pressure(hours: float, systolic: float, diastolic: float) -> Json:
    parts = []
    for key, value in (("systolic", systolic), ("diastolic", diastolic)):
        one = measured(key, hours, value)
        parts.append({"code": one["code"], "valueQuantity": one["valueQuantity"]})
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(LOINC, "85354-9", "Blood pressure panel with all children optional"),
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": stamp(hours),
        "component": parts,
    }


def ck(hours: float, value: float, limit: float | None = 200.0) -> Json:
    resource = measured("ck", hours, value)
    if limit is not None:
        unit = {"unit": "U/L", "system": UCUM, "code": "U/L"}
        resource["referenceRange"] = [
            {"low": {"value": 40, **unit}, "high": {"value": limit, **unit}}
        ]
    return resource


def tone(hours: float, words: str) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Muscle tone examination"},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": stamp(hours),
        "valueCodeableConcept": {"text": words},
    }


def alertness(hours: float, letter: str) -> Json:
    states = {
        "A": ("248234008", "Mentally alert"),
        "C": ("130987000", "Acute confusion"),
        "V": ("300202002", "Responds to voice"),
    }
    value = concept(SNOMED, *states[letter])
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(LOINC, "80288-4", "Level of consciousness AVPU score"),
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": stamp(hours),
        "valueCodeableConcept": {**value, "text": letter},
    }


def sign(hours: float, code: str, display: str, *, present: bool = True) -> Json:
    value = ("52101004", "Present") if present else ("2667000", "Absent")
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(SNOMED, code, display),
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": stamp(hours),
        "valueCodeableConcept": concept(SNOMED, *value),
    }


def dose(hours: float, drug: Json = HALOPERIDOL, milligrams: float = 5, route: str = "im") -> Json:
    routes = {"im": ("78421000", "Intramuscular route"), "oral": ("26643006", "Oral route"),
              "iv": ("47625008", "Intravenous route")}  # fmt: skip
    amount = {"value": milligrams, "unit": "mg", "system": UCUM, "code": "mg"}
    return {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "medicationCodeableConcept": copy.deepcopy(drug),
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": stamp(hours),
        "dosage": {"route": concept(SNOMED, *routes[route]), "dose": amount},
    }


def order(hours: float, drug: Json = HALOPERIDOL, **changes: Any) -> Json:
    resource: Json = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": copy.deepcopy(drug),
        "subject": {"reference": "Patient/p"},
        "authoredOn": stamp(hours),
    }
    return {**resource, **changes}


def drug(code: str, name: str) -> Json:
    return {"coding": [{"system": RXNORM, "code": code, "display": name}], "text": name}


def person(age: int = 41, sex: str = "male") -> Json:
    born = ZERO.replace(year=ZERO.year - age).date().isoformat()
    return {"resourceType": "Patient", "id": "p", "gender": sex, "birthDate": born}


def stay(hours: float = -72) -> Json:
    system = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    return {
        "resourceType": "Encounter",
        "status": "in-progress",
        "class": {"system": system, "code": "IMP", "display": "inpatient encounter"},
        "subject": {"reference": "Patient/p"},
        "period": {"start": stamp(hours)},
    }


def well(*hours: float) -> Iterable[Json]:
    """A measured normal: temperature, pulse, breathing, pressure."""
    for at in hours:
        yield measured("temperature", at, 36.7)
        yield measured("pulse", at, 78)
        yield measured("breaths", at, 15)
        yield pressure(at, 122, 76)


def course() -> dict[str, Json]:
    """The resources of the course by name; ids are the names."""
    named = {"patient": person(), "stay": stay()}
    for number, one in enumerate(well(-66, -60, -54, -48)):
        named[f"normal{number + 1}"] = one
    for number, at in enumerate((-36, -24, -12)):
        named[f"dose{number + 1}"] = dose(at)
    named |= {
        "tone": tone(0, "lead-pipe rigidity"),
        "mind": alertness(0, "V"),
        "fever1": measured("temperature", 0, 38.5),
        "fever2": measured("temperature", 1, 39.0),
        "pulse0": measured("pulse", 0, 118),
        "breaths0": measured("breaths", 0, 28),
        "pulse": measured("pulse", 1, 122),
        "breaths": measured("breaths", 1, 30),
        "ck": ck(1, 5200),
    }
    return with_ids(named)


def with_ids(named: dict[str, Json]) -> dict[str, Json]:
    for name, resource in named.items():
        resource.setdefault("id", name)
    return named


def bundle(resources: Iterable[Json], *, at: float = 1.5, kind: str = "collection") -> Json:
    found = list(resources)
    return {
        "resourceType": "Bundle",
        "type": kind,
        "timestamp": stamp(at),
        "entry": [
            {
                "fullUrl": f"https://ehr.example.org/fhir/{r['resourceType']}/{r['id']}",
                "resource": r,
            }
            for r in found
        ],
    }


def write(folder: Path, bodies: dict[str, Json | bytes], expected: Json) -> None:
    """A case: its bodies by file name and its expectation."""
    folder.mkdir(parents=True)
    for name, body in bodies.items():
        if isinstance(body, bytes):
            (folder / name).write_bytes(body)
        else:
            text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
            text = text.replace('{"fullUrl"', '\n{"fullUrl"') + "\n"  # an entry a line
            (folder / name).write_text(text, "utf-8")
    text = yaml.safe_dump(expected, sort_keys=False, allow_unicode=True, width=96)
    (folder / "expected.yaml").write_text(text, "utf-8")
