"""`python -m tests.benchmarks.storing [--postgres] [--rounds N] [--json FILE]`

How many facts a second go into the store, beside the same rows written by an object-relational
mapper (`Session.add_all`) into the same kind of database in the same run; and how long a chart of
500 facts takes to read, beside the bare query. CPU time of this process: ratios travel between
machines, rates do not.
"""

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Session

from alerts.chart import Measurement, Source
from service.fhir.reader import EntryOutcome, Outcome, Reading, ResourceFacts
from service.store import Store, open_store
from service.store.database.columns import Instant, instant
from service.store.database.schema import metadata, resources
from service.store.resources.row import Row as Stored
from service.store.resources.row import storable
from service.store.resources.upsert import upsert_resources
from tests.store.postgres import begin, end

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TENANT = "benchmark"
_numbers = itertools.count()


class Mapped(DeclarativeBase):
    """The floor: the same table behind the mapper."""

    metadata = metadata


class Row(Mapped):
    __table__ = resources


def body(rows: int, patients: int) -> Reading:
    """A body of new observations, each body later than the one before, as they come in."""
    run = next(_numbers)
    last = NOW + timedelta(hours=run)
    made = []
    for n in range(rows):
        source = Source(TENANT, "Observation", f"{run}-{n}", "1")
        at = last - timedelta(seconds=3 * n)
        fact = Measurement("heart_rate", at, 60.0 + n % 60, "/min", source)
        made.append(
            ResourceFacts(
                source, f"p{run}-{n % patients}", (fact,), False, NOW, f"{run:032x}{n:032x}", n
            )
        )
    outcomes = tuple(
        EntryOutcome(n, f"Bundle.entry[{n}]", Outcome.ACCEPTED, "") for n in range(rows)
    )
    return Reading(outcomes=outcomes, resources=tuple(made))


def cost(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of wall clock and of CPU of one call."""
    wall, cpu = [], []
    work()
    for _ in range(rounds):
        began, burned = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - burned)
    return statistics.median(wall), statistics.median(cpu)


def mapped(row: Stored) -> Row:
    """The row as a user of the mapper writes it: with times, not with numbers."""
    held = row._asdict()
    for column in resources.columns:
        if isinstance(column.type, Instant) and held[column.name] is not None:
            held[column.name] = instant(held[column.name])
    return Row(**held)


def by_mapper(store: Store, reading: Reading) -> None:
    add_all(store, [mapped(row) for _, row in storable(reading.resources, TENANT, NOW)[0]])


def add_all(store: Store, rows: list[Row]) -> None:
    with Session(store._database.engine.execution_options(writes=True)) as session:
        session.add_all(rows)
        session.commit()


def upserting(kind: str, store: Store, rounds: int) -> dict[str, object]:
    """The one statement alone, commit included, beside the mapper: 1000 rows that are ready."""

    def fresh() -> list[Stored]:
        return [row for _, row in storable(body(1000, 50).resources, TENANT, NOW)[0]]

    def ours(rows: list[Stored]) -> None:
        with store._database.write() as connection:
            assert upsert_resources(connection, rows) == len(rows)

    ready = iter([fresh() for _ in range(rounds + 1)])
    wall, cpu = cost(lambda: ours(next(ready)), rounds)
    made = iter([[mapped(row) for row in fresh()] for _ in range(rounds + 1)])
    floor_wall, floor_cpu = cost(lambda: add_all(store, next(made)), rounds)
    return {
        "what": f"{kind}: upsert of 1000 rows",
        "rows_per_s": round(1000 / wall),
        "cpu_us_per_row": round(cpu * 1e3, 1),
        "mapper_rows_per_s": round(1000 / floor_wall),
        "mapper_cpu_us_per_row": round(floor_cpu * 1e3, 1),
        "times_mapper_wall": round(floor_wall / wall, 2),
        "times_mapper_cpu": round(floor_cpu / cpu, 2),
    }


def by_queue_of(
    store: Store, rows: int, patients: int, rounds: int, *, floor: bool
) -> Callable[[], None]:
    """Bodies that were read before: what is measured is the store."""
    ready = iter([body(rows, patients) for _ in range(rounds + 1)])

    def work() -> None:
        if floor:
            by_mapper(store, next(ready))
        else:
            store.accept(next(ready), TENANT, NOW, "benchmark")

    return work


def figures(kind: str, store: Store, rounds: int) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for rows, patients in ((200, 5), (1000, 50)):
        wall, cpu = cost(by_queue_of(store, rows, patients, rounds, floor=False), rounds)
        floor_wall, floor_cpu = cost(by_queue_of(store, rows, patients, rounds, floor=True), rounds)
        found.append(
            {
                "what": f"{kind}: accept {rows} entries of {patients} patients",
                "rows_per_s": round(rows / wall),
                "cpu_us_per_row": round(cpu / rows * 1e6, 1),
                "mapper_rows_per_s": round(rows / floor_wall),
                "mapper_cpu_us_per_row": round(floor_cpu / rows * 1e6, 1),
                "times_mapper_wall": round(floor_wall / wall, 2),
                "times_mapper_cpu": round(floor_cpu / cpu, 2),
            }
        )
    found.append(upserting(kind, store, rounds))
    found.append(replayed(kind, store, rounds))
    found.append(chart(kind, store, rounds))
    return found


def replayed(kind: str, store: Store, rounds: int) -> dict[str, object]:
    """The same body again and again: all duplicates."""
    again = body(1000, 50)
    store.accept(again, TENANT, NOW, "benchmark")
    wall, cpu = cost(lambda: store.accept(again, TENANT, NOW, "benchmark"), rounds)
    return {
        "what": f"{kind}: accept 1000 duplicates",
        "rows_per_s": round(1000 / wall),
        "cpu_us_per_row": round(cpu / 1000 * 1e6, 1),
    }


def chart(kind: str, store: Store, rounds: int) -> dict[str, object]:
    """500 facts of one patient among all that was written before."""
    one = body(500, 1)
    patient = one.resources[0].patient
    store.accept(replace(one), TENANT, NOW, "benchmark")
    wanted = select(resources.c.facts).where(
        resources.c.tenant == TENANT, resources.c.patient == patient
    )

    def bare() -> None:
        with store._database.read() as connection:
            assert len(connection.execute(wanted).all()) == 500

    def read() -> None:
        held = store.chart(TENANT, patient)
        assert held is not None
        assert len(held.measurements) == 500

    wall, cpu = cost(read, rounds * 5)
    floor_wall, floor_cpu = cost(bare, rounds * 5)
    return {
        "what": f"{kind}: chart of 500 facts",
        "ms": round(wall * 1e3, 2),
        "cpu_ms": round(cpu * 1e3, 2),
        "bare_query_ms": round(floor_wall * 1e3, 2),
        "bare_query_cpu_ms": round(floor_cpu * 1e3, 2),
    }


def measure(rounds: int, postgres: bool) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'benchmark.db'}")
        store.upgrade()
        found = figures("sqlite", store, rounds)
        store.close()
    if postgres:
        server = begin()
        try:
            store = open_store(server.fresh())
            store.upgrade()
            found += figures("postgresql", store, rounds)
            store.close()
        finally:
            end(server)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the store against a mapper.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL too")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(options.rounds, options.postgres)
    for row in found:
        sys.stdout.write(json.dumps(row) + "\n")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
