"""The knowledge as typed, versioned data: thresholds, windows, classes, rows, references.

`load()` reads the YAML beside this file; `overlay` gives version B as a change on version A.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
# libyaml where the wheel has it: ten times faster, same documents
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class KnowledgeFault(ValueError):
    """The knowledge files or an overlay are wrong: says which key and why."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number with its unit, rule, basis code (SPEC 0.2) and citations."""

    id: str
    value: float
    unit: str
    rule: str
    basis: str
    cite: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """How long a drug or depot product counts as exposure (SPEC 3.2), in days."""

    key: str
    name: str
    ingredient: str
    full_d: int
    extended_d: int
    long_acting: bool
    basis: str
    cite: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """An interaction row (SPEC 6)."""

    id: str
    a: tuple[str, ...]
    b: tuple[str, ...]
    severity: str
    mechanism: str
    effect: str
    management: str
    short: str
    context: tuple[str, ...]
    mode: str
    evidence: tuple[str, ...]
    basis: str
    cite: tuple[str, ...]
    tier_min: str = "POSSIBLE"


@dataclass(frozen=True)
class Knowledge:
    """Everything the medicine is told. `version` stands in every assessment."""

    version: str
    parameters: Mapping[str, Parameter]
    sites: Mapping[str, frozenset[str]]
    atypical_drugs: frozenset[str]
    reduced_mental_status: frozenset[str]
    broad_mental_status: frozenset[str]
    alternative_causes: frozenset[str]
    wording: Mapping[str, str]
    data_requests: Mapping[str, str]
    disclaimer: str
    short_acting: Mapping[str, Window]
    long_acting: Mapping[str, Window]
    without_window: frozenset[str]
    possible_d: int
    dopaminergic: frozenset[str]
    triggers: Mapping[str, Mapping[str, Any]]
    classes: Mapping[str, frozenset[str]]
    interactions: tuple[Row, ...]
    actions: Mapping[str, Mapping[str, Any]]
    drugs: Mapping[str, Mapping[str, Any]]
    stages: Mapping[str, tuple[str, ...]]
    references: Mapping[str, Mapping[str, Any]]
    _values: Mapping[str, float] = field(default_factory=dict, repr=False)

    def __getitem__(self, key: str) -> float:
        """The value of a parameter; KeyError for one that does not exist."""
        return self._values[key]

    def antagonist(self, ingredient: str) -> bool:
        """Does this ingredient count as a dopamine antagonist (SPEC 3.1)?"""
        return ingredient in self.short_acting or ingredient in self.depot_ingredients

    @property
    def depot_ingredients(self) -> frozenset[str]:
        return frozenset(w.ingredient for w in self.long_acting.values())

    def is_member(self, ingredient: str, name: str) -> bool:
        """Is the ingredient in the class?"""
        return ingredient in self.classes.get(name, frozenset())


def load(overlay: Path | None = None) -> Knowledge:
    """Load the rules, or version B: `overlay` is a YAML file with `version` and `parameters`.

    Raises KnowledgeFault naming the key for an overlay that names no known parameter.
    """
    base = _base()
    if overlay is None:
        return base
    changes = yaml.load(overlay.read_text("utf-8"), Loader=_Loader)  # noqa: S506 (safe loader)
    return with_overlay(base, changes)


def with_overlay(base: Knowledge, changes: Mapping[str, Any]) -> Knowledge:
    """Version B of the rules as an overlay on A."""
    if not isinstance(changes, Mapping) or "version" not in changes:
        raise KnowledgeFault("overlay: needs `version` and `parameters`")
    parameters = dict(base.parameters)
    for key, change in dict(changes.get("parameters") or {}).items():
        if key not in parameters:
            raise KnowledgeFault(f"overlay: no parameter is called {key}")
        known = parameters[key]
        parameters[key] = Parameter(
            key,
            float(change["value"]),
            known.unit,
            known.rule,
            str(change.get("basis", known.basis)),
            tuple(change.get("cite", known.cite)),
        )
    fields = {name: getattr(base, name) for name in base.__dataclass_fields__}
    fields |= {
        "version": str(changes["version"]),
        "parameters": parameters,
        "_values": {key: p.value for key, p in parameters.items()},
    }
    return Knowledge(**fields)


@lru_cache(maxsize=1)
def _base() -> Knowledge:
    criteria, exposure = _read("criteria"), _read("exposure")
    management = _read("management")
    parameters = {key: _parameter(key, raw) for key, raw in criteria["parameters"].items()}
    short = {
        key: _window(key, key, key, raw, long_acting=False)
        for key, raw in exposure["short_acting"].items()
    }
    unlisted = exposure["without_window"]
    for drug in unlisted["drugs"]:
        raw = {"full_d": unlisted["full_d"], "extended_d": unlisted["full_d"], **unlisted}
        short[drug] = _window(drug, drug, drug, raw, long_acting=False)
    return Knowledge(
        version=str(_read("manifest")["version"]),
        parameters=parameters,
        sites={name: frozenset(members) for name, members in criteria["sites"].items()},
        atypical_drugs=frozenset(criteria["atypical_drugs"]["drugs"]),
        reduced_mental_status=frozenset(criteria["mental_status"]["reduced"]),
        broad_mental_status=frozenset(criteria["mental_status"]["broad"]),
        alternative_causes=frozenset(criteria["alternative_causes"]["conditions"]),
        wording=criteria["wording"],
        data_requests=criteria["data_requests"],
        disclaimer=criteria["disclaimer"],
        short_acting=short,
        long_acting={
            key: _window(key, raw["name"], raw["ingredient"], raw, long_acting=True)
            for key, raw in exposure["long_acting"].items()
        },
        without_window=frozenset(unlisted["drugs"]),
        possible_d=int(unlisted["possible_d"]),
        dopaminergic=frozenset(exposure["withdrawal"]["drugs"]),
        triggers=exposure["withdrawal"]["triggers"],
        classes={name: frozenset(m) for name, m in _read("classes")["classes"].items()},
        interactions=tuple(
            _row(key, raw) for key, raw in _read("interactions")["interactions"].items()
        ),
        actions=management["actions"],
        drugs=management["drugs"],
        stages={key: tuple(ids) for key, ids in management["stages"].items()},
        references=_read("references")["references"],
        _values={key: p.value for key, p in parameters.items()},
    )


def _read(name: str) -> Any:
    text = (HERE / f"{name}.yaml").read_text("utf-8")
    return yaml.load(text, Loader=_Loader)  # noqa: S506 (safe loader)


def _parameter(key: str, raw: Mapping[str, Any]) -> Parameter:
    try:
        return Parameter(
            key, float(raw["value"]), raw["unit"], raw["rule"], raw["basis"], tuple(raw["cite"])
        )
    except (KeyError, TypeError, ValueError) as fault:
        raise KnowledgeFault(f"criteria.yaml: {key}: {fault!r}") from fault


def _window(
    key: str, name: str, ingredient: str, raw: Mapping[str, Any], *, long_acting: bool
) -> Window:
    return Window(
        key,
        name,
        ingredient,
        int(raw["full_d"]),
        int(raw["extended_d"]),
        long_acting,
        raw["basis"],
        tuple(raw["cite"]),
        raw.get("note", ""),
    )


def _row(key: str, raw: Mapping[str, Any]) -> Row:
    lists = {"a", "b", "context", "evidence", "cite"}
    fields: dict[str, Any] = {k: tuple(v) if k in lists else v for k, v in raw.items()}
    return Row(id=key, **fields)
