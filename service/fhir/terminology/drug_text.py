"""Drugs in free text: names, brands, abbreviations, cut-off words and slips of the pen.

Exact names come first, the longest first. A word that is no name may be the start of exactly one
generic name, or within one or two slips of exactly one; a drug that is not ours and is as near
forbids it (`data/other_drugs.txt`). Reading nothing is better than reading a look-alike.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from service.fhir.terminology.known_drugs import KnownDrugs
from service.fhir.terminology.tables import DATA, rows
from service.fhir.terminology.words import phrase, plain, tokens

_ASIDE = re.compile(  # drugs that a text names and the order is not about
    r"\b(?:(?:for (?:patients|pts|those) (?:not )?taking|if (?:not )?taking)\b[^)\]]*|"
    r"(?:not (?:to be )?taken with|do not (?:take|give) with|instead of|in place of|"
    r"avoid(?:ing)?(?! (?:in|if|for|during|when|at|late|driving|alcohol)\b)|"
    r"replac(?:es|ing)|allerg(?:y|ic) to|interacts with|contraindicated with|without(?= [a-z]))\b"
    r"[^)\];,]*|\bif (?:\w+ ){1,2}(?:(?:is|was|has|not|been) )*(?:ineffective|effective|fails?|"
    r"failed|unavailable|available|tolerated|contraindicated)\b)|[(\[] ?not [^)\]]*"
)
_CHUNK = re.compile(r"[^\s,;()\[\]{}]+")
SHORTEST_START, SHORTEST_JOINED_START, SHORTEST_SLIP = 5, 3, 6
TWO_SLIPS_FROM, MIXED_FROM = 11, 9
_CARRIERS = frozenset({"glucose", "sodium chloride", "iron"})
SAME_SOUND = {"c": "ks", "k": "c", "s": "cz", "z": "sx", "x": "z", "f": "p", "g": "j", "j": "g"}


@dataclass(frozen=True, slots=True)
class Named:
    """A stretch of text that names ingredients. `depot` as in names.csv."""

    ingredients: tuple[str, ...]
    words: str
    how: str
    kind: str
    depot: str = ""


@dataclass(frozen=True, slots=True)
class _Name:
    ingredients: tuple[str, ...]
    kind: str
    depot: str = ""
    needs: tuple[str, ...] = ()


def _words_of(name: str) -> frozenset[str]:
    """The lines of a list kept by hand, made comparable."""
    lines = (DATA / name).read_text().splitlines()
    return frozenset(phrase(line) for line in lines if line and not line.startswith("#"))


class DrugNames:
    """The index of names."""

    def __init__(self) -> None:
        self._phrases: dict[str, dict[str, list[_Name]]] = defaultdict(dict)
        self._longest: dict[str, int] = {}
        for row in rows("authored_names.csv"):
            needs = tuple(filter(None, row["needs"].lower().split("|")))
            self._add(row["term"], _Name(_keys(row["ingredients"]), "abbreviation", "", needs))
        for row in rows("authored_ingredients.csv"):
            for term in (row["ingredient"], *filter(None, row["names"].split("|"))):
                self._add(term, _Name((row["ingredient"],), "name"))
        for row in rows("names.csv"):
            self._add(row["term"], _Name(_keys(row["ingredients"]), row["kind"], row["depot"]))
        self._plain_words = _words_of("order_words.txt")
        self.known = KnownDrugs(self._plain_words.__contains__)
        self._others = _words_of("other_drugs.txt") | {n for n in self.known.names if " " not in n}
        self._index_single_words()
        self._near = lru_cache(maxsize=1024)(self._beginning_like)
        self._guess = lru_cache(maxsize=8192)(self._read_amiss)

    def _add(self, term: str, name: _Name) -> None:
        key = phrase(term)
        first = key.split(" ", 1)[0]
        self._phrases[first].setdefault(key, []).append(name)
        self._longest[first] = max(self._longest.get(first, 0), key.count(" ") + 1)

    def _index_single_words(self) -> None:
        self._generics: list[tuple[str, tuple[str, ...]]] = []
        self._slips: dict[str, list[str]] = defaultdict(list)
        self._single: dict[str, _Name] = {}
        for phrases in self._phrases.values():
            for key, names in phrases.items():
                if " " in key or not names[-1].ingredients or names[-1].needs:
                    continue
                self._single[key] = names[-1]
                if names[-1].kind in ("name", "spelling"):
                    self._generics.append((key, names[-1].ingredients))
                if len(key) >= SHORTEST_SLIP:
                    self._slips[key[0]].append(key)
        for other in self._others:
            if " " not in other and len(other) >= SHORTEST_SLIP:
                self._slips[other[0]].append(other)

    def forget(self) -> None:
        """Drop what was cached (benchmarks)."""
        self._guess.cache_clear()

    def find(self, text: str, *, guess: bool = True) -> list[Named]:
        """The names in a text, in order, each stretch once; `guess`: cut-off words and slips."""
        told = _ASIDE.sub(" ", plain(text))
        words = tokens(told)
        found: list[Named] = []
        unread: list[tuple[int, str]] = []
        position = 0
        while position < len(words):
            hit = self._longest_at(words, position, told)
            if hit is None:
                unread.append((len(found), words[position]))
                position += 1
                continue
            named, length = hit
            if named.ingredients:
                found.append(named)
            position += length
        if guess:
            self._add_guesses(found, unread, told)
        return self._without_carriers(found, told)

    def _without_carriers(self, found: list[Named], told: str) -> list[Named]:
        """What a drug is dissolved in is no order of its own; iron beside a salt tells no more."""
        own = [named for named in found if not _CARRIERS.issuperset(named.ingredients)]
        if len(own) == len(found) or not (own or self.known.find(told)):
            return found
        return own

    def _add_guesses(self, found: list[Named], unread: list[tuple[int, str]], told: str) -> None:
        guesses = [(place, self._guess(word)) for place, word in unread]
        sure = {n.words for n in found} | {g.words for _, g in guesses if g is not None}
        partners = _partners(told, sure)
        for index in range(len(unread) - 1, -1, -1):
            place, guess = guesses[index]
            if guess is None and unread[index][1] in partners:
                guess = self._start(unread[index][1], SHORTEST_JOINED_START)
            if guess is not None and not _contradicts(guess, found):
                found.insert(place, guess)

    def _longest_at(self, words: Sequence[str], at: int, text: str) -> tuple[Named, int] | None:
        first = words[at]
        phrases = self._phrases.get(first)
        if phrases is not None:
            for length in range(min(self._longest[first], len(words) - at), 0, -1):
                key = " ".join(words[at : at + length])
                for name in phrases.get(key, ()):
                    if not name.needs or any(need in text for need in name.needs):
                        how = f"{name.kind} {key!r}"
                        return Named(name.ingredients, key, how, name.kind, name.depot), length
        if first in self._others:
            return Named((), first, "", "other"), 1
        return None

    def _read_amiss(self, word: str) -> Named | None:
        return self._start(word, SHORTEST_START) or self._slip(word)

    def _start(self, word: str, shortest: int) -> Named | None:
        """The generic names that begin so name one drug, and no other drug begins so."""
        if len(word) < shortest or not word.isalpha() or word in self._plain_words:
            return None
        if any(other.startswith(word) for other in self._others):
            return None
        meant = {names for generic, names in self._generics if generic.startswith(word)}
        if len(meant) != 1:
            return None
        return Named(meant.pop(), word, f"{word!r} begins only this name", "start")

    def _beginning_like(self, start: str) -> list[str]:
        """Names that begin alike: same letter, first two exchanged, or one sound ("cinemet")."""
        letters = dict.fromkeys((*start, *SAME_SOUND.get(start[0], "")))
        return [name for letter in letters for name in self._slips.get(letter, ())]

    def _slip(self, word: str) -> Named | None:
        if len(word) < SHORTEST_SLIP or not word.isalpha() or word in self._plain_words:
            return None
        allowed = 2 if len(word) >= MIXED_FROM else 1
        near = process.extract(
            word,
            self._near(word[:2]),
            scorer=OSA.distance,
            score_cutoff=allowed,
            limit=8,
        )
        if not near:
            return None
        best = min(distance for _, distance, _ in near)
        nearest = [key for key, distance, _ in near if distance == best]
        if any(key in self._others for key in nearest):
            return None
        meant = {self._single[key].ingredients for key in nearest}
        if len(meant) != 1:
            return None
        target = self._single[nearest[0]]
        if best > 1 and len(word) < TWO_SLIPS_FROM and sorted(word) != sorted(nearest[0]):
            return None  # two slips in a shorter word: only letters out of order ("quietapine")
        if target.kind == "brand" and not _like_brand(word, nearest[0], int(best)):
            return None
        how = f"{word!r} read as {nearest[0]!r} ({best:g} slip{'s' if best > 1 else ''})"
        kind = "brand slip" if target.kind == "brand" else "slip"
        return Named(meant.pop(), word, how, kind, target.depot)


def _keys(cell: str) -> tuple[str, ...]:
    return tuple(sorted(filter(None, cell.split("|"))))


def _like_brand(word: str, brand: str, slips: int) -> bool:
    """Brands are short and near each other: one slip, and in six letters only of a vowel."""
    if slips > 1:
        return False
    if word[0] in SAME_SOUND and word[1:] == brand[1:]:
        return True  # one sound, two letters
    return len(word) > SHORTEST_SLIP or _consonants(word) == _consonants(brand)


def _consonants(word: str) -> str:
    return re.sub(r"[aeiouy]", "", word)


def _partners(text: str, sure: set[str]) -> set[str]:
    """Words joined by a stroke, hyphen or plus to a word that was read: "promethaz-cod"."""
    found: set[str] = set()
    for chunk in _CHUNK.findall(text):
        if re.search(r"[-/+&]", chunk):
            words = set(tokens(chunk))
            if words & sure:
                found |= words - sure
    return found


def _contradicts(guess: Named, found: Sequence[Named]) -> bool:
    """A slip of a brand that names another drug than the names spelt out beside it."""
    if guess.kind != "brand slip" or not found:
        return False
    return not set(guess.ingredients) <= {key for named in found for key in named.ingredients}


def ingredients_of(found: Iterable[Named]) -> tuple[str, ...]:
    """The union, sorted."""
    return tuple(sorted({key for named in found for key in named.ingredients}))
