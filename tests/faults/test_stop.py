"""SIGTERM under load: what is in flight is finished in time, nothing is lost (row 23)."""

import signal
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from service.store import open_store
from service.supervisor import STOP_S
from tests.acceptance.running import serving, until
from tests.monitoring.orders import bundle

GRACE_S = 10.0
# half of what the API gives to what is in flight
BUSY_S = 3.0


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_term_under_load_finishes_in_time_and_loses_nothing(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    with serving(tmp_path) as served:
        headers = {"content-type": "application/fhir+json"}

        def push(sender: int) -> None:
            with httpx.Client(base_url=served.base, timeout=120) as client:
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
        code, _ = served.stop(within_s=120)
        for sender in senders:
            sender.join(150)
        tenant = "default"
    # 0: every part ended by itself. One that had not within STOP_S would have been killed, and told
    assert code == 0
    assert STOP_S < GRACE_S
    store = open_store(f"sqlite:///{tmp_path / 'nms-sentinel.db'}")
    assert set(acknowledged) <= set(store.patients(tenant))
    assert store.check() == []
    store.close()


@pytest.mark.faults
@pytest.mark.timeout(240)
def test_what_is_half_sent_at_term_is_answered_and_kept(tmp_path: Path) -> None:
    """The API has been told to stop when the other half comes."""
    body = bundle("half")
    with serving(tmp_path) as served:
        parts = urlsplit(served.base)
        head = (
            f"POST /fhir HTTP/1.1\r\nhost: {parts.netloc}\r\nconnection: close\r\n"
            f"content-type: application/fhir+json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((parts.hostname, parts.port or 0), timeout=120) as client:
            client.sendall(head.encode() + body[:200])
            until(lambda: in_flight(served.http) >= 1, 60, "the call in flight")
            served.process.send_signal(signal.SIGTERM)
            served.wait_for("Stopping", 60)
            told = time.monotonic()
            time.sleep(1)  # the parts have been told
            answer = rest_of(client, body[200:])
        if time.monotonic() - told > BUSY_S:
            pytest.skip("too busy a machine: what is in flight has six seconds")
        code, _ = served.stop(within_s=120)
    assert answer.startswith(b"HTTP/1.1 200"), answer[:300]
    assert code == 0
    store = open_store(f"sqlite:///{tmp_path / 'nms-sentinel.db'}")
    assert store.patients("default") == ["half"]
    store.close()


def rest_of(client: socket.socket, body: bytes) -> bytes:
    """What is answered to the other half; nothing where nobody listens any more."""
    try:
        client.sendall(body)
        return b"".join(iter(lambda: client.recv(65536), b""))
    except OSError:
        return b""


def in_flight(client: httpx.Client) -> float:
    """Calls being answered beside the one that asks."""
    (line,) = [
        line
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("nms_sentinel_http_in_flight ")
    ]
    return float(line.split()[1]) - 1
