"""Retention follows the rules in force: what they look back on is there when they do."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from service.monitoring.keeping import retention_of
from service.settings import Settings
from service.store import Retention


def kept(folder: Path, overlay: str = "", days: int = 30) -> Retention:
    rules = None
    if overlay:
        rules = folder / f"{uuid4().hex}.yaml"
        rules.write_text(f'version: "north"\n{overlay}')
    return retention_of(
        Settings(data_dir=folder, database_url="sqlite:///x", rules=rules, keep_readings_days=days)
    )


def test_the_shipped_rules_need_what_is_shipped(tmp_path: Path) -> None:
    """No window of them is longer than the periods that stand in the store."""
    assert kept(tmp_path) == Retention()


@pytest.mark.parametrize(
    ("overlay", "exposures", "baseline", "readings"),
    [
        ("windows: {paliperidone_palmitate_6m: {extended_d: 900}}", 900, 365, 30),
        ("windows: {haloperidol: {extended_d: 800}}", 800, 365, 30),
        ("windows: {haloperidol: {extended_d: 5, full_d: 4}}", 795, 365, 30),  # never shorter
        ("parameters: {baseline.historical_d: {value: 730}}", 795, 730, 730),
        ("parameters: {episode.gap_h: {value: 1200}}", 795, 365, 50),
        ("parameters: {interaction.nms_course_d: {value: 1000}}", 1000, 1000, 1000),
        ("parameters: {correction.window_d: {value: 20}}", 795, 365, 30),
    ],
)
def test_a_longer_window_of_the_site_is_kept_for(
    tmp_path: Path, overlay: str, exposures: int, baseline: int, readings: int
) -> None:
    found = kept(tmp_path, overlay)
    told = (found.exposures, found.baseline, found.readings)
    assert told == tuple(timedelta(days=days) for days in (exposures, baseline, readings))


def test_the_operator_may_keep_for_longer(tmp_path: Path) -> None:
    overlay = "parameters: {correction.window_d: {value: 60}}"
    assert kept(tmp_path, overlay).readings == timedelta(days=60)
    assert kept(tmp_path, overlay, days=90).readings == timedelta(days=90)
