"""All that an assessment says is the same, byte for byte, whatever the hash seed (row 17).

The replay's own output holds tiers and times; an order that changes inside an assessment would not
be seen there. `python -m tests.faults.test_same_words` prints a digest for each case and moment.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from alerts.assessment import as_dict, assess
from alerts.chart import Chart, chart_of
from alerts.knowledge import load
from service.fhir.reader import ReadContext, read_body

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "fixtures" / "cases"
MOMENTS = 3
SEEDS = ("0", "1", "4242")


def charts() -> Iterator[tuple[str, Chart]]:
    """Every case with all that it sends."""
    for case in sorted(path for path in CASES.iterdir() if (path / "bundle.json").is_file()):
        context = ReadContext("t", datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
        reading = read_body((case / "bundle.json").read_bytes(), context)
        facts = [(r.patient, fact) for r in reading.resources for fact in r.facts]
        for patient in sorted({patient for patient, _ in facts if patient}):
            yield case.name, chart_of(patient, [fact for whose, fact in facts if whose == patient])


def digests() -> Iterator[str]:
    rules = load()
    for name, chart in charts():
        times = sorted({reading.at for reading in chart.measurements})
        for at in times[-MOMENTS:]:
            said = as_dict(assess(chart, rules, at + timedelta(minutes=1)))
            yield f"{name} {at.isoformat()} {hashlib.sha256(orjson.dumps(said)).hexdigest()}"


def printed(seed: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-m", "tests.faults.test_same_words"],
        cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True, text=True, check=True, timeout=100,
    )  # fmt: skip
    return run.stdout.splitlines()


@pytest.mark.faults
@pytest.mark.timeout(400)
def test_every_word_of_an_assessment_is_the_same_under_any_hash_seed() -> None:
    first, *others = map(printed, SEEDS)
    assert len(first) > 20
    for other in others:
        assert other == first


if __name__ == "__main__":
    sys.stdout.write("\n".join(digests()))
