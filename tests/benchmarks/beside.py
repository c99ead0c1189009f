"""`python -m tests.benchmarks.beside [--together] [--seconds S] [--pairs N] [--rates N N]`

Hooks beside the intake: 20 calls a second (patient-view, 20 facts), alone and while 50 bundles a
second come in (`--rates`: and 25, 10), on the same running house (API, intake at a port of its own,
one worker, beat, broker; `--postgres`: on PostgreSQL). `--together`: the bundles come to the
address of the hooks. Pairs, now the one and now the other half first: the ratio is the median of
the pairs' ratios, beside it that of all calls of all pairs (`pooled_times`), and of all calls in
the half of the pairs in which the rest of the machine was busy least (`quiet_times`). What others
used is told with the load average.

Calls begin on the clock whether or not earlier ones were answered, and their time counts from when
they should have begun, so that a stall is not hidden. Bundles come at a random moment of their
slot: two clocks would meet always or never. Both are sent from processes of their own. On a
machine of two cores everything, the senders too, shares them: the last row of each rate says which
part used how much of a core meanwhile ("api's": the API's own intake process).
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
from functools import partial
from http.client import HTTPConnection
from multiprocessing.context import SpawnContext
from pathlib import Path
from random import Random
from typing import Any

import orjson

from service.processes import wake_soon
from tests.benchmarks.figures import TICKS_S, children, cpu_s
from tests.benchmarks.hooks import patient_view
from tests.faults.processes import Processes, processes
from tests.store.postgres import begin, end

HOOKS_S, RATES = 20, (50,)
PATIENTS = 200
CALLERS, SENDERS = 12, 6
# bundles before the hooks that are measured beside them
LEAD_S = 0.7
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
    rate: int,
    seconds: float,
    threads: int,
    call: Callable[[int], int],
    chance: Random | None = None,
) -> tuple[list[float], int]:
    """Begin `rate` calls a second, with `chance` anywhere in their slots; milliseconds from when
    each was to begin, sorted, and how many were not answered 200."""
    took: list[float] = []
    refused = []
    first = time.perf_counter() + 0.05

    def one(number: int, wanted: float) -> None:
        status = call(number)
        took.append((time.perf_counter() - wanted) * 1000)
        if status != 200:
            refused.append(status)

    with ThreadPoolExecutor(threads) as pool:
        for number in range(int(rate * seconds)):
            wanted = first + (number + (chance.random() if chance else 0.0)) / rate
            time.sleep(max(0.0, wanted - time.perf_counter()))
            pool.submit(one, number, wanted)
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


Answer = tuple[list[float], int]  # of `on_the_clock`


class Sender:
    """A process that sends bundles, or calls hooks, when it is told to."""

    def __init__(self, context: SpawnContext, work: Callable[[int, int, float], Answer]) -> None:
        self._orders: Any = context.Queue()
        self._told: Any = context.Queue()
        self._process = context.Process(target=_obey, args=(work, self._orders, self._told))
        self._process.start()
        self._told.get(timeout=120)

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def begin(self, port: int, rate: int, seconds: float) -> None:
        self._orders.put((port, rate, seconds))

    def told(self) -> Answer:
        found: Answer = self._told.get(timeout=120)
        return found

    def end(self) -> None:
        self._orders.put(None)
        self._process.join()


def _obey(work: Callable[[int, int, float], Answer], orders: Any, told: Any) -> None:
    told.put(None)  # what a start costs is over before anything is measured
    while (order := orders.get()) is not None:
        told.put(work(*order))


def send_bundles(port: int, rate: int, seconds: float) -> Answer:
    caller = Caller(port)
    return on_the_clock(
        rate,
        seconds,
        SENDERS,
        lambda number: caller.post("/fhir", vitals(number), "application/fhir+json"),
        Random(rate),
    )


def call_hooks(port: int, rate: int, seconds: float) -> Answer:
    wake_soon()  # not to measure how long an answer lies before it is looked at
    caller = Caller(port)
    body = orjson.dumps(patient_view(20))
    path = "/cds-services/nms-patient-view"
    return on_the_clock(
        rate, seconds, CALLERS, lambda _n: caller.post(path, body, "application/json")
    )


@dataclass(frozen=True)
class Pair:
    """Hooks alone, hooks beside, bundles: milliseconds, sorted. `cores` used by each part while
    beside; `others`: by what is not ours, in both halves; `load`: average of the last minute."""

    alone: list[float]
    beside: list[float]
    sent: list[float]
    cores: dict[str, float]
    others: float
    load: float

    @property
    def times(self) -> float:
        return at(self.beside, 0.95) / at(self.alone, 0.95)


def at(took: Sequence[float], share: float) -> float:
    return took[min(len(took) - 1, int(len(took) * share))]


def row(what: str, rounds: Sequence[list[float]]) -> dict[str, object]:
    """Medians over the rounds, and the best of them: a busy machine spoils some."""
    found: dict[str, object] = {"what": what, "rounds": len(rounds)}
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        each = sorted(at(took, share) for took in rounds)
        found[f"{name}_ms"] = round(each[len(each) // 2], 1)
        found[f"{name}_least_ms"] = round(each[0], 1)
    return found


def pooled_p95(pairs: Sequence[Pair]) -> tuple[float, float]:
    """Of all calls of these pairs: alone, beside."""
    alone = sorted(ms for pair in pairs for ms in pair.alone)
    beside = sorted(ms for pair in pairs for ms in pair.beside)
    return at(alone, 0.95), at(beside, 0.95)


def rows(kind: str, rate: int, pairs: Sequence[Pair], not_200: int) -> list[dict[str, object]]:
    quiet = sorted(pairs, key=lambda pair: pair.others)[: (len(pairs) + 1) // 2]
    pooled, quietly = pooled_p95(pairs), pooled_p95(quiet)
    times = sorted(pair.times for pair in pairs)
    others, loads = sorted(p.others for p in pairs), sorted(p.load for p in pairs)
    middle = sorted(pairs, key=lambda pair: sum(pair.cores.values()))[len(pairs) // 2]
    return [
        row(f"{kind}: hooks alone, {HOOKS_S}/s", [pair.alone for pair in pairs]),
        row(f"{kind}: hooks beside {rate} bundles/s", [pair.beside for pair in pairs]),
        row(f"{kind}: bundles, {rate}/s, to the 2xx", [pair.sent for pair in pairs]),
        {
            "what": f"{kind}: p95 beside {rate} bundles/s / alone",
            "times": round(times[len(times) // 2], 2),
            "least": round(times[0], 2),
            "pooled_times": round(pooled[1] / pooled[0], 2),
            "pooled_p95_ms": [round(ms, 1) for ms in pooled],
            "quiet_times": round(quietly[1] / quietly[0], 2),
            "quiet_p95_ms": [round(ms, 1) for ms in quietly],
            "not_200": not_200,
            "cores": middle.cores,
            "of": os.cpu_count(),
            "others_cores": [round(others[0], 2), round(others[len(others) // 2], 2)],
            "load": [round(loads[0], 1), round(loads[len(loads) // 2], 1)],
        },
    ]


@dataclass
class Measured:
    """A running house and who calls it. `not_200`: answers that were not what was asked for."""

    house: Processes
    hooks: Sender
    bundles: Sender
    pairs: dict[int, list[Pair]] = field(default_factory=dict)
    not_200: int = 0

    def pair(self, rate: int, seconds: float) -> None:
        """One half, then the other; the next time the other way round."""
        before, began = self._burned(), time.perf_counter()
        held = self.pairs.setdefault(rate, [])
        if len(held) % 2:
            beside, sent, cores = self._beside(rate, seconds)
            alone = self._hooks(seconds)
        else:
            alone = self._hooks(seconds)
            beside, sent, cores = self._beside(rate, seconds)
        after, lasted = self._burned(), time.perf_counter() - began
        used = {name: (after[name] - spent) / lasted for name, spent in before.items()}
        others = 2 * used["machine"] - sum(used.values())
        held.append(Pair(alone, beside, sent, cores, others, os.getloadavg()[0]))

    def _hooks(self, seconds: float) -> list[float]:
        self.hooks.begin(self.house.port, HOOKS_S, seconds)
        took, failed = self.hooks.told()
        self.not_200 += failed
        return took

    def _beside(
        self, rate: int, seconds: float
    ) -> tuple[list[float], list[float], dict[str, float]]:
        port = self.house.intake_port or self.house.port
        self.bundles.begin(port, rate, seconds + 2 * LEAD_S)
        time.sleep(LEAD_S)
        before, began = self._burned(), time.perf_counter()
        took = self._hooks(seconds)
        after, lasted = self._burned(), time.perf_counter() - began
        sent, failed = self.bundles.told()
        self.not_200 += failed
        return took, sent, {n: round((after[n] - s) / lasted, 2) for n, s in before.items()}

    def _burned(self) -> dict[str, float]:
        return burned(self.house, {"hook caller": self.hooks.pid, "sender": self.bundles.pid})


def burned(house: Processes, senders: dict[str, int]) -> dict[str, float]:
    """Seconds of CPU that each part has used; `machine`: all that runs on it, ours or not."""
    pids = {name: [process.pid] for name, process in house.running.items()}
    pids |= {"api's": children(house.running["api"].pid), "broker": [house.broker.pid or 0]}
    pids |= {name: [pid] for name, pid in senders.items()}
    found = {name: sum(map(cpu_s, held)) for name, held in pids.items()}
    whole = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    busy = sum(map(int, whole[:3])) + sum(map(int, whole[5:8]))
    return {**found, "machine": busy / TICKS_S}


def measure(
    seconds: float,
    pairs: int,
    database: str,
    folder: Path,
    rates: Sequence[int] = RATES,
    *,
    apart: bool = True,
) -> list[dict[str, object]]:
    house = processes(folder, workers=1, database=database, apart=apart)
    context = multiprocessing.get_context("spawn")
    house.start()
    seen = Measured(house, Sender(context, call_hooks), Sender(context, send_bundles))
    try:
        seen.pair(rates[0], 3)  # what is done once is done, and not counted
        seen.pairs.clear()
        for _ in range(pairs):
            for rate in rates:
                seen.pair(rate, seconds)
    finally:
        seen.hooks.end()
        seen.bundles.end()
        house.stop()
    kind = house.database_url.partition(":")[0] + (", apart" if apart else ", together")
    return [
        each for rate, held in seen.pairs.items() for each in rows(kind, rate, held, seen.not_200)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure hooks beside the intake.")
    parser.add_argument("--seconds", type=float, default=10, help="of each half of a pair")
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--rates", type=int, nargs="+", default=list(RATES), metavar="N")
    parser.add_argument("--together", action="store_true", help="no port for the intake alone")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    measured = partial(
        measure, options.seconds, options.pairs, rates=options.rates, apart=not options.together
    )
    with tempfile.TemporaryDirectory() as place:
        if options.postgres:
            server = begin()
            try:
                found = measured(server.fresh(), Path(place))
            finally:
                end(server)
        else:
            found = measured("", Path(place))
    for each in found:
        sys.stdout.write(json.dumps(each) + "\n")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
