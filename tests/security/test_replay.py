"""A token counts once: in two processes behind one address, and after both were restarted."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.conformance.client import Signer, request_for
from tests.conformance.server import new_signer, own_server

PUBLIC = "https://nms.hospital.example"  # what clients name: the processes are behind a proxy
PATH = "/cds-services/nms-patient-view"
NOWHERE = "http://127.0.0.1:9/fhir"
SERVICE = {"hook": "patient-view", "prefetch": {}}


@pytest.mark.parametrize(
    "times", [60, pytest.param(10_000, marks=[pytest.mark.heavy, pytest.mark.timeout(600)])]
)
def test_a_token_counts_once_across_processes_and_a_restart(tmp_path: Path, times: int) -> None:
    signer = new_signer()
    token = signer.token(f"{PUBLIC}{PATH}", jti=str(uuid.uuid4()))
    accepted = 0
    for turn in range(2):
        with (
            own_server(tmp_path, signer, NOWHERE, known_as=PUBLIC, upgrade=turn == 0) as one,
            own_server(tmp_path, signer, NOWHERE, known_as=PUBLIC, upgrade=False) as two,
        ):
            accepted += _accepted(token, (one, two), times // 2)
            fresh = signer.token(f"{PUBLIC}{PATH}")
            assert _accepted(fresh, (one, two), 4) == 1, "new tokens are taken, each once"
            assert _accepted(_misnamed(signer, one), (one,), 1) == 0
    assert accepted == 1


def _misnamed(signer: Signer, address: str) -> str:
    """A token for the address behind the proxy: not what the settings say."""
    return signer.token(f"{address}{PATH}")


def _accepted(token: str, addresses: tuple[str, ...], times: int) -> int:
    """How many of the calls, spread over the processes at once, were let in (412 is behind)."""
    body = request_for({**SERVICE, "hook": "patient-view"}, prefetch={})
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(timeout=30) as http, ThreadPoolExecutor(8) as pool:

        def call(number: int) -> int:
            address = addresses[number % len(addresses)]
            return http.post(f"{address}{PATH}", json=body, headers=headers).status_code

        found = list(pool.map(call, range(times)))
    assert set(found) <= {401, 412}, set(found)
    return found.count(412)
