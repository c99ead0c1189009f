"""What we send as FHIR (R4) beside answers: accepted by the models before it leaves.

A resource that the models refuse is our fault and raises `EmitFault`. Answers to a body are built
in `service.intake.answers`, those to a failed request in `service.outcome`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from service.errors import SentinelError
from service.fhir.models import model_faults
from service.fhir.versions import R4


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
