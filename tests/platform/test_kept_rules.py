"""A site's rules at the start: without a fault, and kept whole for every part, or it is refused."""

from pathlib import Path

import pytest

from alerts.knowledge import load
from service.cli import run
from service.errors import SettingsFault
from service.rules import KEPT, kept_rules, rules_in_force
from service.settings import Settings, load_settings

NORTH = """version: "kept-north"
parameters: {hyp.threshold_c: {value: 37.9, basis: D, cite: []}}
"""


def settings(folder: Path, overlay: Path | None) -> Settings:
    named = {"NMS_SENTINEL_RULES": str(overlay)} if overlay else {}
    return load_settings({"NMS_SENTINEL_DATA_DIR": str(folder), **named})


@pytest.fixture
def north(tmp_path: Path) -> Path:
    written = tmp_path / "north.yaml"
    written.write_text(NORTH)
    return written


def test_every_part_reads_the_copy(tmp_path: Path, north: Path) -> None:
    kept = kept_rules(settings(tmp_path, north))
    assert kept.rules == tmp_path / KEPT
    assert rules_in_force(kept).version == "kept-north"
    assert rules_in_force(kept)["hyp.threshold_c"] == 37.9


def test_the_copy_itself_may_be_named(tmp_path: Path) -> None:
    (tmp_path / KEPT).write_text(NORTH)
    kept = kept_rules(settings(tmp_path, tmp_path / KEPT))
    assert kept.rules == tmp_path / KEPT
    assert kept.rules.read_text() == NORTH


def test_without_an_overlay_nothing_is_copied(tmp_path: Path) -> None:
    kept = kept_rules(settings(tmp_path, None))
    assert kept.rules is None
    assert rules_in_force(kept) is load()
    assert not (tmp_path / KEPT).exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_a_full_disk_is_told_before_anything_starts(tmp_path: Path, north: Path) -> None:
    (tmp_path / KEPT).symlink_to("/dev/full")
    with pytest.raises(SettingsFault, match="No space left") as told:
        kept_rules(settings(tmp_path, north))
    assert told.value.code == "data-dir"
    assert f"NMS_SENTINEL_DATA_DIR: {tmp_path} cannot be written" in str(told.value)


def test_a_reading_that_does_not_exist_is_told_at_the_start_and_by_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Misspelt it would wait for ever, and nobody would hear of it."""
    overlay = tmp_path / "misspelt.yaml"
    overlay.write_text('version: "x"\ncriteria: {plausible: {heart_rat: {low: 20, high: 300}}}\n')
    fault = "plausible: no reading is called heart_rat"
    with pytest.raises(SettingsFault) as told:
        rules_in_force(settings(tmp_path, overlay))
    assert str(told.value) == f"NMS_SENTINEL_RULES: {fault}"
    assert run(["knowledge", "check", "--rules", str(overlay)]) == 1
    assert fault in capsys.readouterr().out.splitlines()
