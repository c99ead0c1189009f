"""`python -m tests.benchmarks.replaying`: simulated hospitals replayed, against `orjson.loads`.

Process CPU time of one core, the floor measured in the same run on the same bytes. Facts are what
reaches a chart; a moment is a time at which one of them becomes known.

Four populations, told in the output with what they assume:
  hospital      9 % given a dopamine antagonist (9 % of 17,775 admissions, Herzig 2016,
                doi 10.1111/jgs.13943; 6 % of 2.7 million, doi 10.1002/jhm.2596), 29 % febrile
                (of 4,065 patients, McGowan 1987, doi 10.1016/0002-9343(87)90103-3), with NMS
                3 in 10,000 of the exposed (SPEC 8.2). Vital signs every 6 hours: an assumption.
  afebrile      the same without fever: what the screen and the reader leave
  antipsychotic as hospital, everybody on a dopamine antagonist
  planted       `scripts/simulate_ward.py`: one in five with an episode or a look-alike
"""

import argparse
import importlib
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import orjson

from alerts.knowledge import load
from service.replay.bulk import pieces
from service.replay.cases import Case, find_cases
from service.replay.chronicle import facts_by_patient
from service.replay.command import spare_the_collector
from service.replay.play import Manner, Part, arrived_of
from service.replay.report import replays
from service.replay.survey import Record, survey

NOW = datetime(2026, 1, 1, tzinfo=UTC)
START = datetime(2024, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]
SCRIPTS, FIXTURES = ROOT / "scripts", ROOT / "fixtures"
EXPOSED, FEBRILE, EPISODE = 0.09, 0.29, 0.0003
POPULATIONS = ("hospital", "afebrile", "antipsychotic", "planted")


@dataclass(frozen=True)
class Counted:
    """What a population holds, and what each stage took (CPU seconds)."""

    resources: int
    facts: int
    patients: int
    moments: int
    assessed: int
    spoke: int
    floor: float
    dealing: float
    reading: float
    surveying: float


def simulators() -> tuple[Any, Any]:
    sys.path.insert(0, str(SCRIPTS))
    found = importlib.import_module("simulate_ward"), importlib.import_module("simulated_patients")
    sys.path.pop(0)
    return found


def kind_of(chance: random.Random, exposed: float, febrile: float) -> tuple[str, bool]:
    """What is planted in an admission, and whether a dopamine antagonist is given."""
    given = chance.random() < exposed
    if given and chance.random() < EPISODE:
        return "episode", given
    if chance.random() < febrile:
        return "infection", given
    return ("well-exposed" if given else "well-unexposed"), given


def ward(folder: Path, population: str, admissions: int) -> Path:
    ward_script, patients = simulators()
    if population == "planted":
        ward_script.write(folder, 11, admissions, 365)
        return folder
    folder.mkdir(parents=True)
    chance = random.Random(f"benchmark-{population}")
    with ExitStack() as stack:
        files: dict[str, TextIO] = {}
        for number in range(admissions):
            start = START + timedelta(minutes=chance.randrange(365 * 24 * 60))
            exposed = 1.0 if population == "antipsychotic" else EXPOSED
            febrile = 0.0 if population == "afebrile" else FEBRILE
            kind, given = kind_of(chance, exposed, febrile)
            one = patients.patient(11, number, start, kind)
            for resource_of_it in one.write() if given else without_antagonists(one, patients):
                name = resource_of_it["resourceType"]
                if name not in files:
                    files[name] = stack.enter_context((folder / f"{name}.ndjson").open("w"))
                files[name].write(orjson.dumps(resource_of_it).decode() + "\n")
    return folder


def without_antagonists(one: Any, patients: Any) -> Iterator[dict[str, Any]]:
    names = {name for _, name, _, _ in patients.ANTAGONISTS}
    for told in one.write():
        if not any(name in str(told.get("medicationCodeableConcept", "")) for name in names):
            yield told


def floor(folder: Path) -> tuple[float, int]:
    """CPU seconds to parse every line, and how many there are."""
    lines = [line for path in folder.glob("*.ndjson") for line in path.read_bytes().splitlines()]
    begun = time.process_time()
    for line in lines:
        orjson.loads(line)
    return time.process_time() - begun, len(lines)


