"""Statuses as sent, in every version of FHIR -> what the chart knows (SPEC OBS-01, 3.5)."""

from typing import Any

from alerts.chart import UseStatus
from service.fhir.reader.fields import Fields, Memo, code, decoded
from service.fhir.reader.reasons import Reason

FINAL = "final"
PRELIMINARY = "preliminary"
_OBSERVATION: dict[str, str | Reason] = {
    "final": FINAL,
    "amended": FINAL,
    "corrected": FINAL,
    "appended": FINAL,
    "preliminary": PRELIMINARY,
    "partial": PRELIMINARY,
    "registered": Reason.STATUS_REGISTERED,
    "cancelled": Reason.STATUS_CANCELLED,
    "unknown": Reason.STATUS_UNKNOWN,
    "": Reason.STATUS_MISSING,
}


def _read_observation(raw: bytes) -> str | Reason:
    try:
        value = decoded(raw)
    except ValueError:
        return Reason.STATUS_INVALID
    if value is None:
        return Reason.STATUS_MISSING
    if not isinstance(value, str):
        return Reason.STATUS_INVALID
    return _OBSERVATION.get(code(value), Reason.STATUS_INVALID)


observation_statuses = Memo(_read_observation)


def observation_status(found: Fields) -> str | Reason:
    """FINAL, PRELIMINARY, or the reason why the result is not used."""
    raw = found.get("status")
    return observation_statuses[bytes(raw)] if raw is not None else Reason.STATUS_MISSING


# Names that older and newer versions use for one status.
_USE = {status.value: status for status in UseStatus} | {
    "not-given": UseStatus.NOT_DONE,
    "suspended": UseStatus.ON_HOLD,
    "revoked": UseStatus.STOPPED,
    "aborted": UseStatus.STOPPED,
    "proposed": UseStatus.DRAFT,
    "planned": UseStatus.DRAFT,
    "superseded": UseStatus.STOPPED,
    "recorded": UseStatus.ACTIVE,
}


def use_status(value: Any) -> UseStatus:
    """The status of a medication resource; what is not known stays unknown."""
    return _USE.get(code(value), UseStatus.UNKNOWN)
