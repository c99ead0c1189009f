"""Where the values stand in an entry of a known form, told by its length.

Ids, times and references of one system are mostly of one length, so an entry that is as long as
one before it has its values in the same places. That is a guess: they count only when all that
stands around them is the form.
"""

from collections.abc import Iterator
from itertools import chain
from operator import itemgetter
from struct import Struct
from typing import Generic, TypeVar

from service.fhir.reader.form import Form, are_texts
from service.fhir.reader.sent import Values

T = TypeVar("T")
_QUOTE, _BACKSLASH = b'"\\'
# Entries of so many lengths, and so many entries of one length, are remembered.
MOST_LENGTHS = 1024
OF_ONE_LENGTH = 8


class _Layout(Generic[T]):
    """An entry is cut into its pieces in one go: fixed texts and values by turns, and an empty
    piece for the values that this form does not have."""

    __slots__ = ("at", "chosen", "cut", "fixed", "probe", "told")

    def __init__(self, form: Form, values: Values, told: T) -> None:
        held = [values[number] for number in form.order]
        pieces = [*chain.from_iterable(zip(form.fixed, held, strict=False)), form.fixed[-1], b""]
        self.cut = Struct("".join(f"{len(piece)}s" for piece in pieces)).unpack
        places = {number: 2 * n + 1 for n, number in enumerate(form.order)}
        absent = len(pieces) - 1
        self.chosen = itemgetter(*(places.get(n, absent) for n in range(len(values))))
        self.fixed = form.fixed
        self.told = told
        self.at, self.probe = max(_spots(form.fixed, held), key=lambda spot: len(spot[1]))

    def values(self, text: bytes) -> Values | None:
        """The values of a text that is as long as this; None when it is of another form."""
        pieces: Values = self.cut(text)
        if pieces[:-1:2] != self.fixed:
            return None
        values: Values = self.chosen(pieces)
        told = b"".join(pieces[1:-1:2])
        # each value ends where its text does
        return values if not (_QUOTE in told or _BACKSLASH in told) or are_texts(values) else None


def _spots(fixed: Values, held: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """Each fixed text, and where it stands."""
    at = 0
    for text, value in zip(fixed, (*held, b""), strict=True):
        yield at, text
        at += len(text) + len(value)


class Layouts(Generic[T]):
    """What is told of entries, by their layout."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[_Layout[T], ...]] = {}

    def find(self, text: bytes) -> tuple[T, Values] | None:
        """What is told of the form that this entry has, and its values. The text is JSON."""
        for one in self._known.get(len(text), ()):
            if text.startswith(one.probe, one.at) and (values := one.values(text)) is not None:
                return one.told, values
        return None

    def add(self, text: bytes, form: Form, values: Values, told: T) -> None:
        """Remember where the values of this entry stand."""
        if len(self._known) >= MOST_LENGTHS:
            self._known.clear()
        known = self._known.get(len(text), ())
        self._known[len(text)] = (_Layout(form, values, told), *known[: OF_ONE_LENGTH - 1])

    def clear(self) -> None:
        """Forget them all."""
        self._known.clear()
