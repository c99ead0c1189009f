"""Bulk exports: one record from many files, whole patients in every piece, the planted truth."""

import importlib
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.knowledge import load
from service.replay import bulk
from service.replay.cases import find_cases
from service.replay.play import Manner
from service.replay.report import Report, replays
from tests.replay.courses import bundle, haloperidol, patient, temperature

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def run(path: Path, workers: int = 1) -> Report:
    manner = Manner((load(),), False, None, NOW, False)
    return replays([path], manner, None, workers)[0]


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sys.path.insert(0, str(ROOT / "scripts"))
    simulate = importlib.import_module("simulate_ward")
    sys.path.pop(0)
    out: Path = tmp_path_factory.mktemp("ward") / "ward"
    simulate.write(out, seed=3, admissions=6, days=30)
    again = out.parent / "again" / "ward"
    simulate.write(again, seed=3, admissions=6, days=30)
    assert [p.read_bytes() for p in sorted(out.iterdir())] == [
        p.read_bytes() for p in sorted(again.iterdir())
    ]
    return out


def test_an_export_is_one_case_of_many_patients_judged_by_its_truth(ward: Path) -> None:
    (case,) = find_cases([ward])
    assert (case.name, case.whole, len(case.truth)) == ("ward", True, 6)
    report = run(ward)
    assert [c.patient for c in report.cases] == sorted(case.truth)
    assert {c.told.kind for c in report.cases} == {"simulated"}
    assert [(c.patient, c.differences) for c in report.cases if not c.ok] == []


def test_the_size_of_pieces_changes_nothing(ward: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(ward)
    monkeypatch.setattr(bulk, "PIECE_BYTES", 20_000)
    assert run(ward, workers=2) == whole


def test_lines_of_bundles_and_broken_lines(tmp_path: Path) -> None:
    lines = [
        bundle(patient("p1"), haloperidol("2025-03-01T08:00:00Z", who="p1")),
        bundle(temperature("2025-03-03T08:00:00Z", 38.9, "t1", "p1")),
        b"{not json",
    ]
    (tmp_path / "all.ndjson").write_bytes(b"\n".join(lines))
    (found,) = run(tmp_path / "all.ndjson").cases
    assert found.patient == "p1"
    assert found.outcomes == ("line 4 refused: not-json",)


def test_globs_name_cases() -> None:
    found = find_cases([ROOT / "fixtures" / "demo" / "h*" / "*.json"])
    assert [case.name for case in found] == ["demo-haloperidol-36h"]
