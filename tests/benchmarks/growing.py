"""`python -m tests.benchmarks.growing [--bundles N] [--patients N] [--postgres] [--json FILE]`

How the service grows, each figure beside its naive design in the same run on the same bytes:

- CPU of a 200-entry bundle, sender and worker together: reader, one batched transaction and one
  bell, beside fhir.resources models and one Celery task for each entry, which makes the model of
  its entry and writes one row through the mapper (evaluation is in neither);
- patients a second through Celery: a hint that claims fifty, beside one task for each patient
  (both evaluate nothing: what is measured is the way, not the medicine);
- bundles a second, and the time from the 2xx to the visible alert, for one and two workers.

CPU time and ratios travel between machines; rates are of this machine, now.
"""

import argparse
import json
import math
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from fhir.resources.R4B import get_fhir_model_class
from sqlalchemy.orm import Session

from service.fhir.reader import ReadContext, read_body
from service.monitoring.broker import server_binary
from service.monitoring.celery_app import QUEUE, make_app
from service.monitoring.embedded import EmbeddedBroker
from service.store import Store, open_store
from tests.benchmarks.storing import Row
from tests.faults.ledger import Ledger, push, settled, verdict
from tests.faults.processes import processes
from tests.store.postgres import begin, end

TENANT = "t"
ENTRIES = 200


def bundle(run: int) -> bytes:
    """200 observations of 5 patients."""
    entries = [
        {
            "resource": {
                "resourceType": "Observation",
                "id": f"{run}-{n}",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
                "subject": {"reference": f"Patient/p{run}-{n % 5}"},
                "effectiveDateTime": f"2026-03-01T{n % 24:02}:00:00Z",
                "valueQuantity": {"value": 60 + n % 60, "unit": "/min", "code": "/min",
                                  "system": "http://unitsofmeasure.org"},
            }
        }
        for n in range(ENTRIES)
    ]  # fmt: skip
    return orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def cpu(work: Callable[[int], object], rounds: int) -> float:
    """Median CPU seconds of this process for one call."""
    work(0)
    taken = []
    for n in range(1, rounds + 1):
        burned = time.process_time()
        work(n)
        taken.append(time.process_time() - burned)
    return statistics.median(taken)


class Hands:
    """A worker of two threads in this process, so that its CPU counts; `wait` for its tasks."""

    def __init__(self, url: str, **works: Callable[..., None]) -> None:
        self.app = make_app(url)
        self._left, self._idle = 0, threading.Event()
        self._guard = threading.Lock()
        for name, work in works.items():
            self.app.task(self._counted(work), name=name, ignore_result=True)
        self._worker = self.app.Worker(
            pool="threads", concurrency=2, loglevel="ERROR", quiet=True, queues=[QUEUE],
            without_gossip=True, without_mingle=True, without_heartbeat=True,
        )  # fmt: skip
        threading.Thread(target=self._worker.start, daemon=True).start()

    def _counted(self, work: Callable[..., None]) -> Callable[..., None]:
        def task(*given: Any) -> None:
            try:
                work(*given)
            finally:
                with self._guard:
                    self._left -= 1
                    if self._left == 0:
                        self._idle.set()

        return task

    def send(self, name: str, every: Iterable[tuple[Any, ...]]) -> None:
        told = list(every)
        with self._guard:
            self._left += len(told)
            self._idle.clear()
        for given in told:
            self.app.send_task(name, args=list(given), queue=QUEUE, retry=False)

    def wait(self) -> None:
        assert self._idle.wait(120)


def ours(store: Store, hands: Hands) -> Callable[[int], None]:
    """Read, stored with its audit in one transaction, and one bell."""

    def work(run: int) -> None:
        at = datetime.now(UTC)
        context = ReadContext(tenant=TENANT, received_at=at, zone=ZoneInfo("UTC"))
        store.accept(read_body(bundle_of[run], context), TENANT, at, "c", "ehr")
        hands.send("bell", [()])
        hands.wait()

    return work


def naive(hands: Hands) -> Callable[[int], None]:
    """Models of the whole bundle, then a task for each entry (see `entered`)."""
    model = get_fhir_model_class("Bundle")

    def work(run: int) -> None:
        made = model.model_validate(orjson.loads(bundle_of[run]))
        hands.send(
            "entry",
            (
                (f"naive-{run}-{n}", entry.resource.model_dump_json())
                for n, entry in enumerate(made.entry)
            ),
        )
        hands.wait()

    return work


