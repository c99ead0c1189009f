"""A cut connection never leaves a worker deaf (celery#8030 and its family; fault table, row 4)."""

import random
import time
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from service.monitoring.celery_app import EVALUATE, SWEEP_S, make_app
from service.monitoring.keeper import DEAF_EXIT
from tests.monitoring.conftest import House
from tests.monitoring.cuts import Wire
from tests.monitoring.orders import TENANT, accept, until

pytestmark = [pytest.mark.acceptance]
CONSUMES_S = 60.0  # about a second; a deaf one never does


def cut_and_see(house: House, cuts: int) -> None:
    """Cut again and again; each time a bell is heard afterwards."""
    parts = urlsplit(house.broker.url)
    wire = Wire(parts.port or 0)
    wire.start()
    direct = make_app(house.broker.url)
    through = house.broker.url.replace(f":{parts.port}/", f":{wire.port}/")
    house.settings = replace(house.settings, redis_url=through)
    house.worker()  # its own sweep is off: only bells count
    until(lambda: house.has_logged("worker.started"), 200)
    pauses = random.Random(cuts)
    for number in range(cuts):
        time.sleep(pauses.uniform(0.05, 1.0))
        until(lambda: wire.cut() > 0, CONSUMES_S)
        patient = f"p{number}"
        accept(house.store, patient)
        direct.send_task(EVALUATE)
        until(lambda patient=patient: house.store.alerts(TENANT, patient), CONSUMES_S)
    assert house.workers[0].poll() is None
    wire.close()


def test_three_cuts(house: House) -> None:
    cut_and_see(house, 3)


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_a_connection_that_swallows_everything(house: House) -> None:
    """Neither end is told: the worker finds out, and hears again or leaves to be started again."""
    parts = urlsplit(house.broker.url)
    wire = Wire(parts.port or 0)
    wire.start()
    direct = make_app(house.broker.url)
    through = house.broker.url.replace(f":{parts.port}/", f":{wire.port}/")
    house.settings = replace(house.settings, redis_url=through)
    house.worker(deaf_s=8.0)
    accept(house.store, "before")
    direct.send_task(EVALUATE)
    until(lambda: house.store.alerts(TENANT, "before"), 120)
    assert wire.swallow() > 0
    accept(house.store, "after")

    def alerted() -> bool:
        """A bell may go down with the connection that fetched it: the next one is heard."""
        direct.send_task(EVALUATE)
        time.sleep(SWEEP_S / 10)
        return bool(house.store.alerts(TENANT, "after"))

    until(lambda: alerted() or house.workers[0].poll() is not None, 400)
    if not house.store.alerts(TENANT, "after"):
        assert house.workers[0].returncode == DEAF_EXIT
        house.worker()  # as the supervisor does
        until(alerted, 120)
    wire.close()


@pytest.mark.heavy
@pytest.mark.timeout(1200)
def test_fifty_cuts(house: House) -> None:
    cut_and_see(house, 50)
