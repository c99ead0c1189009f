"""Drugs that are understood and have no role in this service (data/known_drugs.txt).

They keep an order for amoxicillin from looking like a drug that nobody recognised. Exact names
only: a guess must never turn an unknown drug into a harmless one.
"""

import re
from collections.abc import Callable

from service.fhir.terminology.tables import DATA
from service.fhir.terminology.words import phrase, plain, tokens

FILE = "known_drugs.txt"
_JOINED = re.compile(r"[-/+&]|\band\b|\bwith\b")
_SHORTEST_UNKNOWN = 4


def listed() -> dict[str, str]:
    """Every name, made comparable -> the international name."""
    found: dict[str, str] = {}
    for line in (DATA / FILE).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            names = line.split("|")
            found |= {phrase(name): names[0] for name in names}
    return found


class KnownDrugs:
    """Look-up by words. `may_stand_beside`: is a word no drug (a form, a salt, an own word)?"""

    def __init__(self, may_stand_beside: Callable[[str], bool]) -> None:
        self.names = listed()
        self._may_stand_beside = may_stand_beside
        self._longest: dict[str, int] = {}
        for name in self.names:
            first = name.split(" ", 1)[0]
            self._longest[first] = max(self._longest.get(first, 0), name.count(" ") + 1)

    def find(self, text: str) -> tuple[str, ...]:
        """The drugs that a text names, sorted; empty when there is none, or a partner of a
        combination is not known."""
        words = tokens(text)
        found: set[str] = set()
        left: list[str] = []
        at = 0
        while at < len(words):
            length = self._length_at(words, at)
            if length:
                found.add(self.names[" ".join(words[at : at + length])])
            else:
                left.append(words[at])
            at += length or 1
        if found and _JOINED.search(plain(text)) and any(map(self._may_be_drug, left)):
            return ()
        return tuple(sorted(found))

    def _length_at(self, words: tuple[str, ...], at: int) -> int:
        for length in range(min(self._longest.get(words[at], 0), len(words) - at), 0, -1):
            if " ".join(words[at : at + length]) in self.names:
                return length
        return 0

    def _may_be_drug(self, word: str) -> bool:
        return (
            len(word) >= _SHORTEST_UNKNOWN and word.isalpha() and not self._may_stand_beside(word)
        )
