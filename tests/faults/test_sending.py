"""Killed between sending a notice and writing that down, a sender sends it once more and says so;
what it had claimed and not sent is late by its lease, not lost (row 1)."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from alerts.knowledge import load
from service.monitoring.evaluation import Evaluator
from service.monitoring.holding import LEASE_S
from service.store import open_store
from tests.faults.receiver import receiver, told
from tests.faults.sending import send
from tests.monitoring.orders import accept

ROOT = Path(__file__).resolve().parents[2]
PATIENTS = 6


@pytest.mark.faults
def test_each_kill_costs_one_repeat_that_says_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 's.db'}"
    store = open_store(url)
    store.upgrade()
    accept(store, *(f"p{n}" for n in range(PATIENTS)))
    Evaluator(store, load(), lambda: datetime.now(UTC), lambda: str(uuid4())).drain()
    with receiver() as heard:
        command = [sys.executable, "-m", "tests.faults.sending", url, heard.url]
        sender = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
        heard.on_taken = lambda number: number == 2 and sender.send_signal(signal.SIGKILL)
        assert sender.wait(120) == -signal.SIGKILL
        heard.on_taken = lambda number: None
        assert told(store, heard.taken).unheard
        now = datetime.now(UTC)
        send(store, heard.url, now)  # the lease holds
        assert len(heard.taken) == PATIENTS - 2
        send(store, heard.url, now + timedelta(seconds=LEASE_S + 1))
        found = told(store, heard.taken)
    assert (found.heard, found.unheard, found.unasked, found.doubled) == (PATIENTS, (), (), ())
    assert (found.extra, found.unmarked) == (1, ())
    assert store.outbox_depth() == {"pending": 0, "dead": 0}
    store.close()
