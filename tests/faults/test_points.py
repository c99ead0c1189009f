"""Killed at each point of an evaluation, the patient is seen to when the lease ends (row 2)."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from alerts.knowledge import load
from service.monitoring.celery_app import SWEEP_S
from service.monitoring.evaluation import LEASE_S, Evaluator
from service.store import open_store
from tests.faults.dying import POINTS
from tests.monitoring.orders import TENANT, accept

ROOT = Path(__file__).resolve().parents[2]
START_S = 15  # a worker of a slow machine


def test_lease_sweep_and_start_fit_the_promise() -> None:
    assert LEASE_S + SWEEP_S + START_S <= 45


@pytest.mark.faults
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_each_point_nothing_is_lost_or_doubled(tmp_path: Path, point: str) -> None:
    store = open_store(f"sqlite:///{tmp_path / 's.db'}")
    store.upgrade()
    accept(store, "p1", "p2")
    run = subprocess.run(
        [sys.executable, "-m", "tests.faults.dying", f"sqlite:///{tmp_path / 's.db'}", point],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        timeout=120,
    )
    assert run.returncode == -signal.SIGKILL, run.stderr[-500:]
    at = datetime.now(UTC) + timedelta(seconds=LEASE_S + 1)
    evaluator = Evaluator(store, load(), lambda: at, lambda: str(uuid4()))
    while evaluator.drain().more:  # a slow machine needs more than one slice of time
        pass
    found = store.alerts(TENANT, open_only=False)
    assert sorted(alert.patient for alert in found) == ["p1", "p2"]
    for alert in found:
        assert [h.what.value for h in store.history(TENANT, alert.id)].count("opened") == 1
        assert len(store.notices(TENANT, alert.id)) == 1
    assert store.quarantined(TENANT) == []
    assert store.check() == []
