"""The envelope of a body: a Bundle of any type or a single resource -> its entries."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec

from service.errors import BadInput, TooLarge
from service.fhir.limits import BYTE_ORDER_MARK, Limits, check_structure
from service.fhir.reader.entry import Entry
from service.fhir.reader.fields import (
    DuplicateKey,
    Fields,
    decoded,
    fields,
    objects,
    string,
    value_of,
)
from service.fhir.reader.notifications import is_status
from service.fhir.reader.swift import Swift, as_entry

TYPES = frozenset({
    "document", "message", "transaction", "transaction-response", "batch", "batch-response",
    "history", "searchset", "collection", "subscription-notification",
})  # fmt: skip
_EMPTY = msgspec.Raw(b"")
_OUT_OF_BODY = "Bundle.entry"
_LIST = b'"entry":['
_DEPTH_OF_AN_ENTRY = 2


class _Entry(msgspec.Struct, gc=False):
    resource: msgspec.Raw = _EMPTY
    fullUrl: str | None = None  # noqa: N815 - a FHIR element
    request: msgspec.Raw = _EMPTY
    response: msgspec.Raw = _EMPTY


class _Bundle(msgspec.Struct):
    resourceType: str | None = None  # noqa: N815 - a FHIR element
    type: str | None = None
    entry: list[msgspec.Raw] | None = None
    link: msgspec.Raw = _EMPTY


_BUNDLE = msgspec.json.Decoder(_Bundle)
_ENTRY = msgspec.json.Decoder(_Entry)
_ENTRIES = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(slots=True)
class Envelope:
    """`type` is None for a single resource, which is `alone`. `sent`: the entries of a Bundle as
    they came; `entries` are those that were not read at once."""

    entries: list[Entry] = field(default_factory=list)
    type: str | None = None
    next_url: str | None = None
    sent: list[msgspec.Raw] = field(default_factory=list)
    alone: bytes = b""

    def entry(self, index: int) -> Entry:
        """One entry of `sent`, to be read the usual way."""
        return _entry(index, self.sent[index])

    def as_sent(self, index: int) -> bytes | None:
        """One entry as it came; None where it is not known."""
        if self.alone:
            return as_entry(self.alone)
        return bytes(self.sent[index]) if self.sent else None


def open_envelope(body: bytes, limits: Limits, swift: Swift | None = None) -> Envelope:
    """Raises BadInput (with the place), TooLarge.

    The bytes have been checked before (`limits.check_bytes`), the nesting is checked here: the
    decoder skips what it does not open, no deeper than Python goes. `swift` is offered every
    entry of a Bundle, or the single resource; what it reads it has also found in order.
    """
    body = body.removeprefix(BYTE_ORDER_MARK)
    try:
        bundle = _BUNDLE.decode(body)
    except msgspec.ValidationError:
        check_structure(body, limits)
        return _loose(body, limits)
    except msgspec.DecodeError as fault:
        check_structure(body, limits)
        raise _not_json(str(fault)) from fault
    except RecursionError as fault:
        check_structure(body, limits)
        raise TooLarge("The body is nested too deep.", code="too-deep") from fault
    kind = bundle.resourceType
    if kind != "Bundle":
        if swift is not None and kind and swift.take(0, kind, as_entry(body)):
            return Envelope(alone=body)
        check_structure(body, limits)
        return _single(body)
    sent = bundle.entry or []
    _check_head(bundle.type, len(sent), limits)
    entries = _opened(body, sent, limits, swift)
    return Envelope(entries, bundle.type, _next(bytes(bundle.link)), sent)


def _opened(
    body: bytes, sent: list[msgspec.Raw], limits: Limits, swift: Swift | None
) -> list[Entry]:
    """The entries that `swift` leaves, none nested too deep."""
    apart = _stand_apart(body, sent, limits)
    if not apart:
        check_structure(body, limits)
        _head(body)
    entries = []
    for index, raw in enumerate(sent):
        if swift is not None and swift.take(index, _place(index), bytes(raw)):
            continue
        if apart:
            check_structure(bytes(raw), limits, _DEPTH_OF_AN_ENTRY)
        entry = _entry(index, raw)
        if index == 0 and entry.raw is not None and is_status(entry.raw):
            swift = None  # what it tells of is read together with it
        entries.append(entry)
    return entries


def _stand_apart(body: bytes, sent: list[msgspec.Raw], limits: Limits) -> bool:
    """Is it known where the entries stand? Then what stands around them has been checked."""
    start = body.find(_LIST) + len(_LIST)
    text = b",".join(sent)
    if not sent or start < len(_LIST) or not body.startswith(text, start):
        return False
    around = body[:start] + body[start + len(text) :]
    check_structure(around, limits)
    inside = _head(around).get("entry")
    return inside is not None and bytes(inside) == b"[]"


@lru_cache(maxsize=16_384)
def _place(index: int) -> str:
    return f"Bundle.entry[{index}].resource"


def _entry(index: int, sent: msgspec.Raw) -> Entry:
    try:
        one = _ENTRY.decode(sent)
    except msgspec.ValidationError:
        return _loose_entry(index, sent)
    raw = one.resource
    if bytes(sent).count(b'"resource":') != (raw is not _EMPTY):
        _check_keys(bytes(sent))
    if one.request is _EMPTY and one.response is _EMPTY:
        if raw is _EMPTY:
            return Entry(index, f"Bundle.entry[{index}]", None, one.fullUrl)
        return Entry(index, _place(index), raw, one.fullUrl)
    place = f"Bundle.entry[{index}]" if raw is _EMPTY else _place(index)
    resource = None if raw is _EMPTY else raw
    entry = Entry(index, place, resource, one.fullUrl, bytes(one.response))
    request = bytes(one.request)
    if b"DELETE" in request or b"\\" in request:
        _changed(entry, _object(request))
    return entry


def _changed(entry: Entry, request: Any) -> None:
    """DELETE takes the named resource away: in a transaction, a history, an export's `deleted`."""
    if not isinstance(request, dict) or string(request.get("method")).upper() != "DELETE":
        return
    kind, _, mark = string(request.get("url")).split("?")[0].rpartition("/")
    kind = kind.rpartition("/")[2]
    if kind and mark:
        entry.raw, entry.deleted, entry.type, entry.id = None, True, kind, mark
        entry.digest = f"deleted-{kind}-{mark}"


