"""`knowledge check`: every number has a basis code and a citation that resolves, and more.

Each check gives its faults as sentences that begin with the file or id; none when sound.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from alerts.knowledge.loader import DOCUMENTS, HERE
from alerts.knowledge.records import BASES, Knowledge, Row
from alerts.knowledge.rows import CLASS, CONDITION, CULPRIT, QUALIFIERS, split

# SAF-04: a U value is never a dose line that is shown
SHOWN = frozenset({"show", "label"})
SEEN = ("full", "abstract", "table", "excerpt", "secondary", "not_seen")
_SUGGESTIONS = {"remove-draft": "side", "hold": "side", "monitor": "test", "change-route": "side"}


def faults(knowledge: Knowledge) -> list[str]:
    """Every fault of the knowledge, one sentence each; empty when sound."""
    return [
        *_schema_faults(knowledge),
        *_parameter_faults(knowledge),
        *_window_faults(knowledge),
        *_class_faults(knowledge),
        *_row_faults(knowledge),
        *_test_faults(knowledge),
        *_risk_faults(knowledge),
        *_advice_faults(knowledge),
        *_reference_faults(knowledge),
    ]


def _schema_faults(knowledge: Knowledge) -> Iterator[str]:
    manifest = yaml.safe_load((HERE / "manifest.yaml").read_text("utf-8"))
    for name in DOCUMENTS:
        said = _schema(HERE / f"{name}.yaml")
        wanted = manifest["schemas"].get(name)
        if said != wanted:
            yield f"{name}.yaml: schema {said!r}, the manifest names {wanted!r}"
    for name in DOCUMENTS:
        for key, count in Counter(_top_keys(HERE / f"{name}.yaml")).items():
            if count > 1:
                yield f"{name}.yaml: {key} stands there {count} times"
    twice = Counter(chain(*(knowledge.sources[d].get("parameters", ()) for d in _HOLDERS)))
    for key, count in twice.items():
        if count > 1:
            yield f"{key}: the parameter is given in {count} files"


_HOLDERS = ("criteria", "management", "interactions")


def _schema(path: Path) -> str | None:
    lines = path.read_text("utf-8").splitlines()
    found = (line.split(":", 1)[1].strip() for line in lines if line.startswith("schema:"))
    return next(found, None)


def _top_keys(path: Path) -> Iterator[str]:
    """Keys of the two outer levels, as written: YAML itself lets a second one win in silence."""
    root = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    for section, entries in root.value if isinstance(root, yaml.MappingNode) else ():
        yield section.value
        if isinstance(entries, yaml.MappingNode):
            for key, _ in entries.value:
                yield f"{section.value}: {key.value}"


def _risk_faults(knowledge: Knowledge) -> Iterator[str]:
    """Risk factors, read or not: a basis, a citation, and a reason where none is read."""
    for part in ("risk_factors", "risk_factors_unread"):
        for key, raw in knowledge.criteria.get(part, {}).items():
            yield from _basis_faults(key, raw.get("basis"), raw.get("cite"), knowledge.references)
            if part == "risk_factors_unread" and not raw.get("reason"):
                yield f"{key}: is not read, and no reason is given"


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
        if window.ingredient not in knowledge.ingredients:
            yield f"{window.key}: {window.ingredient} is not an ingredient of the terminology"


def _class_faults(knowledge: Knowledge) -> Iterator[str]:
    known = knowledge.ingredients | knowledge.beyond
    for record in knowledge.class_records.values():
        if not record.members:
            yield f"class {record.name}: has no members"
        for member in sorted(record.members - known):
            yield f"class {record.name}: {member} is not a known ingredient"
    for key in sorted(knowledge.ingredients & knowledge.beyond):
        yield f"ingredients: {key} is both listed and beyond the list"
    named = {i for r in knowledge.class_records.values() for i in r.members}
    named |= {split(m)[0] for row in knowledge.interactions for m in (*row.a, *row.b)}
    for key in sorted(knowledge.beyond - named):
        if _matters(knowledge, key):
            yield f"ingredients: {key} is named by no class and no row"
    for way, doses in knowledge.daily_doses.items():
        for key, amount in doses.items():
            if key not in knowledge.ingredients or not amount > 0:
                yield f"defined_daily_doses: {way}: {key}: unknown drug or no amount"


def _matters(knowledge: Knowledge, key: str) -> bool:
    """Is it a fault that nothing names this? Not of the release, once a site has changed what
    named it: it disabled the row, or judges by its own citation."""
    return not knowledge.local or key in knowledge.local


def _row_faults(knowledge: Knowledge) -> Iterator[str]:
    for row in knowledge.interactions:
        yield from _basis_faults(row.id, row.basis, row.cite, knowledge.references)
        yield from _basis_faults(row.id, row.apart_basis, row.apart_cite, knowledge.references)
        if row.basis == "U" and "interruptive" in {row.mode, row.mode_sus}:
            yield f"{row.id}: basis U may not interrupt (ALR-13)"
        if row.basis != "U" and row.mode_confirmed:
            yield f"{row.id}: mode_confirmed stands only in a row of basis U"
        if not row.a or not row.b or not row.context or not row.evidence:
            yield f"{row.id}: needs a, b, context and evidence"
        for member in (*row.a, *row.b):
            yield from _member_faults(knowledge, row, member)
        yield from _suggestion_faults(row)
    named = {c for sides in knowledge.index.states.values() for side in sides for c in side}
    for name in sorted(set(knowledge.states) - named):
        if _matters(knowledge, name):
            yield f"conditions: {name} is named by no row"


def _member_faults(knowledge: Knowledge, row: Row, member: str) -> Iterator[str]:
    name, qualifier = split(member)
    if qualifier and qualifier not in QUALIFIERS:
        yield f"{row.id}: {member}: no qualifier is called {qualifier}"
    if name.startswith(CONDITION):
        if name.removeprefix(CONDITION) not in knowledge.states:
            yield f"{row.id}: no condition is called {name.removeprefix(CONDITION)}"
    elif name.startswith(CLASS):
        if not knowledge.classes.get(name.removeprefix(CLASS)):
            yield f"{row.id}: no class is called {name.removeprefix(CLASS)}"
    elif name != CULPRIT and name not in knowledge.ingredients | knowledge.beyond:
        yield f"{row.id}: {name} is not a known ingredient"


def _suggestion_faults(row: Row) -> Iterator[str]:
    if row.basis == "U" and row.suggest:
        yield f"{row.id}: a row of basis U suggests nothing (ALR-13)"
    for said in row.suggest:
        kind, *rest = said.split(":")
        wanted = _SUGGESTIONS.get(kind)
        sided = wanted != "side" or (rest and rest[0] in {"a", "b"})
        long = len(rest) == (2 if kind == "change-route" else 1)
        if wanted is None or not sided or not long or not all(rest):
            yield f"{row.id}: suggestion {said!r} is not understood"


def _test_faults(knowledge: Knowledge) -> Iterator[str]:
    """Tests that keep a promise (ALR-07): a row asks for each, and each asked for is known."""
    asked: set[str] = set()
    for row in knowledge.interactions:
        tests = {s.partition(":")[2] for s in row.suggest if s.startswith("monitor:")}
        asked |= tests | set(row.factors)
        for name in sorted(tests):
            if name not in knowledge.tests:
                yield f"{row.id}: monitor:{name}: `tests` has no entry of this name"
            elif not knowledge.tests[name].readings:
                yield f"{row.id}: monitor:{name}: no reading answers it"
    for test in knowledge.tests.values():
        yield from _basis_faults(f"tests: {test.name}", test.basis, test.cite, knowledge.references)
        if test.name not in asked and _matters(knowledge, test.name):
            yield f"tests: {test.name} is asked for by no row"


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


def _reference_faults(knowledge: Knowledge) -> Iterator[str]:
    cited = set(_cited(knowledge.sources)) | set(_cited(knowledge.references))
    for key, entry in knowledge.references.items():
        if not entry.get("citation"):
            yield f"references.yaml: {key}: has no citation"
        if entry.get("seen") not in SEEN:
            yield f"references.yaml: {key}: seen {entry.get('seen')!r} is not one of its words"
        if entry.get("seen") == "secondary" and not entry.get("seen_via") and not _noted(entry):
            yield f"references.yaml: {key}: secondary, but not through what"
        idle = key not in cited and not entry.get("background")
        if idle and _matters(knowledge, key):
            yield f"references.yaml: {key}: cited nowhere; mark it `background: true`"
    for key in sorted(cited - set(knowledge.references)):
        yield f"{key}: is cited and does not resolve"


def _noted(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("verified") or entry.get("notes"))


def _cited(part: Any) -> Iterator[str]:
    """Every key under any `cite`, however deep."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            if str(key).endswith("cite") and isinstance(value, (list, tuple)):
                yield from (v for v in value if isinstance(v, str))
            else:
                yield from _cited(value)
    elif isinstance(part, Iterable) and not isinstance(part, str):
        for item in part:
            yield from _cited(item)
