"""A cut connection never leaves a worker deaf (celery#8030 and its family; fault table, row 4)."""

import random
import time
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from service.monitoring.celery_app import EVALUATE, make_app
from tests.monitoring.conftest import House
from tests.monitoring.cuts import Wire
from tests.monitoring.orders import TENANT, accept, until

pytestmark = [pytest.mark.acceptance]
CONSUMES_S = 30.0


def cut_and_see(house: House, cuts: int) -> float:
    """Cut again and again; the longest time until a bell was heard afterwards."""
    parts = urlsplit(house.broker.url)
    wire = Wire(parts.port or 0)
    wire.start()
    direct = make_app(house.broker.url)
    through = house.broker.url.replace(f":{parts.port}/", f":{wire.port}/")
    house.settings = replace(house.settings, redis_url=through)
    house.worker()  # its own sweep is off: only bells count
    until(lambda: house.has_logged("worker.started"), 90)
    pauses = random.Random(cuts)
    longest = 0.0
    for number in range(cuts):
        time.sleep(pauses.uniform(0.05, 1.0))
        until(lambda: wire.cut() > 0, CONSUMES_S)
        patient = f"p{number}"
        accept(house.store, patient)
        direct.send_task(EVALUATE)
        heard = until(lambda patient=patient: bool(house.store.alerts(TENANT, patient)), CONSUMES_S)
        longest = max(longest, heard)
    assert house.workers[0].poll() is None
    wire.close()
    return longest


def test_three_cuts(house: House) -> None:
    assert cut_and_see(house, 3) <= CONSUMES_S


@pytest.mark.heavy
@pytest.mark.timeout(1600)
def test_fifty_cuts(house: House) -> None:
    assert cut_and_see(house, 50) <= CONSUMES_S
