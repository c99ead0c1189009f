"""The project's malformed bodies are answered as their expectations say."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from alerts.knowledge import load
from service.replay.answers import answer_differences

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "malformed"
CASES = sorted(path.parent for path in FOLDER.glob("*/expected.yaml"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_malformed_body_is_answered_as_expected(case: Path) -> None:
    expected = yaml.safe_load((case / "expected.yaml").read_text())
    body = next(case.glob("body.*")).read_bytes()
    assert answer_differences(body, expected["answer"], load(), NOW) == ()


def test_there_are_malformed_bodies() -> None:
    assert len(CASES) >= 35
