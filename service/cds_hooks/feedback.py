"""Feedback on cards: an array, read entry by entry; one bad entry does not lose the others."""

from datetime import UTC, datetime
from typing import Any

from service.cds_hooks.request import decoded
from service.errors import BadInput

_OUTCOMES = ("accepted", "overridden")
ENTRIES_MAX = 1000
_COMMENT_MAX = 500


def read_feedback(body: bytes) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Entries ready to store, and the faults as (location, what).

    BadInput when there is no array at all. An entry: card, outcome, at (datetime), accepted
    (ids), reason_code, reason_system, comment.
    """
    held = decoded(body).get("feedback")
    if not isinstance(held, list) or not held:
        said = "feedback must be an array with at least one entry."
        raise BadInput(said, code="feedback-missing", location="feedback")
    if len(held) > ENTRIES_MAX:
        said = f"feedback holds more than {ENTRIES_MAX} entries."
        raise BadInput(said, code="feedback-too-many", location="feedback")
    entries: list[dict[str, Any]] = []
    faults: list[tuple[str, str]] = []
    for n, given in enumerate(held):
        entry, fault = _entry(given)
        if fault:
            faults.append((f"feedback[{n}]{fault[0]}", fault[1]))
        else:
            entries.append(entry)
    return entries, faults


def _entry(given: Any) -> tuple[dict[str, Any], tuple[str, str] | None]:
    if not isinstance(given, dict):
        return {}, ("", "must be an object")
    card, outcome = given.get("card"), given.get("outcome")
    if not isinstance(card, str) or not 0 < len(card) <= 128:
        return {}, (".card", "is required")
    if outcome not in _OUTCOMES:
        return {}, (".outcome", "must be accepted or overridden")
    at = _instant(given.get("outcomeTimestamp"))
    if at is None:
        return {}, (".outcomeTimestamp", "must be a date and time with zone (RFC 3339)")
    reason = given.get("overrideReason")
    reason = reason if isinstance(reason, dict) else {}
    coded = reason.get("reason")
    coded = coded if isinstance(coded, dict) else {}
    return {
        "card": card,
        "outcome": outcome,
        "at": at,
        "accepted": _accepted(given.get("acceptedSuggestions")),
        "reason_code": _short(coded.get("code"), 128),
        "reason_system": _short(coded.get("system"), 256),
        "comment": _short(reason.get("userComment"), _COMMENT_MAX),
    }, None


def _accepted(given: Any) -> list[str]:
    listed = given if isinstance(given, list) else []
    return [s["id"] for s in listed if isinstance(s, dict) and isinstance(s.get("id"), str)]


def _short(value: Any, limit: int) -> str:
    return value[:limit] if isinstance(value, str) else ""


def _instant(given: Any) -> datetime | None:
    if not isinstance(given, str):
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo is not None else None
