"""Redis emptied, stopped, and started again with nothing in it, under load (row 3)."""

import statistics
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest
import redis

from tests.acceptance.running import until
from tests.benchmarks.hooks import patient_view
from tests.faults.ledger import Ledger, settled, verdict
from tests.faults.processes import Processes, processes
from tests.monitoring.orders import bundle

# within seconds, where workers hear or sweep; never, where one does neither
DRAINED_S = 200.0
# the clock of the client; on a busy machine, of what it took while the broker was there
ANSWERED_S, TIMES = 5.0, 10
START_S = 250.0
FHIR = {"content-type": "application/fhir+json"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Processes]:
    held = processes(tmp_path)
    held.start()
    yield held
    held.stop()


class Load:
    """Bundles, a patient each, and hook calls, until it is ended; each is to be answered 200."""

    def __init__(self, house: Processes, ledger: Ledger) -> None:
        self.answers: list[tuple[str, int, float]] = []
        self._over = threading.Event()
        self._house, self._ledger = house, ledger
        self._threads = [threading.Thread(target=self._push), threading.Thread(target=self._ask)]
        for thread in self._threads:
            thread.start()

    def _push(self) -> None:
        with httpx.Client(base_url=self._house.url, timeout=120) as client:
            number = 0
            while not self._over.wait(0.05):
                patient = f"p{number}"
                if self._timed(client, "/fhir", bundle(patient), FHIR) == 200:
                    self._ledger.note(patient)
                number += 1

    def _ask(self) -> None:
        body, form = orjson.dumps(patient_view(5)), {"content-type": "application/json"}
        with httpx.Client(base_url=self._house.url, timeout=120) as client:
            while not self._over.wait(0.1):
                self._timed(client, "/cds-services/nms-patient-view", body, form)

    def _timed(self, client: httpx.Client, path: str, body: bytes, form: dict[str, str]) -> int:
        begun = time.monotonic()
        status = client.post(path, content=body, headers=form).status_code
        self.answers.append((path, status, time.monotonic() - begun))
        return status

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(150)


def middle(answers: list[tuple[str, int, float]]) -> float:
    return statistics.median(took for _, _, took in answers)


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("stopped_s", [4, pytest.param(60, marks=pytest.mark.heavy)])
def test_nothing_is_lost_and_nobody_waits(house: Processes, stopped_s: int) -> None:
    ledger = Ledger(house.folder / "ledger.txt")
    load = Load(house, ledger)
    until(lambda: len(ledger.acknowledged) > 5, START_S, "some load")
    time.sleep(2)
    with redis.Redis.from_url(house.broker.url) as client:
        client.flushall()
    time.sleep(2)
    with house.broker_away():
        before = len(ledger.acknowledged)
        usual = middle(load.answers)
        there = len(load.answers)
        time.sleep(stopped_s)
        until(lambda: len(ledger.acknowledged) > before, START_S, "the intake goes on")
        away = middle(load.answers[there:])
    time.sleep(2)
    load.end()
    store = house.open_store()
    drained = settled(store, ledger, DRAINED_S)
    found = verdict(store, ledger, [])
    store.close()
    assert [answer for answer in load.answers if answer[1] != 200] == []
    assert away < max(ANSWERED_S, TIMES * usual)
    assert (found.lost, found.doubled) == ((), ())
    sys.stdout.write(
        f"\nanswered in {usual:.3f} s, {away:.3f} s without; drained in {drained:.1f} s\n"
    )
