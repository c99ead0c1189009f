"""One patient in a hundred whose evaluation raises: nobody else waits for it (row 10)."""

import time
from datetime import UTC, datetime

import pytest

from service.health import Health
from service.monitoring import broker_up, ring
from tests.monitoring.conftest import House, house
from tests.monitoring.orders import TENANT, accept, until

__all__ = ["house"]
# the bad ones hold nobody up: a worker that fell over them would cost a lease of 20 s
PATIENTS, POISON_EVERY, MORE_S, TIMES = 200, 100, 2.0, 5


def delays(house: House, name: str, poison: set[str]) -> list[float]:
    """Seconds from the store to the alert, of all who are not poison."""
    taken: dict[str, float] = {}
    for n in range(PATIENTS):
        patient = f"{name}{n}"
        accept(house.store, patient)
        taken[patient] = time.time()
        ring(house.settings)
        time.sleep(0.02)
    others = set(taken) - poison
    until(lambda: {a.patient for a in house.store.alerts(TENANT)} >= others, 180)
    opened = {a.patient: a.machine.opened_at.timestamp() for a in house.store.alerts(TENANT)}
    return sorted(opened[patient] - taken[patient] for patient in others)


@pytest.mark.heavy
@pytest.mark.faults
@pytest.mark.timeout(600)
def test_the_others_wait_no_longer_and_it_is_set_aside(house: House) -> None:
    poison = {f"bad{n}" for n in range(0, PATIENTS, POISON_EVERY)}
    house.worker(poison=sorted(poison), backoff_s=0, sweep_s=0.5)
    until(lambda: house.has_logged("worker.started"), 200)
    without, beside = delays(house, "good", set()), delays(house, "bad", poison)
    at = int(len(beside) * 0.99)
    assert beside[at] <= TIMES * without[at] + MORE_S
    until(lambda: len(house.store.quarantined(TENANT)) == len(poison), 60)
    kept = house.store.quarantined(TENANT)
    assert {(q.patient, q.code, q.tries) for q in kept} == {
        (patient, "zero-division-error", 5) for patient in poison
    }
    health = Health(
        house.store, (TENANT,), lambda: broker_up(house.settings), lambda: datetime.now(UTC)
    )
    assert health.ready().status == 200
    assert health.measured()["nms_sentinel_quarantined_patients"] == len(poison)
