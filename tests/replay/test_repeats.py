"""One more "alert" on ACVPU: what is said again is what an assessment made anew would say."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.assessment import assess
from alerts.chart import Fact, chart_of
from alerts.knowledge import load, with_overlay
from alerts.screening import repeated
from alerts.statements import Assessment
from tests.medicine.random_charts import LINES
from tests.medicine.ward import NOW, facts
from tests.replay.test_survey import ROOT

KNOWLEDGE = load()
CALM = [HealthCheck.too_slow, HealthCheck.data_too_large]
USUAL = settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=CALM)
HEAVY = settings(max_examples=10_000, deadline=None, suppress_health_check=CALM)
# of the record before, and of the assessment: minutes ago
FORMER, EARLIER = st.sampled_from((2, 9, 61, 340, 600, 1500)), st.sampled_from((0, 1, 5, 30))
NEW = ("-0m acvpu A",)


def again(told: Sequence[Fact], more: Sequence[Fact], minutes: int) -> Assessment | None:
    """The assessment of these facts repeated for more of them; held against one made anew."""
    earlier = NOW - timedelta(minutes=minutes)
    before, chart = chart_of("p1", told), chart_of("p1", [*told, *more])
    said = assess(before, KNOWLEDGE, earlier, brief=True)
    found = repeated(said, before, chart, NOW, KNOWLEDGE)
    if found is None:
        return None
    anew = assess(chart, KNOWLEDGE, NOW, brief=True)
    assert replace(found, next_review_at=None) == replace(anew, next_review_at=None)
    if anew.next_review_at is not None:
        assert found.next_review_at is not None
        assert found.next_review_at <= anew.next_review_at
    return found


def many_charts(manner: settings) -> list[str]:
    """What the mental status of those was that were repeated."""
    met: list[str] = []

    @manner
    @given(LINES, FORMER, EARLIER, st.sampled_from(("", " preliminary")))
    def each(lines: list[str], former: int, minutes: int, kept: str) -> None:
        told = [f for f in facts([*lines, f"-{former + minutes}m acvpu A"]) if not _ahead(f)]
        found = again(told, facts([f"-0m acvpu A{kept}"]), minutes)
        if found is not None:
            met.append(found.findings["MS"].state.value)

    each()
    return met


def _ahead(fact: Fact) -> bool:
    """Facts of the very moment would not have been there before it."""
    at = getattr(fact, "at", None)
    return at is not None and at >= NOW


def test_it_is_what_an_assessment_made_anew_would_say() -> None:
    met = many_charts(USUAL)
    assert min(met.count(state) for state in ("true", "false", "unknown")) > 2, len(met)


@pytest.mark.heavy
@pytest.mark.timeout(3000)
def test_it_is_so_for_ten_thousand_charts() -> None:
    assert len(many_charts(HEAVY)) > 1000


WARD = ("-40m temp 38.6 oral", "-40m HR 118", "-34m acvpu A", "-3d order haloperidol oral")


def test_the_newest_record_is_the_one_that_is_shown() -> None:
    found = again(facts(WARD), facts(NEW), 30)
    assert found is not None
    assert [d.at for d in found.findings["MS"].evidence] == [NOW]
    assert found.findings["MSB"].evidence == found.findings["MS"].evidence


@pytest.mark.parametrize(
    ("lines", "more"),
    [
        (WARD, ("-0m acvpu V",)),
        (WARD, ("-0m acvpu A", "-0m HR 120")),
        (WARD, ("-0m acvpu A", "-0m rigidity absent")),
        (WARD, ("-0m rigidity absent",)),
        (WARD, ("-36m acvpu A",)),  # it came late: it is not the newest
        (WARD, ()),
        (WARD[:2], NEW),  # consciousness was not on record
        ((*WARD[:2], "-34m acvpu C"), NEW),
        ((*WARD[:2], "-13h acvpu A"), NEW),  # older than the shortest window
        ((*WARD, "-1450m temp 37.2 oral"), NEW),  # leaves its window of a day in between
    ],
)
def test_what_is_assessed_anew(lines: tuple[str, ...], more: tuple[str, ...]) -> None:
    assert again(facts(lines), facts(more), 30) is None


def test_another_patient_repeats_nothing() -> None:
    before, chart = chart_of("p1", facts(WARD)), chart_of("p2", [*facts(WARD), *facts(NEW)])
    said = assess(before, KNOWLEDGE, NOW - timedelta(minutes=30), brief=True)
    assert repeated(said, before, chart, NOW, KNOWLEDGE) is None


def test_the_windows_are_those_of_the_rules() -> None:
    change = {"version": "x", "parameters": {"ms.false_h": {"value": 0.5}}}
    rules = with_overlay(KNOWLEDGE, change)
    before, chart = chart_of("p1", facts(WARD)), chart_of("p1", [*facts(WARD), *facts(NEW)])
    said = assess(before, KNOWLEDGE, NOW - timedelta(minutes=30), brief=True)
    assert repeated(said, before, chart, NOW, KNOWLEDGE) is not None
    assert repeated(said, before, chart, NOW, rules) is None


def test_the_readers_of_acvpu_are_those_that_the_proof_names() -> None:
    """`alerts/screening/repeats.py` says where the record is read and why it changes nothing there:
    whoever reads it elsewhere, or once more, has to go through that list again."""
    found = {}
    for path in sorted((ROOT / "alerts").rglob("*.py")):
        count = len(re.findall(r"SignKind\.ACVPU", path.read_text("utf-8")))
        if count and path.parent.name not in {"screening", "cards"}:
            found[path.relative_to(ROOT / "alerts").as_posix()] = count
    assert found == {"findings/mental_status.py": 3, "severity.py": 2}
