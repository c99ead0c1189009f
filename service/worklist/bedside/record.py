"""A bedside check as FHIR R4: an Observation for each thing examined, and the whole as answered.

They go through the same door as everything else; what was not assessed is not sent, so unknown
stays unknown (LOG-01). The ids come from the handle of the form: sent twice is stored once.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from service.errors import BadInput
from service.worklist.bedside.parts import (
    GCS,
    NEW,
    PARTS,
    SITE,
    SITES,
    TEMPERATURE,
    TEMPERATURES,
    TOTALS,
)

SYSTEM = "urn:nms-sentinel:bedside"
QUESTIONNAIRE = "nms-bedside-check"
_HANDLE = re.compile(r"[0-9a-f]{16,32}")
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"


def examination(
    patient: str, form: Mapping[str, str], at: datetime, who: str = "", address: str = ""
) -> bytes:
    """The Bundle of what was marked. BadInput when nothing was, or a value is none offered.

    `who`: the person who examined; `address`: of our Questionnaire, "" when not told.
    """
    handle = checked_handle(form)
    common = {
        "status": "final",
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": at.isoformat(),
        "issued": at.isoformat(),
        **({"performer": [{"display": who}]} if who else {}),
    }
    found = list(_answers(form))
    if not found:
        raise BadInput("Nothing was marked as examined: nothing to save.", code="bedside-empty")
    observations = [
        {
            "resourceType": "Observation",
            "id": observation_id(handle, name),
            **common,
            "code": {"coding": [coding]},
            **value,
        }
        for name, coding, value in found
    ]
    whole = {
        "resourceType": "QuestionnaireResponse",
        "id": response_id(handle),
        "status": "completed",
        **({"questionnaire": address} if address else {}),
        "subject": common["subject"],
        "authored": at.isoformat(),
        **({"source": {"display": who}} if who else {}),
        "item": [_item(name, coding, value) for name, coding, value in found],
    }
    return _bundle([*observations, whole])


def retraction(patient: str, handle: str, present: Iterable[str], at: datetime) -> bytes:
    """The same resources as entered in error. `present`: the references that are on record."""
    resources = []
    for reference in present:
        kind, _, name = reference.partition("/")
        resource: dict[str, Any] = {
            "resourceType": kind,
            "id": name,
            "meta": {"lastUpdated": at.isoformat()},
            "status": "entered-in-error",
            "subject": {"reference": f"Patient/{patient}"},
        }
        if kind == "Observation":
            code = name.removeprefix(f"bedside-{handle}-").replace("-", "_")
            resource["code"] = {"coding": [{"system": SYSTEM, "code": code}]}
        resources.append(resource)
    return _bundle(resources)


def references(handle: str) -> list[str]:
    """Every reference that a check of this handle may have made."""
    names = [*(part.kind.value for part in PARTS), TEMPERATURE, GCS]
    return [
        *(f"Observation/{observation_id(handle, name)}" for name in names),
        f"QuestionnaireResponse/{response_id(handle)}",
    ]


def observation_id(handle: str, name: str) -> str:
    return f"bedside-{handle}-{name.replace('_', '-')}"


def response_id(handle: str) -> str:
    return f"bedside-{handle}"


def checked_handle(form: Mapping[str, str]) -> str:
    handle = form.get("handle", "")
    if not _HANDLE.fullmatch(handle):
        raise BadInput("The form is damaged: load the page again.", code="bedside-handle")
    return handle


def _answers(form: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str], dict[str, Any]]]:
    """(name, code of the question, value elements) of each question that was answered."""
    for kind, legend, _, choices in PARTS:
        choice = form.get(kind.value, "")
        if not choice:
            continue
        if choice not in choices:
            raise BadInput(f"{legend}: not one of the choices.", code="bedside-choice")
        answer = {"system": SYSTEM, "code": choice, "display": choices[choice]}
        value: dict[str, Any] = {
            "valueCodeableConcept": {"coding": [answer], "text": choices[choice]}
        }
        if kind.value == "rigidity" and form.get(NEW) in {"new", "usual"}:
            told = "new or worse than baseline" if form[NEW] == "new" else "unchanged from baseline"
            value["note"] = [{"text": told}]
        yield kind.value, {"system": SYSTEM, "code": kind.value, "display": legend}, value
    if degrees := form.get(TEMPERATURE, "").strip():
        words, code = _site(form)
        name = f"Temperature, {words.lower()}"
        number = _number(degrees, "Temperature", TEMPERATURES)
        yield (
            TEMPERATURE,
            {"system": _LOINC, "code": code, "display": name},
            {"valueQuantity": _quantity(number, "°C", "Cel")},
        )
    if total := form.get(GCS, "").strip():
        number = _number(total, "GCS", TOTALS)
        if number != int(number):
            raise BadInput("GCS: a whole number from 3 to 15.", code="bedside-value")
        coding = {"system": _LOINC, "code": "9269-2", "display": "Glasgow coma score total"}
        yield GCS, coding, {"valueQuantity": _quantity(int(number), "score", "{score}")}


def _site(form: Mapping[str, str]) -> tuple[str, str]:
    site = form.get(SITE, "")
    if site not in SITES:
        raise BadInput("Temperature: not one of the sites.", code="bedside-choice")
    return SITES[site]


def _number(text: str, what: str, limits: tuple[float, float]) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        raise BadInput(f"{what}: not a number.", code="bedside-value") from None
    if not limits[0] <= number <= limits[1]:
        said = f"{what}: must be from {limits[0]:g} to {limits[1]:g}."
        raise BadInput(said, code="bedside-value")
    return number


def _quantity(value: float, unit: str, code: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": _UCUM, "code": code}


def _item(name: str, coding: dict[str, str], value: dict[str, Any]) -> dict[str, Any]:
    """An answer under the name of its question. Numbers stand in their Observation as well."""
    if "valueQuantity" in value:
        number = value["valueQuantity"]["value"]
        answer = {"valueInteger": number} if name == GCS else {"valueDecimal": number}
    else:
        answer = {"valueCoding": value["valueCodeableConcept"]["coding"][0]}
    return {"linkId": name, "text": coding["display"], "answer": [answer]}


def _bundle(resources: list[dict[str, Any]]) -> bytes:
    entries = [{"resource": resource} for resource in resources]
    return orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
