"""0 fine, 1 differences, 2 bad usage: what a pipeline goes by."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "fixtures" / "demo"
FEVER = "version: test-b\nparameters: {hyp.threshold_c: {value: 41.0}}\n"


def replayed(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from service.cli import main; main()", "replay", *words],
        cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip


@pytest.fixture
def overlay(tmp_path: Path) -> str:
    path = tmp_path / "b.yaml"
    path.write_text(FEVER)
    return str(path)


def test_as_expected_is_0() -> None:
    assert replayed(str(DEMO / "quiet")).returncode == 0


def test_a_difference_is_1_in_every_form(overlay: str) -> None:
    for form in ("text", "json", "html", "junit"):
        told = replayed(str(DEMO / "haloperidol-36h"), "--rules", overlay, "--format", form)
        assert told.returncode == 1, told.stderr
        assert told.stdout


def test_a_changed_version_is_1_and_the_same_one_is_0(overlay: str) -> None:
    case = str(DEMO / "haloperidol-36h")
    assert replayed(case, "--against", overlay).returncode == 1
    assert replayed(case, "--against", "2026.1").returncode == 0
    folder = str(ROOT / "alerts" / "knowledge")
    told = replayed(case, "--against", folder)
    assert (told.returncode, "changes none" in told.stdout) == (0, True), told.stderr


@pytest.mark.parametrize(
    "words",
    [
        (), ("nowhere",), (str(DEMO), "--rules", "no-such-rules"), (str(DEMO), "--as-of", "noon"),
        (str(DEMO), "--recorded"), (str(DEMO), "--workers", "0"), ("fixtures/**/*.txt",),
    ],
)  # fmt: skip
def test_bad_usage_is_2_and_says_why(words: tuple[str, ...]) -> None:
    told = replayed(*words)
    assert told.returncode == 2
    assert told.stderr.strip()
    assert not told.stdout
