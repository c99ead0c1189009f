"""Facts of a case -> FHIR R4 resources, as an EHR would send them.

Only what the case states becomes a resource. A number that is not given is not sent; a sign in
words becomes a coded finding; a drug that was merely "continued" becomes an active order that
was written before the window of interest, because its start is not known.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import fixture_codes as codes

Json = dict[str, Any]
PRESENT = ("52101004", "Present")
ABSENT = ("2667000", "Absent")
ABSENT_WORDS = ("absent", "none", "resolved", "normal")
WORDS_ONLY = ("raised", "elevated", "high", "rising", "mildly elevated", "markedly elevated")
# a start that is not stated: the order was written well before (EXP-01: neither HIGH nor RAISED)
RUNNING_BEFORE = timedelta(days=31)


class Timeline:
    """Hours from t = 0 as instants; `patient` is the subject of all resources."""

    def __init__(self, patient: str, zero: datetime) -> None:
        self.patient = patient
        self.zero = zero
        self.count = 0

    def at(self, hours: float) -> datetime:
        return self.zero + timedelta(seconds=round(hours * 3600))

    def stamp(self, hours: float) -> str:
        return self.at(hours).isoformat()

    def next_id(self, prefix: str) -> str:
        self.count += 1
        return f"{self.patient[:52]}-{prefix}{self.count:03d}"

    def subject(self) -> Json:
        return {"reference": f"Patient/{self.patient}"}


def patient(line: Timeline, facts: Json) -> Json:
    """`birthDate` is set so that the age at t = 0 is the printed one."""
    resource: Json = {"resourceType": "Patient", "id": line.patient}
    if facts.get("sex") in ("male", "female"):
        resource["gender"] = facts["sex"]
    if facts.get("age") is not None:
        born = line.zero.replace(year=line.zero.year - int(facts["age"]))
        resource["birthDate"] = born.date().isoformat()
    return resource


def conditions(line: Timeline, facts: Json) -> Iterator[Json]:
    for words in facts.get("conditions") or []:
        if "later" not in words:
            yield condition(line, words, _coded(words))


def condition(
    line: Timeline, words: str, coded: tuple[str, str] | None, recorded: float | None = None
) -> Json:
    code: Json = {"text": words}
    if coded:
        code["coding"] = [{"system": codes.SNOMED, "code": coded[0], "display": coded[1]}]
    resource: Json = {
        "resourceType": "Condition",
        "id": line.next_id("c"),
        "clinicalStatus": _status("condition-clinical", "active"),
        "verificationStatus": _status("condition-ver-status", "confirmed"),
        "code": code,
        "subject": line.subject(),
    }
    if recorded is not None:
        resource["recordedDate"] = line.stamp(recorded)
    return resource


def measurement(
    line: Timeline, name: str, when: str, value: Any, unit: str, event: Json | None = None
) -> Json:
    """One number with its unit. `name` is a key of `codes.QUANTITIES`, else sent as text."""
    event = event or {}
    resource = _observation(line, when, _loinc(_with_site(name, str(event.get("text", "")))))
    resource["valueQuantity"] = _quantity(value, unit, event.get("comparator"))
    if upper := _reference_range(str(event.get("text", "")), unit):
        resource["referenceRange"] = [upper]
    return resource


def blood_pressure(line: Timeline, when: str, systolic: float, diastolic: float) -> Json:
    resource = _observation(line, when, _loinc("blood_pressure"))
    resource["component"] = [
        {"code": _loinc(name), "valueQuantity": _quantity(value, "mm[Hg]", None)}
        for name, value in (("systolic_bp", systolic), ("diastolic_bp", diastolic))
    ]
    return resource


def sign(line: Timeline, name: str, when: str, words: str) -> Json:
    """A finding in words: coded where a code is confirmed, present or absent."""
    if name == "mental_status":
        words_low = words.lower()
        code, display = next((c, d) for part, c, d in codes.MENTAL_STATES if part in words_low)
        concept = _snomed(code, display, f"Mental state: {words}")
    elif name in codes.SIGNS:
        concept = _snomed(*codes.SIGNS[name], codes.SIGNS[name][1])
    else:
        concept = {"text": name.replace("_", " ").capitalize()}
    resource = _observation(line, when, concept)
    absent = words.split(",", maxsplit=1)[0].strip() in ABSENT_WORDS
    code, display = ABSENT if absent else PRESENT
    value = _snomed(code, display, display)
    resource["valueCodeableConcept"] = value
    if not absent and words not in ("present", "altered"):
        resource["note"] = [{"text": words}]
    return resource


def result_in_words(line: Timeline, name: str, when: str, words: str) -> Json:
    """A result told without a number: a raised one is a coded finding, others are text."""
    if words.split(" (", maxsplit=1)[0] in WORDS_ONLY and f"raised {name}" in codes.SIGNS:
        return sign(line, f"raised {name}", when, "present")
    resource = _observation(line, when, _loinc(name))
    resource["valueString"] = words
    return resource


def medication(drug: str, dose: str) -> Json:
    """Text as ordered plus the RxNorm codings that are known for it."""
    known = dose and "not given" not in dose and "unknown" not in dose
    concept: Json = {"text": f"{drug} {dose}" if known else drug}
    coding = [
        {"system": codes.RXNORM, "code": code, "display": name}
        for code, name in _rxnorm(drug.lower())
    ]
    return {"coding": coding, **concept} if coding else concept


def order(line: Timeline, drug: Json) -> Json:
    """A MedicationRequest; `start` and `stop` in hours, None = not stated."""
    start, stop = drug.get("start"), drug.get("stop")
    period: Json = {}
    if start is not None:
        period["start"] = line.stamp(start)
    if stop is not None:
        period["end"] = line.stamp(stop)
    earliest = line.zero if stop is None else min(line.zero, line.at(stop))
    written = line.at(start) if start is not None else earliest - RUNNING_BEFORE
    resource: Json = {
        "resourceType": "MedicationRequest",
        "id": line.next_id("m"),
        "status": "active" if stop is None else "stopped",
        "intent": "order",
        "medicationCodeableConcept": medication(drug["drug"], drug.get("dose_text") or ""),
        "subject": line.subject(),
        "authoredOn": written.isoformat(),
    }
    dosage = _dosage(drug, period)
    if dosage:
        resource["dosageInstruction"] = [dosage]
    return resource


def administration(line: Timeline, drug: Json, hours: float, dose: Json | None = None) -> Json:
    resource: Json = {
        "resourceType": "MedicationAdministration",
        "id": line.next_id("a"),
        "status": "completed",
        "medicationCodeableConcept": medication(drug["drug"], drug.get("dose_text") or ""),
        "subject": line.subject(),
        "effectiveDateTime": line.stamp(hours),
    }
    given: Json = {}
    if drug.get("route") in codes.ROUTES:
        code, display = codes.ROUTES[drug["route"]]
        given["route"] = _snomed(code, display, display)
    if dose:
        given["dose"] = dose
    if given:
        resource["dosage"] = given
    return resource


def procedure(line: Timeline, words: str, hours: float) -> Json:
    return {
        "resourceType": "Procedure",
        "id": line.next_id("p"),
        "status": "completed",
        "code": {"text": words},
        "subject": line.subject(),
        "performedDateTime": line.stamp(hours),
    }


def bundle(identifier: str, resources: list[Json], stamped: str, kind: str = "collection") -> Json:
    return {
        "resourceType": "Bundle",
        "id": identifier,
        "type": kind,
        "timestamp": stamped,
        "entry": [
            {"fullUrl": f"https://ehr.example.org/fhir/{r['resourceType']}/{r['id']}",
             "resource": r}
            for r in resources
        ],
    }  # fmt: skip


def _dosage(drug: Json, period: Json) -> Json:
    dosage: Json = {}
    dose = drug.get("dose_text") or ""
    if dose and "not given" not in dose:
        dosage["text"] = dose
    if drug.get("route") in codes.ROUTES:
        code, display = codes.ROUTES[drug["route"]]
        dosage["route"] = _snomed(code, display, display)
    if period:
        dosage["timing"] = {"repeat": {"boundsPeriod": period}}
    return dosage


def _observation(line: Timeline, when: str, concept: Json) -> Json:
    return {
        "resourceType": "Observation",
        "id": line.next_id("o"),
        "status": "final",
        "code": concept,
        "subject": line.subject(),
        "effectiveDateTime": when,
    }


def _with_site(name: str, text: str) -> str:
    sited = next((s for s in ("oral", "rectal", "oesophageal") if s in text), "")
    return f"{name} {sited}" if name == "temperature" and sited else name


def _loinc(name: str) -> Json:
    if name not in codes.QUANTITIES:
        return {"text": name.replace("_", " ").capitalize()}
    code, display = codes.QUANTITIES[name]
    return {"coding": [{"system": codes.LOINC, "code": code, "display": display}], "text": display}


def _snomed(code: str, display: str, text: str) -> Json:
    return {"coding": [{"system": codes.SNOMED, "code": code, "display": display}], "text": text}


def _quantity(value: float, unit: str, comparator: str | None) -> Json:
    quantity: Json = {"value": value, "unit": unit, "system": codes.UCUM, "code": unit}
    if comparator:
        quantity["comparator"] = comparator
    return quantity


def _reference_range(text: str, unit: str) -> Json | None:
    if not text.startswith("reference "):
        return None
    low, high = text.removeprefix("reference ").split("-")
    return {"low": _quantity(float(low), unit, None), "high": _quantity(float(high), unit, None)}


def _status(system: str, code: str) -> Json:
    url = f"http://terminology.hl7.org/CodeSystem/{system}"
    return {"coding": [{"system": url, "code": code}]}


def _coded(words: str) -> tuple[str, str] | None:
    low = words.lower()
    return next(((c, d) for part, c, d in codes.CONDITIONS if part in low), None)


def _rxnorm(drug: str) -> list[tuple[str, str]]:
    if product := codes.PRODUCTS.get(drug.removesuffix(" injection")):
        return [product]
    if "long-acting" in drug or "enanthate" in drug or "acetate" in drug or "unnamed" in drug:
        return []  # the ingredient code alone would hide that it is a depot
    return [(c, name) for name, c in codes.INGREDIENTS.items() if re.search(rf"\b{name}\b", drug)]
