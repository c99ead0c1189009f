"""Our own API as a process, with client authentication on, for the conformance tests."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from joserfc.jwk import ECKey

from tests.acceptance.running import free_port
from tests.conformance.client import Signer

START_SECONDS = 250.0


TENANTS = """
[tenants.default]
fhir_base = "{record}"
fhir_version = "R4"
fetch_deadline_ms = 4000
detected_issues = true
smart_links = true

[[tenants.default.clients]]
issuer = "{issuer}"
keys_file = "keys.json"
"""


@contextmanager
def own_server(
    folder: Path,
    signer: Signer,
    record: str,
    *,
    known_as: str = "",
    upgrade: bool = True,
    broker: str = "",
) -> Iterator[str]:
    """The address of a running API that trusts the signer's key and may read from `record`.

    `known_as`: the address that clients name, when it is another (a proxy). Several may share a
    folder; the first upgrades the store. `broker`: with a worker beside it, on this Redis.
    """
    public = {**signer.key.as_dict(private=False), "kid": signer.kid}
    (folder / "keys.json").write_text(json.dumps({"keys": [public]}))
    tenants = folder / "tenants.toml"
    tenants.write_text(TENANTS.format(record=record, issuer=signer.issuer))
    base_url = f"http://127.0.0.1:{free_port()}"
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("NMS_SENTINEL_")}
    environ = {
        **inherited,
        "NMS_SENTINEL_DATA_DIR": str(folder / "data"),
        "NMS_SENTINEL_PORT": base_url.rsplit(":", 1)[-1],
        "NMS_SENTINEL_BASE_URL": known_as or base_url,
        "NMS_SENTINEL_TENANTS": str(tenants),
        **({"REDIS_URL": broker} if broker else {}),
    }
    command = Path(sys.executable).parent / "nms-sentinel"
    if upgrade:
        subprocess.run([command, "db", "upgrade"], env=environ, check=True, capture_output=True)
    with (folder / "api.log").open("ab") as log:
        process = subprocess.Popen(
            [command, "api"],
            env=environ,
            stdout=log,
            stderr=log,
        )
        parts = [process]
        if broker:
            parts.append(subprocess.Popen([command, "worker"], env=environ, stdout=log, stderr=log))
        try:
            _wait(base_url, process, folder / "api.log")
            yield base_url
        finally:
            for part in parts:
                part.terminate()
            for part in parts:
                part.wait(timeout=60)


def new_signer() -> Signer:
    return Signer(ECKey.generate_key("P-384"), "conformance", "https://ehr.example.org")


def _wait(base_url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{base_url}/health/live", timeout=20).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the API did not start:\n{log.read_text()[-3000:]}")
