"""Outcomes of a body as FHIR: a response Bundle with an OperationOutcome for each entry, or one
OperationOutcome for one resource. Reasons are codes; no patient content is repeated.
"""

from collections.abc import Sequence
from typing import Any

from service.fhir.reader import EntryOutcome, Outcome
from service.outcome import Issue, operation_outcome

# outcome -> severity, FHIR issue-type, words, HTTP status of the entry
_SAID = {
    Outcome.ACCEPTED: ("information", "informational", "Stored.", "200 OK"),
    Outcome.SUPERSEDED: (
        "information",
        "informational",
        "A newer version is already stored.",
        "200 OK",
    ),
    Outcome.DUPLICATE: ("information", "duplicate", "This version is already stored.", "200 OK"),
    Outcome.IGNORED: ("warning", "not-supported", "Not used by this service.", "202 Accepted"),
    Outcome.REFUSED: (
        "error",
        "processing",
        "Refused; nothing of it is used.",
        "422 Unprocessable",
    ),
}
_PARTLY = ("warning", "incomplete", "Stored, but a part of it could not be used.")
# Of these nothing was meant to be used: they take something back, or rule it out.
_TOLD = {
    "retracted": ("information", "informational", "Taken back: it is no longer used."),
    "deleted": ("information", "informational", "Deleted: it is no longer used."),
    "refuted": ("information", "informational", "Stored as ruled out."),
}


def issue(found: EntryOutcome) -> Issue:
    """One entry's outcome, with its reason and place."""
    severity, kind, words, _ = _SAID[found.outcome]
    if found.outcome is Outcome.ACCEPTED and found.reason:
        severity, kind, words = _TOLD.get(found.reason, _PARTLY)
    said = f"{words} Reason: {found.reason}." if found.reason else words
    return Issue(severity, kind, found.reason or found.outcome.value, said, found.location)


def response_bundle(bundle_type: str, outcomes: Sequence[EntryOutcome]) -> dict[str, Any]:
    """A Bundle with one entry for each that was received, in the order received."""
    answered = "transaction-response" if bundle_type == "transaction" else "batch-response"
    held: dict[str, Any] = {"resourceType": "Bundle", "type": answered}
    if outcomes:
        held["entry"] = [_entry(found) for found in outcomes]
    return held


def _entry(found: EntryOutcome) -> dict[str, Any]:
    response: dict[str, Any] = {"status": _SAID[found.outcome][3]}
    if found.reference:
        response["location"] = found.reference
    response["outcome"] = operation_outcome([issue(found)])
    return {"response": response}


def resource_answer(outcomes: Sequence[EntryOutcome]) -> tuple[int, dict[str, Any]]:
    """Status and OperationOutcome for one resource (or a list of them, as NDJSON)."""
    refused = sum(found.outcome is Outcome.REFUSED for found in outcomes)
    status = 422 if outcomes and refused == len(outcomes) else 200
    return status, operation_outcome([issue(found) for found in outcomes] or [_NOTHING])


_NOTHING = Issue("warning", "informational", "nothing", "There was nothing in the body.")


def notification_answer(
    outcomes: Sequence[EntryOutcome], kind: str, standing: str
) -> dict[str, Any]:
    """An OperationOutcome for a notification: what kind it was, and what is missing."""
    said = Issue("information", "informational", kind, f"Notification received: {kind}.")
    extra = [_STANDING[standing]] if standing in _STANDING else []
    return operation_outcome([said, *extra, *(issue(found) for found in outcomes)])


_STANDING = {
    "gap": Issue(
        "warning",
        "incomplete",
        "gap",
        "Earlier events of this subscription have not arrived. Send them again.",
    ),
    "restarted": Issue(
        "warning",
        "incomplete",
        "restarted",
        "The subscription began anew: send the current data again.",
    ),
    "not-fetched": Issue(
        "warning",
        "incomplete",
        "not-fetched",
        "The notification names data without holding it, and this service does not fetch it."
        " Use payload content full-resource.",
    ),
}
