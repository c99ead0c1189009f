"""Hook calls: CPU of a call beside the floor, two real servers on loopback in the same run.

Rates are per second of the server's CPU (Linux), both taking turns, so that the ratio survives a
busy machine; p50 and p99 are of the clock and do not. The floor is `floor.py`; the service runs
whole (edge, routes, store, assessment, cards, validator), without client authentication.

Three rows for each size, because what was lately read is remembered (`recall`, `familiar`):
"first" is a chart never seen before in each call, "one new" the same chart with one reading more
each time, "again" the same chart, byte for byte.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson

from tests.benchmarks.figures import run
from tests.benchmarks.rates import figure

SERVER = """
import os, sys, structlog, uvicorn
from service.app import create_app
from service.settings import load_settings
from service.store import open_store
settings = load_settings(os.environ)
store = open_store(settings.database_url)
store.upgrade()
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
app = create_app(settings, store)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
"""
FLOOR = """
import sys, uvicorn
from tests.benchmarks.floor import floor
uvicorn.run(floor, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False,
            lifespan="off")
"""
TURN_S = 0.25
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
KINDS = (("8331-1", "Cel", 38.6), ("8867-4", "/min", 112), ("9279-1", "/min", 24))
SIZES = (20, 200, 2_000)


PATIENT, NEWEST = b"patient-of-the-benchmark", b"newest-reading"
Bodies = Callable[[int], bytes]


def measure(seconds: float) -> list[dict[str, object]]:
    calls = [(f"patient-view, {n} facts", "nms-patient-view", patient_view(n)) for n in SIZES]
    calls.append(("order-sign, 20 facts", "nms-order-sign", order_sign(20)))
    with serving(SERVER) as service, serving(FLOOR) as floor:
        return [
            _beside(f"{what}, {how}", service, floor, name, bodies, seconds)
            for what, name, held in calls
            for how, bodies in _ways(orjson.dumps(held))
        ]


def _ways(body: bytes) -> tuple[tuple[str, Bodies], ...]:
    """How the chart of a call stands to that of the call before. All have the same length."""
    return (
        ("first", lambda n: body.replace(PATIENT, b"patient-%016d" % n)),
        ("one new", lambda n: body.replace(NEWEST, b"reading-%06d" % n)),
        ("again", lambda _n: body),
    )


def _beside(
    what: str, service: "Server", floor: "Server", name: str, bodies: Bodies, seconds: float
) -> dict[str, object]:
    """Both answer the same bytes in turns; per second of CPU of the server, not of the clock."""
    path = f"/cds-services/{name}"
    turns = ((service, []), (floor, []))  # type: tuple[tuple[Server, list[float]], ...]
    spent = {one.port: 0.0 for one, _ in turns}
    for one, _ in turns:
        for number in range(3):
            one.call(path, bodies(number))
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        for one, took in turns:
            turn, before = time.perf_counter(), one.cpu_s()
            while time.perf_counter() - turn < TURN_S:
                body = bodies(len(took) + 3)
                at = time.perf_counter()
                one.call(path, body)
                took.append((time.perf_counter() - at) * 1000)
            spent[one.port] += one.cpu_s() - before
    rates = [len(took) / max(spent[one.port], 1e-9) for one, took in turns]
    return figure(what, rates[0], rates[1], turns[0][1])


class Server:
    """A server process on loopback, asked over one connection."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self._stat = Path(f"/proc/{process.pid}/stat")
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20)

    def call(self, path: str, body: bytes) -> None:
        answer = self._http.post(path, content=body, headers={"content-type": "application/json"})
        if answer.status_code != 200 or b'"cards"' not in answer.content:
            raise SystemExit(f"The hook answered {answer.status_code}: {answer.text[:200]}")

    def cpu_s(self) -> float:
        """Seconds of CPU that its process has used (Linux)."""
        fields = self._stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def order_sign(facts: int) -> dict[str, Any]:
    """Lithium to be signed for the same patient."""
    draft = {**_order("lithium carbonate 300 mg", "d1"), "status": "draft"}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]}
    held = patient_view(facts)
    return {**held, "hook": "order-sign", "context": {**held["context"], "draftOrders": bundle}}


def patient_view(facts: int) -> dict[str, Any]:
    """A request whose prefetch holds this many observations of a patient on haloperidol, each of
    about a kilobyte, as record systems write them."""
    patient = PATIENT.decode()
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": patient},
        "prefetch": {
            "patient": {
                "resourceType": "Patient",
                "id": PATIENT.decode(),
                "birthDate": "1980-01-01",
            },
            "observations": _searchset([_observation(number) for number in range(facts)]),
            "laboratory": _searchset([]),
            "medications": _searchset([_order("haloperidol 5 mg tablet", "m1")]),
            "administrations": _searchset([]),
            "statements": _searchset([]),
            "conditions": _searchset([]),
        },
    }


def _ago(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))


def _observation(number: int) -> dict[str, Any]:
    code, unit, value = KINDS[number % 3]
    at = _ago(600 * (number + 1))
    return {
        "resourceType": "Observation",
        "id": f"o{number}" if number else NEWEST.decode(),
        "meta": {
            "versionId": "1",
            "lastUpdated": at,
            "profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-vital-signs"],
        },
        "text": {
            "status": "generated",
            "div": "<div xmlns='http://www.w3.org/1999/xhtml'>Entered at the bedside.</div>",
        },
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "vital-signs",
                        "display": "Vital Signs",
                    }
                ],
                "text": "Vital Signs",
            }
        ],
        "code": {"coding": [{"system": LOINC, "code": code, "display": "Vital sign"}]},
        "subject": {"reference": f"Patient/{PATIENT.decode()}", "display": "Test, Patient"},
        "encounter": {"reference": "Encounter/e1"},
        "effectiveDateTime": at,
        "issued": at,
        "performer": [{"reference": "Practitioner/nurse-7", "display": "Nurse, Seven"}],
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }


def _order(drug: str, name: str) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": drug},
        "subject": {"reference": f"Patient/{PATIENT.decode()}"},
        "authoredOn": _ago(200_000),
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
def serving(program: str) -> Iterator[Server]:
    """A program with the port as its argument, in its own process; ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        world = {
            **os.environ,
            "NMS_SENTINEL_DATA_DIR": folder,
            "NMS_SENTINEL_OPEN_MODE": "1",
            "NMS_SENTINEL_LOG_LEVEL": "error",
        }
        server = subprocess.Popen(
            [sys.executable, "-c", program, str(port)],
            env=world,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(port, server)
            yield Server(port, server)
        finally:
            server.terminate()
            server.wait(timeout=10)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(2000):
        if server.poll() is not None:
            raise SystemExit(f"The server ended with {server.returncode}.")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("The server did not start.")


if __name__ == "__main__":
    sys.exit(run(measure, __doc__))
