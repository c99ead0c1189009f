"""What an alert is in a record system: Task, Flag, DetectedIssue, Communication (R4).

Codes, ids and a link; the words are constant. None of them is an order, and none changes one
(SAF-02): a Task asks somebody to look.
"""

from datetime import datetime
from typing import Any

KINDS = ("Task", "Flag", "DetectedIssue", "Communication")
SYSTEM = "urn:nms-sentinel"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/flag-category"
_PRIORITY = {"urgent_task": "urgent", "interruptive": "stat"}
_WORDS = {
    "nms": "NMS Sentinel: possible neuroleptic malignant syndrome, examine the patient",
    "interaction": "NMS Sentinel: drug interaction, look at the alert",
}
# of these one stands for the whole alert; of the others there is one for each notice
ONE_AN_ALERT = frozenset({"Flag", "DetectedIssue"})


def resource(
    kind: str,
    *,
    patient: str,
    alert_kind: str,
    audience: str,
    channel: str,
    why: str,
    link: str,
    at: datetime,
) -> dict[str, Any]:
    """One resource about an alert; without the identifier, which the writer adds."""
    return _MAKERS[kind](
        {
            "patient": {"reference": f"Patient/{patient}"},
            "words": _WORDS[alert_kind],
            "audience": audience,
            "priority": _PRIORITY.get(channel, "routine"),
            "why": {"coding": [{"system": f"{SYSTEM}:why", "code": why}], "text": why},
            "code": {
                "coding": [{"system": f"{SYSTEM}:alert", "code": alert_kind}],
                "text": _WORDS[alert_kind],
            },
            "link": link,
            "at": at.isoformat(),
        }
    )


def _task(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "proposal",
        "priority": told["priority"],
        "code": told["code"],
        "description": f"{told['words']}. {told['link']}",
        "for": told["patient"],
        "authoredOn": told["at"],
        "performerType": [{"text": told["audience"]}],
        "reasonCode": told["why"],
    }


def _flag(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Flag",
        "status": "active",
        "category": [{"coding": [{"system": _CATEGORY, "code": "clinical"}]}],
        "code": told["code"],
        "subject": told["patient"],
        "period": {"start": told["at"]},
    }


def _detected_issue(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "DetectedIssue",
        "status": "preliminary",
        "code": told["code"],
        "severity": "high",
        "patient": told["patient"],
        "identifiedDateTime": told["at"],
        "detail": told["words"],
        "reference": told["link"],
    }


def _communication(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Communication",
        "status": "completed",
        "priority": told["priority"],
        "subject": told["patient"],
        "topic": told["code"],
        "sent": told["at"],
        "reasonCode": [told["why"]],
        "payload": [{"contentString": f"{told['words']}. {told['link']}"}],
    }


_MAKERS = {
    "Task": _task,
    "Flag": _flag,
    "DetectedIssue": _detected_issue,
    "Communication": _communication,
}
