"""What an assessment costs, in CPU time: `python -m tests.benchmarks.assessing [--calls N]`.

Beside each figure a floor measured in the same run: the least rule there is ("how many
temperatures are above 38.0 °C?") over an array of the same facts, already parsed. The ratio is what
may be compared between machines.
"""

import argparse
import gc
import sys
import time
from collections.abc import Callable
from datetime import UTC, timedelta
from functools import partial
from itertools import count

from alerts.assessment import as_dict, assess
from alerts.cards import cards
from alerts.chart import (
    Chart,
    Evidence,
    Fact,
    Measurement,
    MedicationUse,
    Sign,
    SignKind,
    Source,
    UseStatus,
    chart_of,
)
from alerts.knowledge import Knowledge, load
from alerts.truth import TRUE
from tests.medicine.ward import NOW

VITALS = (
    ("body_temperature", 36.8, "Cel"),
    ("heart_rate", 80.0, "/min"),
    ("respiratory_rate", 16.0, "/min"),
    ("systolic_bp", 120.0, "mm[Hg]"),
    ("diastolic_bp", 75.0, "mm[Hg]"),
    ("spo2", 97.0, "%"),
)
HOUR = timedelta(hours=1)


def facts_of(number: int, hours: float, *, sick: bool = False, before: float = 0) -> list[Fact]:
    """`number` facts of an exposed patient, spread over `hours` that end `before` hours ago."""
    facts: list[Fact] = [
        MedicationUse(
            ("haloperidol",), "haloperidol", Evidence.ORDER, UseStatus.ACTIVE,
            Source("b", "MedicationRequest", "1"), start=NOW - timedelta(days=5), route="oral",
        )
    ]  # fmt: skip
    facts += _episode() if sick else []
    left = number - len(facts)
    for i in range(left):
        kind, value, unit = VITALS[i % len(VITALS)]
        at = NOW - (before + hours * i / left) * HOUR
        site = "oral" if kind == "body_temperature" else None
        source = Source("b", "Observation", f"{before:g}-{i}")
        facts.append(Measurement(kind, at, value + i * 7 % 5 * 0.3, unit, source, site=site))
    return facts


def _episode() -> list[Fact]:
    def source(i: int) -> Source:
        return Source("b", "Observation", f"sick-{i}")

    found: list[Fact] = [
        Measurement("body_temperature", NOW - h * HOUR, 39.1, "Cel", source(h), site="oral")
        for h in (30, 20, 10, 2)
    ]
    found.append(
        Measurement("creatine_kinase", NOW - 8 * HOUR, 3000, "U/L", source(100), reference_high=200)
    )
    found += [
        Sign(kind, NOW - 5 * HOUR, TRUE, source(101 + i))
        for i, kind in enumerate((SignKind.RIGIDITY, SignKind.DIAPHORESIS, SignKind.STUPOR))
    ]
    return found


def floor(facts: list[Fact]) -> int:
    """The least rule over an already parsed array: how many temperatures are above 38.0 °C."""
    hot = 0
    for fact in facts:
        if isinstance(fact, Measurement) and fact.kind == "body_temperature" and fact.value > 38.0:
            hot += 1
    return hot


def cost(work: Callable[[], object], calls: int) -> tuple[float, float]:
    """Median and least CPU milliseconds of a call, without the search for cycles (as `timeit`)."""
    work()
    took = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(calls):
            begun = time.process_time_ns()
            work()
            took.append(time.process_time_ns() - begun)
    finally:
        gc.enable()
    took.sort()
    return took[len(took) // 2] / 1e6, took[0] / 1e6


def charts() -> dict[str, list[Fact]]:
    year = 24 * 365
    return {
        **{
            f"{number} facts in 72 h, {state}": facts_of(number, 72, sick=sick)
            for number in (20, 200, 2000)
            for state, sick in (("quiet", False), ("an episode", True))
        },
        "200 in 72 h and 20,000 older than 13 months": [
            *facts_of(200, 72),
            *facts_of(20_000, year, before=24 * 400)[1:],
        ],
    }


def row(what: str, work: Callable[[], object], facts: list[Fact], calls: int) -> dict[str, object]:
    """Median and least of a piece of work, and of the floor over the same facts."""
    median, least = cost(work, calls)
    ground, lowest = cost(lambda: floor(facts), calls)
    return {
        "what": what,
        "p50_ms": round(median, 3),
        "least_ms": round(least, 3),
        "floor_ms": round(ground, 4),
        "ratio": round(median / max(ground, 1e-6), 1),
        "least_ratio": round(least / max(lowest, 1e-6), 1),
    }


def measure(calls: int) -> list[dict[str, object]]:
    """A row for each chart and piece of work: to assess it, to build it, to say what was found."""
    knowledge, rows = load(), []
    for what, facts in charts().items():
        chart: Chart = chart_of("p1", facts)
        work = partial(assess, chart, knowledge, NOW)
        rows.append(row(f"assess: {what}", work, facts, calls))
    for number in (20, 200, 2000):
        what = f"{number} facts in 72 h, an episode"
        facts = charts()[what]
        rows.append(row(f"chart_of: {what}", partial(chart_of, "p1", facts), facts, calls))
    return [*rows, *_told(knowledge, calls)]


def _told(knowledge: Knowledge, calls: int) -> list[dict[str, object]]:
    """What it costs to say an assessment: as JSON, and as the cards of a hook."""
    what = "200 facts in 72 h, an episode"
    facts = charts()[what]
    found = assess(chart_of("p1", facts), knowledge, NOW)

    def dealt() -> object:
        ids = map(str, count())
        return cards(found, "patient-view", found.interactions, ids, "https://example.org", UTC)

    return [
        row(f"as_dict: {what}", partial(as_dict, found), facts, calls),
        row(f"cards: {what}", dealt, facts, calls),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what an assessment costs (CPU time).")
    parser.add_argument("--calls", type=int, default=200)
    for found in measure(parser.parse_args().calls):
        cells = "".join(f"{k} {v!s:>9}  " for k, v in found.items() if k != "what")
        sys.stdout.write(f"{found['what']:58}{cells}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
