"""What a committee reads: every kind of change between two rule versions, and the sentence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.replay.compare import Kind, changes
from service.replay.course import Called
from service.replay.report import Report
from service.replay.result import CaseResult, Told
from service.replay.sentence import comparison
from service.replay.verdict import Verdict

AT = datetime(2025, 3, 3, 8, tzinfo=UTC)
BASE = CaseResult(
    told=Told("one", kind="published", syndrome=True),
    patient="p",
    timeline=(),
    peak_tier="POSSIBLE",
    first_at={"WATCH": AT, "POSSIBLE": AT + timedelta(hours=4)},
    verdict=Verdict.AS_EXPECTED,
    differences=(),
    loudest="task",
    said="a",
)
LATER = {"WATCH": AT, "POSSIBLE": AT + timedelta(hours=6)}
SOONER = {"WATCH": AT, "POSSIBLE": AT + timedelta(hours=1)}


@pytest.mark.parametrize(
    ("after", "kind", "words"),
    [
        ({"peak_tier": "WATCH"}, Kind.LOST, "1 NMS case lost"),
        ({"peak_tier": "WATCH", "told": Told("one", syndrome=False)}, Kind.LOST, "1 NMS case lost"),
        ({"peak_tier": "PROBABLE"}, Kind.HIGHER, "1 higher; no NMS case lost"),
        ({"first_at": LATER}, Kind.LATER, "1 later; no NMS case lost"),
        ({"first_at": SOONER}, Kind.EARLIER, "1 earlier; no NMS case lost"),
        ({"loudest": "urgent_task"}, Kind.LOUDER, "1 more insistent"),
        ({"loudest": "passive"}, Kind.QUIETER, "1 less insistent"),
        ({"called": Called(1, 1, 1, 0, AT, 1.0)}, Kind.LOUDER, "1 newly interruptive"),
        ({"said": "b"}, Kind.REASON, "1 for another reason"),
        ({"said": "b", "interactions": ("INT-X",)}, Kind.INTERACTION, "interactions"),
        ({}, None, "changes none of 1 cases"),
    ],
)  # fmt: skip
def test_a_change_is_named_and_told(
    after: dict[str, object], kind: Kind | None, words: str
) -> None:
    old, new = Report("A", (BASE,)), Report("B", (replace(BASE, **after),))  # type: ignore[arg-type]
    found = changes(old, new)
    assert [change.kind for change in found] == ([kind] if kind else [])
    assert words in comparison(old, new, found)


def test_a_look_alike_that_is_lowered_is_not_lost() -> None:
    mimic = replace(BASE, told=Told("one", syndrome=False))
    found = changes(Report("A", (mimic,)), Report("B", (replace(mimic, peak_tier="NONE"),)))
    assert [change.kind for change in found] == [Kind.LOWER]


def test_cases_of_one_side_only() -> None:
    other = replace(BASE, told=Told("two"))
    found = changes(Report("A", (BASE,)), Report("B", (other,)))
    assert {change.case: change.kind for change in found} == {"one": Kind.GONE, "two": Kind.NEW}