def entered(store: Store) -> Callable[[str, str], None]:
    """What each task of the naive design does: the model of its entry, a row by the mapper."""
    model = get_fhir_model_class("Observation")

    def work(name: str, text: str) -> None:
        made = model.model_validate_json(text)
        with Session(store._database.engine.execution_options(writes=True)) as session:
            session.add(_row(name, made))
            session.commit()

    return work


def _row(name: str, resource: Any) -> Row:
    now = datetime.now(UTC)
    return Row(
        tenant=TENANT, resource_type="Observation", resource_id=name,
        patient=resource.subject.reference, received_at=now, revision=1, digest=name,
        retracted=False, preliminary=False, keep="reading", effective_from=now,
        effective_until=now, facts=resource.model_dump_json(),
    )  # fmt: skip


bundle_of: dict[int, bytes] = {}


@contextmanager
def broker(folder: Path) -> Iterator[EmbeddedBroker]:
    held = EmbeddedBroker(folder / "broker", server_binary())
    held.start()
    try:
        yield held
    finally:
        held.stop()


def taking_in(store: Store, hands: Hands, rounds: int) -> dict[str, object]:
    bundle_of.update({n: bundle(n) for n in range(rounds + 1)})
    mine = cpu(ours(store, hands), rounds)
    theirs = cpu(naive(hands), max(3, rounds // 4))
    return {
        "what": f"bundle of {ENTRIES} entries, CPU",
        "ms": round(mine * 1e3, 2),
        "naive_ms": round(theirs * 1e3, 1),
        "times": round(theirs / mine, 1),
    }


def through_celery(hands: Hands, patients: int) -> dict[str, object]:
    """Patients a second from `send` to done, with a real worker of two threads; and the CPU of
    sender and worker for each, which a busy machine does not change."""
    rates, burned = {}, {}
    for size in (1, 1, 50):  # the first warms up
        began, before = time.perf_counter(), time.process_time()
        hands.send("hint", ((size,) for _ in range(patients // size)))
        hands.wait()
        rates[size] = patients / (time.perf_counter() - began)
        burned[size] = (time.process_time() - before) / patients
    return {
        "what": "patients a second through Celery",
        "fifty_a_task": round(rates[50]),
        "one_a_task": round(rates[1]),
        "times": round(rates[50] / rates[1], 1),
        "cpu_us_one_a_task": round(burned[1] * 1e6),
        "times_cpu": round(burned[1] / burned[50], 1),
    }


def visible(folder: Path, bundles: int, workers: int, database: str) -> dict[str, object]:
    """The real house: API, workers, beat and broker as processes."""
    house = processes(folder, workers=workers, database=database)
    house.start()
    try:
        ledger = Ledger(folder / "ledger.txt")
        began = time.perf_counter()
        push(house, ledger, bundles, [], seed=1, per_second=math.inf)
        sent = time.perf_counter() - began
        store = house.open_store()
        settled(store, ledger, 120)
        found = verdict(store, ledger, [])
        store.close()
    finally:
        house.stop()
    return {
        "what": f"{database.partition(':')[0]}, {workers} worker(s)",
        "bundles_per_s": round(bundles / sent, 1),
        "visible_median_s": round(found.median_s, 2),
        "visible_slowest_s": round(found.slowest_s, 2),
        "lost": len(found.lost),
    }


def measure(
    bundles: int, patients: int, rounds: int, postgres: bool
) -> Iterator[dict[str, object]]:
    """Each figure as soon as it is there: a busy machine takes its time."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if rounds:
            yield from beside_the_naive(folder, patients, rounds)
        if bundles:
            for workers in (1, 2):
                room = folder / f"sqlite-{workers}"
                room.mkdir()
                yield visible(room, bundles, workers, f"sqlite:///{room / 'house.db'}")
        if bundles and postgres:
            server = begin()
            try:
                for workers in (1, 2):
                    room = folder / f"postgresql-{workers}"
                    room.mkdir()
                    yield visible(room, bundles, workers, server.fresh())
            finally:
                end(server)


def beside_the_naive(folder: Path, patients: int, rounds: int) -> Iterator[dict[str, object]]:
    store = open_store(f"sqlite:///{folder / 'benchmark.db'}")
    store.upgrade()
    with broker(folder) as held:
        works = {"bell": lambda: None, "hint": lambda _count: None, "entry": entered(store)}
        hands = Hands(held.url, **works)
        yield taking_in(store, hands, rounds)
        yield through_celery(hands, patients)
    store.close()


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure how the service grows.")
    parser.add_argument("--bundles", type=int, default=300, help="0: leave the processes out")
    parser.add_argument("--patients", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=12, help="0: leave the naive design out")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL too")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = []
    for row in measure(options.bundles, options.patients, options.rounds, options.postgres):
        found.append(row)
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
