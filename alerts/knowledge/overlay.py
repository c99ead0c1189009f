"""Version B of the rules as an overlay on A: a site's changes, as one YAML file.

    version: "2026.1-north"            # stands in every assessment; required
    base: "2026.1"                     # the release it was decided on; under another, refused
    parameters: {iec.cutoff: {value: 70, basis: D, cite: []}}
    windows: {haloperidol: {full_d: 5}}
    interactions:
      added: {LOC-1: {...}}            # whole rows, as in interactions.yaml
      changed: {INT-DAN-DHP: {severity: major}}
      disabled: [INT-AP-SSRI]
    conditions, tests, classes, references: {key: {...}}      # added or replaced
    criteria, management: {section: {key: {...}}}      # laid over, mapping by mapping

A changed number or severity whose basis is not restated is a design decision of the site: basis D,
or U where it was U, so that an overlay alone confirms nothing (ALR-13).
"""

from collections.abc import Mapping
from typing import Any

from alerts.knowledge.records import KnowledgeFault

PARTS = frozenset(
    {
        "version", "base", "title", "parameters", "windows", "interactions", "conditions", "tests",
        "classes", "references", "criteria", "management",
    }
)  # fmt: skip
_HOLDERS = ("criteria", "management", "interactions")
_CLINICAL = frozenset({"severity", "mode", "mode_sus", "a", "b", "context", "tier_min", "apart"})


def decided_on(changes: Any, version: str, name: str) -> str:
    """The release that the overlay says it was decided on; "" when it does not say.

    KnowledgeFault when that is not `version`, the one it is laid over: a release may have changed
    what stands beside the site's own numbers.
    """
    base = changes.get("base") if isinstance(changes, Mapping) else None
    if base is None:
        return ""
    if not isinstance(base, str):  # 2026.10 without quotes is the number 2026.1
        raise KnowledgeFault(f"{name}: base: must be a text, in quotes")
    if base != version:
        raise KnowledgeFault(
            f"{name}: base: was decided on the rules {base}, those here are {version}:"
            f' decide anew, then say base: "{version}"'
        )
    return base


def laid_over(
    sources: Mapping[str, Any], changes: Any, name: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """The documents with the changes laid over, and what was changed: id -> what was done."""
    if not isinstance(changes, Mapping) or not changes.get("version"):
        raise KnowledgeFault(f"{name}: version: an overlay needs one")
    for part in changes:
        if part not in PARTS:
            raise KnowledgeFault(f"{name}: {part}: not a part of an overlay")
    documents = dict(sources)
    local: dict[str, str] = {}
    for part in ("criteria", "management"):
        over = _mapping(changes, part, name)
        for section in over:  # a misspelt one would change nothing, and nobody would know
            if section not in documents[part]:
                raise KnowledgeFault(f"{name}: {part}: {section}: no section is called so")
        documents[part] = _laid(documents[part], over, name, part)
    _parameters(documents, _mapping(changes, "parameters", name), name, local)
    _windows(documents, _mapping(changes, "windows", name), name, local)
    _rows(documents, _mapping(changes, "interactions", name), name, local)
    for part, document in (
        ("conditions", "interactions"),
        ("tests", "interactions"),
        ("classes", "classes"),
        ("references", "references"),
    ):
        added = _mapping(changes, part, name)
        _put(documents, document, part, {**documents[document][part], **added})
        local |= {str(key): f"{part}: given by the site" for key in added}
    return documents, local


def _mapping(changes: Mapping[str, Any], part: str, name: str) -> Mapping[str, Any]:
    found = changes.get(part) or {}
    if not isinstance(found, Mapping):
        raise KnowledgeFault(f"{name}: {part}: must be a mapping")
    return found


def _put(documents: dict[str, Any], document: str, key: str, value: Any) -> None:
    documents[document] = {**documents[document], key: value}


def _laid(under: Any, over: Mapping[str, Any], name: str, where: str) -> Any:
    """Mapping over mapping; a text or list is replaced, and never by another kind of thing."""
    merged = dict(under)
    for key, value in over.items():
        known = merged.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            merged[key] = _laid(known, value, name, f"{where}: {key}")
        elif known is not None and type(known) is not type(value):
            raise KnowledgeFault(f"{name}: {where}: {key}: must be a {type(known).__name__}")
        else:
            merged[key] = value
    return merged


def _restated(known: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    basis = change.get("basis", "U" if known.get("basis") == "U" else "D")
    return {**known, "cite": [], **change, "basis": basis}


def _change(raw: Any, name: str, where: str) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping) or not raw:
        raise KnowledgeFault(f"{name}: {where}: must be a mapping of fields")
    return raw


def _parameters(
    documents: dict[str, Any], changes: Mapping[str, Any], name: str, local: dict[str, str]
) -> None:
    for key, raw in changes.items():
        where = f"parameters: {key}"
        change = _change(raw, name, where)
        holder = next((d for d in _HOLDERS if key in documents[d]["parameters"]), None)
        if holder is None:
            raise KnowledgeFault(f"{name}: {where}: no parameter is called so")
        for field in change:
            if field not in {"value", "basis", "cite"}:
                raise KnowledgeFault(f"{name}: {where}: {field}: may not be changed")
        table = documents[holder]["parameters"]
        _put(documents, holder, "parameters", {**table, key: _restated(table[key], change)})
        local[str(key)] = "parameter changed"


def _windows(
    documents: dict[str, Any], changes: Mapping[str, Any], name: str, local: dict[str, str]
) -> None:
    for key, raw in changes.items():
        where = f"windows: {key}"
        change = _change(raw, name, where)
        tables = ("short_acting", "long_acting")
        table = next((t for t in tables if key in documents["exposure"][t]), None)
        if table is None:
            raise KnowledgeFault(f"{name}: {where}: no drug or product is called so")
        known = documents["exposure"][table]
        _put(documents, "exposure", table, {**known, key: _restated(known[key], change)})
        local[str(key)] = "window changed"


def _rows(
    documents: dict[str, Any], changes: Mapping[str, Any], name: str, local: dict[str, str]
) -> None:
    for part in changes:
        if part not in {"added", "changed", "disabled"}:
            raise KnowledgeFault(f"{name}: interactions: {part}: not added, changed or disabled")
    rows = dict(documents["interactions"]["interactions"])
    for key, raw in _mapping(changes, "added", name).items():
        if key in rows:
            raise KnowledgeFault(f"{name}: interactions: {key}: exists; use `changed`")
        rows[key], local[str(key)] = raw, "row added"
    for key, raw in _mapping(changes, "changed", name).items():
        change = _change(raw, name, f"interactions: {key}")
        known = _known_row(rows, key, name)
        clinical = bool(_CLINICAL & set(change))
        rows[key] = _restated(known, change) if clinical else {**known, **change}
        if clinical and "cite" not in change:
            rows[key]["cite"] = known["cite"]
        local[str(key)] = f"row changed: {', '.join(sorted(change))}"
    for key in changes.get("disabled") or ():
        _known_row(rows, key, name)
        del rows[key]
        local[str(key)] = "disabled row"
    _put(documents, "interactions", "interactions", rows)


def _known_row(rows: Mapping[str, Any], key: str, name: str) -> Mapping[str, Any]:
    if key not in rows:
        raise KnowledgeFault(f"{name}: interactions: {key}: no row is called so")
    found: Mapping[str, Any] = rows[key]
    return found