def counted(folder: Path) -> Counted:
    """Each stage of a replay by itself."""
    least, lines = floor(folder)
    rules, seen = load(), Counter[str]()
    dealing = reading = surveying = 0.0
    with tempfile.TemporaryDirectory() as room:
        begun = time.process_time()
        found = pieces(sorted(folder.glob("*.ndjson")), Path(room))
        dealing = time.process_time() - begun
        for piece in found:
            begun = time.process_time()
            (one,) = arrived_of(Part(Case("ward", (), None, whole=True), piece), NOW)
            reading += time.process_time() - begun
            begun = time.process_time()
            for patient, facts in facts_by_patient(one.reading.resources).items():
                record = Record(patient, facts, one.at, None)
                told = survey(record, rules)
                seen["patients"] += 1
                seen["facts"] += len(facts)
                if told is not None:
                    seen["assessed"] += told.assessed
                    seen["spoke"] += len(told.course)
                    seen["moments"] += len(record.times())
            surveying += time.process_time() - begun
    return Counted(
        lines, seen["facts"], seen["patients"], seen["moments"], seen["assessed"], seen["spoke"],
        least, dealing, reading, surveying,
    )  # fmt: skip


def told(population: str, took: float, c: Counted, peaks: tuple[int, int]) -> str:
    def line(name: str, seconds: float) -> str:
        return (
            f"  {name:22}{seconds:8.2f} s CPU{c.facts / seconds:12,.0f} facts/s"
            f"{seconds / c.floor:9.1f} times the floor{100 * seconds / took:6.0f} %\n"
        )

    return (
        f"{population}: {c.patients} admissions, {c.resources} resources, {c.facts} facts,"
        f" {c.moments} moments; assessed {c.assessed} ({100 * c.assessed / c.moments:.1f} %),"
        f" of which {c.spoke} say something\n"
        + line("end to end", took)
        + line("dealing by patient", c.dealing)
        + line("reading", c.reading)
        + line("screen and assess", c.surveying)
        + line("orjson.loads (floor)", c.floor)
        + f"  peak memory {peaks[0] // 1024} MB for a quarter of it, {peaks[1] // 1024} MB for it\n"
    )


def measured(population: str, admissions: int) -> str:
    manner = Manner((load(),), False, None, NOW, draw=False)
    with tempfile.TemporaryDirectory() as room:
        small = ward(Path(room) / "small", population, max(1, admissions // 4))
        replays([small], manner)
        first = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        whole = ward(Path(room) / "whole", population, admissions)
        begun = time.process_time()
        replays([whole], manner)
        took = time.process_time() - begun
        second = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return told(population, took, counted(whole), (first, second))


def fixtures(folder: Path, patients: int) -> Path:
    """The checked-in cases again and again, each time under other names."""
    found, made, turn = find_cases([FIXTURES]), 0, 0
    while made < patients:
        for case in found[: patients - made]:
            home = folder / f"{turn}-{case.name}"
            home.mkdir(parents=True)
            for body in case.bodies:
                (home / body.name).write_bytes(body.read_bytes())
            if case.expected is not None:
                text = (case.bodies[0].parent / "expected.yaml").read_text("utf-8")
                renamed = text.replace(f"case: {case.name}\n", f"case: {turn}-{case.name}\n", 1)
                (home / "expected.yaml").write_text(renamed, "utf-8")
        made, turn = made + len(found), turn + 1
    return folder


def cases_of(patients: int, workers: int) -> str:
    """Wall and CPU time of all processes; the wall means little where others share the cores."""
    manner = Manner((load(),), False, None, NOW, draw=False)
    with tempfile.TemporaryDirectory() as room:
        folder = fixtures(Path(room) / "cases", patients)
        begun, cpu = time.perf_counter(), _processor()
        (report,) = replays([folder], manner, None, workers)
        took, used = time.perf_counter() - begun, _processor() - cpu
    return (
        f"fixtures: {len(report.cases)} patients, {workers} processes: {took:.1f} s,"
        f" {used:.1f} s CPU ({used / workers:.1f} s on {workers} free cores);"
        f" {'all as expected' if report.ok else 'NOT ALL AS EXPECTED'}\n"
    )


def _processor() -> float:
    every = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in every)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--admissions", type=int, default=200)
    parser.add_argument("--population", choices=POPULATIONS, action="append")
    parser.add_argument("--patients", type=int, default=1000, help="of the fixtures; 0: none")
    options = parser.parse_args()
    spare_the_collector()
    sys.stdout.write((__doc__ or "").partition("\n\n")[2] + "\n")
    for population in options.population or POPULATIONS:
        sys.stdout.write(measured(population, options.admissions))
        sys.stdout.flush()
    if options.patients:
        sys.stdout.write(cases_of(options.patients, workers=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
