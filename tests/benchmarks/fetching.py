"""Hook calls that must fetch: how long a clinician waits for a call without prefetch.

The whole service in one process, a FHIR server on loopback that takes a while for every answer, or
never answers one of the seven queries. Milliseconds are of the clock. The floor is the same seven
queries by a bare client at once: what no service can be quicker than. Beside each row stands what
is wanted: an answer in 2 s, and in 4 s at the latest (hard stop).
"""

import asyncio
import sys
import time
from typing import Any

import httpx

from service.cds_hooks.services import PREFETCH
from service.fhir.client import expanded
from tests.benchmarks.figures import run
from tests.benchmarks.hooks import PATIENT, SERVER, patient_view, serving
from tests.benchmarks.rates import figure
from tests.security.fhir_server import FakeServer, fake_server

# what, the server's delay in seconds, the type that never comes, the tenant's deadline in ms
ROWS = (
    ("at once, deadline 2 s", 0.0, "", 2_000),
    ("0.2 s an answer, deadline 2 s", 0.2, "", 2_000),
    ("1 s an answer, deadline 2 s", 1.0, "", 2_000),
    ("problems never, deadline 0.45 s", 0.0, "Condition", 450),
    ("problems never, deadline 2 s", 0.0, "Condition", 2_000),
    ("problems never, deadline 4 s", 0.0, "Condition", 4_000),
)
FACTS = 200


def measure(seconds: float) -> list[dict[str, object]]:
    return [asyncio.run(_row(*row, seconds)) for row in ROWS]


async def _row(
    what: str, delay_s: float, never: str, deadline_ms: int, seconds: float
) -> dict[str, object]:
    whole = patient_view(FACTS)
    async with fake_server() as fhir:
        fhir.chart, fhir.page_size, fhir.delay_s = _chart(whole), 1_000, delay_s
        with serving(_program(fhir.base, deadline_ms)) as server:
            client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=30)
            asked = {**whole, "prefetch": {}, "fhirServer": fhir.base}
            await _call(client, asked)
            bare = await _bare(fhir)
            if never:
                fhir.odd[never] = "Never"
            took = [await _call(client, asked)]
            begun = time.perf_counter()
            while time.perf_counter() - begun < seconds:
                took.append(await _call(client, asked))
            await client.aclose()
    return figure(what, 1000 * len(took) / sum(took), 1 / bare, took)


def _chart(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """What the client of `hooks` sends, held by the FHIR server."""
    found: list[dict[str, Any]] = []
    for value in whole["prefetch"].values():
        found += [e["resource"] for e in value["entry"]] if "entry" in value else [value]
    return found


async def _call(client: httpx.AsyncClient, asked: dict[str, Any]) -> float:
    """Milliseconds until the answer."""
    at = time.perf_counter()
    answer = await client.post("/cds-services/nms-patient-view", json=asked)
    if answer.status_code != httpx.codes.OK:
        raise SystemExit(f"The hook answered {answer.status_code}: {answer.text[:200]}")
    return (time.perf_counter() - at) * 1000


async def _bare(fhir: FakeServer) -> float:
    """Seconds for the seven queries together, the least of three."""
    ids = {"patientId": PATIENT.decode()}
    queries = [f"{fhir.base}/{expanded(query, ids)}" for query in PREFETCH.values()]
    least = float("inf")
    async with httpx.AsyncClient(timeout=20) as client:
        for _ in range(3):
            at = time.perf_counter()
            await asyncio.gather(*(client.get(query) for query in queries))
            least = min(least, time.perf_counter() - at)
    return least


def _program(base: str, deadline_ms: int) -> str:
    """The service with one tenant whose FHIR server this is."""
    tenant = f"Tenant(s.tenant, s.zone, base_of({base!r}), fetch_deadline_s={deadline_ms / 1000})"
    return f"""
import service.app
from service.fhir.address import base_of
from service.security.tenants import Tenant
service.app.tenants_of = lambda s: {{s.tenant: {tenant}}}
{SERVER}"""


if __name__ == "__main__":
    sys.exit(run(measure, __doc__))
