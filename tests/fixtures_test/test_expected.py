"""Every fixture, played through the real reader and the real rules, is as it was expected."""

from collections import Counter
from pathlib import Path

import pytest

from service.replay import Report
from service.replay.cases import Case, find_cases

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
CASES = find_cases([FIXTURES])
GROUPS = {"typical", "atypical", "depot", "withdrawal"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_answer_is_the_expected_one(case: Case, report: Report) -> None:
    (result,) = [r for r in report.cases if r.case == case.name]
    assert case.expected is not None, "a fixture without an expectation"
    assert result.verdict == "as expected", f"{result.differences}\n{result.told.why}"


def test_all_sorts_of_cases_are_there() -> None:
    published = [c.expected for c in CASES if c.expected and c.expected.kind == "published"]
    groups = Counter(expected.group for expected in published)
    assert len(published) >= 24
    assert set(groups) >= GROUPS
    assert len(set(groups) - GROUPS) >= 8, "mimics of many sorts"
    assert sum(c.expected is not None and c.expected.kind == "malformed" for c in CASES) >= 30
    assert all(expected.why for expected in published)


def test_no_mimic_and_no_well_patient_interrupts(report: Report) -> None:
    loud = {"PROBABLE", "PROBABLE_ATYPICAL", "HIGHLY_PROBABLE"}
    mimics = [r for r in report.cases if r.told.kind == "published" and r.told.group not in GROUPS]
    assert len(mimics) >= 20
    assert [r.case for r in mimics if r.peak_tier in loud] == []


def test_a_course_is_dated_and_in_order(report: Report) -> None:
    for result in report.cases:
        times = [step.at for step in result.timeline]
        assert times == sorted(times)
        assert all(at.tzinfo is not None for at in times)
        assert all(step.lower <= step.upper for step in result.timeline)


def test_every_member_of_a_family_has_the_same_course(report: Report) -> None:
    """The same content in other units, codes, zones, orders and envelopes."""
    families: dict[str, list[object]] = {}
    for result in report.cases:
        if result.told.family:
            told = (result.timeline, result.first_at, result.loudest, result.interactions)
            families.setdefault(result.told.family, []).append(told)
    assert len(families["whole-syndrome"]) >= 40
    for members in families.values():
        assert all(told == members[0] for told in members)
