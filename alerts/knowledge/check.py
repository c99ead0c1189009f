"""`knowledge check`: every number has a basis code and a citation that resolves.

Also `knowledge show` and `knowledge diff`: what a rule's data say, and what two versions change.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from alerts.knowledge.loader import Knowledge

BASES = frozenset("VSUD")
# SAF-04: a U value is never a dose line that is shown
SHOWN = frozenset({"show", "label"})


def faults(knowledge: Knowledge) -> list[str]:
    """Every fault of the knowledge, one sentence each; empty when sound."""
    return [
        *_parameter_faults(knowledge),
        *_window_faults(knowledge),
        *_row_faults(knowledge),
        *_advice_faults(knowledge),
    ]


def _basis_faults(where: str, basis: object, cite: object, known: object) -> Iterator[str]:
    references: Mapping[str, Any] = known  # type: ignore[assignment]
    keys = tuple(cite) if isinstance(cite, (list, tuple)) else ()
    if basis not in BASES:
        yield f"{where}: basis {basis!r} is not one of V, S, U, D"
    if basis in {"V", "S"} and not keys:
        yield f"{where}: basis {basis} without a citation"
    for key in keys:
        if key not in references:
            yield f"{where}: citation {key} does not resolve"


def _parameter_faults(knowledge: Knowledge) -> Iterator[str]:
    for parameter in knowledge.parameters.values():
        yield from _basis_faults(
            parameter.id, parameter.basis, parameter.cite, knowledge.references
        )


def _window_faults(knowledge: Knowledge) -> Iterator[str]:
    for window in (*knowledge.short_acting.values(), *knowledge.long_acting.values()):
        yield from _basis_faults(window.key, window.basis, window.cite, knowledge.references)
        if window.extended_d < window.full_d:
            yield f"{window.key}: extended window shorter than the full one"


def _row_faults(knowledge: Knowledge) -> Iterator[str]:
    for row in knowledge.interactions:
        yield from _basis_faults(row.id, row.basis, row.cite, knowledge.references)
        if row.basis == "U" and row.mode == "interruptive":
            yield f"{row.id}: basis U may not interrupt (ALR-13)"
        for member in (*row.a, *row.b):
            name = member.removeprefix("class:")
            if member.startswith("class:") and name not in knowledge.classes:
                yield f"{row.id}: no class is called {name}"


def _advice_faults(knowledge: Knowledge) -> Iterator[str]:
    entries = {**knowledge.actions, **knowledge.drugs}
    for key, entry in entries.items():
        for line in (*entry.get("lines", ()), *entry.get("doses", ())):
            where = f"{key}: {line['text'][:40]}"
            yield from _basis_faults(where, line["basis"], line["cite"], knowledge.references)
        for dose in entry.get("doses", ()):
            if dose["basis"] == "U" and dose.get("render", "show") in SHOWN:
                yield f"{key}: a U dose must be hidden (SAF-04)"
            if dose.get("render", "show") == "show" and not dose.get("maximum"):
                yield f"{key}: a dose without a maximum (SAF-04)"
    for stage, ids in knowledge.stages.items():
        for key in ids:
            if key not in entries:
                yield f"{stage}: names {key}, which does not exist"


def show(knowledge: Knowledge, key: str) -> dict[str, Any] | None:
    """What the knowledge says under an id (parameter, window, row, action, drug, reference)."""
    if key in knowledge.parameters:
        return _plain(knowledge.parameters[key])
    for windows in (knowledge.short_acting, knowledge.long_acting):
        if key in windows:
            return _plain(windows[key])
    for row in knowledge.interactions:
        if row.id == key:
            return _plain(row)
    for table in (knowledge.actions, knowledge.drugs, knowledge.triggers, knowledge.references):
        if key in table:
            return {"id": key, **table[key]}
    by_rule = [_plain(p) for p in knowledge.parameters.values() if p.rule == key]
    return {"id": key, "parameters": by_rule} if by_rule else None


def diff(before: Knowledge, after: Knowledge) -> list[dict[str, Any]]:
    """Parameters whose value, basis or citation differ between two rule versions."""
    return [
        {"id": key, "before": _plain(old), "after": _plain(after.parameters[key])}
        for key, old in before.parameters.items()
        if after.parameters[key] != old
    ]


def _plain(record: Any) -> dict[str, Any]:
    fields = {name: getattr(record, name) for name in record.__dataclass_fields__}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in fields.items()}
