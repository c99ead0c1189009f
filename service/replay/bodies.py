"""Bytes of a bundle, a resource or NDJSON -> what the reader makes of them, with their clock."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from alerts.chart import Condition, Fact, Measurement, MedicationUse, PatientDetails, Stay
from service.errors import BadInput
from service.fhir.reader import ReadContext, Reading, read_body, read_resources

TENANT = "replay"
UTC_ZONE = ZoneInfo("UTC")
TIMES = (
    "effectiveDateTime", "effectiveInstant", "issued", "authoredOn", "recordedDate", "start",
    "end", "whenHandedOver", "dateAsserted", "performedDateTime", "lastUpdated",
)  # fmt: skip
_STAMPED = re.compile(rb'"(?:' + "|".join(TIMES).encode() + rb')"\s*:\s*"([0-9T:.Z+-]{10,40})"')


def read(body: bytes, now: datetime, only_patient: str | None = None) -> Reading:
    """Read one body as it arrived: at its Bundle.timestamp, else at its latest time up to `now`.

    NDJSON (one resource or bundle a line) is read as its lines. Raises BadInput, TooLarge.
    """
    context = ReadContext(
        tenant=TENANT, received_at=arrival(body, now), zone=UTC_ZONE, only_patient=only_patient
    )
    return read_any(body, context)


def read_any(body: bytes, context: ReadContext) -> Reading:
    """A bundle, a resource or NDJSON. Raises BadInput, TooLarge."""
    lines = _lines(body)
    if lines is None:
        return read_body(body, context)
    return read_resources(_resources(lines), context)


def arrival(body: bytes, now: datetime) -> datetime:
    """When the body arrived, never later than `now`."""
    stamps = [t for t in _stamps(body) if t <= now]
    return max(stamps, default=now)


def latest_stamp(lines: bytes, now: datetime) -> datetime:
    """The latest time told in NDJSON, never later than `now`; found without parsing it."""
    texts = set(_STAMPED.findall(lines))
    stamps = [at for text in texts if (at := _instant(text.decode())) and at <= now]
    return max(stamps, default=now)


def _stamps(body: bytes) -> Iterator[datetime]:
    for document in _documents(body):
        if isinstance(document, dict) and (stamp := _instant(document.get("timestamp"))):
            yield stamp
        else:
            yield from _times(document)


def _documents(body: bytes) -> Iterator[Any]:
    for part in _lines(body) or [body]:
        try:
            yield orjson.loads(part)
        except orjson.JSONDecodeError:
            continue  # the reader says what is wrong with it


def _times(node: Any) -> Iterator[datetime]:
    """Every effective, issue or record time in a document, without recursion."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, list):
            waiting.extend(here)
        elif isinstance(here, dict):
            for key, value in here.items():
                if key in TIMES and (at := _instant(value)):
                    yield at
                elif isinstance(value, dict | list):
                    waiting.append(value)


def _instant(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) == 10:  # a day: known when it is over
        at += timedelta(days=1)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _lines(body: bytes) -> list[bytes] | None:
    """The lines of NDJSON; None for one JSON document."""
    lines = [line for line in body.splitlines() if line.strip()]
    if len(lines) < 2 or not lines[0].rstrip().endswith(b"}"):
        return None
    try:
        orjson.loads(lines[0])
    except orjson.JSONDecodeError:
        return None
    return lines


def _resources(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError as fault:
            raise BadInput(
                f"Line {number} is not JSON.", code="not-json", location=f"line {number}"
            ) from fault
        if not isinstance(document, dict):
            raise BadInput(
                f"Line {number} is not a resource.", code="not-fhir", location=f"line {number}"
            )
        if document.get("resourceType") == "Bundle":
            yield from _entries(document)
        else:
            yield document


def _entries(bundle: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for entry in bundle.get("entry") or []:
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            yield entry["resource"]


def known_from(fact: Fact) -> datetime | None:
    """From when a record holds this fact; None when it does not say.

    A fact known to the day is known when the day is over: late, but never before it happened.
    """
    if isinstance(fact, Measurement):  # most facts are
        return fact.until or fact.at
    if isinstance(fact, MedicationUse):
        times = [t for t in (fact.start, fact.authored) if t is not None]
        return min(times) if times else None
    if isinstance(fact, Condition):
        return fact.recorded or fact.onset
    if isinstance(fact, Stay):
        return fact.start
    if isinstance(fact, PatientDetails):
        return None
    return getattr(fact, "until", None) or fact.at
