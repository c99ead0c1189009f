"""Bodies that a service must survive, each with the answer that is expected.

`answer` in expected.yaml: `error` (the whole body is refused: bad-input or too-large), or
`outcomes` (by entry: accepted, ignored, refused; a list when either is a clear answer) with
`measurements` (how many numbers of a kind may reach the chart) and `retracted`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]
WHEN = "2025-03-03T09:00:00+01:00"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
PERSON: Json = {"resourceType": "Patient", "id": "p1", "gender": "male", "birthDate": "1980-01-01"}
CODES = {
    "temperature": ("8310-5", "Body temperature", "Cel"),
    "ck": ("2157-6", "Creatine kinase [Enzymatic activity/volume] in Serum or Plasma", "U/L"),
    "pulse": ("8867-4", "Heart rate", "/min"),
    "potassium": ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L"),
}


def number(name: str, value: Any, **changes: Any) -> Json:
    code, display, unit = CODES[name]
    resource: Json = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code, "display": display}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": WHEN,
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }
    resource.update(changes)
    return {key: item for key, item in resource.items() if item is not None}


def order(text: str, **changes: Any) -> Json:
    resource: Json = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": text},
        "subject": {"reference": "Patient/p1"},
        "authoredOn": "2025-03-01T09:00:00+01:00",
    }
    return {**resource, **changes}


def bundle(*resources: Any, **changes: Any) -> Json:
    body: Json = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": "2025-03-03T10:00:00+01:00",
        "entry": [{"resource": r} for r in resources],
    }
    body.update(changes)
    return {key: item for key, item in body.items() if item is not None}


def deep(levels: int) -> str:
    return '{"resourceType":"Bundle","type":"collection","x":' + "[" * levels + "]" * levels + "}"


def quantity(value: Any, unit: str | None) -> Json:
    told: Json = {"value": value}
    return told if unit is None else {**told, "unit": unit}


Body = tuple[str, Any, Json, str]


def refused_whole() -> Iterator[Body]:
    bad = {"error": "bad-input"}
    yield "not-json", '{"resourceType": "Bundle", ', bad, "The text ends inside an object."
    yield "empty", "", bad, "No body at all."
    yield "json-array", "[1, 2]", bad, "JSON, but not a resource."
    yield "json-nan", '{"resourceType":"Bundle","type":"batch","entry":[NaN]}', bad, "NaN."
    yield "broken-utf8", b'{"resourceType":"Bundle","type":"\xff\xfe"}', bad, "Not UTF-8."
    yield "no-resource-type", {"type": "collection", "entry": []}, bad, "What is it?"
    yield "bundle-without-type", bundle(PERSON, type=None), bad, "A Bundle must say its type."
    yield "bundle-type-unknown", bundle(PERSON, type="pile"), bad, "No such type."
    yield "entry-not-a-list", bundle(entry={"resource": PERSON}), bad, "entry is an object."
    yield "too-deep", deep(200), {"error": "too-large"}, "200 levels: refused before parsing."


def odd_entries() -> Iterator[Body]:
    first = {0: "accepted"}
    yield (
        "unknown-resource",
        bundle(PERSON, {"resourceType": "Spaceship", "id": "s1"}),
        {"outcomes": {**first, 1: ["refused", "ignored"]}},
        "A type that FHIR does not know does not fail its neighbours.",
    )
    yield (
        "unused-resource",
        bundle(PERSON, {"resourceType": "Appointment", "id": "a1", "status": "booked"}),
        {"outcomes": {**first, 1: "ignored"}},
        "A type that we do not use is skipped and counted.",
    )
    yield (
        "resource-not-an-object",
        bundle(PERSON, "a text"),
        {"outcomes": {**first, 1: "refused"}},
        "A text where a resource should be.",
    )
    yield (
        "entry-without-resource",
        bundle(entry=[{"resource": PERSON}, {"fullUrl": "urn:uuid:1"}]),
        {"outcomes": {**first, 1: ["refused", "ignored"]}},
        "An entry that carries nothing.",
    )
    yield (
        "missing-subject",
        bundle(PERSON, number("pulse", 90, subject=None)),
        {"outcomes": {**first, 1: "refused"}, "measurements": {"heart_rate": 0}},
        "Nobody's pulse: never guessed to be the only patient of the bundle.",
    )
    yield (
        "subject-display-only",
        bundle(PERSON, number("pulse", 90, subject={"display": "Bed 4"})),
        {"outcomes": {**first, 1: "refused"}, "measurements": {"heart_rate": 0}},
        "A display is no identity.",
    )
    yield (
        "other-patient-in-hook-call",
        bundle(PERSON, number("pulse", 90, subject={"reference": "Patient/p2"})),
        {
            "only_patient": "p1",
            "outcomes": {**first, 1: "refused"},
            "measurements": {"heart_rate": 0},
        },
        "In a hook call another patient's entry is refused.",
    )
    yield (
        "other-patient-in-push",
        bundle(PERSON, number("pulse", 90, subject={"reference": "Patient/p2"})),
        {"outcomes": {**first, 1: "accepted"}, "measurements": {"heart_rate": 1}},
        "A pushed bundle may carry many patients: each entry goes to its own chart.",
    )
    yield (
        "do-not-perform",
        bundle(PERSON, order("haloperidol 5 mg", doNotPerform=True)),
        {"outcomes": {**first, 1: ["accepted", "ignored"]}, "gate_not": "open"},
        "An order not to give a drug is no exposure.",
    )
    yield (
        "drug-text-with-script",
        bundle(PERSON, order("<script>alert(1)</script>")),
        {"outcomes": {**first, 1: "accepted"}, "gate_not": "open"},
        "An unknown drug with hostile text: kept as text, unmapped, never markup.",
    )


def odd_values() -> Iterator[Body]:
    used = "accepted"
    either = ["accepted", "refused", "ignored"]
    table: list[tuple[str, Json, Any, str, int, str]] = [
        ("temperature-99", number("temperature", 99), either, "body_temperature", 0,
         "99 °C cannot be."),
        ("temperature-12", number("temperature", 12), either, "body_temperature", 0,
         "12 °C, status final: seen in the field, cannot be."),
        ("pulse-negative", number("pulse", -80), either, "heart_rate", 0, "A negative pulse."),
        ("exponent-absurd", number("ck", 1e300), either, "creatine_kinase", 0, "1e300 U/L."),
        ("unit-unmapped", number("ck", 5000, valueQuantity=quantity(5000, "furlong")), either,
         "creatine_kinase", 0, "An unknown unit makes the value unknown, never U/L."),
        ("unit-wrong-dimension", number("temperature", 38.9,
         valueQuantity=quantity(123, "mm[Hg]")), either, "body_temperature", 0,
         "A temperature in mmHg: seen in the field."),
        ("unit-missing-ck", number("ck", 5000, valueQuantity=quantity(5000, None)), either,
         "creatine_kinase", 0, "CK without a unit is rejected (UNIT-01)."),
        ("unit-missing-temperature", number("temperature", 38.9,
         valueQuantity=quantity(101.5, None)), used, "body_temperature", 1,
         "101.5 without a unit can only be Fahrenheit; inferred, for passive tiers (UNIT-01)."),
        ("value-absent", number("temperature", 38.9, valueQuantity=None,
         dataAbsentReason={"text": "not performed"}), either, "body_temperature", 0,
         "Not measured is not normal."),
        ("value-words", number("potassium", 4, valueQuantity=None,
         valueString=">=100 of something"), either, "potassium", 0, "Words are not parsed."),
        ("ck-mb", number("ck", 96.2, code={"coding": [{"system": LOINC, "code": "13969-1"}],
         "text": "CK-MB"}), either, "creatine_kinase", 0, "CK-MB is not total CK."),
        ("entered-in-error", number("ck", 5000, status="entered-in-error"), either,
         "creatine_kinase", 0, "Retracted: no fact remains."),
        ("entered-in-error-blank", number("ck", 5000, status="entered-in-error "), either,
         "creatine_kinase", 0, "A blank after the code must not hide a retraction."),
        ("status-cancelled", number("ck", 5000, status="cancelled"), either,
         "creatine_kinase", 0, "Cancelled is not measured."),
        ("status-preliminary", number("ck", 5000, status="preliminary"), used,
         "creatine_kinase", 1, "Preliminary counts for passive tiers only (OBS-01)."),
        ("date-without-zone", number("pulse", 90, effectiveDateTime="2025-03-03T09:00:00"), used,
         "heart_rate", 1, "The tenant's zone is used and said."),
        ("date-only", number("pulse", 90, effectiveDateTime="2025-03-03"), used, "heart_rate", 1,
         "A day is an interval."),
        ("date-nonsense", number("pulse", 90, effectiveDateTime="5/18/2016 10:33 PM"), either,
         "heart_rate", None, "That resource has no time; its bundle is still processed."),
        ("date-2099", number("temperature", 39, effectiveDateTime="2099-07-07T09:00:00Z"), either,
         "body_temperature", None, "A reading of the far future can meet no window."),
    ]  # fmt: skip
    for name, resource, outcome, kind, count, why in table:
        answer: Json = {"outcomes": {0: "accepted", 1: outcome}}
        if count is not None:
            answer["measurements"] = {kind: count}
        yield name, bundle(PERSON, resource), answer, why


def write(folder: Path) -> None:
    for source in (refused_whole(), odd_entries(), odd_values()):
        for name, body, answer, why in source:
            room = folder / name
            room.mkdir(parents=True)
            (room / "body.json").write_bytes(_bytes(body))
            told = {"case": f"malformed-{name}", "kind": "malformed", "answer": answer, "why": why}
            text = yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=96)
            (room / "expected.yaml").write_text(text, "utf-8")


def _bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    return (json.dumps(body, indent=1, ensure_ascii=False) + "\n").encode()
