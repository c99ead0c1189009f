"""The orders of a hook call: drafts to be signed, and orders about to be stopped."""

from typing import Any

import msgspec
import orjson

from alerts.chart import MedicationUse
from service.fhir.reader.bodies import read_entries
from service.fhir.reader.entry import Entry
from service.fhir.reader.fields import string
from service.fhir.reader.groups import unfolded
from service.fhir.reader.readers import ORDERS
from service.fhir.reader.reading import EntryOutcome, Outcome, ReadContext, Reading
from service.fhir.reader.reasons import Reason


def read_drafts(
    bundle: dict[str, Any], context: ReadContext
) -> tuple[list[MedicationUse], tuple[EntryOutcome, ...]]:
    """Medication orders of `bundle` as they stand: status, intent and doNotPerform are kept.

    A draft without a subject is the patient's of the call (`only_patient`): CDS Hooks puts every
    draft in that patient's context. Orders that a RequestGroup contains are entries too, after
    those of the bundle. Other order types are ignored with a reason. A draft whose drug cannot be
    told is refused ("no-drug"): it must be said on a card.
    """
    entries = bundle.get("entry")
    listed = entries if isinstance(entries, list) else []
    sent = [_entry(n, place, one, context) for n, (place, one) in enumerate(unfolded(listed))]
    reading = read_entries(sent, context)
    return _orders(reading)


def _entry(index: int, place: str, one: Any, context: ReadContext) -> Entry:
    resource = one.get("resource") if isinstance(one, dict) else None
    if resource is None:
        return Entry(index, place, None)
    if isinstance(resource, dict) and str(resource.get("resourceType")) in ORDERS:
        resource = _with_subject(resource, context)
    url = one.get("fullUrl")
    try:
        raw = msgspec.Raw(orjson.dumps(resource, default=str))
    except orjson.JSONEncodeError:
        raw = msgspec.Raw(b"null")
    return Entry(index, place, raw, url if isinstance(url, str) else None)


def _with_subject(resource: dict[str, Any], context: ReadContext) -> dict[str, Any]:
    if context.only_patient is None or resource.get("subject") or resource.get("patient"):
        return resource
    return {**resource, "subject": {"reference": f"Patient/{context.only_patient}"}}


def _orders(reading: Reading) -> tuple[list[MedicationUse], tuple[EntryOutcome, ...]]:
    uses: list[MedicationUse] = []
    undrugged: set[int] = set()
    for resource in reading.resources:
        if resource.source.resource_type not in ORDERS:
            continue
        found = [f for f in resource.facts if isinstance(f, MedicationUse)]
        uses += found
        if not found and not resource.retracted:
            undrugged.add(resource.index)
    return uses, tuple(_outcome(one, undrugged) for one in reading.outcomes)


def _outcome(one: EntryOutcome, undrugged: set[int]) -> EntryOutcome:
    if one.index in undrugged:
        return EntryOutcome(one.index, one.location, Outcome.REFUSED, one.reason, one.reference)
    kind = string(one.reference).partition("/")[0]
    if one.outcome is Outcome.ACCEPTED and kind not in ORDERS:
        reason = str(Reason.NOTHING_USED)
        return EntryOutcome(one.index, one.location, Outcome.IGNORED, reason, one.reference)
    return one
