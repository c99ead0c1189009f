"""`knowledge show` and `knowledge diff`: what a rule's data say, what two versions change."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from alerts.knowledge.records import Knowledge
from alerts.knowledge.rows import CLASS, ingredients_of

_ABSENT = object()


def show(knowledge: Knowledge, key: str) -> dict[str, Any] | None:
    """What the knowledge says under an id; None when nothing is called so.

    A parameter, rule, drug or product window, row, condition, test, class, ingredient (its classes
    and rows), action, treatment, stage, trigger, wording, request or reference.
    """
    for kind, table in _tables(knowledge).items():
        if key in table:
            found = {"id": key, "kind": kind, **_plain(table[key])}
            return _with_local(knowledge, key, _with_drugs(knowledge, kind, found))
    parameters = [_plain(p) for p in knowledge.parameters.values() if p.rule == key]
    texts = [
        {"id": name, "kind": kind, **_plain(table[name])}
        for kind, table in _tables(knowledge).items()
        for name in table
        if name.startswith(f"{key}-")
    ]
    if parameters or texts:
        return {"id": key, "kind": "rule", "parameters": parameters, "entries": texts}
    if key in knowledge.ingredients | knowledge.beyond:
        return _ingredient(knowledge, key)
    return _deep(knowledge, key)


def _tables(knowledge: Knowledge) -> dict[str, Mapping[str, Any]]:
    """Every kind of entry that has an id, as a table."""
    return {
        "parameter": knowledge.parameters,
        "drug window": knowledge.short_acting,
        "product window": knowledge.long_acting,
        "interaction": {row.id: row for row in knowledge.interactions},
        "condition": knowledge.states,
        "test": knowledge.tests,
        "class": knowledge.class_records,
        "action": knowledge.actions,
        "treatment": knowledge.drugs,
        "stage": {key: {"entries": ids} for key, ids in knowledge.stages.items()},
        "trigger": knowledge.triggers,
        "wording": {key: {"text": text} for key, text in knowledge.wording.items()},
        "request": {key: {"ask": said} for key, said in knowledge.data_requests.items()},
        "reference": knowledge.references,
    }


def _with_drugs(knowledge: Knowledge, kind: str, found: dict[str, Any]) -> dict[str, Any]:
    """A row also says which ingredients its classes stand for."""
    if kind != "interaction":
        return found
    antagonists = frozenset(knowledge.short_acting) | knowledge.depot_ingredients
    for side in ("a", "b"):
        names = (
            i
            for m in found[side]
            if m.startswith(CLASS)
            for i in ingredients_of(m, knowledge.classes, antagonists)
        )
        found[f"{side}_drugs"] = sorted(names)
    return found


def _with_local(knowledge: Knowledge, key: str, found: dict[str, Any]) -> dict[str, Any]:
    if key in knowledge.local:
        found["local"] = f"{knowledge.local[key]} ({knowledge.version})"
    return found


def _ingredient(knowledge: Knowledge, key: str) -> dict[str, Any]:
    hits = knowledge.index.drugs.get(key, ())
    return {
        "id": key,
        "kind": "ingredient",
        "listed": key in knowledge.ingredients,
        "antagonist": knowledge.antagonist(key),
        "classes": sorted(name for name, members in knowledge.classes.items() if key in members),
        "rows": sorted({hit.row.id for hit in hits}),
    }


def _deep(knowledge: Knowledge, key: str) -> dict[str, Any] | None:
    """An entry of the criteria or management documents that carries the id in itself."""
    for name, document in (("criteria", knowledge.criteria), ("management", knowledge.management)):
        for entry in _entries(document, key):
            return {"id": key, "kind": name, **_plain(entry)}
    return None


def _entries(part: Any, key: str) -> Iterator[Any]:
    if isinstance(part, Mapping):
        if part.get("id") == key or part.get("rule") == key:
            yield part
        for name, value in part.items():
            if name == key:
                yield value if isinstance(value, Mapping) else {"value": value}
            yield from _entries(value, key)
    elif isinstance(part, (list, tuple)):
        for item in part:
            yield from _entries(item, key)


def diff(before: Knowledge, after: Knowledge) -> list[dict[str, Any]]:
    """Everything that differs between two rule versions, whatever its kind, in a fixed order.

    Each: `kind`, `id`, `before`, `after` (None where it does not exist) and, of entries that both
    have, `fields` that differ.
    """
    found: list[dict[str, Any]] = []
    old, new = _compared(before), _compared(after)
    for kind, table in old.items():
        other = new[kind]
        for key in dict.fromkeys((*table, *other)):
            was, now = table.get(key, _ABSENT), other.get(key, _ABSENT)
            if was != now:
                found.append(_change(kind, key, was, now))
    return found


def _compared(knowledge: Knowledge) -> dict[str, Mapping[str, Any]]:
    tables = _tables(knowledge)
    for name in ("criteria", "management", "exposure"):
        document = knowledge.sources.get(name, {})
        tables[name] = dict(_leaves(document, ()))
    tables["daily dose"] = {
        f"{way} {key}": {"mg": amount}
        for way, doses in knowledge.daily_doses.items()
        for key, amount in doses.items()
    }
    return _without_doubles(tables)


# told by their own kinds, in words rather than in paths
_TOLD = {
    "criteria": ("parameters", "wording", "data_requests"),
    "management": ("parameters", "actions", "drugs", "stages"),
    "exposure": ("short_acting", "long_acting"),
}


def _without_doubles(tables: dict[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    for name, told in _TOLD.items():
        tables[name] = {
            key: value for key, value in tables[name].items() if key.split(" / ")[0] not in told
        }
    return tables


def _leaves(part: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if isinstance(part, Mapping):
        for key, value in part.items():
            yield from _leaves(value, (*path, str(key)))
    else:
        yield " / ".join(path), {"value": part}


def _change(kind: str, key: str, was: Any, now: Any) -> dict[str, Any]:
    old = None if was is _ABSENT else _plain(was)
    new = None if now is _ABSENT else _plain(now)
    changed = [f for f in old if old[f] != new.get(f)] if old and new else []
    if old and new:
        changed += [f for f in new if f not in old]
    return {"kind": kind, "id": key, "before": old, "after": new, "fields": changed}


def _plain(record: Any) -> dict[str, Any]:
    if is_dataclass(record):
        found = {f.name: getattr(record, f.name) for f in fields(record)}
    elif isinstance(record, Mapping):
        found = dict(record)
    else:
        found = {"value": record}
    return {key: _simple(value) for key, value in found.items()}


def _simple(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value
