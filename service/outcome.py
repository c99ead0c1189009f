"""OperationOutcome: how FHIR says what happened and where. Plain data, no patient content."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from service.errors import SentinelError

JSON = "application/fhir+json"
SYSTEM = "urn:nms-sentinel:code"


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing to say. `kind`: FHIR issue-type; `code`: ours, constant; `where`: a FHIRPath."""

    severity: str
    kind: str
    code: str
    words: str
    where: str = ""

    def as_dict(self) -> dict[str, Any]:
        held: dict[str, Any] = {
            "severity": self.severity,
            "code": self.kind,
            "details": {
                "coding": [{"system": SYSTEM, "code": self.code}],
                "text": self.words,
            },
            "diagnostics": self.words,
        }
        if self.where.startswith("http."):  # a header or the address: not in the resource
            held["location"] = [self.where]
        elif self.where:
            held |= {"location": [self.where], "expression": [self.where]}
        return held


def operation_outcome(issues: Sequence[Issue]) -> dict[str, Any]:
    """The resource; at least one issue is needed."""
    return {"resourceType": "OperationOutcome", "issue": [issue.as_dict() for issue in issues]}


def of_fault(fault: SentinelError) -> dict[str, Any]:
    """An error of ours as the resource. A refused caller is told no reason."""
    severity = "fatal" if fault.status >= 500 else "error"
    issue = Issue(severity, fault.issue, fault.code, fault.message, fault.location or "")
    return operation_outcome([issue])


def encoded(resource: dict[str, Any]) -> bytes:
    return orjson.dumps(resource)
