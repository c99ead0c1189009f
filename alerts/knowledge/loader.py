"""The knowledge as typed, versioned data: thresholds, windows, classes, rows, references.

`load()` reads the YAML beside this file; an overlay gives version B as a change on version A.
A fault names the file and the key.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from alerts.knowledge.fields import Fields
from alerts.knowledge.overlay import decided_on, laid_over
from alerts.knowledge.records import Knowledge, KnowledgeFault, Parameter, Row, Window
from alerts.knowledge.rows import drug_class, index, monitored, row, state
from alerts.knowledge.sentences import sentence

__all__ = ["Knowledge", "KnowledgeFault", "Parameter", "Row", "Window", "load", "with_overlay"]

HERE = Path(__file__).parent
DOCUMENTS = ("criteria", "exposure", "classes", "interactions", "management", "references")
# libyaml where the wheel has it: ten times faster, same documents
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _References(Mapping[str, Mapping[str, Any]]):
    """The bibliography, read when somebody first looks: an assessment never does."""

    def __init__(self, added: Mapping[str, Any] | None = None) -> None:
        self._added = dict(added or {})
        self._whole: dict[str, Mapping[str, Any]] | None = None

    def _known(self) -> dict[str, Mapping[str, Any]]:
        if self._whole is None:
            self._whole = {**_read("references")["references"], **self._added}
        return self._whole

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        return self._known()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())


def load(overlay: Path | None = None) -> Knowledge:
    """Load the rules, or version B: `overlay` is a YAML file, see `overlay.py`.

    Raises KnowledgeFault naming the file and the key.
    """
    return _base() if overlay is None else load_overlay(overlay.read_bytes(), overlay.name)


def load_overlay(written: bytes, name: str) -> Knowledge:
    """Version B from an overlay as it was read. KnowledgeFault names the overlay and the key."""
    try:
        changes = yaml.load(written.decode("utf-8"), Loader=_Loader)  # noqa: S506 (safe loader)
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise KnowledgeFault(f"{name}: is not YAML: {fault}") from fault
    return with_overlay(_base(), changes, name)


def with_overlay(base: Knowledge, changes: Mapping[str, Any], name: str = "overlay") -> Knowledge:
    """Version B of the rules as an overlay on A. KnowledgeFault names the overlay and the key."""
    decided = decided_on(changes, base.version, name)
    documents, local = laid_over(base.sources, changes, name)
    made = _built(documents, str(changes["version"]), {**base.local, **local})
    return replace(made, base=decided)


def load_folder(folder: Path) -> Knowledge:
    """The rules of another release from its documents, as this release reads them.

    Raises KnowledgeFault naming the file and the key, OSError when a document is missing.
    """
    documents = {name: _read(name, folder) for name in DOCUMENTS}
    # before nms-interactions/3 the tests stood in the program, as they stand in this release
    tests = _base().sources["interactions"]["tests"]
    documents["interactions"] = {"tests": tests, **documents["interactions"]}
    return _built(documents, str(_read("manifest", folder)["version"]), {})


@lru_cache(maxsize=1)
def _base() -> Knowledge:
    documents = {name: _read(name) for name in DOCUMENTS if name != "references"}
    documents["references"] = {"references": {}}
    return _built(documents, str(_read("manifest")["version"]), {})


def _read(name: str, home: Path = HERE) -> Any:
    text = (home / f"{name}.yaml").read_text("utf-8")
    try:
        read = yaml.load(text, Loader=_Loader)  # noqa: S506 (safe loader)
    except yaml.YAMLError as fault:
        raise KnowledgeFault(f"{name}.yaml: is not YAML: {fault}") from fault
    if name in DOCUMENTS and not str(read.get("schema", "")).startswith(f"nms-{name}/"):
        raise KnowledgeFault(f"{name}.yaml: schema: {read.get('schema')!r} is not of {name}")
    return read


def _built(documents: Mapping[str, Any], version: str, local: Mapping[str, str]) -> Knowledge:
    """Typed knowledge from the documents; a missing key is a fault of its file."""
    criteria, exposure = _Document("criteria", documents), _Document("exposure", documents)
    management, rows = _Document("management", documents), _Document("interactions", documents)
    parameters = _parameters(criteria, management, rows)
    return Knowledge(
        version=version,
        parameters=parameters,
        wording=_said(criteria, "wording", parameters),
        data_requests=_said(criteria, "data_requests", parameters),
        disclaimer=criteria["disclaimer"],
        actions=management["actions"],
        drugs=management["drugs"],
        stages={key: tuple(ids) for key, ids in management["stages"].items()},
        references=_References(documents["references"]["references"]),
        management=documents["management"],
        criteria=documents["criteria"],
        local=local,
        sources=documents,
        _values={key: p.value for key, p in parameters.items()},
        **_sets(criteria),
        **_exposure(exposure),
        **_interactions(rows, _Document("classes", documents), exposure, version, local),
    )


def _said(document: "_Document", part: str, parameters: Mapping[str, Parameter]) -> dict[str, str]:
    """The sentences of a section with the numbers of the rules in them."""
    said = {}
    for key, text in document[part].items():
        where = f"{document.name}: {part}: {key}"
        if not isinstance(text, str):
            raise KnowledgeFault(f"{where}: must be a text, not {text!r}")
        try:
            said[key] = sentence(text, parameters)
        except KeyError as fault:
            raise KnowledgeFault(f"{where}: no number is called {fault.args[0]}") from fault
    return said


def _sets(criteria: "_Document") -> dict[str, Any]:
    return {
        "sites": {name: frozenset(found) for name, found in criteria["sites"].items()},
        "atypical_drugs": frozenset(criteria["atypical_drugs"]["drugs"]),
        "reduced_mental_status": frozenset(criteria["mental_status"]["reduced"]),
        "broad_mental_status": frozenset(criteria["mental_status"]["broad"]),
        "alternative_causes": frozenset(criteria["alternative_causes"]["conditions"]),
    }


def _exposure(exposure: "_Document") -> dict[str, Any]:
    short, long = _windows(exposure)
    return {
        "short_acting": short,
        "long_acting": long,
        "without_window": frozenset(exposure["without_window"]["drugs"]),
        "possible_d": int(exposure["without_window"]["possible_d"]),
        "dopaminergic": frozenset(exposure["withdrawal"]["drugs"]),
        "triggers": exposure["withdrawal"]["triggers"],
    }


def _interactions(
    rows: "_Document",
    classes: "_Document",
    exposure: "_Document",
    version: str,
    local: Mapping[str, str],
) -> dict[str, Any]:
    records = {name: drug_class(name, raw) for name, raw in classes["classes"].items()}
    members = {name: record.members for name, record in records.items()}
    short, long = _windows(exposure)
    antagonists = frozenset(short) | frozenset(w.ingredient for w in long.values())
    interactions = tuple(
        row(key, raw, version if local.get(key, "").startswith("row ") else "")
        for key, raw in rows["interactions"].items()
    )
    doses = rows["defined_daily_doses"]
    return {
        "classes": members,
        "class_records": records,
        "interactions": interactions,
        "states": {name: state(name, raw) for name, raw in rows["conditions"].items()},
        "tests": {name: monitored(name, raw) for name, raw in rows["tests"].items()},
        "index": index(interactions, members, antagonists, long.values()),
        "ingredients": frozenset(classes["ingredients"]["listed"]),
        "beyond": frozenset(classes["ingredients"]["beyond"]),
        "substances": {key: same[0] for same in classes["same_substance"] for key in same},
        "daily_doses": {way: doses[way] for way in ("oral", "parenteral") if way in doses},
    }


class _Document:
    """One YAML document; what it lacks is a fault that names it."""

    def __init__(self, name: str, documents: Mapping[str, Any]) -> None:
        self.name, self._raw = f"{name}.yaml", documents[name]

    def __getitem__(self, key: str) -> Any:
        if key not in self._raw:
            raise KnowledgeFault(f"{self.name}: {key}: is missing")
        return self._raw[key]


def _parameters(*documents: _Document) -> dict[str, Parameter]:
    found: dict[str, Parameter] = {}
    for document in documents:
        for key, raw in document["parameters"].items():
            read = _parameter(document.name, key, raw)
            if key in found and found[key].value != read.value:
                raise KnowledgeFault(f"{document.name}: {key}: is given twice, not alike")
            found[key] = read
    return found


def _parameter(file: str, key: str, raw: Any) -> Parameter:
    said = Fields(file, key, raw)
    return Parameter(
        key,
        said.number("value"),
        said.text("unit"),
        said.text("rule"),
        said.text("basis"),
        said.texts("cite", default=()),
    )


def _windows(exposure: _Document) -> tuple[dict[str, Window], dict[str, Window]]:
    short = {
        key: _window(key, key, key, raw, long_acting=False)
        for key, raw in exposure["short_acting"].items()
    }
    unlisted = exposure["without_window"]
    for drug in unlisted["drugs"]:
        raw = {"extended_d": unlisted["full_d"], **unlisted}
        short[drug] = _window(drug, drug, drug, raw, long_acting=False)
    long = {
        key: _window(key, raw["name"], raw["ingredient"], raw, long_acting=True)
        for key, raw in exposure["long_acting"].items()
    }
    return short, long


def _window(
    key: str, name: str, ingredient: str, raw: Mapping[str, Any], *, long_acting: bool
) -> Window:
    said = Fields("exposure.yaml", key, raw)
    return Window(
        key,
        name,
        ingredient,
        said.whole("full_d"),
        said.whole("extended_d"),
        long_acting,
        said.text("basis"),
        said.texts("cite", default=()),
        said.text("note", ""),
        float(raw["interval_d"]) if "interval_d" in raw else None,
    )
