"""How many assessments, readings and stored bundles a second."""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from alerts.assessment import assess
from alerts.chart import chart_of
from alerts.knowledge import load
from service.fhir.reader import ReadContext, read_body
from service.replay.bodies import read
from service.replay.chronicle import facts_by_patient
from service.store import open_store
from tests.benchmarks.figures import run

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def per_second(work: Callable[[], object], seconds: float) -> tuple[float, list[float]]:
    """Calls a second, and the milliseconds of each call, over about `seconds`."""
    work()
    took: list[float] = []
    begun = time.perf_counter()
    while (now := time.perf_counter()) - begun < seconds:
        work()
        took.append((time.perf_counter() - now) * 1000)
    return len(took) / (time.perf_counter() - begun), took


def figure(what: str, rate: float, floor: float, took: list[float]) -> dict[str, object]:
    """One row; `ratio` is how many floors one call costs."""
    ordered = sorted(took)
    return {
        "what": what,
        "per_second": round(rate, 1),
        "p50_ms": round(ordered[len(ordered) // 2], 2),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)], 2),
        "floor_per_second": round(floor),
        "ratio": round(floor / rate, 1),
    }


def measure(seconds: float) -> list[dict[str, object]]:
    bodies = [
        p.read_bytes() for p in sorted((FIXTURES / "demo" / "haloperidol-36h").glob("*.json"))
    ]
    whole = bodies[0]
    floor, _ = per_second(lambda: orjson.loads(whole), min(seconds, 1.0))
    readings = [read(body, NOW) for body in bodies]
    facts = facts_by_patient(r for reading in readings for r in reading.resources)
    patient = "demo-haloperidol-36h"
    chart, knowledge = chart_of(patient, facts[patient]), load()
    at = datetime.fromisoformat("2025-03-05T22:30:00+01:00")
    rows = []
    rate, took = per_second(lambda: assess(chart, knowledge, at), seconds)
    rows.append(figure(f"assess ({len(facts[patient])} facts)", rate, floor, took))
    rate, took = per_second(lambda: read(whole, NOW), seconds)
    entries = len(orjson.loads(whole)["entry"])
    rows.append(figure(f"read a bundle ({entries} entries)", rate, floor, took))
    return [*rows, _stored(whole, entries, floor, seconds)]


def _stored(body: bytes, entries: int, floor: float, seconds: float) -> dict[str, object]:
    """Read and stored, a new patient each time, each in its own transaction."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/benchmark.db")
        store.upgrade()
        number = 0

        def accept() -> None:
            nonlocal number
            number += 1
            mine = body.replace(b"demo-haloperidol-36h", b"patient-%d" % number)
            context = ReadContext(tenant="benchmark", received_at=NOW, zone=ZoneInfo("UTC"))
            store.accept(read_body(mine, context), "benchmark", NOW, f"bundle-{number}")

        rate, took = per_second(accept, seconds)
    return figure(f"bundle into the store ({entries} entries)", rate, floor, took)


if __name__ == "__main__":
    sys.exit(run(measure, __doc__))
