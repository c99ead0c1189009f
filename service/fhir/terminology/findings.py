"""Conditions and signs: by code (exact, then the longest prefix), then by text in context."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from service.fhir.terminology.context import beside_the_point, clauses, context_of
from service.fhir.terminology.extent import denies_part
from service.fhir.terminology.matches import ConceptMatch
from service.fhir.terminology.systems import (
    ICD9CM,
    ICD10,
    ICD10CM,
    SCT,
    system_key,
    well_formed,
)
from service.fhir.terminology.tables import FINDING_FILES, rows
from service.fhir.terminology.words import ZERO_WIDTH

SHORTEST_PREFIX = 3
ICD = frozenset({ICD9CM, ICD10, ICD10CM})


class Findings:
    """Codes and text patterns of conditions and signs."""

    def __init__(self, extra: Mapping[tuple[str, str], tuple[ConceptMatch, ...]]) -> None:
        self._exact: dict[tuple[str, str], tuple[ConceptMatch, ...]] = dict(extra)
        self._prefix: dict[tuple[str, str], tuple[ConceptMatch, ...]] = {}
        for row in (r for name in FINDING_FILES for r in rows(name)):
            key = (row["system"], _undotted(row["system"], row["code"]))
            hit = ConceptMatch(
                row["concept"], f"{row['system'].upper()} {row['code']} {row['display']}".strip()
            )
            table = self._prefix if row["match"] == "prefix" else self._exact
            table[key] = (*table.get(key, ()), hit)
        self._patterns: list[tuple[str, re.Pattern[str]]] = []
        self._exclude: dict[str, list[re.Pattern[str]]] = {}
        for row in rows("finding_text.csv"):
            self._patterns.append((row["concept"], _pattern(row["pattern"])))
        for row in rows("authored_finding_text.csv"):
            if row["kind"] == "exclude":
                pattern = re.compile(row["pattern"], re.IGNORECASE)
                self._exclude.setdefault(row["concept"], []).append(pattern)
            else:
                self._patterns.append((row["concept"], _pattern(row["pattern"])))
        self.by_text = lru_cache(maxsize=8192)(self._by_text)

    def match(self, codings: Sequence[tuple[str, str]], text: str) -> tuple[ConceptMatch, ...]:
        found = [hit for system, code in codings for hit in self._coded(system, code)]
        if found:
            found.sort(key=lambda hit: (hit.concept, hit.how))
            return tuple({hit.concept: hit for hit in found}.values())
        return self.by_text(text) if text else ()

    def _coded(self, system: str, code: str) -> tuple[ConceptMatch, ...]:
        key, code = system_key(system or ""), (code or "").strip()
        if key in ICD:
            code = code.upper()
        if not well_formed(key, code):
            return ()
        plain = _undotted(key, code)
        exact = self._exact.get((key, plain))
        if exact is not None:
            return exact
        if key == SCT:
            return ()
        for length in range(len(plain), SHORTEST_PREFIX - 1, -1):
            hit = self._prefix.get((key, plain[:length]))
            if hit is not None:
                return hit
        return ()

    def _by_text(self, text: str) -> tuple[ConceptMatch, ...]:
        found: dict[str, ConceptMatch] = {}
        for clause in clauses(text.translate(ZERO_WIDTH)):
            for concept, start, end in self._spans(clause):
                seen = context_of(clause, start, end)
                hit = ConceptMatch(
                    concept,
                    f"text {clause[start:end]!r}" + "".join(f", {flag}" for flag in seen),
                    negated="negated" in seen,
                    family="family" in seen,
                    history="history" in seen,
                    uncertain="uncertain" in seen,
                    partial="negated" in seen and denies_part(clause, start, end),
                )
                known = found.get(concept)
                if known is None or _rank(known) > _rank(hit):
                    found[concept] = hit
        return tuple(found.values())

    def _spans(self, clause: str) -> list[tuple[str, int, int]]:
        """The matches that no longer match of another concept covers, in order."""
        spans: list[tuple[str, int, int]] = []
        for concept, pattern in self._patterns:
            blocked = [m.span() for p in self._exclude.get(concept, ()) for m in p.finditer(clause)]
            for hit in pattern.finditer(clause):
                if beside_the_point(clause, hit.end()):
                    continue
                if not any(a < hit.end() and hit.start() < b for a, b in blocked):
                    spans.append((concept, *hit.span()))
        kept = [
            (concept, a, b)
            for concept, a, b in spans
            if not any(
                c <= a and b <= d and (d - c) > (b - a) for other, c, d in spans if other != concept
            )
        ]
        return sorted(kept, key=lambda span: (span[1], span[2]))


def _rank(hit: ConceptMatch) -> tuple[int, bool]:
    """The surest first; of denials the one of the whole ("no clonus, no ocular clonus")."""
    return hit.negated + hit.family + hit.history + hit.uncertain, hit.partial


def _undotted(system: str, code: str) -> str:
    return code if system == SCT else code.replace(".", "").upper().rstrip("+*!")


def _pattern(pattern: str) -> re.Pattern[str]:
    """Case-insensitive, except an abbreviation, which is written in capitals (NMS, AMS, DIC)."""
    bare = re.sub(r"\\b|\\d|\\w|\\s|\(\?:", "", pattern)
    letters = [c for c in bare if c.isalpha()]
    abbreviation = bool(letters) and all(c.isupper() for c in letters)
    return re.compile(pattern, 0 if abbreviation else re.IGNORECASE)
