"""Prefetch as clients fill it: told apart are not sent, empty, failed, first page only.

A missing key means the client did not look; null means it looked and found nothing; an
OperationOutcome means it tried and failed; a `next` link means there is more than was sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import orjson

from service.cds_hooks.services import PREFETCH, REQUIRED_KEYS
from service.errors import BadInput
from service.fhir.reader import Entry

_WORDS = {
    "patient": "patient details",
    "observations": "vital signs and examinations",
    "laboratory": "laboratory results",
    "medications": "medication orders",
    "administrations": "doses given",
    "statements": "reported medicines",
    "conditions": "problems",
}
# a first page of these may lack a drug; of the others it lacks only what is older
_MUST_BE_WHOLE = ("medications",)


_NONE = msgspec.Raw(b"")
_BEGIN, _OUTCOME = b'{"resourceType":"', b'{"resourceType":"OperationOutcome"'


class _Slot(msgspec.Struct, gc=False):
    resource: msgspec.Raw = _NONE


class _Value(msgspec.Struct, gc=False):
    resourceType: str  # noqa: N815 - a FHIR element
    entry: list[_Slot] = []
    link: msgspec.Raw = _NONE


class _Person(msgspec.Struct, gc=False):
    resourceType: Any = None  # noqa: N815 - a FHIR element
    id: Any = None


class Plain(msgspec.Struct, gc=False):
    """A searchset as record systems write it; its resources are cut out, not parsed."""

    resourceType: Literal["Bundle"]  # noqa: N815 - a FHIR element
    entry: list[_Slot] = []
    link: msgspec.Raw = _NONE


_VALUE = msgspec.json.Decoder(_Value)
_PERSON = msgspec.json.Decoder(_Person)


@dataclass(frozen=True, slots=True)
class Filled:
    """One key as filled. `failed`: something of it was tried in vain; `more`: a further page."""

    resources: tuple[msgspec.Raw, ...] = ()
    failed: bool = False
    more: bool = False


def plainly(value: Plain | msgspec.Raw | None) -> Filled | None:
    """What came under one key, told in one pass over the body; None when `filled` must look."""
    if value is None:
        return Filled()
    if isinstance(value, msgspec.Raw):
        return filled(value)
    found = [slot.resource for slot in value.entry]
    if not all(_is_plain(bytes(one)) for one in found):
        return None
    more = b"next" in bytes(value.link) and _has_next({"link": msgspec.json.decode(value.link)})
    return Filled(tuple(found), more=more)


def _is_plain(resource: bytes) -> bool:
    return resource.startswith(_BEGIN) and not resource.startswith(_OUTCOME)


def filled(raw: msgspec.Raw) -> Filled:
    """Tell apart what came under one key. Well-formed values are cut up, not parsed."""
    sent = bytes(raw)
    if b"OperationOutcome" in sent:
        return _tolerated(sent)
    try:
        value = _VALUE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _tolerated(sent)
    if value.resourceType != "Bundle":
        return Filled((raw,))
    found = tuple(slot.resource for slot in value.entry)
    if _NONE in found or sent.count(b'"resourceType"') <= len(found):
        return _tolerated(sent)
    return Filled(found, more=b"next" in bytes(value.link) and _tolerated(sent).more)


def _tolerated(sent: bytes) -> Filled:
    """The same for what no rule allows and clients send all the same."""
    try:
        found, failed, more = _resources(msgspec.json.decode(sent))
        return Filled(tuple(msgspec.Raw(orjson.dumps(one)) for one in found), failed, more)
    except (msgspec.DecodeError, orjson.JSONEncodeError, UnicodeDecodeError, RecursionError):
        return Filled(failed=True)


@dataclass(frozen=True, slots=True)
class Prefetched:
    """What came: resources to be read, the required keys that did not come, and what went wrong.

    A required key whose value is only a failure did not come: tried and failed is not "nothing".

    `failures`: tried and failed, to be said whatever else is found. `gaps`: not sent, or older
    data cut off. Both in words without patient content.
    """

    entries: tuple[Entry, ...]
    missing: tuple[str, ...]
    failures: tuple[str, ...]
    gaps: tuple[str, ...]


def unsatisfied(prefetch: Mapping[str, Filled]) -> tuple[str, ...]:
    """Keys of ours that were not sent, failed, or came with their first page only."""
    nothing = Filled(failed=True)
    came = {key: prefetch.get(key, nothing) for key in PREFETCH}
    return tuple(key for key, one in came.items() if one.failed or one.more)


def read_prefetch(prefetch: Mapping[str, Filled], patient: str) -> Prefetched:
    """Sort out a prefetch. BadInput when its patient is not the patient of the context."""
    entries: list[Entry] = []
    failures: list[str] = []
    gaps: list[str] = []
    unread: set[str] = set()
    for key, one in prefetch.items():
        said = _WORDS.get(key, "additional data")
        for raw in one.resources:
            entries.append(Entry(len(entries), f"prefetch.{key}", raw))
        if one.failed:
            failures.append(f"{said} could not be read by the record system")
            if not one.resources:
                unread.add(key)
        if one.more:
            (failures if key in _MUST_BE_WHOLE else gaps).append(f"only the first page of {said}")
        if key == "patient":
            _same_patient(one.resources, patient)
    missing = tuple(key for key in REQUIRED_KEYS if key not in prefetch or key in unread)
    gaps += [f"{_WORDS[key]} were not sent" for key in PREFETCH if key not in prefetch]
    return Prefetched(
        tuple(entries), missing, tuple(dict.fromkeys(failures)), tuple(dict.fromkeys(gaps))
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


def _same_patient(found: tuple[msgspec.Raw, ...], patient: str) -> None:
    for raw in found:
        person = _PERSON.decode(raw)
        if person.resourceType != "Patient":
            continue
        if person.id not in (None, patient):
            raise BadInput(
                "prefetch.patient is another patient than context.patientId.",
                code="patient-mismatch",
                location="prefetch.patient.id",
            )
