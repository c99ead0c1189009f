"""Reports: what they say, their forms, comparison of rule versions."""

import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import orjson
import pytest

from alerts.knowledge import load, with_overlay
from service.replay import Report, replay
from service.replay.cases import find_cases
from service.replay.compare import changes
from service.replay.formats import FORMATS, render
from service.replay.play import Manner
from service.replay.report import replays
from tests.replay.courses import bundle, haloperidol, patient, temperature

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
DEMO = FIXTURES / "demo"
HALOPERIDOL = FIXTURES / "demo" / "haloperidol-36h"
WRONG = """
case: wrong
kind: published
why: to see a <difference>
expect: {peak_tier: {at_least: HIGHLY_PROBABLE}, ever_true: [CK]}
"""


def run(*paths: Path, step: bool = False, as_of: datetime | None = None) -> Report:
    return replay(paths, load(), step=step, as_of=as_of, now=NOW)


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    folder = tmp_path / "wrong"
    folder.mkdir()
    (folder / "bundle.json").write_bytes(
        bundle(
            patient(),
            haloperidol("2025-03-01T08:00:00Z"),
            temperature("2025-03-03T08:00:00Z", 38.9, "t1"),
        )
    )
    (folder / "expected.yaml").write_text(WRONG)
    return folder


def test_a_difference_is_told_in_every_form(wrong: Path) -> None:
    report = run(wrong)
    assert not report.ok
    assert report.cases[0].verdict == "missed"
    assert "CK was never true" in report.cases[0].differences
    for form in FORMATS:
        assert "CK was never true" in render(report, form)


def test_the_json_form_stays() -> None:
    body = orjson.loads(render(run(HALOPERIDOL), "json"))
    assert set(body) == {"summary", "cases"}
    (case,) = body["cases"]
    assert set(case) >= {
        "case", "patient", "timeline", "peak_tier", "first_at", "expected", "verdict",
    }  # fmt: skip
    assert set(case["timeline"][0]) == {"at", "tier", "iec"}
    assert set(case["timeline"][0]["iec"]) == {"lower", "upper"}
    assert next(iter(case["first_at"])) == "WATCH"


def test_the_timeline_keeps_changes_only_unless_stepped() -> None:
    short, whole = run(HALOPERIDOL), run(HALOPERIDOL, step=True)
    assert len(whole.cases[0].timeline) == 7
    assert len(short.cases[0].timeline) < 7
    assert short.cases[0].first_at == whole.cases[0].first_at


def test_as_of_ends_the_course() -> None:
    at = datetime(2025, 3, 5, 8, tzinfo=UTC)
    case = run(HALOPERIDOL, step=True, as_of=at).cases[0]
    assert case.timeline[-1].at == at
    assert case.peak_tier == "NONE"


def test_junit_counts_failures(wrong: Path) -> None:
    suite = ElementTree.fromstring(render(run(wrong, HALOPERIDOL), "junit"))
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    (failure,) = suite.iter("failure")
    assert failure.get("message") == "missed"


def test_the_page_stands_alone(wrong: Path) -> None:
    text = render(run(wrong), "html")
    assert not re.search(
        r"src=|href=\"?(?!#)[^#]|@import|url\(|https?://", text.replace('href="#', "")
    )
    assert "1 of 1 cases differ" in text
    assert "&lt;difference&gt;" in text


def test_a_bundle_that_cannot_be_read_is_a_result(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    (case,) = run(tmp_path / "broken.json").cases
    assert (case.verdict, case.ok) == ("refused", False)
    assert case.differences


def test_patients_without_expectation_are_told_apart(tmp_path: Path) -> None:
    body = bundle(
        *(patient(who) for who in ("p1", "p2")),
        *(temperature("2025-03-03T08:00:00Z", 38.9, f"t-{who}", who) for who in ("p1", "p2")),
    )
    (tmp_path / "two.json").write_bytes(body)
    cases = run(tmp_path / "two.json").cases
    assert [(c.patient, c.verdict) for c in cases] == [
        ("p1", "no expectation"), ("p2", "no expectation"),
    ]  # fmt: skip


def test_another_rule_version_is_compared_case_by_case() -> None:
    base = load()
    fever = next(key for key, p in base.parameters.items() if p.value == 38.0)
    other = with_overlay(base, {"version": "test-b", "parameters": {fever: {"value": 42.0}}})
    before = run(HALOPERIDOL)
    after = replay([HALOPERIDOL], other, step=False, as_of=None, now=NOW)
    assert changes(before, before) == ()
    (change,) = changes(before, after)
    assert (change.kind, change.text.split()[0]) == ("later", "HIGHLY_PROBABLE")
    said = render(after, "text", before, (change,))
    assert "Version test-b changes 1 of 1 cases: 1 later" in said
    assert "no NMS case lost." in said


def test_progress_counts_every_part_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    manner = Manner((load(),), False, None, NOW, draw=False)
    replays([DEMO], manner, lambda done, whole: told.append((done, whole)))
    assert told
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[-1][0] == told[-1][1] == len(find_cases([DEMO]))


@pytest.mark.parametrize("form", FORMATS)
def test_an_expectation_of_entries_by_number_is_told_in_every_form(form: str) -> None:
    report = run(FIXTURES / "malformed" / "ck-mb")
    (expected,) = (case.told.expected for case in report.cases)
    assert expected is not None
    assert expected["outcomes"][0] == "accepted"
    assert "ck-mb" in render(report, form)
