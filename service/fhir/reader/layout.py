"""Where the values stand in a text of a known form, told by its length.

Ids, times and references of one system are mostly of one length, so a text that is as long as one
before it has its values in the same places. That is a guess: they count only when the form with
these values in it is the text.
"""

import re
from operator import itemgetter
from typing import Generic, TypeVar

from service.fhir.reader.form import Form, is_clean
from service.fhir.reader.sent import NARRATIVE, Values

T = TypeVar("T")
_TEXT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
# Texts of so many lengths, and so many texts of one length, are remembered.
MOST_LENGTHS = 1024
OF_ONE_LENGTH = 8


def _are_tokens(values: Values) -> bool:
    """Is each value told from its neighbours: no quote in it, the narrative a text with its own?"""
    narrative, told = values[NARRATIVE], "".join(values)
    if "\\" in told:
        return is_clean(values, NARRATIVE) and _TEXT.fullmatch(narrative) is not None
    if not narrative:
        return '"' not in told
    return told.count('"') == 2 and narrative[0] == narrative[-1] == '"'


class _Layout(Generic[T]):
    __slots__ = ("at", "cut", "form", "probe", "told")

    def __init__(self, form: Form, values: Values, told: T) -> None:
        spots, self.at, self.probe = form.laid_out(values)
        self.cut = itemgetter(*spots)
        self.form, self.told = form, told


class Layouts(Generic[T]):
    """What is told of texts, by their layout."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[_Layout[T], ...]] = {}

    def find(self, text: str) -> tuple[T, Values] | None:
        """What is told of the form that this text has, and its values. The text is JSON."""
        for one in self._known.get(len(text), ()):
            if not text.startswith(one.probe, one.at):
                continue
            values: Values = one.cut(text)
            if _are_tokens(values) and one.form.filled(values) == text:
                return one.told, values
        return None

    def add(self, text: str, form: Form, values: Values, told: T) -> None:
        """Remember where the values of this text stand."""
        if len(self._known) >= MOST_LENGTHS:
            self._known.clear()
        known = self._known.get(len(text), ())
        self._known[len(text)] = (_Layout(form, values, told), *known[: OF_ONE_LENGTH - 1])

    def clear(self) -> None:
        """Forget them all."""
        self._known.clear()
