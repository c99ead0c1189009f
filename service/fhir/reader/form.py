"""The form of a sent entry: all of its bytes but those of its variable parts.

Records that one system writes of one kind differ in ids, times, people and numbers only. An entry
that is, byte for byte, a known form with other values in it needs no parsing: that no key comes
twice, that nothing is nested too deep, what its code, unit, status and exceptions are, all that
was found out when the form was learned.
"""

import re
from collections.abc import Iterator, Sequence

from service.fhir.reader.fields import elements, fields
from service.fhir.reader.sent import FULL_URL, NARRATIVE, RAW, URL, Path, Values

_RESOURCE: Path = ("resource",)
_QUOTE = 1
_ESCAPED = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)


class Form:
    """One form: with the values of its own record in it, it is that record.

    `fixed`: the texts that stand before, between and after the values; `order`: which value
    stands between them; `lead`, `trail`: how much stands before and after the resource, the URLs
    not counted.
    """

    __slots__ = ("fixed", "lead", "order", "trail")

    def __init__(self, fixed: Sequence[bytes], order: Sequence[int], lead: int, trail: int) -> None:
        self.fixed, self.order = tuple(fixed), tuple(order)
        self.lead, self.trail = lead, trail

    def filled(self, values: Values) -> bytes:
        """The form with these values in it."""
        parts = [b""] * (2 * len(self.fixed) - 1)
        parts[::2] = self.fixed
        parts[1::2] = [values[number] for number in self.order]
        return b"".join(parts)


def are_texts(values: Values) -> bool:
    """Does each value end where the text ends in which it stands? Only a narrative may hold
    escapes."""
    told = b"\n".join((*values[:NARRATIVE], *values[NARRATIVE + 1 :]))
    if b'"' in told or b"\\" in told:
        return False
    return _ESCAPED.fullmatch(values[NARRATIVE]) is not None


def form_of(raw: bytes, places: Sequence[Path], values: Values) -> Form | None:
    """Learn the form of an entry; None when it is not written plainly (blanks, keys twice, two
    variable parts at least, the full URL first and the request last)."""
    try:
        found = {path: (a, b) for path, a, b in _spots(raw, 0, (), _above(places))}
    except (ValueError, RecursionError):
        return None
    start, end = found.get(_RESOURCE, (0, 0))
    cuts = sorted(
        (*_inside(raw, path, *found[path]), number)
        for number, path in enumerate(places)
        if path in found
    )
    misplaced = (at > start if number == FULL_URL else number == URL and at < end
                 for at, _, number in cuts)  # fmt: skip
    if len(cuts) < 2 or any(misplaced):
        return None
    edges = [0, *(edge for at, after, _ in cuts for edge in (at, after)), len(raw)]
    fixed = [raw[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    lead = start - len(values[FULL_URL])
    form = Form(fixed, [number for *_, number in cuts], lead, len(raw) - end - len(values[URL]))
    return form if form.filled(values) == raw else None


def _above(places: Sequence[Path]) -> frozenset[Path]:
    return frozenset(path[:depth] for path in places for depth in range(len(path)))


def _inside(raw: bytes, path: Path, start: int, end: int) -> tuple[int, int]:
    """The place of a string is between its quotes."""
    plain = path[-1] in RAW or raw[start : start + 1] != b'"'
    return (start, end) if plain else (start + _QUOTE, end - _QUOTE)


def _spots(
    raw: bytes, at: int, path: Path, above: frozenset[Path]
) -> Iterator[tuple[Path, int, int]]:
    """Where every element on the way to a place stands. Raises ValueError where blanks do."""
    yield path, at, at + len(raw)
    if path not in above:
        return
    offset = 1
    for name, value in _members(raw):
        start = offset + (len(name.encode()) + 3 if isinstance(name, str) else 0)
        if raw[start : start + len(value)] != value:
            raise ValueError(path)
        yield from _spots(value, at + start, (*path, name), above)
        offset = start + len(value) + 1
    if offset != len(raw) and len(raw) != len(b"{}"):
        raise ValueError(path)


def _members(raw: bytes) -> Iterator[tuple[str | int, bytes]]:
    if raw.startswith(b"{"):
        yield from ((name, bytes(value)) for name, value in fields(raw).items())
    elif raw.startswith(b"["):
        yield from enumerate(map(bytes, elements(raw)))
    else:
        raise ValueError(raw[:1])
