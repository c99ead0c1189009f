"""The same input gives the same bytes, whatever the order of files, the zone or the hash seed."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOME = sorted((ROOT / "fixtures" / "cases").iterdir())[::9] + sorted(
    (ROOT / "fixtures" / "demo").iterdir()
)
COMMAND = [sys.executable, "-c", "from service.cli import main; main()", "replay"]
WORLDS = [
    {"PYTHONHASHSEED": "0", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "TZ": "America/St_Johns"},
    {"PYTHONHASHSEED": "4242", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"},
]


def played(paths: list[Path], world: dict[str, str], form: str) -> bytes:
    result = subprocess.run(
        [*COMMAND, *map(str, paths), "--step", "--format", form],
        cwd=ROOT,
        env={**os.environ, **world},
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert result.returncode in (0, 1), result.stderr.decode()
    return result.stdout


@pytest.mark.parametrize("form", ["json", "html"])
def test_the_same_bytes_in_every_world(form: str) -> None:
    whole = played(SOME, WORLDS[0], form)
    assert len(whole) > 1000
    for seed, world in enumerate(WORLDS[1:]):
        shuffled = random.Random(seed).sample(SOME, len(SOME))
        assert played(shuffled, world, form) == whole


def test_the_order_of_entries_in_a_bundle_changes_nothing(tmp_path: Path) -> None:
    def told(name: str, shuffle: bool) -> bytes:
        for case in SOME[:4]:
            bundle = json.loads((case / "bundle.json").read_text())
            if shuffle:
                random.Random(7).shuffle(bundle["entry"])
            folder = tmp_path / name / case.name
            folder.mkdir(parents=True)
            (folder / "bundle.json").write_text(json.dumps(bundle))
            (folder / "expected.yaml").write_bytes((case / "expected.yaml").read_bytes())
        return played([tmp_path / name], WORLDS[0], "json")

    assert told("plain", False) == told("shuffled", True)


@pytest.mark.heavy
@pytest.mark.timeout(3000)
def test_a_hundred_worlds_give_the_same_bytes(tmp_path: Path) -> None:
    """Shuffled files, hash seeds, zones, numbers of workers."""
    zones = ("UTC", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati", "Europe/Berlin")
    some = SOME[::2]
    whole = played(some, WORLDS[0], "json")
    chance = random.Random(9)
    for number in range(100):
        world = {"PYTHONHASHSEED": str(number), "TZ": chance.choice(zones)}
        assert played(chance.sample(some, len(some)), world, "json") == whole


def test_the_number_of_workers_changes_nothing() -> None:
    many = sorted((ROOT / "fixtures" / "cases").iterdir())[:20]
    alone = subprocess.run(
        [*COMMAND, *map(str, many), "--format", "json", "--workers", "1"],
        cwd=ROOT, capture_output=True, timeout=100, check=False,
    )  # fmt: skip
    assert played_with(many, "3") == alone.stdout
    assert alone.returncode == 0


def played_with(paths: list[Path], workers: str) -> bytes:
    return subprocess.run(
        [*COMMAND, *map(str, paths), "--format", "json", "--workers", workers],
        cwd=ROOT, capture_output=True, timeout=100, check=False,
    ).stdout  # fmt: skip
