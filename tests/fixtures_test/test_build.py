"""The fixtures are what the scripts write, and what an EHR could send."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import orjson
import pytest
import yaml
from fhir.resources.R4B.bundle import Bundle

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
BUNDLES = sorted([*FIXTURES.glob("cases/*/*.json"), *FIXTURES.glob("demo/*/*.json")])


@pytest.fixture(scope="module")
def scripts() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "scripts"))
    yield importlib.import_module("build_fixtures")
    sys.path.pop(0)


@pytest.mark.parametrize("path", BUNDLES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_bundle_is_valid_fhir(path: Path) -> None:
    Bundle.model_validate_json(path.read_bytes())


@pytest.mark.parametrize(
    ("room", "maker"),
    [
        ("demo", "ward_journeys.write"),
        ("malformed", "malformed_bodies.write"),
        ("synonyms", "synonym_cases.write"),
        ("statuses", "status_cases.write"),
        ("thresholds", "threshold_cases.write"),
        ("journeys", "simulate_ward.write_journeys"),
        ("boundaries", "boundary_cases.write"),
    ],
)
def test_the_scripts_write_these_bytes(
    room: str, maker: str, scripts: ModuleType, tmp_path: Path
) -> None:
    module, function = maker.split(".")
    getattr(getattr(scripts, module), function)(tmp_path)
    home = FIXTURES / room
    assert files(tmp_path) == files(home)


def files(folder: Path) -> dict[Path, bytes]:
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_every_written_expectation_has_its_fixture(scripts: ModuleType) -> None:
    told = scripts.read_expectations()
    assert set(told) == {p.name for p in (FIXTURES / "cases").iterdir()}
    for case, expected in told.items():
        fixture = yaml.safe_load((FIXTURES / "cases" / case / "expected.yaml").read_text())
        assert fixture["why"] == expected["why"]
        assert fixture["group"] == expected["group"]
        assert fixture["expect"] == scripts.dated(expected["expect"])


def test_a_case_becomes_bundles_without_inventing(scripts: ModuleType, tmp_path: Path) -> None:
    facts = {
        "id": "made-up",
        "citation": {"title": "none"},
        "source": {"extent": "none"},
        "label": "none",
        "label_basis": "none",
        "t0_is": "admission",
        "patient": {"age": 40, "sex": "male", "conditions": ["schizophrenia"]},
        "medications": [
            {"drug": "haloperidol", "dose_text": "dose not given", "route": "im", "start": -24,
             "stop": -24, "change": "started"},
            {"drug": "olanzapine", "dose_text": "dose not given", "route": "oral", "start": None,
             "stop": 0, "change": "continued"},
        ],
        "events": [
            {"t_hours": 0, "t_precision": "hour", "kind": "sign", "name": "fever",
             "value": "present"},
            {"t_hours": 0, "t_precision": "day", "kind": "lab", "name": "creatine_kinase",
             "value": "raised (value not visible)"},
            {"t_hours": 2, "t_precision": "hour", "kind": "vital", "name": "temperature",
             "value": 102, "unit": "[degF]"},
            {"t_hours": 200, "t_precision": "week", "kind": "sign", "name": "rigidity",
             "value": "present"},
        ],
    }  # fmt: skip
    expected = {"group": "typical", "expect": {"nothing": True}, "why": "a test"}
    scripts.write_case(tmp_path / "made-up", facts, expected)
    bundle = orjson.loads((tmp_path / "made-up" / "bundle.json").read_bytes())
    resources = [entry["resource"] for entry in bundle["entry"]]
    numbers = [r["valueQuantity"] for r in resources if "valueQuantity" in r]
    assert numbers == [{"value": 102, "unit": "[degF]", "system": "http://unitsofmeasure.org",
                        "code": "[degF]"}]  # fmt: skip
    assert not any("rigid" in orjson.dumps(r).decode().lower() for r in resources)
    (dose,) = [r for r in resources if r["resourceType"] == "MedicationAdministration"]
    assert dose["effectiveDateTime"] == "2025-03-02T09:00:00+01:00"
    assert "dose" not in dose["dosage"]
    (order,) = [r for r in resources if r["resourceType"] == "MedicationRequest"]
    assert order["status"] == "stopped"
    period = order["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]
    assert period == {"end": "2025-03-03T09:00:00+01:00"}
