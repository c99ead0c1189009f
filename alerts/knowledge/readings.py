"""Kinds of reading that the knowledge asks for, held against those that the reader knows."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from alerts.knowledge.records import Knowledge


def unread(knowledge: Knowledge, kinds: Collection[str]) -> list[str]:
    """Kinds that no reading ever has, one sentence each: a misspelt one would wait for ever.

    `kinds`: every `Measurement.kind` that the reader can give. A factor of a row and a reading of
    a contraindication may also be named as `tests` names it (blood_pressure, gfr).
    """
    return [*_unread(knowledge, frozenset(kinds))]


def _unread(knowledge: Knowledge, kinds: frozenset[str]) -> Iterator[str]:
    known = kinds | frozenset(knowledge.tests)
    for test in knowledge.tests.values():
        yield from _missing(f"tests: {test.name}", test.readings, kinds)
    for row in knowledge.interactions:
        yield from _missing(f"{row.id}: factors", row.factors, known)
    for where, readings in _asked(knowledge.management, "management"):
        yield from _missing(where, readings, known)
    yield from _missing("plausible", knowledge.criteria["plausible"], kinds)


def _missing(where: str, named: Collection[str], known: frozenset[str]) -> Iterator[str]:
    for kind in named:
        if kind not in known:
            yield f"{where}: no reading is called {kind}"


def _asked(part: Any, where: str) -> Iterator[tuple[str, list[str]]]:
    """Every list under `readings`, however deep, with the entry that holds it."""
    if isinstance(part, Mapping):
        named = f"{where}: {part['id']}" if "id" in part else where
        for key, value in part.items():
            if key == "readings" and isinstance(value, list):
                yield named, value
            else:
                yield from _asked(value, named if isinstance(value, list) else f"{named}: {key}")
    elif isinstance(part, list):
        for entry in part:
            yield from _asked(entry, where)
