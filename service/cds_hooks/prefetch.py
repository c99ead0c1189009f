"""Prefetch as clients fill it: told apart are not sent, empty, failed, first page only.

A missing key means the client did not look; null means it looked and found nothing; an
OperationOutcome means it tried and failed; a `next` link means there is more than was sent.
"""

from dataclasses import dataclass
from typing import Any

from service.cds_hooks.services import PREFETCH, REQUIRED_KEYS
from service.errors import BadInput

_WORDS = {
    "patient": "patient details",
    "observations": "vital signs and examinations",
    "laboratory": "laboratory results",
    "medications": "medication orders",
    "administrations": "doses given",
    "statements": "reported medication",
    "conditions": "problems",
}
# a first page of these may lack a drug; of the others it lacks only what is older
_MUST_BE_WHOLE = ("medications",)


@dataclass(frozen=True, slots=True)
class Prefetched:
    """What came: resources, the required keys that did not come, and what went wrong.

    A required key whose value is only a failure did not come: tried and failed is not "nothing".

    `failures`: tried and failed, to be said whatever else is found. `gaps`: not sent, or older
    data cut off. Both in words without patient content.
    """

    resources: tuple[dict[str, Any], ...]
    missing: tuple[str, ...]
    failures: tuple[str, ...]
    gaps: tuple[str, ...]


def unsatisfied(prefetch: dict[str, Any]) -> tuple[str, ...]:
    """Keys of ours that were not sent, failed, or came with their first page only."""
    wanting = []
    for key in PREFETCH:
        if key not in prefetch:
            wanting.append(key)
            continue
        _, failed, more = _resources(prefetch[key])
        if failed or more:
            wanting.append(key)
    return tuple(wanting)


def read_prefetch(prefetch: dict[str, Any], patient: str) -> Prefetched:
    """Sort out a prefetch. BadInput when its patient is not the patient of the context."""
    resources: list[dict[str, Any]] = []
    failures: list[str] = []
    gaps: list[str] = []
    unread: set[str] = set()
    for key, value in prefetch.items():
        said = _WORDS.get(key, "additional data")
        found, failed, more = _resources(value)
        resources += found
        if failed and not found:
            unread.add(key)
        if failed:
            failures.append(f"{said} could not be read by the record system")
        if more:
            (failures if key in _MUST_BE_WHOLE else gaps).append(f"only the first page of {said}")
        if key == "patient":
            _same_patient(found, patient)
    missing = tuple(key for key in REQUIRED_KEYS if key not in prefetch or key in unread)
    gaps += [f"{_WORDS[key]} were not sent" for key in PREFETCH if key not in prefetch]
    return Prefetched(
        tuple(resources), missing, tuple(dict.fromkeys(failures)), tuple(dict.fromkeys(gaps))
    )


def _resources(value: Any) -> tuple[list[dict[str, Any]], bool, bool]:
    """The resources of one key; whether something failed; whether there is another page."""
    value = _unwrapped(value)
    if value is None:
        return [], False, False
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        return [], True, False
    if value["resourceType"] == "OperationOutcome":
        return [], _failed(value), False
    if value["resourceType"] != "Bundle":
        return [value], False, False
    found: list[dict[str, Any]] = []
    failed = False
    entries = value.get("entry")
    for entry in entries if isinstance(entries, list) else []:
        resource = _unwrapped(entry)
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            failed = True
        elif resource["resourceType"] == "OperationOutcome":
            failed = failed or _failed(resource)
        else:
            found.append(resource)
    return found, failed, _has_next(value)


def _unwrapped(value: Any) -> Any:
    """Older clients wrap the resource: {"response": ..., "resource": ...}."""
    if isinstance(value, dict) and "resourceType" not in value and "resource" in value:
        return value["resource"]
    return value


def _failed(outcome: dict[str, Any]) -> bool:
    """Warnings and information of a search are not failures."""
    issues = outcome.get("issue")
    if not isinstance(issues, list) or not issues:
        return True
    graded = [i.get("severity") for i in issues if isinstance(i, dict)]
    return any(grade not in ("warning", "information", "success") for grade in graded)


def _has_next(bundle: dict[str, Any]) -> bool:
    links = bundle.get("link")
    return isinstance(links, list) and any(
        isinstance(link, dict) and link.get("relation") == "next" for link in links
    )


def _same_patient(found: list[dict[str, Any]], patient: str) -> None:
    for resource in found:
        if resource["resourceType"] != "Patient":
            continue
        if resource.get("id") not in (None, patient):
            raise BadInput(
                "prefetch.patient is another patient than context.patientId.",
                code="patient-mismatch",
                location="prefetch.patient.id",
            )
