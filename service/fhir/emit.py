"""What we send as FHIR (R4): built here, and accepted by the models before it leaves.

Texts never hold patient content: codes, places and counts only. A resource that the models refuse
is our fault and raises `EmitFault`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from alerts.chart import SignKind
from service.errors import SentinelError
from service.fhir.models import model_faults
from service.fhir.reader.readers import KINDS
from service.fhir.reader.reading import EntryOutcome, Outcome, Reading
from service.fhir.reader.signs import BEDSIDE
from service.fhir.versions import R4

REASONS = "urn:nms-sentinel:reason"
_SEVERITY = {
    Outcome.REFUSED: "error",
    Outcome.IGNORED: "information",
    Outcome.SUPERSEDED: "information",
    Outcome.DUPLICATE: "information",
    Outcome.ACCEPTED: "warning",
}
_STATUS = {
    Outcome.ACCEPTED: "200 OK",
    Outcome.SUPERSEDED: "200 OK",
    Outcome.DUPLICATE: "200 OK",
    Outcome.IGNORED: "202 Accepted",
    Outcome.REFUSED: "422 Unprocessable Entity",
}
# Reason -> FHIR issue type; others are "processing".
_ISSUE = {
    "other-patient": "forbidden",
    "foreign-server": "forbidden",
    "no-subject": "required",
    "subject-display-only": "required",
    "subject-unresolved": "not-found",
    "subject-not-a-patient": "invalid",
    "unknown-resource": "not-supported",
    "unused-resource": "not-supported",
    "nested-bundle": "not-supported",
    "not-an-object": "structure",
    "no-resource-type": "structure",
    "duplicate-key": "structure",
    "too-large": "too-long",
    "same-content": "duplicate",
    "reader-fault": "exception",
}
_RESPONSES = {"transaction": "transaction-response", "batch": "batch-response"}


class EmitFault(SentinelError):
    """We built a resource that the models refuse."""


def validated(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource, accepted by the R4B models. Raises EmitFault naming the elements."""
    faults = model_faults(resource, R4)
    if faults:
        raise EmitFault(
            f"{resource.get('resourceType')} is not FHIR: {'; '.join(faults)}", code="emit-invalid"
        )
    return resource


def issue(
    severity: str, code: str, text: str, *, reason: str = "", location: str | None = None
) -> dict[str, Any]:
    """One issue of an OperationOutcome. `location` is a FHIRPath of the request's body."""
    details: dict[str, Any] = {"text": text}
    if reason:
        details["coding"] = [{"system": REASONS, "code": reason}]
    found: dict[str, Any] = {"severity": severity, "code": code, "details": details}
    return {**found, "expression": [location]} if location else found


