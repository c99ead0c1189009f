"""Bytes or resources -> a Reading."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import orjson

from service.fhir import limits
from service.fhir.reader.entries import Entries, tells_of_gaps
from service.fhir.reader.entry import Entry
from service.fhir.reader.envelope import Envelope, open_envelope, status_of
from service.fhir.reader.loose import loose_entries
from service.fhir.reader.notifications import notification
from service.fhir.reader.reading import EntryOutcome, Outcome, ReadContext, Reading
from service.fhir.reader.reasons import Reason
from service.fhir.reader.strict import checked
from service.fhir.reader.swift import Swift


def read_body(body: bytes, context: ReadContext) -> Reading:
    """Read a Bundle of any type or a single resource.

    Raises TooLarge and BadInput (code, location) when the body as a whole cannot be read; an
    entry that cannot is refused in its outcome and costs no other.
    """
    limits.check_bytes(body, context.limits)
    swift = None if context.strict else Swift(context)
    envelope = open_envelope(body, context.limits, swift)
    return read_envelope(envelope, context, swift)


def read_resources(resources: Iterable[dict[str, Any]], context: ReadContext) -> Reading:
    """Read resources that are already parsed (a hook's prefetch), one entry each."""
    return read_envelope(Envelope([_entry(n, one) for n, one in enumerate(resources)]), context)


def read_entries(entries: Sequence[Entry], context: ReadContext) -> Reading:
    """Read entries that are not in one Bundle."""
    swift = None if context.strict else Swift(context)
    return read_envelope(loose_entries(entries, swift), context, swift)


def _entry(index: int, resource: Any) -> Entry:
    place = f"resource[{index}]"
    try:
        return Entry(index, place, msgspec.Raw(orjson.dumps(resource, default=str)))
    except orjson.JSONEncodeError:
        # half a surrogate pair, or deeper than JSON goes: refused when it is opened
        return Entry(index, place, msgspec.Raw(b"null"))


def read_envelope(envelope: Envelope, context: ReadContext, swift: Swift | None = None) -> Reading:
    """Read what was opened. `swift` has read what is not in `envelope.entries`."""
    entries = envelope.entries
    status = status_of(envelope)
    told = notification(status, entries[1:]) if status else None
    outcomes, resources = Entries(context).read(entries, envelope, swift)
    if told is not None:
        sent = {entry.index: entry for entry in entries}
        outcomes = tuple(_of_a_notification(one, sent) for one in outcomes)
    reading = Reading(
        outcomes,
        resources,
        notification=told,
        bundle_type=envelope.type,
        next_url=envelope.next_url,
        incomplete=any(tells_of_gaps(entries)),
    )
    return checked(reading, entries, context) if context.strict else reading


def _of_a_notification(one: EntryOutcome, entries: Mapping[int, Entry]) -> EntryOutcome:
    """An entry without a resource names what changed: to be fetched (fact 99)."""
    if one.index == 0:
        return EntryOutcome(0, one.location, Outcome.IGNORED, str(Reason.SUBSCRIPTION_STATUS))
    entry = entries[one.index]
    if one.reason == Reason.NO_RESOURCE:
        reference = "/".join((entry.full_url or "").split("/")[-2:])
        return EntryOutcome(
            one.index, one.location, Outcome.IGNORED, str(Reason.ID_ONLY), reference
        )
    return one
