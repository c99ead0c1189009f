"""NDJSON (bulk export): a stream of resources, read in constant memory."""

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

import msgspec

from service.errors import BadInput, TooLarge
from service.fhir import limits
from service.fhir.reader.bodies import read_envelope
from service.fhir.reader.loose import Lines
from service.fhir.reader.reading import EntryOutcome, Outcome, ReadContext, Reading
from service.fhir.reader.reasons import Reason
from service.fhir.reader.swift import Swift

CHUNK = 500
_BLANKS = b" \t\r\n"
_SHORT = 65_536
_BACKSLASH = 92
_ANYTHING = msgspec.json.Decoder(msgspec.Raw)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_ndjson(stream: BinaryIO, context: ReadContext, chunk: int = CHUNK) -> Iterator[Reading]:
    """A Reading for every `chunk` lines; `index` and `location` count lines from the start.

    Lines end at newline bytes only (fact 97). A line that is too long or no JSON is refused
    alone. A Medication may come in another chunk: its orders await it (`awaits`).
    """
    piece = _Piece(context)
    for index, line in enumerate(_lines(stream, context.limits.max_bytes)):
        text = line if index or line is None else line.removeprefix(limits.BYTE_ORDER_MARK)
        if text is not None and (not text or text.isspace()):
            continue
        piece.add(index, text)
        if piece.count >= chunk:
            yield piece.reading()
            piece = _Piece(context)
    if piece.count:
        yield piece.reading()


class _Piece:
    """The lines that are read together."""

    def __init__(self, context: ReadContext) -> None:
        self._context = context
        self._swift = None if context.strict else Swift(context)
        self._lines = Lines()
        self._faults: list[EntryOutcome] = []

    @property
    def count(self) -> int:
        return len(self._lines.lines) + len(self._faults)

    def add(self, index: int, line: bytes | None) -> None:
        """A line; None for one that is too long. The blanks around it are no part of it."""
        text = line and line.strip(_BLANKS)
        if text and _is_json(text, self._context) and self._lines.offer(index, text, self._swift):
            return
        reason = _refusal(text, self._context)
        if reason is None and text:
            self._lines.keep(index, text)
        else:
            place = f"line {index + 1}"
            self._faults.append(EntryOutcome(index, place, Outcome.REFUSED, str(reason)))

    def reading(self) -> Reading:
        reading = read_envelope(self._lines, self._context, self._swift)
        if not self._faults:
            return reading
        merged = sorted((*reading.outcomes, *self._faults), key=lambda one: one.index)
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


def _is_json(line: bytes, context: ReadContext) -> bool:
    try:
        if not _is_plain(line, context):
            limits.check_bytes(line, context.limits)
        _ANYTHING.decode(line)
    except (BadInput, msgspec.DecodeError, RecursionError):
        return False
    return True


def _is_plain(line: bytes, context: ReadContext) -> bool:
    """Short, and without what `limits.check_bytes` looks for: it would find nothing."""
    short = len(line) <= min(_SHORT, context.limits.max_bytes)
    return short and line.isascii() and _BACKSLASH not in line


def _refusal(line: bytes | None, context: ReadContext) -> Reason | None:
    if line is None:
        return Reason.TOO_LARGE
    try:
        limits.check(line, context.limits)
        _OBJECT.decode(line)
    except TooLarge:
        return Reason.TOO_LARGE
    except msgspec.ValidationError:
        return Reason.NOT_AN_OBJECT
    except (BadInput, msgspec.DecodeError):
        return Reason.NOT_JSON
    return None