def operation_outcome(issues: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """An OperationOutcome; without issues it says that all went well."""
    told = [dict(one) for one in issues] or [issue("information", "informational", "All was read.")]
    return validated({"resourceType": "OperationOutcome", "issue": told})


def outcome_of_error(error: SentinelError, correlation: str | None = None) -> dict[str, Any]:
    """The answer to a request that failed as a whole."""
    told = issue("error", error.issue, error.message, reason=error.code, location=error.location)
    if correlation:
        told["diagnostics"] = f"Reference for support: {correlation}"
    return operation_outcome([told])


def outcome_of_reading(reading: Reading) -> dict[str, Any]:
    """One issue for every entry that has something to say, in the order of the body."""
    return operation_outcome([entry_issue(one) for one in reading.outcomes if one.reason])


def entry_issue(one: EntryOutcome) -> dict[str, Any]:
    """An entry's outcome as an issue."""
    return issue(
        _SEVERITY[one.outcome],
        _ISSUE.get(one.reason, "processing"),
        f"{one.outcome.value}: {one.reason or 'read'}",
        reason=one.reason,
        location=one.location,
    )


def response_bundle(outcomes: Sequence[EntryOutcome], kind: str | None) -> dict[str, Any]:
    """The answer to a transaction or batch: one entry for each entry sent, in the same order.

    Entries of one outcome and reason have one shape: each shape is validated once, so that a
    thousand entries cost no more than ten.
    """
    bundle = {
        "resourceType": "Bundle",
        "type": _RESPONSES.get(kind or "", "batch-response"),
        "entry": [_response(one) for one in outcomes],
    }
    shapes = {(one.outcome, one.reason, bool(one.reference)): n for n, one in enumerate(outcomes)}
    validated({**bundle, "entry": [bundle["entry"][n] for n in shapes.values()]})
    return bundle


def _response(one: EntryOutcome) -> dict[str, Any]:
    response: dict[str, Any] = {"status": _STATUS[one.outcome]}
    if one.reference and one.outcome is Outcome.ACCEPTED:
        response["location"] = one.reference
    if one.reason:
        response["outcome"] = {"resourceType": "OperationOutcome", "issue": [entry_issue(one)]}
    return {"response": response}


def bedside_observation(
    mark: str, patient: str, kind: SignKind, choice: str, display: str, at: datetime
) -> dict[str, Any]:
    """What was examined at the bedside. `choice` is a code of the check; `at` has a zone."""
    return validated(
        {
            "resourceType": "Observation",
            "id": mark,
            "status": "final",
            "code": {"coding": [{"system": BEDSIDE, "code": kind.value}]},
            "subject": {"reference": f"Patient/{patient}"},
            "effectiveDateTime": at.isoformat(),
            "issued": at.isoformat(),
            "valueCodeableConcept": {
                "coding": [{"system": BEDSIDE, "code": choice, "display": display}],
                "text": display,
            },
        }
    )


def detected_issue(
    mark: str,
    patient: str,
    rule: str,
    detail: str,
    severity: str,
    at: datetime,
    implicated: Iterable[str] = (),
) -> dict[str, Any]:
    """A finding of a rule for a record system. `severity`: high, moderate, low. `implicated`:
    references of the orders it is about."""
    resource: dict[str, Any] = {
        "resourceType": "DetectedIssue",
        "id": mark,
        "status": "preliminary",
        "code": {"coding": [{"system": "urn:nms-sentinel:rule", "code": rule}], "text": rule},
        "severity": severity,
        "patient": {"reference": f"Patient/{patient}"},
        "identifiedDateTime": at.isoformat(),
        "detail": detail,
    }
    references = [{"reference": one} for one in implicated]
    return validated({**resource, "implicated": references} if references else resource)


def audit_event(
    action: str, outcome: str, who: str, what: Sequence[str], at: datetime, purpose: str = ""
) -> dict[str, Any]:
    """Who did what to which records. `action`: C, R, U, D or E; `outcome`: 0, 4, 8 or 12."""
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "type": {
            "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
            "code": "rest",
        },
        "action": action,
        "recorded": at.isoformat(),
        "outcome": outcome,
        "agent": [{"who": {"display": who}, "requestor": True}],
        "source": {"observer": {"display": "NMS Sentinel"}},
    }
    if what:
        event["entity"] = [{"what": {"reference": one}} for one in what]
    if purpose:
        event["purposeOfEvent"] = [{"text": purpose}]
    return validated(event)


def capability_statement(base_url: str, release: str, at: datetime) -> dict[str, Any]:
    """What /fhir takes: every type that the reader knows and R4 has, and whole Bundles."""
    known = sorted(kind for kind in KINDS if kind not in _NOT_R4)
    interaction = [{"code": "create"}, {"code": "update"}]
    return validated(
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": at.isoformat(),
            "kind": "instance",
            "software": {"name": "NMS Sentinel", "version": release},
            "implementation": {"description": "Intake of NMS Sentinel", "url": f"{base_url}/fhir"},
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json", "application/fhir+ndjson"],
            "rest": [
                {
                    "mode": "server",
                    "documentation": "Also reads DSTU2, STU3, R4B and R5, told by the fhirVersion"
                    " parameter of the media type or by the form of the resource.",
                    "resource": [{"type": kind, "interaction": interaction} for kind in known],
                    "interaction": [{"code": "transaction"}, {"code": "batch"}],
                }
            ],
        }
    )


_NOT_R4 = frozenset({"MedicationOrder", "MedicationPrescription", "MedicationUsage", "DeviceUsage"})
