"""A verdict changes only together with the expectation of its case (fixtures/verdicts.json)."""

import importlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from service.replay import Report

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def book() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "scripts"))
    yield importlib.import_module("record_verdicts")
    sys.path.pop(0)


def test_the_recorded_verdicts_are_those_of_today(book: ModuleType, report: Report) -> None:
    recorded = json.loads(book.FILE.read_text("utf-8"))
    now = book.verdicts(report)
    changed = {case: one for case, one in now.items() if recorded.get(case) != one}
    assert changed == {}, "look at each, then: python scripts/record_verdicts.py"
    assert recorded.keys() == now.keys()


def test_no_commit_changes_a_verdict_alone(book: ModuleType) -> None:
    """The working tree against the last commit, and that against the one before it. A clone of
    one commit has nothing to compare with; the commit's own CI has."""
    recorded = json.loads(book.FILE.read_text("utf-8"))
    head, before = book.committed("HEAD"), book.committed("HEAD~1")
    assert book.unexplained(head or {}, recorded) == []
    assert book.unexplained(before or {}, head or {}) == []


def entry(**changes: object) -> dict[str, object]:
    return {"expected": "a", "verdict": "as expected", "peak": "WATCH", **changes}


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (entry(), []),
        (entry(peak="NONE"), ["peak WATCH -> NONE"]),
        (entry(peak="NONE", expected="b"), []),
        (entry(expected="b"), []),
        (entry(verdict="late"), ["verdict as expected -> late"]),
    ],
)
def test_a_change_needs_its_expectation(
    book: ModuleType, after: dict[str, object], said: list[str]
) -> None:
    found = book.unexplained({"one": entry()}, {"one": after, "new": entry()})
    assert [words in fault for words, fault in zip(said, found, strict=True)] == [True] * len(said)
