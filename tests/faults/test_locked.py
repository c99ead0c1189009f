"""Another process holds the store's write lock: intake waits, hooks do not (row 6)."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from tests.benchmarks.beside import Caller, on_the_clock
from tests.benchmarks.hooks import patient_view
from tests.faults.processes import Processes, processes
from tests.monitoring.orders import TENANT, bundle

SENDERS, HOOKS_S = 4, 10
P99_MS = 500


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Processes]:
    held = processes(tmp_path, workers=1)
    held.start()
    yield held
    held.stop()


class Senders:
    """Four that send one bundle after another, each again until it is taken."""

    def __init__(self, url: str) -> None:
        self.taken: list[str] = []
        self.refused: list[int] = []
        self._url = url
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        with httpx.Client(base_url=self._url, timeout=60) as client:
            turn = 0
            while not self._over.is_set():
                patient = f"p{number}-{turn}"
                answer = client.post(
                    "/fhir",
                    content=bundle(patient),
                    headers={"content-type": "application/fhir+json"},
                )
                if answer.status_code == 200:
                    self.taken.append(patient)
                    turn += 1
                else:
                    self.refused.append(answer.status_code)
                time.sleep(0.02)

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)


@pytest.mark.faults
@pytest.mark.timeout(240)
@pytest.mark.parametrize("held_s", [3, pytest.param(10, marks=pytest.mark.heavy)])
def test_intake_waits_and_hooks_are_answered(house: Processes, held_s: int) -> None:
    senders = Senders(house.url)
    body = orjson.dumps(patient_view(20))
    caller = Caller(house.port)

    def hooks(seconds: float) -> tuple[list[float], int]:
        path = "/cds-services/nms-patient-view"
        return on_the_clock(
            HOOKS_S, seconds, 8, lambda _n: caller.post(path, body, "application/json")
        )

    hooks(2)
    other = sqlite3.connect(house.folder / "house.db", isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    before = len(senders.taken)
    took, failed = hooks(held_s)
    during = len(senders.taken) - before
    other.execute("COMMIT")
    other.close()
    hooks(2)
    senders.end()
    assert during <= SENDERS  # the lock was held
    assert failed == 0
    assert took[int(len(took) * 0.99)] <= P99_MS
    assert len(senders.taken) > before
    assert set(senders.refused) <= {503}
    assert len(senders.refused) <= len(senders.taken) / 100
    store = house.open_store()
    assert set(senders.taken) <= set(store.patients(TENANT))
    store.close()
