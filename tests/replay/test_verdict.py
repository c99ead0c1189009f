"""One verdict per course, the gravest first, and every difference in words."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.assessment import assess
from alerts.chart import chart_of
from alerts.knowledge import load
from alerts.statements import Assessment, Channel, TierName
from service.errors import BadInput
from service.replay.expected import Bound, Expectation, read_expected
from service.replay.verdict import Verdict, first_at, judge, peak_of

START = datetime(2025, 3, 3, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
NONE, WATCH, POSSIBLE, PROBABLE = [*list(TierName)[:3], TierName.PROBABLE]


def course(*tiers: TierName) -> list[Assessment]:
    """An assessment an hour, with these tiers."""
    from dataclasses import replace

    empty = assess(chart_of("p1", []), load(), START)
    return [
        replace(empty, as_of=START + timedelta(hours=hour), tier=replace(empty.tier, name=tier))
        for hour, tier in enumerate(tiers)
    ]


def bound(by: int | None = None, not_before: int | None = None) -> Bound:
    def at(hour: int | None) -> datetime | None:
        return None if hour is None else START + timedelta(hours=hour)

    return Bound(at(by), at(not_before))


@pytest.mark.parametrize(
    ("expectation", "verdict"),
    [
        (Expectation(NONE, PROBABLE), None),
        (Expectation(POSSIBLE, POSSIBLE), None),
        (Expectation(PROBABLE, PROBABLE), Verdict.MISSED),
        (Expectation(NONE, WATCH), Verdict.EXTRA),
        (Expectation(NONE, PROBABLE, {WATCH: bound(by=0)}), Verdict.LATE),
        (Expectation(NONE, PROBABLE, {WATCH: bound(by=1)}), None),
        (Expectation(NONE, PROBABLE, {WATCH: bound(not_before=2)}), Verdict.EARLY),
        (Expectation(NONE, PROBABLE, {PROBABLE: bound(by=9)}), Verdict.MISSED),
        (Expectation(NONE, PROBABLE, gate="open"), Verdict.CHANGED_REASON),
        (Expectation(NONE, PROBABLE, ever_true=("RIG",)), Verdict.CHANGED_REASON),
        (Expectation(NONE, PROBABLE, never_true=("RIG",)), None),
        (Expectation(NONE, PROBABLE, withdrawals=("levodopa",)), Verdict.CHANGED_REASON),
        (Expectation(NONE, PROBABLE, interactions=("INT-DAN-VER",)), Verdict.CHANGED_REASON),
        (Expectation(PROBABLE, PROBABLE, ever_true=("RIG",)), Verdict.MISSED),
        (Expectation(NONE, PROBABLE, tier_at={START + HOUR: WATCH}), None),
        (Expectation(NONE, PROBABLE, tier_at={START + HOUR: NONE}), Verdict.CHANGED_TIER),
        (Expectation(NONE, PROBABLE, loudest=(Channel.TASK, Channel.TASK)), Verdict.MISSED),
        (Expectation(NONE, PROBABLE, first_true={"RIG": bound(by=9)}), Verdict.CHANGED_REASON),
        (Expectation(NONE, PROBABLE, unknown_at_peak=("TEMP40",)), None),
        (Expectation(NONE, PROBABLE, severity="SEVERE"), Verdict.CHANGED_REASON),
        (Expectation(NONE, PROBABLE, never_interactions=("INT-DAN-VER",)), None),
        (Expectation(NONE, PROBABLE, differential=("DDX-SS",)), Verdict.CHANGED_REASON),
        (Expectation(NONE, PROBABLE, asks=("NEXT-NONE",)), Verdict.CHANGED_REASON),
        (Expectation(NONE, PROBABLE, must_mention=("dantrolene",)), Verdict.CHANGED_REASON),
    ],
)
def test_the_gravest_difference_names_the_verdict(
    expectation: Expectation, verdict: Verdict | None
) -> None:
    found = judge(expectation, course(NONE, WATCH, POSSIBLE, WATCH))
    assert (found[0].kind if found else None) == verdict
    assert all(difference.text for difference in found)


@pytest.mark.parametrize(
    ("expectation", "verdict"),
    [
        (Expectation(NONE, WATCH), None),
        (Expectation(WATCH, PROBABLE), Verdict.MISSED),
        (Expectation(NONE, PROBABLE, {WATCH: bound(by=3)}), Verdict.MISSED),
        (Expectation(NONE, PROBABLE, loudest=(Channel.PASSIVE, Channel.TASK)), Verdict.MISSED),
    ],
)
def test_a_survey_in_which_nothing_spoke_is_judged_too(
    expectation: Expectation, verdict: Verdict | None
) -> None:
    assert expectation.of_tiers
    assert expectation.of_findings
    found = judge(expectation, ())
    assert (found[0].kind if found else None) == verdict


@pytest.mark.parametrize(
    "more",
    [
        {"gate": "open"}, {"ever_true": ("RIG",)}, {"tier_at": {START: NONE}},
        {"states": {START: {"HYP": "true"}}}, {"asks": ("X",)}, {"must_mention": ("x",)},
    ],
)  # fmt: skip
def test_what_asks_for_more_than_tiers_is_no_survey(more: dict[str, Any]) -> None:
    wanted = Expectation(NONE, PROBABLE, **more)
    assert not wanted.of_tiers
    assert wanted.of_findings is not bool(more.keys() & {"states", "asks", "must_mention"})


def test_a_tier_is_reached_when_a_higher_one_is() -> None:
    steps = course(NONE, PROBABLE, WATCH)
    assert first_at(steps)[WATCH] == START + timedelta(hours=1)
    assert peak_of(steps) is steps[1]


def test_the_peak_is_its_first_moment() -> None:
    steps = course(WATCH, POSSIBLE, POSSIBLE)
    assert peak_of(steps) is steps[1]


def test_without_any_tier_the_end_speaks() -> None:
    steps = course(NONE, NONE)
    assert peak_of(steps) is steps[-1]


@pytest.mark.parametrize(
    "text",
    [
        "case: x\nkind: published\nwhy: y\nexpect: {peak: WATCH}",
        "case: x\nkind: published\nwhy: y\nexpect: {peak_tier: {at_least: LOUD}}",
        "case: x\nkind: published\nwhy: y\nexpect: {first_at: {WATCH: {by: 2025-03-03 08:00}}}",
        "kind: published\nwhy: y",
        "- a list",
        "a: [",
    ],
)
def test_a_faulty_expectation_is_named_with_its_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "expected.yaml"
    path.write_text(text)
    with pytest.raises(BadInput) as refusal:
        read_expected(path)
    assert refusal.value.code == "bad-expectation"
    assert "expected.yaml" in refusal.value.message
