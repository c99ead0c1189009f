"""An audit row as a FHIR AuditEvent in the form of IHE Basic Audit Log Patterns (R4).

An event that concerns a patient names the patient as an entity (type 1 person, role 1 patient).
The place in our chain goes along as an entity detail, so that an export can be held against it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service.fhir.emit import validated

_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_EVENT = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_OURS = "urn:nms-sentinel:audit-action"
PROFILES = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
# what our action ends with -> C, R, U, E of the standard
_ACTIONS = {"read": "R", "write": "C", "take": "C", "export": "R", "sign-in": "E"}
_PATTERNS = {"R": "PatientQuery", "C": "PatientCreate", "U": "PatientUpdate"}


def audit_event(
    *,
    tenant: str,
    seq: int,
    digest: str,
    at: datetime,
    who: str,
    role: str,
    action: str,
    outcome: str,
    patient: str,
    subject: str,
    why: str,
    correlation: str,
    detail: Mapping[str, Any],
) -> dict[str, Any]:
    """One validated AuditEvent. EmitFault when it is not FHIR."""
    kind = _kind(action)
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": f"{seq}",
        "type": {"system": _EVENT, "code": "rest", "display": "RESTful Operation"},
        "subtype": [{"system": _OURS, "code": action}],
        "action": kind,
        "recorded": at.isoformat(),
        "outcome": "0" if outcome == "success" else "4",
        "agent": [_agent(who, role)],
        "source": {"site": tenant, "observer": {"display": "NMS Sentinel"}},
        "entity": [*_patients(patient, detail), _row(seq, digest, subject, correlation)],
    }
    if event["entity"][:-1]:
        pattern = _PATTERNS.get(kind)
        if pattern:
            event["meta"] = {"profile": [f"{PROFILES}{pattern}"]}
    if outcome != "success":
        event["outcomeDesc"] = outcome
    if why:
        event["purposeOfEvent"] = [{"text": why}]
    return validated(event)


def _kind(action: str) -> str:
    room, _, verb = action.partition(".")
    if room == "hook":
        return "R"
    return _ACTIONS.get(verb, "U" if room == "alert" else "E")


def _agent(who: str, role: str) -> dict[str, Any]:
    named: dict[str, Any] = {
        "type": {"coding": [{"system": _DCM, "code": "110153", "display": "Source Role ID"}]},
        "who": {"identifier": {"value": who or "unknown"}, "display": who or "unknown"},
        "requestor": True,
    }
    return {**named, "role": [{"text": role}]} if role else named


def _patients(patient: str, detail: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = detail.get("patients") if isinstance(detail.get("patients"), list) else []
    names = [patient] if patient else [str(name) for name in listed or ()]
    return [
        {
            "what": {"reference": f"Patient/{name}"},
            "type": {"system": _ENTITY, "code": "1", "display": "Person"},
            "role": {"system": _ROLE, "code": "1", "display": "Patient"},
        }
        for name in names
    ]


def _row(seq: int, digest: str, subject: str, correlation: str) -> dict[str, Any]:
    told = {"seq": str(seq), "hash": digest, "subject": subject, "correlation": correlation}
    return {
        "what": {"identifier": {"system": "urn:nms-sentinel:audit", "value": str(seq)}},
        "type": {"system": _ENTITY, "code": "4", "display": "Other"},
        "detail": [{"type": key, "valueString": value} for key, value in told.items() if value],
    }
