"""`python -m tests.benchmarks.beside [--seconds S] [--rounds N] [--rates N N] [--postgres]`

Hooks beside the intake: 20 calls a second (patient-view, 20 facts), alone and while 50 bundles a
second come in (`--rates`: and 25, 10), in turns on the same running house (API with its intake
process, one worker, beat, broker). Calls begin on the clock whether or not earlier ones were
answered, and their time counts from when they should have begun, so that a stall is not hidden.
The bundles are sent by a process of its own. On a machine of two cores everything, the sender
too, shares them: the last row of each rate says which part used how much of a core meanwhile.
"""

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import orjson

from tests.benchmarks.hooks import patient_view
from tests.faults.processes import Processes, processes
from tests.store.postgres import begin, end

HOOKS_S, RATES = 20, (50,)
PATIENTS = 200
CALLERS, SENDERS = 12, 6
VITALS = (("8310-5", "Cel", 37.0), ("8867-4", "/min", 80), ("9279-1", "/min", 16))


class Caller:
    """A connection for each thread."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._held = threading.local()

    def post(self, path: str, body: bytes, media: str) -> int:
        if not hasattr(self._held, "http"):
            self._held.http = HTTPConnection("127.0.0.1", self._port, timeout=30)
        self._held.http.request("POST", path, body, {"content-type": media})
        answer = self._held.http.getresponse()
        answer.read()
        return int(answer.status)


def on_the_clock(
    rate: int, seconds: float, threads: int, call: Callable[[int], int]
) -> tuple[list[float], int]:
    """Begin `rate` calls a second; milliseconds from when each was to begin, sorted, and how many
    were not answered 200."""
    took: list[float] = []
    refused = []
    first = time.perf_counter() + 0.05

    def one(number: int) -> None:
        wanted = first + number / rate
        status = call(number)
        took.append((time.perf_counter() - wanted) * 1000)
        if status != 200:
            refused.append(status)

    with ThreadPoolExecutor(threads) as pool:
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, first + number / rate - time.perf_counter()))
            pool.submit(one, number)
    return sorted(took), len(refused)


def vitals(number: int) -> bytes:
    """One patient's new readings."""
    at = (datetime.now(UTC) - timedelta(seconds=5)).isoformat()
    patient = f"p{number % PATIENTS}"
    entries = [
        {
            "resource": {
                "resourceType": "Observation",
                "id": f"{patient}-{code}-{time.time_ns()}",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "subject": {"reference": f"Patient/{patient}"},
                "effectiveDateTime": at,
                "valueQuantity": {"value": value, "unit": unit, "code": unit,
                                  "system": "http://unitsofmeasure.org"},
            }
        }
        for code, unit, value in VITALS
    ]  # fmt: skip
    return orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


Sent = multiprocessing.Queue  # of what `on_the_clock` gives


def send(port: int, rate: int, seconds: float, told: "Sent[tuple[list[float], int]]") -> None:
    """The sender's process. What its start costs is over before anything is measured: it says so
    by an empty answer."""
    caller = Caller(port)
    told.put(([], 0))
    told.put(
        on_the_clock(
            rate,
            seconds,
            SENDERS,
            lambda n: caller.post("/fhir", vitals(n), "application/fhir+json"),
        )
    )


def call_hooks(port: int, seconds: float) -> tuple[list[float], int]:
    caller = Caller(port)
    body = orjson.dumps(patient_view(20))
    path = "/cds-services/nms-patient-view"
    return on_the_clock(
        HOOKS_S, seconds, CALLERS, lambda _n: caller.post(path, body, "application/json")
    )


