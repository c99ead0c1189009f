"""Resources outside a Bundle as the entries of one body: a hook's prefetch, an NDJSON stream."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from service.fhir.reader.entry import Entry
from service.fhir.reader.envelope import Envelope
from service.fhir.reader.notifications import is_status
from service.fhir.reader.swift import Swift, as_entry

_OF_A_FORM = (b'{"resourceType":"Observation"', b'{"resourceType":"MedicationRequest"')


@dataclass(slots=True)
class Loose(Envelope):
    """Entries that came outside a Bundle. `held`: all of them by index; `wrapped`: those that may
    be of a known form, as a Bundle would carry them."""

    held: Mapping[int, Entry] = field(default_factory=dict)
    wrapped: Mapping[int, bytes] = field(default_factory=dict)

    def entry(self, index: int) -> Entry:
        return self.held[index]

    def as_sent(self, index: int) -> bytes | None:
        return self.wrapped.get(index)


def loose_entries(given: Sequence[Entry], swift: Swift | None = None) -> Loose:
    """An envelope around them; without those that `swift` reads."""
    if swift is None or (given and given[0].raw is not None and is_status(given[0].raw)):
        return Loose(list(given))
    entries: list[Entry] = []
    wrapped: dict[int, bytes] = {}
    for entry in given:
        raw = bytes(entry.raw or b"")
        if raw.startswith(_OF_A_FORM):
            one = wrapped[entry.index] = as_entry(raw)
            if swift.take(entry.index, entry.location, one):
                continue
        entries.append(entry)
    return Loose(entries, held={entry.index: entry for entry in given}, wrapped=wrapped)


@dataclass(slots=True)
class Lines(Envelope):
    """Lines by their index in the stream; `entries` are those that were not read at once."""

    lines: dict[int, bytes] = field(default_factory=dict)
    _by_form: bool = True

    def offer(self, index: int, line: bytes, swift: Swift | None) -> bool:
        """Read a line, which must be JSON, when it is of a known form."""
        if swift is None or not self._by_form:
            return False
        if swift.take(index, _place(index), as_entry(line)):
            self.lines[index] = line
            return True
        if index == 0:
            self._by_form = not is_status(line)  # what it tells of is read together with it
        return False

    def keep(self, index: int, line: bytes) -> None:
        """A line to be read the usual way."""
        self.lines[index] = line
        self.entries.append(self.entry(index))

    def entry(self, index: int) -> Entry:
        return Entry(index, _place(index), msgspec.Raw(self.lines[index]))

    def as_sent(self, index: int) -> bytes | None:
        return as_entry(self.lines[index])


def _place(index: int) -> str:
    return f"line {index + 1}"
