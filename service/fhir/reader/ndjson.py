"""NDJSON (bulk export): a stream of resources, read in constant memory."""

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

import msgspec

from service.errors import BadInput, TooLarge
from service.fhir import limits
from service.fhir.reader.bodies import read_entries
from service.fhir.reader.entry import Entry
from service.fhir.reader.reading import EntryOutcome, Outcome, ReadContext, Reading
from service.fhir.reader.reasons import Reason

CHUNK = 500


def read_ndjson(stream: BinaryIO, context: ReadContext, chunk: int = CHUNK) -> Iterator[Reading]:
    """A Reading for every `chunk` lines; `index` and `location` count lines from the start.

    Lines end at newline bytes only (fact 97). A line that is too long or no JSON is refused
    alone. A Medication may come in another chunk: its orders await it (`awaits`).
    """
    number = 0
    held: list[Entry] = []
    faults: list[EntryOutcome] = []
    for line in _lines(stream, context.limits.max_bytes):
        number += 1
        if line is not None and not line.strip():
            continue
        reason = _refusal(line, context)
        if reason is not None:
            place = f"line {number}"
            faults.append(EntryOutcome(number - 1, place, Outcome.REFUSED, str(reason)))
        elif line is not None:
            held.append(Entry(number - 1, f"line {number}", msgspec.Raw(line)))
        if len(held) + len(faults) >= chunk:
            yield _reading(held, faults, context)
            held, faults = [], []
    if held or faults:
        yield _reading(held, faults, context)


def _reading(held: list[Entry], faults: list[EntryOutcome], context: ReadContext) -> Reading:
    reading = read_entries(held, context)
    if not faults:
        return reading
    merged = sorted((*reading.outcomes, *faults), key=lambda one: one.index)
    return replace(reading, outcomes=tuple(merged))


def _lines(stream: BinaryIO, longest: int) -> Iterator[bytes | None]:
    """Lines; None for one that is longer than `longest`, which is skipped unread."""
    while line := stream.readline(longest + 1):
        if len(line) <= longest or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(longest + 1)
        yield None


def _refusal(line: bytes | None, context: ReadContext) -> Reason | None:
    if line is None:
        return Reason.TOO_LARGE
    try:
        limits.check(line, context.limits)
        msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except TooLarge:
        return Reason.TOO_LARGE
    except msgspec.ValidationError:
        return Reason.NOT_AN_OBJECT
    except (BadInput, msgspec.DecodeError):
        return Reason.NOT_JSON
    return None
