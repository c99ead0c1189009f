"""Every number of criteria.yaml has cases on both sides of it, and the tables say why."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from alerts.knowledge import load
from service.replay.cases import find_cases
from tests.replay.test_mutation import EQUIVALENTS, NOW, courses

pytestmark = pytest.mark.timeout(600)  # on a busy machine; seconds on a quiet one
ROOT = Path(__file__).resolve().parents[2]
BOUNDARIES = ROOT / "fixtures" / "boundaries"
DISPUTED: dict[str, dict[str, object]] = yaml.safe_load(
    (ROOT / "scripts" / "boundaries_disputed.yaml").read_text("utf-8")
)


@pytest.fixture(scope="module")
def tables() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "scripts"))
    yield importlib.import_module("boundary_cases")
    sys.path.pop(0)


def test_every_threshold_has_its_cases_or_a_reason_for_none() -> None:
    unread = {name.partition(" ")[0] for name in EQUIVALENTS["thresholds"]}
    without = {
        key
        for key in load().sources["criteria"]["parameters"]
        if not (BOUNDARIES / key).is_dir() and key not in unread and key not in DISPUTED
    }
    assert without == set()


def test_every_entry_names_its_rule(tables: ModuleType) -> None:
    rules = load()
    for name, entry in tables.entries():
        number = name.partition(" ")[0]
        assert entry["rule"]
        assert entry["says"]
        if number in rules.parameters:
            assert {*entry.get("sides", ()), *entry.get("when", ()), *entry.get("happens", ())}
            continue
        _, kind, end = number.split(".")
        assert end in rules.criteria["plausible"][kind]


def test_a_boundary_lies_at_its_number(tables: ModuleType) -> None:
    """Where a side names one value, "at" is the number of the rules (or the first beyond it)."""
    rules = load()
    for name, entry in tables.entries():
        number, _, label = name.partition(" ")
        at = entry.get("sides", {}).get("at", {}).get("v")
        known = rules.parameters.get(number)
        units = {"Cel", "U/L", "/min", "{score}", "[pH]", "10*9/L", "mmol/L"}
        if known is None or label or not isinstance(at, int | float) or known.unit not in units:
            continue
        if number.startswith(("artefact", "baseline", "pope.hr", "ms.gcs_max")):
            continue  # a difference from, or a share of, another reading of the case
        assert at == known.value, name


def test_what_is_expected_is_what_stands() -> None:
    assert [(c.name, c.verdict) for c in courses("boundaries") if c.verdict] == []


def test_disputed_boundaries_are_still_disputed(tables: ModuleType, tmp_path: Path) -> None:
    """Once the program does what the specification says, the entry belongs among the others."""
    assert [n for n in DISPUTED if settled(n, tables, tmp_path / n)] == [], "to scripts/boundaries/"


def test_a_settled_boundary_is_found_out(
    tables: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {
        "rule": "HYP", "says": "above 38.0 is hyperthermia", "finds": "nothing",
        "facts": ["-1h temp 38.6 oral", "0h temp 38.6 oral"], "when": {"0h": {"HYP": True}},
    }  # fmt: skip
    monkeypatch.setitem(DISPUTED, "hyp.threshold_c", entry)
    assert settled("hyp.threshold_c", tables, tmp_path)


def settled(number: str, tables: ModuleType, folder: Path) -> bool:
    entry = DISPUTED[number]
    assert entry["finds"]
    for side, bodies, expected in tables.cases(entry, number, ""):
        importlib.import_module("synthetic").write(folder / side, bodies, expected)
    found = importlib.import_module("tests.replay.mutants").played(
        find_cases([folder]), load(), NOW
    )
    return not [course.verdict for course in found if course.verdict]
