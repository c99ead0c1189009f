"""Small bundles for the replay tests."""

from typing import Any

import orjson

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def bundle(*resources: dict[str, Any], timestamp: str | None = None) -> bytes:
    body: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": r} for r in resources],
    }
    if timestamp:
        body["timestamp"] = timestamp
    return orjson.dumps(body)


def patient(identifier: str = "p1") -> dict[str, Any]:
    return {"resourceType": "Patient", "id": identifier, "gender": "male"}


def temperature(at: str, value: float, identifier: str, who: str = "p1") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": identifier,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "8331-1"}]},
        "subject": {"reference": f"Patient/{who}"},
        "effectiveDateTime": at,
        "valueQuantity": {"value": value, "unit": "Cel", "system": UCUM, "code": "Cel"},
    }


def haloperidol(start: str, end: str | None = None, who: str = "p1") -> dict[str, Any]:
    period = {"start": start} | ({"end": end} if end else {})
    return {
        "resourceType": "MedicationRequest",
        "id": f"{who}-haloperidol",
        "status": "stopped" if end else "active",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": RXNORM, "code": "5093"}],
            "text": "haloperidol 5 mg",
        },
        "subject": {"reference": f"Patient/{who}"},
        "authoredOn": start,
        "dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": period}}}],
    }
