"""A token counts once: in two processes behind one address, and after both were restarted."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from service.security.jwks import FixedKeys, key_set
from service.security.tokens import Client, TokenCheck, UseOnce
from service.store import Store, open_store
from tests.conformance.client import Signer, request_for
from tests.conformance.server import new_signer, own_server

PUBLIC = "https://nms.hospital.example"  # what clients name: the processes are behind a proxy
PATH = "/cds-services/nms-patient-view"
NOWHERE = "http://127.0.0.1:9/fhir"
SERVICE = {"hook": "patient-view", "prefetch": {}}


def test_a_token_counts_once_in_two_gates_on_one_store_and_after_both_are_new(
    tmp_path: Path,
) -> None:
    """The heavy test does the same with real processes; this one with their parts."""
    signer = new_signer()
    audience = f"{PUBLIC}{PATH}"
    token = signer.token(audience, jti=str(uuid.uuid4()))
    public = {**signer.key.as_dict(private=False), "kid": signer.kid}
    client = Client(signer.issuer, "t", FixedKeys(key_set([public])))
    reasons: list[str] = []
    for _ in range(2):
        stores = [open_store(f"sqlite:///{tmp_path / 'one.db'}") for _ in range(2)]
        stores[0].upgrade()
        gates = [TokenCheck({client.issuer: client}, time.time, _memory(s)) for s in stores]
        with ThreadPoolExecutor(8) as pool:
            checked = [pool.submit(gates[n % 2], token, (audience,)) for n in range(100)]
            reasons += [one.result()[2] for one in checked]
        for store in stores:
            store.close()
    assert sorted(set(reasons)) == ["", "jti seen before"]
    assert reasons.count("") == 1


def _memory(store: Store) -> UseOnce:
    def use_once(key: str, expires: float) -> bool:
        return store.use_once("jti", key, datetime.fromtimestamp(expires, UTC), datetime.now(UTC))

    return use_once


@pytest.mark.heavy
@pytest.mark.timeout(900)
@pytest.mark.parametrize("times", [10_000])
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
    with httpx.Client(timeout=120) as http, ThreadPoolExecutor(8) as pool:

        def call(number: int) -> int:
            address = addresses[number % len(addresses)]
            return http.post(f"{address}{PATH}", json=body, headers=headers).status_code

        found = list(pool.map(call, range(times)))
    assert set(found) <= {401, 412}, set(found)
    return found.count(412)
