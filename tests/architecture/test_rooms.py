"""The rules between rooms are checked by import-linter, and the checker itself is checked."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

# One forbidden import for each contract of pyproject.toml, in the same order.
TRESPASSES = {
    "alerts/truth.py": "import service.errors",
    "service/cds_hooks/__init__.py": "import service.worklist",
    "service/replay/__init__.py": "import fhir",
    "service/worklist/__init__.py": "import sqlalchemy",
    "service/intake/__init__.py": "import celery",
    "service/store/__init__.py": "import httpx",
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def contracts() -> list[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [contract["name"] for contract in config["tool"]["importlinter"]["contracts"]]


def test_the_rooms_keep_their_rules() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    for name in contracts():
        assert f"{name} KEPT" in " ".join(result.stdout.split())


@pytest.fixture(scope="module")
def broken_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the house in which every rule is broken once."""
    house = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", house)
    for room in ("alerts", "service"):
        shutil.copytree(
            ROOT / room, house / room, ignore=shutil.ignore_patterns("__pycache__", "*.gz")
        )
    for name, trespass in TRESPASSES.items():
        path = house / name
        path.write_text(path.read_text() + f"\n{trespass}\n")
    return house


def test_every_broken_rule_is_caught(broken_house: Path) -> None:
    result = lint(broken_house)
    said = " ".join(result.stdout.split())
    assert result.returncode == 1, said
    assert len(TRESPASSES) == len(contracts())
    for name in contracts():
        assert f"{name} BROKEN" in said
