"""Another process holds the store's write lock: intake waits, hooks do not (row 6)."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from tests.acceptance.running import until
from tests.benchmarks.hooks import patient_view
from tests.faults.processes import Processes, processes
from tests.monitoring.orders import TENANT, bundle

SENDERS = 4
# hooks that waited for the lock, which is held until they are answered, would wait for as long as
# the store has patience: 15 s. A few milliseconds on a quiet machine
MEDIAN_S = 5.0


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
        with httpx.Client(base_url=self._url, timeout=120) as client:
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
            thread.join(150)


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("held_s", [3, pytest.param(10, marks=pytest.mark.heavy)])
def test_intake_waits_and_hooks_are_answered(house: Processes, held_s: int) -> None:
    senders = Senders(house.url)
    body = orjson.dumps(patient_view(20))
    url, form = f"{house.url}/cds-services/nms-patient-view", {"content-type": "application/json"}

    def hooks(seconds: float) -> list[float]:
        """How long each took, one after the other; three at least."""
        took: list[float] = []
        ends = time.monotonic() + seconds
        while time.monotonic() < ends or len(took) < 3:
            begun = time.monotonic()
            assert httpx.post(url, content=body, headers=form, timeout=120).status_code == 200
            took.append(time.monotonic() - begun)
            time.sleep(0.1)
        return took

    hooks(2)
    until(lambda: len(senders.taken) > SENDERS, 60, "some load")
    other = sqlite3.connect(house.folder / "house.db", isolation_level=None, timeout=120)
    other.execute("BEGIN IMMEDIATE")
    before = len(senders.taken)
    took = hooks(held_s)
    during = len(senders.taken) - before
    other.execute("COMMIT")
    other.close()
    until(lambda: len(senders.taken) > before + during, 60, "the intake goes on")
    senders.end()
    assert during <= SENDERS  # the lock was held
    assert sorted(took)[len(took) // 2] < MEDIAN_S
    assert set(senders.refused) <= {503}
    # who did not wait for the lock would be told so twenty times a second
    assert len(senders.refused) <= 2 * SENDERS
    store = house.open_store()
    assert set(senders.taken) <= set(store.patients(TENANT))
    store.close()
