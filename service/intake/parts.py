"""The parts of a body before it is read: is it a Bundle, is it what the address says, its lines."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import orjson

from service.errors import BadInput
from service.fhir.limits import Limits, check
from service.fhir.reader import EntryOutcome, Outcome, ReadContext, Reading, read_resources
from service.intake.delivery import Delivery


class _Head(msgspec.Struct):
    """What a resource says it is; everything else is skipped over."""

    kind: Any = msgspec.field(default=None, name="resourceType")
    id: Any = None


def is_bundle(body: bytes) -> bool:
    return _head(body).kind == "Bundle"


def checked(given: Delivery, limits: Limits) -> None:
    """BadInput when the body is not the type, or not the id, that the address names."""
    if not given.resource_type:
        return
    check(given.body, limits)
    head = _head(given.body)
    if head.kind != given.resource_type:
        raise BadInput(
            "The resource is of another type than the address.",
            code="type-mismatch",
            location="resourceType",
        )
    if given.resource_id and head.id != given.resource_id:
        raise BadInput(
            "The resource has another id than the address.", code="id-mismatch", location="id"
        )


def _head(body: bytes) -> _Head:
    try:
        return msgspec.json.decode(body, type=_Head)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Head()  # the reader says what is wrong with it


def read_lines(body: bytes, context: ReadContext) -> Reading:
    """NDJSON: one outcome for each line that is not blank, at `line N`.

    Lines end at newline bytes only (U+2028 may stand inside a text). BadInput when there is none.
    """
    lines = list(_lines(body, context.limits))
    good = [(number, document) for number, document, _ in lines if document is not None]
    reading = read_resources([document for _, document in good], context)
    outcomes = {
        place: replace(found, index=place, location=f"line {place + 1}")
        for found, (place, _) in zip(reading.outcomes, good, strict=True)
    }
    for number, _, reason in lines:
        if reason:
            outcomes[number] = EntryOutcome(number, f"line {number + 1}", Outcome.REFUSED, reason)
    resources = tuple(replace(found, index=good[found.index][0]) for found in reading.resources)
    return replace(
        reading, outcomes=tuple(outcomes[n] for n in sorted(outcomes)), resources=resources
    )


def _lines(body: bytes, limits: Limits) -> Iterator[tuple[int, dict[str, Any] | None, str]]:
    """(line from 0, resource or None, reason of refusal)."""
    found = False
    for number, line in enumerate(body.split(b"\n")):
        if not line.strip():
            continue
        found = True
        try:
            check(line, limits)
            document = orjson.loads(line)
        except BadInput as fault:
            yield number, None, fault.code
        except orjson.JSONDecodeError:
            yield number, None, "not-json"
        else:
            yield (
                (number, document, "")
                if isinstance(document, dict)
                else (
                    number,
                    None,
                    "not-an-object",
                )
            )
    if not found:
        raise BadInput("The body is empty.", code="empty-body", location="http.body")
