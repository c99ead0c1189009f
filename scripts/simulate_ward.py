"""Simulate a hospital: a bulk export of invented inpatients and the truth about each.

    python scripts/simulate_ward.py OUT [--seed 1] [--admissions 200] [--days 365]

OUT gets one NDJSON file a resource type and `truth.json`: for each patient what was planted, when,
and what is expected. `nms-sentinel replay OUT` judges the rules by it. The same options write the
same bytes. A year of 600 beds at 8 days a stay is about 27,000 admissions.
"""

import argparse
import json
import random
import sys
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

import simulated_patients
import synthetic

JOURNEYS_SEED = 7
START = datetime.fromisoformat("2024-01-01T00:00:00+00:00")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("out", type=Path, help="a new folder")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--admissions", type=int, default=200)
    parser.add_argument("--days", type=int, default=365, help="over which admissions are spread")
    options = parser.parse_args()
    if options.out.exists():
        sys.stderr.write(f"{options.out} exists already.\n")
        return 2
    counts = write(options.out, options.seed, options.admissions, options.days)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    sys.stdout.write(f"{options.admissions} admissions ({told}) in {options.out}\n")
    return 0


def write(out: Path, seed: int, admissions: int, days: int) -> dict[str, int]:
    """Write the export; how many patients of each kind."""
    out.mkdir(parents=True)
    chance = random.Random(f"ward-{seed}")  # noqa: S311
    counts: dict[str, int] = {}
    truth = {}
    with ExitStack() as stack:
        files: dict[str, TextIO] = {}
        for number in range(admissions):
            start = START + timedelta(minutes=chance.randrange(days * 24 * 60))
            one = simulated_patients.patient(seed, number, start)
            counts[one.planted.kind] = counts.get(one.planted.kind, 0) + 1
            for resource in one.write():
                kind = resource["resourceType"]
                if kind not in files:
                    files[kind] = stack.enter_context(
                        (out / f"{kind}.ndjson").open("w", newline="\n")
                    )
                files[kind].write(json.dumps(resource, separators=(",", ":")) + "\n")
            truth[one.name] = told(one)
    body = {"case": out.name, "seed": seed, "patients": truth}
    (out / "truth.json").write_text(json.dumps(body, indent=1) + "\n", "utf-8")
    return counts


def write_journeys(out: Path) -> None:
    """One small fixture of each kind of stay, for the fixtures that are checked in."""
    for number, (kind, _) in enumerate(simulated_patients.KINDS):
        one = simulated_patients.patient(JOURNEYS_SEED, number, START, kind, most_hours=24 * 9)
        body = synthetic.bundle(one.write(), at=0)
        body["timestamp"] = one.stamp(one.hours)
        synthetic.write(
            out / kind,
            {"bundle.json": body},
            {"case": f"journey-{kind}", **told(one), "kind": "synthetic"},
        )


def told(one: simulated_patients.Patient) -> dict[str, object]:
    planted = one.planted
    return {
        "kind": "simulated",
        "group": planted.kind,
        "syndrome": planted.syndrome,
        "onset": None if planted.onset is None else one.stamp(planted.onset),
        "recognised_at": None if planted.recognised is None else one.stamp(planted.recognised),
        "expect": planted.expect,
        "why": planted.why,
    }


if __name__ == "__main__":
    sys.exit(main())
