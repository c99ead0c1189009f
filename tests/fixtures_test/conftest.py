"""All fixtures replayed once for the tests of this folder."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.knowledge import load
from service.replay import Report, replay

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@pytest.fixture(scope="session")
def report() -> Report:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return replay([FIXTURES], load(), step=False, as_of=None, now=now)
