"""Small R4 resources as a ward sends them, and what the reader makes of them."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from alerts.chart import Fact, Measurement, MedicationUse, Sign, Unread
from service.fhir.reader import EntryOutcome, ReadContext, Reading, read_body

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
AT = "2026-03-03T09:00:00+01:00"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"
CONTEXT = ReadContext(tenant="ward", received_at=NOW, zone=BERLIN)
JSON = dict[str, Any]


def coding(system: str, code: str, **more: Any) -> JSON:
    return {"coding": [{"system": system, "code": code}], **more}


TEMPERATURE = coding(LOINC, "8310-5", text="Body temperature")
PULSE = coding(LOINC, "8867-4", text="Heart rate")
CK = coding(LOINC, "2157-6", text="Creatine kinase")
HALOPERIDOL = coding(RXNORM, "5093", text="haloperidol 5 mg tablet")


def quantity(value: Any, code: str | None = None, **more: Any) -> JSON:
    unit = {"system": UCUM, "code": code, "unit": code} if code else {}
    return {"value": value, **unit, **more}


def observation(code: Any = None, **elements: Any) -> JSON:
    """A final Observation of p1, now; an element given as None is left out."""
    told = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": code or TEMPERATURE,
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": AT,
    } | elements
    return {name: value for name, value in told.items() if value is not None}


def temperature(value: Any = 38.4, unit: str | None = "Cel", **elements: Any) -> JSON:
    return observation(valueQuantity=quantity(value, unit), **elements)


def order(**elements: Any) -> JSON:
    """An active MedicationRequest of haloperidol for p1."""
    told = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": HALOPERIDOL,
        "subject": {"reference": "Patient/p1"},
        "authoredOn": "2026-03-01T09:00:00+01:00",
    } | elements
    return {name: value for name, value in told.items() if value is not None}


def dose(**elements: Any) -> JSON:
    """A completed MedicationAdministration of haloperidol for p1."""
    told = {
        "resourceType": "MedicationAdministration",
        "id": "a1",
        "status": "completed",
        "medicationCodeableConcept": HALOPERIDOL,
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": AT,
    } | elements
    return {name: value for name, value in told.items() if value is not None}


def bundle(*resources: Any, kind: str = "collection", **more: Any) -> JSON:
    """A Bundle; a dict with "resource" or "request" is an entry as it stands."""
    entries = [
        one if isinstance(one, dict) and ({"resource", "request"} & one.keys()) else
        {"resource": one}
        for one in resources
    ]  # fmt: skip
    return {"resourceType": "Bundle", "type": kind, "entry": entries, **more}


def read(*resources: Any, context: ReadContext = CONTEXT) -> Reading:
    """One resource alone, several in a Bundle, or a Bundle as it stands."""
    one = resources[0] if len(resources) == 1 else bundle(*resources)
    return read_body(orjson.dumps(one), context)


def facts(*resources: Any, context: ReadContext = CONTEXT) -> list[Fact]:
    """All facts, of every patient, that are not retracted."""
    return [
        fact
        for resource in read(*resources, context=context).resources
        if not resource.retracted
        for fact in resource.facts
    ]


def fact(*resources: Any, context: ReadContext = CONTEXT) -> Fact:
    """The only fact."""
    (only,) = facts(*resources, context=context)
    return only


def number(*resources: Any, context: ReadContext = CONTEXT) -> Measurement:
    found = [f for f in facts(*resources, context=context) if isinstance(f, Measurement)]
    assert len(found) == 1, facts(*resources, context=context)
    return found[0]


def use(*resources: Any, context: ReadContext = CONTEXT) -> MedicationUse:
    found = [f for f in facts(*resources, context=context) if isinstance(f, MedicationUse)]
    assert len(found) == 1, facts(*resources, context=context)
    return found[0]


def sign(*resources: Any) -> Sign:
    found = [f for f in facts(*resources) if isinstance(f, Sign)]
    assert len(found) == 1, facts(*resources)
    return found[0]


def gap(*resources: Any, context: ReadContext = CONTEXT) -> Unread:
    """The only record that could not be used; nothing else was read from it."""
    found = fact(*resources, context=context)
    assert isinstance(found, Unread), found
    return found


def outcome(*resources: Any, context: ReadContext = CONTEXT) -> EntryOutcome:
    (only,) = read(*resources, context=context).outcomes
    return only


def told(*resources: Any, context: ReadContext = CONTEXT) -> list[tuple[str, str]]:
    """(outcome, reason) of every entry."""
    return [(o.outcome.value, o.reason) for o in read(*resources, context=context).outcomes]
