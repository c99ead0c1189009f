"""Hook calls against a real server process on loopback."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import orjson

from tests.benchmarks.rates import figure, per_second

SERVER = """
import os, sys, uvicorn
from service.app import create_app
from service.settings import load_settings
from service.store import open_store
settings = load_settings(os.environ)
store = open_store(settings.database_url)
store.upgrade()
app = create_app(settings, store)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
"""
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
KINDS = (("8331-1", "Cel", 38.6), ("8867-4", "/min", 112), ("9279-1", "/min", 24))


def measure(seconds: float) -> list[dict[str, object]]:
    with serving() as address, httpx.Client(base_url=address, timeout=10) as client:
        return [_measured(client, facts, seconds) for facts in (20, 200)]


def _measured(client: httpx.Client, facts: int, seconds: float) -> dict[str, object]:
    body = orjson.dumps(patient_view(facts))
    headers = {"content-type": "application/json"}

    def call() -> None:
        answer = client.post("/cds-services/nms-patient-view", content=body, headers=headers)
        if answer.status_code != 200 or "cards" not in answer.json():
            raise SystemExit(f"The hook answered {answer.status_code}: {answer.text[:200]}")

    floor, _ = per_second(lambda: orjson.loads(body), min(seconds, 1.0))
    rate, took = per_second(call, seconds)
    return figure(f"patient-view over HTTP ({facts} facts)", rate, floor, took)


def patient_view(facts: int) -> dict[str, Any]:
    """A request whose prefetch holds this many observations of a patient on haloperidol."""
    observations = [
        {
            "resourceType": "Observation",
            "id": f"o{number}",
            "status": "final",
            "code": {"coding": [{"system": LOINC, "code": KINDS[number % 3][0]}]},
            "subject": {"reference": "Patient/p1"},
            "effectiveDateTime": time.strftime(
                "%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600 * (number + 1))
            ),
            "valueQuantity": {
                "value": KINDS[number % 3][2],
                "unit": KINDS[number % 3][1],
                "system": UCUM,
                "code": KINDS[number % 3][1],
            },
        }
        for number in range(facts)
    ]
    order = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": "haloperidol 5 mg tablet"},
        "subject": {"reference": "Patient/p1"},
        "authoredOn": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 200_000)),
    }
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": "p1", "birthDate": "1980-01-01"},
            "observations": _searchset(observations),
            "laboratory": _searchset([]),
            "medications": _searchset([order]),
            "administrations": _searchset([]),
            "statements": _searchset([]),
            "conditions": _searchset([]),
        },
    }


def _searchset(resources: list[dict[str, Any]]) -> dict[str, Any]:
    entries = [{"resource": r, "search": {"mode": "match"}} for r in resources]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(entries),
        "entry": entries,
    }


@contextmanager
def serving() -> Iterator[str]:
    """The real app in its own process on a free port; ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        world = {**os.environ, "NMS_SENTINEL_DATA_DIR": folder, "NMS_SENTINEL_OPEN_MODE": "1"}
        server = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], env=world)
        try:
            _wait_for(port, server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=10)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if server.poll() is not None:
            raise SystemExit(f"The server ended with {server.returncode}.")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("The server did not start.")
