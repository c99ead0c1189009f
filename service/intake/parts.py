"""A look at a body before it is read: is it a Bundle, is it what the address says?"""

from typing import Any

import msgspec

from service.errors import BadInput
from service.fhir.limits import Limits, check
from service.intake.delivery import Delivery


class _Head(msgspec.Struct):
    """What a resource says it is; everything else is skipped over."""

    kind: Any = msgspec.field(default=None, name="resourceType")
    id: Any = None


def is_bundle(body: bytes) -> bool:
    return bool(_head(body).kind == "Bundle")


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
