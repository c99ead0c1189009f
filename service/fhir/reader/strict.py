"""Strict reading: every entry also goes to the models of its version, and the refusal is noted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
from msgspec import structs

from service.fhir.models import model_faults
from service.fhir.reader.entry import Entry
from service.fhir.reader.reading import EntryOutcome, Outcome, ReadContext, Reading
from service.fhir.reader.reasons import Reason


def checked(reading: Reading, entries: Sequence[Entry], context: ReadContext) -> Reading:
    """The reading with `model_faults` by entry; what was read stays read (it is QA, no gate)."""
    faults: dict[int, tuple[str, ...]] = {}
    for entry in entries:
        if entry.raw is None or not entry.type:
            continue
        found = model_faults(_parsed(entry), context.fhir_version)
        if found:
            faults[entry.index] = found
    outcomes = tuple(_noted(one, faults) for one in reading.outcomes)
    return replace(reading, outcomes=outcomes, model_faults=tuple(sorted(faults.items())))


def _parsed(entry: Entry) -> dict[str, Any]:
    found = orjson.loads(bytes(entry.raw or b"{}"))
    return found if isinstance(found, dict) else {}


def _noted(one: EntryOutcome, faults: dict[int, tuple[str, ...]]) -> EntryOutcome:
    if one.index in faults and one.outcome is Outcome.ACCEPTED and not one.reason:
        return structs.replace(one, reason=str(Reason.MODEL_REFUSED))
    return one