def _object(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return decoded(raw)
    except ValueError:
        return None


def _loose(body: bytes, limits: Limits) -> Envelope:
    """An envelope that is not as the fast path expects it: element by element."""
    head = _head(body)
    kind = _text(head, "resourceType")
    if kind != "Bundle":
        return _single(body)
    raw = head.get("entry")
    parts: list[msgspec.Raw] = []
    if raw is not None and bytes(raw) != b"null":
        try:
            parts = _ENTRIES.decode(raw)
        except msgspec.DecodeError as fault:
            raise BadInput(
                "Bundle.entry is not a list.", code="entry-not-a-list", location=_OUT_OF_BODY
            ) from fault
    _check_head(_text(head, "type"), len(parts), limits)
    found = [_loose_entry(index, part) for index, part in enumerate(parts)]
    return Envelope(found, _text(head, "type"), _next(bytes(head.get("link", _EMPTY))))


def _loose_entry(index: int, raw: msgspec.Raw) -> Entry:
    place = f"Bundle.entry[{index}]"
    try:
        parts = fields(raw)
    except (msgspec.DecodeError, DuplicateKey):
        return Entry(index, place, raw)  # refused when it is opened
    resource = parts.get("resource")
    entry = Entry(
        index,
        place if resource is None else f"{place}.resource",
        resource,
        _text(parts, "fullUrl"),
        bytes(parts.get("response", _EMPTY)),
    )
    _changed(entry, _object(bytes(parts.get("request", _EMPTY))))
    return entry


def _single(body: bytes) -> Envelope:
    head = _head(body)
    kind = _text(head, "resourceType")
    if not kind:
        raise BadInput(
            "There is no resourceType: which resource is it?",
            code="no-resource-type",
            location="resourceType",
        )
    return Envelope([Entry(0, kind, msgspec.Raw(body))], alone=body)


def _head(body: bytes) -> Fields:
    try:
        return fields(body)
    except DuplicateKey as fault:
        raise BadInput(
            "An object names the same key twice.", code="duplicate-key", location="/"
        ) from fault
    except msgspec.ValidationError as fault:
        raise BadInput(
            "The body is JSON, but not a FHIR resource.", code="not-fhir", location="/"
        ) from fault
    except msgspec.DecodeError as fault:
        raise _not_json(str(fault)) from fault


def _check_keys(sent: bytes) -> None:
    """More than one `resource` in an entry: a key that came twice, or a bundle inside."""
    try:
        decoded(sent)
    except DuplicateKey as fault:
        raise BadInput(
            "An object names the same key twice.", code="duplicate-key", location=_OUT_OF_BODY
        ) from fault
    except ValueError as fault:
        raise _not_json("") from fault


def _text(head: Fields, name: str) -> str | None:
    try:
        return string(value_of(head, name)) or None
    except ValueError:
        return None


def _check_head(kind: str | None, entries: int, limits: Limits) -> None:
    if not kind:
        raise BadInput(
            "A Bundle must say its type.", code="bundle-without-type", location="Bundle.type"
        )
    if kind not in TYPES:
        raise BadInput(
            "There is no such type of Bundle.", code="bundle-type-unknown", location="Bundle.type"
        )
    if entries > limits.max_entries:
        raise TooLarge(
            f"The Bundle has {entries} entries; at most {limits.max_entries} are read.",
            code="too-many-entries",
            location=_OUT_OF_BODY,
        )


def _next(raw: bytes) -> str | None:
    """A searchset page that goes on."""
    links = _object(raw)
    for link in objects(links):
        if link.get("relation") == "next":
            return string(link.get("url")) or None
    return None


def _not_json(message: str) -> BadInput:
    place = message.rpartition("(")[2].rstrip(")") if "(byte" in message else None
    return BadInput("The body is not JSON.", code="not-json", location=place)


def status_of(envelope: Envelope) -> Entry | None:
    """The entry that tells about a subscription, not about a patient: the first, if any."""
    first = envelope.entries[0] if envelope.entries else None
    return (
        first
        if first and first.index == 0 and first.raw is not None and is_status(first.raw)
        else None
    )
