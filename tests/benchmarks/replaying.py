"""`python -m tests.benchmarks.replaying`: a simulated ward replayed, against `orjson.loads`.

Process CPU time of one core, the floor measured in the same run on the same bytes. Facts are what
reaches a chart; a moment is one assessment. Memory is the peak of the process, for a ward of this
size and for one of a quarter of it.
"""

import argparse
import importlib
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson

from alerts.knowledge import load
from service.fhir.terminology import terminology
from service.replay.bulk import pieces
from service.replay.cases import Case
from service.replay.chronicle import courses
from service.replay.play import Manner, Part, arrived_of
from service.replay.report import replays

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def ward(folder: Path, admissions: int) -> Path:
    sys.path.insert(0, str(SCRIPTS))
    importlib.import_module("simulate_ward").write(folder, 11, admissions, 365)
    sys.path.pop(0)
    return folder


def floor(folder: Path) -> tuple[float, int]:
    """CPU seconds to parse every line, and how many there are."""
    lines = [line for path in folder.glob("*.ndjson") for line in path.read_bytes().splitlines()]
    begun = time.process_time()
    for line in lines:
        orjson.loads(line)
    return time.process_time() - begun, len(lines)


def counted(folder: Path) -> tuple[float, int, int]:
    """CPU seconds of reading alone, facts and moments."""
    with tempfile.TemporaryDirectory() as room:
        begun = time.process_time()
        found = pieces(sorted(folder.glob("*.ndjson")), Path(room))
        case = Case("ward", (), None, whole=True)
        arrived = [arrived_of(Part(case, piece), NOW) for piece in found]
        reading = time.process_time() - begun
    facts = sum(len(r.facts) for one in arrived for a in one for r in a.reading.resources)
    moments = sum(1 for one in arrived for _, series in courses(one, None) for _ in series)
    return reading, facts, moments


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--admissions", type=int, default=60)
    options = parser.parse_args()
    manner = Manner((load(),), False, None, NOW, draw=False)
    terminology()
    with tempfile.TemporaryDirectory() as room:
        small = ward(Path(room) / "small", max(1, options.admissions // 4))
        replays([small], manner)
        first = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        whole = ward(Path(room) / "whole", options.admissions)
        begun = time.process_time()
        replays([whole], manner)
        took = time.process_time() - begun
        second = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        least, lines = floor(whole)
        reading, facts, moments = counted(whole)
    sys.stdout.write(
        f"{options.admissions} admissions, {lines} resources, {facts} facts, {moments} moments\n"
        f"end to end      {took:8.2f} s CPU  {facts / took:10.0f} facts/s"
        f"  {1000 * took / moments:6.2f} ms a moment  {took / least:7.1f} times the floor\n"
        f"reading alone   {reading:8.2f} s CPU  {facts / reading:10.0f} facts/s"
        f"  {'':>20}  {reading / least:7.1f} times the floor\n"
        f"orjson.loads    {least:8.2f} s CPU  {facts / least:10.0f} facts/s\n"
        f"peak memory {first // 1024} MB, with four times the ward {second // 1024} MB\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