def row(what: str, rounds: list[list[float]]) -> dict[str, object]:
    """Medians over the rounds, and the best of them: a busy machine spoils some."""

    def at(share: float) -> list[float]:
        return sorted(took[min(len(took) - 1, int(len(took) * share))] for took in rounds)

    found: dict[str, object] = {"what": what, "rounds": len(rounds)}
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        each = at(share)
        found[f"{name}_ms"] = round(each[len(each) // 2], 1)
        found[f"{name}_least_ms"] = round(each[0], 1)
    return found


@dataclass
class Turns:
    """What was seen at one rate: hooks alone, hooks beside, bundles; cores used by each part."""

    alone: list[list[float]] = field(default_factory=list)
    beside: list[list[float]] = field(default_factory=list)
    sent: list[list[float]] = field(default_factory=list)
    cores: list[dict[str, float]] = field(default_factory=list)
    not_200: int = 0

    def rows(self, kind: str, rate: int) -> list[dict[str, object]]:
        pairs = zip(self.alone, self.beside, strict=True)
        ratios = sorted(two[int(len(two) * 0.95)] / one[int(len(one) * 0.95)] for one, two in pairs)
        middle = sorted(self.cores, key=lambda used: sum(used.values()))[len(self.cores) // 2]
        return [
            row(f"{kind}: hooks alone, {HOOKS_S}/s", self.alone),
            row(f"{kind}: hooks beside {rate} bundles/s", self.beside),
            row(f"{kind}: bundles, {rate}/s, to the 2xx", self.sent),
            {
                "what": f"{kind}: p95 beside {rate} bundles/s / alone",
                "times": round(ratios[len(ratios) // 2], 2),
                "least": round(ratios[0], 2),
                "not_200": self.not_200,
                "cores": middle,
                "of": os.cpu_count(),
            },
        ]


def turn(house: Processes, rate: int, seconds: float, seen: Turns) -> None:
    """Hooks alone, then hooks beside the bundles."""
    context = multiprocessing.get_context("spawn")
    took, failed = call_hooks(house.port, seconds)
    seen.alone.append(took)
    told: Sent[tuple[list[float], int]] = context.Queue()
    sender = context.Process(target=send, args=(house.port, rate, seconds + 2, told))
    sender.start()
    told.get(timeout=120)
    time.sleep(2)
    before, began = burned(house, sender.pid), time.perf_counter()
    took, also = call_hooks(house.port, seconds)
    after, lasted = burned(house, sender.pid), time.perf_counter() - began
    seen.beside.append(took)
    seen.cores.append({n: round((after[n] - s) / lasted, 2) for n, s in before.items()})
    taken, refused = told.get(timeout=120)
    sender.join()
    seen.sent.append(taken)
    seen.not_200 += failed + also + refused


def burned(house: Processes, sender: int | None) -> dict[str, float]:
    """Seconds of CPU that each part has used; `machine`: all that runs on it, ours or not."""
    api = house.running["api"].pid
    pids = {name: [process.pid] for name, process in house.running.items()}
    pids |= {"intake": _children(api), "hook caller": [os.getpid()], "bundle sender": [sender or 0]}
    pids["broker"] = [house.broker.pid or 0]
    ticks = os.sysconf("SC_CLK_TCK")
    found = {name: sum(map(_ticks, held)) / ticks for name, held in pids.items()}
    whole = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    busy = sum(map(int, whole[:3])) + sum(map(int, whole[5:8]))
    return {**found, "machine": busy / ticks}


def _children(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def measure(
    seconds: float, rounds: int, database: str, folder: Path, rates: Sequence[int] = RATES
) -> list[dict[str, object]]:
    house = processes(folder, workers=1, database=database)
    house.start()
    seen = {rate: Turns() for rate in rates}
    try:
        call_hooks(house.port, 3)
        for _ in range(rounds):
            for rate in rates:
                turn(house, rate, seconds, seen[rate])
    finally:
        house.stop()
    kind = house.database_url.partition(":")[0]
    return [each for rate, found in seen.items() for each in found.rows(kind, rate)]


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure hooks beside the intake.")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rates", type=int, nargs="+", default=list(RATES), metavar="N")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        if options.postgres:
            server = begin()
            try:
                found = measure(
                    options.seconds, options.rounds, server.fresh(), Path(place), options.rates
                )
            finally:
                end(server)
        else:
            found = measure(options.seconds, options.rounds, "", Path(place), options.rates)
    for each in found:
        sys.stdout.write(json.dumps(each) + "\n")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
