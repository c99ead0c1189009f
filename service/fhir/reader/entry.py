"""One entry of a body: as sent, and opened as far as identity and version go."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from service.fhir.reader.fields import (
    DuplicateKey,
    Fields,
    Memo,
    code,
    decoded,
    fields,
    string,
    value_of,
)
from service.fhir.reader.reasons import Reason
from service.fhir.reader.times import stamp, stated

LONGEST_ID = 128
# Later statuses of one version win over earlier ones (fact 85).
_RANK = {
    "registered": 0,
    "preliminary": 1,
    "partial": 1,
    "final": 2,
    "amended": 3,
    "corrected": 3,
    "appended": 3,
    "cancelled": 4,
    "stopped": 4,
    "entered-in-error": 6,
}
_NEVER = datetime.min.replace(tzinfo=UTC)


class _Meta(msgspec.Struct):
    versionId: Any = None  # noqa: N815 - a FHIR element
    lastUpdated: Any = None  # noqa: N815 - a FHIR element


_META = msgspec.json.Decoder(_Meta)


class Entry(msgspec.Struct, eq=False, gc=False):
    """`raw`: the resource as sent, None when there is none. The rest is filled by `open_entry`."""

    index: int
    location: str
    raw: msgspec.Raw | None
    full_url: str | None = None
    response: bytes = b""
    fields: Fields = msgspec.field(default_factory=dict)
    type: str = ""
    id: str = ""
    digest: str = ""
    version: str | None = None
    updated: datetime | None = None
    retracted: bool = False
    deleted: bool = False

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}" if self.type and self.id else ""


def open_entry(entry: Entry, zone: ZoneInfo) -> Reason | None:
    """Open an entry that carries a resource. A reason when it cannot be."""
    raw = entry.raw
    if raw is None:
        return Reason.NO_RESOURCE
    try:
        found = fields(raw)
    except DuplicateKey:
        return Reason.DUPLICATE_KEY
    except (msgspec.DecodeError, ValueError):
        return Reason.NOT_AN_OBJECT
    entry.fields = found
    entry.type = _text[bytes(found["resourceType"])] if "resourceType" in found else ""
    if not entry.type:
        return Reason.NO_RESOURCE_TYPE
    entry.digest = sha256(raw).hexdigest()[:32]
    _identify(entry, found)
    meta = found.get("meta")
    if meta is not None:
        _date(entry, meta, zone)
    if entry.response and entry.updated is None:
        _date_by_response(entry, zone)
    status = found.get("status")
    entry.retracted = status is not None and _is_error[bytes(status)]
    if not entry.retracted and "verificationStatus" in found:
        entry.retracted = _names_error[bytes(found["verificationStatus"])]
    return None


def _read_text(raw: bytes) -> str:
    try:
        value = decoded(raw)
    except ValueError:
        return ""
    return string(value)


_text = Memo(_read_text)


def _identify(entry: Entry, found: Fields) -> None:
    raw = found.get("id")
    if raw is not None:
        mark = _plain_text(raw)
        if 0 < len(mark) <= LONGEST_ID and "/" not in mark and mark.isprintable():
            entry.id = mark
            return
    # No id of its own: the same content is the same record, wherever and whenever it comes.
    entry.id = f"content-{entry.digest}"


def _plain_text(raw: msgspec.Raw) -> str:
    text = bytes(raw)
    if text[:1] == b'"' and b"\\" not in text:
        return str(text[1:-1], "utf-8").strip()
    try:
        value = decoded(text)
    except ValueError:
        return ""
    return str(value).strip() if value is not None and not isinstance(value, (dict, list)) else ""


def _date(entry: Entry, raw: msgspec.Raw, zone: ZoneInfo) -> None:
    try:
        meta = _META.decode(raw)
    except (msgspec.DecodeError, ValueError):
        return
    if meta.versionId is not None:
        entry.version = str(meta.versionId).strip() or None
    if meta.lastUpdated is not None:
        entry.updated = stated(meta.lastUpdated)
    if entry.updated is None and meta.lastUpdated is not None:
        updated = stamp(meta.lastUpdated, zone)
        entry.updated = updated.latest if updated else None


def _date_by_response(entry: Entry, zone: ZoneInfo) -> None:
    """A history entry tells its version in `response` (etag, lastModified)."""
    try:
        response = decoded(entry.response)
    except ValueError:
        return
    if not isinstance(response, dict):
        return
    modified = stamp(response.get("lastModified"), zone)
    entry.updated = modified.latest if modified else None
    etag = string(response.get("etag"))
    entry.version = entry.version or etag.removeprefix("W/").strip('"') or None


def _read_is_error(raw: bytes) -> bool:
    try:
        return code(decoded(raw)) == "entered-in-error"
    except ValueError:
        return False


_is_error = Memo(_read_is_error)


def _read_names_error(raw: bytes) -> bool:
    """A problem or allergy is retracted by its verification status."""
    return b"entered-in-error" in raw.lower()


_names_error = Memo(_read_names_error)


def age(entry: Entry) -> tuple[Any, ...]:
    """Orders versions of one resource in a body, oldest first, whatever order they came in.

    lastUpdated decides, then a numeric versionId, then the later status (facts 77, 78, 85);
    what is equal in all of these is ordered by content, so that the answer never depends on
    the order of the entries.
    """
    version = entry.version or ""
    number = int(version) if version.isdecimal() and len(version) < 19 else -1
    try:
        status = 7 if entry.deleted else _RANK.get(code(value_of(entry.fields, "status")), 2)
    except ValueError:
        status = 2
    return (entry.updated or _NEVER, number, status, entry.digest)
