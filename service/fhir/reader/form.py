"""The form of a sent entry: all of its bytes but those of its variable parts.

Records that one system writes of one kind differ in ids, times, people and numbers only. An entry
that is, byte for byte, a known form with other values in it needs no parsing: that no key comes
twice, that nothing is nested too deep, what its code, unit, status and exceptions are, all that
was found out when the form was learned.
"""

from collections.abc import Iterator, Sequence
from operator import itemgetter

from service.fhir.reader.fields import elements, fields
from service.fhir.reader.sent import FULL_URL, RAW, URL, Path, Values

_RESOURCE: Path = ("resource",)
_QUOTE = 1


class Form:
    """One form: with the values of its own record in it, it is that record."""

    __slots__ = ("_chosen", "_order", "_parts", "lead", "trail")

    def __init__(self, parts: list[str], order: Sequence[int], lead: int, trail: int) -> None:
        """`parts`: the fixed texts; `order`: which value stands between them; `lead`, `trail`:
        how much stands before and after the resource, the URLs not counted."""
        self._parts = [piece for part in parts for piece in (part, "")][:-1]
        self._order = order
        self._chosen = itemgetter(*order)
        self.lead, self.trail = lead, trail

    def filled(self, values: Values) -> str:
        """The form with these values in it."""
        parts = self._parts[:]
        parts[1::2] = self._chosen(values)
        return "".join(parts)

    def laid_out(self, values: Values) -> tuple[list[slice], int, str]:
        """Where the values stand when each is as long as these, and the longest fixed text with
        its place."""
        spots, at, places = [slice(0, 0)] * len(values), 0, {}
        for part, number in zip(self._parts[::2], (*self._order, -1), strict=True):
            places[part] = at
            at += len(part)
            if number >= 0:
                spots[number] = slice(at, at + len(values[number]))
                at += len(values[number])
        probe = max(places, key=len)
        return spots, places[probe], probe


def is_clean(values: Values, quoted: int) -> bool:
    """Are the values told from what stands around them? Only `values[quoted]` may, which is taken
    with its quotes."""
    told = "\n".join((*values[:quoted], *values[quoted + 1 :]))
    return '"' not in told and "\\" not in told


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
    wrapped = raw[:start] + raw[end:]
    if len(cuts) < 2 or any(misplaced) or not wrapped.isascii():
        return None
    edges = [0, *(edge for at, after, _ in cuts for edge in (at, after)), len(raw)]
    try:
        parts = [str(raw[a:b], "utf-8") for a, b in zip(edges[::2], edges[1::2], strict=True)]
    except UnicodeDecodeError:
        return None
    lead = start - len(values[FULL_URL])
    form = Form(parts, [number for *_, number in cuts], lead, len(raw) - end - len(values[URL]))
    return form if form.filled(values) == str(raw, "utf-8") else None


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
