"""Record what the rules say of every fixture: fixtures/verdicts.json.

    python scripts/record_verdicts.py

A verdict (peak tier, first times, loudness, interactions) may change only together with the
expected.yaml of its case: somebody has then looked at it and said why. Otherwise nothing is written
and the cases are named. The version of the last commit is what counts, not the file as it lies.

The file is a record of what was seen, not of what is right: right is what an expectation states.
Its last line says how many of the peaks recorded here an expectation states or bounds; the others
are held against change only. Boundary cases are not recorded: each states what it is for, and
nothing else of it matters.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from alerts.knowledge import load  # noqa: E402
from service.replay.cases import EXPECTED, find_cases  # noqa: E402
from service.replay.expected import Expected  # noqa: E402
from service.replay.play import Manner  # noqa: E402
from service.replay.report import Report, replays  # noqa: E402

FIXTURES = ROOT / "fixtures"
FILE = FIXTURES / "verdicts.json"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BOUNDARY = "boundary"  # the group of those that are not recorded
Verdicts = dict[str, dict[str, Any]]


def main() -> int:
    report = replays(
        [FIXTURES], Manner((load(),), False, None, NOW, False), None, os.cpu_count() or 1
    )
    now = verdicts(report[0])
    faults = unexplained(committed("HEAD") or {}, now)
    if faults:
        sys.stderr.write("".join(f"{fault}\n" for fault in faults))
        sys.stderr.write("Say in the expected.yaml of each case why, then record again.\n")
        return 1
    FILE.write_text(text_of(now), "utf-8")
    sys.stdout.write(f"{len(now)} verdicts in {FILE.relative_to(ROOT)}\n{backing(now)}\n")
    return 0


def backing(told: Verdicts) -> str:
    """How many of the recorded peaks an expectation states, bounds, or leaves open."""
    known = {case.name: case.expected for case in find_cases([FIXTURES])}
    counts = Counter(backed(known[case], one["peak"]) for case, one in told.items())
    return ", ".join(f"{words}: {count}" for words, count in sorted(counts.items()))


def backed(expected: Expected | None, peak: str) -> str:
    if expected is None or expected.expectation is None:
        return "no course, the answer is stated"
    what = expected.expectation
    if what.at_least is what.at_most or peak in {tier.value for tier in what.tier_at.values()}:
        return "peak stated"
    return "peak bounded" if {"peak_tier", "never_above"} & expected.raw.keys() else "peak open"


def verdicts(report: Report) -> Verdicts:
    """What stands in the file: by case, with a digest of its expectation."""
    digests = {
        case.name: _digest(case.bodies[0].parent / EXPECTED) for case in find_cases([FIXTURES])
    }
    return {
        case.case: {
            "expected": digests[case.case],
            "verdict": case.verdict.value,
            "peak": case.peak_tier,
            "first_at": {tier: at.isoformat() for tier, at in case.first_at.items()},
            "channel": case.loudest,
            "interruptive": case.called.interruptive,
            "interactions": list(case.interactions),
        }
        for case in report.cases
        if case.told.group != BOUNDARY
    }


def unexplained(before: Verdicts, after: Verdicts) -> list[str]:
    """Cases whose verdict changed although nobody touched their expectation."""
    found = []
    for case in sorted(before.keys() & after.keys()):
        old, new = before[case], after[case]
        if old["expected"] == new["expected"] and old != new:
            parts = [key for key in new if old.get(key) != new[key]]
            words = ", ".join(f"{key} {old.get(key)} -> {new[key]}" for key in parts)
            found.append(f"{case}: {words}; its expected.yaml did not change")
    return found


def committed(revision: str) -> Verdicts | None:
    """The file as it stands in a commit; None without git, the commit or the file."""
    shown = subprocess.run(  # noqa: S603
        ["git", "show", f"{revision}:{FILE.relative_to(ROOT).as_posix()}"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    return json.loads(shown.stdout) if shown.returncode == 0 else None


def text_of(told: Verdicts) -> str:
    """One case a line: a change is one line of a review."""
    lines = (f"{json.dumps(case)}: {json.dumps(one)}" for case, one in sorted(told.items()))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())
