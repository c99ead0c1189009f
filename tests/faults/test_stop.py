"""SIGTERM under load: what is in flight is finished in time, nothing is lost (row 23)."""

import threading
from pathlib import Path

import httpx
import pytest

from service.store import open_store
from service.supervisor import STOP_S
from tests.acceptance.running import serving, until
from tests.monitoring.orders import bundle

GRACE_S = 10.0


@pytest.mark.faults
@pytest.mark.timeout(180)
def test_term_under_load_finishes_in_time_and_loses_nothing(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    with serving(tmp_path) as served:
        headers = {"content-type": "application/fhir+json"}

        def push(sender: int) -> None:
            with httpx.Client(base_url=served.base, timeout=20) as client:
                for n in range(10_000):
                    patient = f"s{sender}-{n}"
                    try:
                        answer = client.post("/fhir", content=bundle(patient), headers=headers)
                    except httpx.HTTPError:
                        return
                    if answer.status_code == 200:
                        acknowledged.append(patient)

        senders = [threading.Thread(target=push, args=(n,)) for n in range(3)]
        for sender in senders:
            sender.start()
        until(lambda: len(acknowledged) > 20, 60, "some load")
        code, _ = served.stop(within_s=60)
        for sender in senders:
            sender.join(30)
        tenant = "default"
    # 0: every part ended by itself. One that had not within STOP_S would have been killed, and told
    assert code == 0
    assert STOP_S < GRACE_S
    store = open_store(f"sqlite:///{tmp_path / 'nms-sentinel.db'}")
    assert set(acknowledged) <= set(store.patients(tenant))
    assert store.check() == []
    store.close()
