"""What an expectation may say of an instant, and of the life of alerts, and how it is held."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.knowledge import load
from alerts.lifecycle import AlertKind
from service.errors import BadInput
from service.replay.cases import find_cases
from service.replay.expected import read_expected
from service.replay.instants import standing_at, stated, unlike
from service.replay.life import life_of, lived
from service.replay.life import unlike as unlike_life
from service.replay.play import Manner, Part, play
from service.replay.verdict import Verdict, judge
from tests.replay.mutants import Course, played

BOUNDARIES = Path(__file__).resolve().parents[2] / "fixtures" / "boundaries"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def course_of(*parts: str) -> Course:
    (found,) = played(find_cases([BOUNDARIES.joinpath(*parts)]), load(), NOW)
    return found


def test_an_instant_is_told_key_by_key() -> None:
    said = stated(course_of("caroff.minor", "at").said[-1])
    assert said["HYP"] == "true"
    assert said["CAROFF_MANN"] == "true"
    assert said["CAROFF_MANN tremor"] == "true"
    assert said["CAROFF_MANN count"] == "5-9"
    assert said["haloperidol"] == "full"
    assert said["onset"] == "known"
    assert said["NEXT-REFLEX"] == "asked"
    assert said["score"].split("-")[0] == str(20 + 18 + 17 + 13 + 7)


def test_what_stands_is_the_newest_assessment_not_after_the_instant() -> None:
    said = course_of("rig.true_h", "times").said
    assert standing_at(said, said[0].as_of - timedelta(seconds=1)) is None
    assert standing_at(said, said[0].as_of) is said[0]
    assert standing_at(said, said[-1].as_of + timedelta(days=9)) is said[-1]


def test_a_key_that_nothing_tells_is_absent() -> None:
    one = course_of("rig.true_h", "times").said[-1]
    assert list(unlike({"INT-DAN-VER": "absent", "says no such words": "false"}, one)) == []
    assert list(unlike({"RIG": "true"}, one)) == [("RIG", "unknown", "true")]


@pytest.mark.parametrize(
    ("key", "wanted", "kind"),
    [("RIG", "false", Verdict.CHANGED_REASON), ("tier", "PROBABLE", Verdict.CHANGED_TIER)],
)
def test_another_state_is_a_difference(key: str, wanted: str, kind: Verdict) -> None:
    course = course_of("rig.true_h", "times")
    at = course.said[-1].as_of
    expectation = replace(course.expectation, states={at: {key: wanted}})
    (found,) = judge(expectation, course.said)
    assert found.kind is kind
    assert key in found.text
    assert wanted in found.text


def test_nothing_stands_before_the_first_moment() -> None:
    course = course_of("rig.true_h", "times")
    early = course.said[0].as_of - timedelta(days=1)
    (found,) = judge(replace(course.expectation, states={early: {"RIG": "true"}}), course.said)
    assert found.text.startswith("nothing stood")


def test_people_and_rules_are_told_in_the_words_of_the_history() -> None:
    course = course_of("dismissal.temperature_c", "at")
    life = course.expectation.life
    assert life is not None
    happened = lived(life, course.moments, course.said, load())
    assert ("resolved already-acting",) in happened.values()
    assert ("called-again temperature-reached",) in happened.values()
    assert list(unlike_life(life, happened)) == []
    assert len(list(unlike_life(life, {}))) == 2


def test_a_life_otherwise_than_expected_is_a_changed_reason(tmp_path: Path) -> None:
    """By the whole of replay: the same case, expecting another word than the rules say."""
    source = BOUNDARIES / "dismissal.temperature_c" / "at"
    for path in source.iterdir():
        text = path.read_text("utf-8")
        text = text.replace("called-again temperature-reached", "eased facts-eased")
        (tmp_path / path.name).write_text(text)
    (case,) = find_cases([tmp_path])
    ((result,),) = play(Part(case), Manner((load(),), False, None, NOW, False))
    assert result.verdict is Verdict.CHANGED_REASON
    assert "called-again temperature-reached happened" in result.differences[0]


def test_no_life_is_told() -> None:
    assert life_of({}) is None
    life = life_of({"of": "interaction", "happens": {}})
    assert life is not None
    assert life.of is AlertKind.INTERACTION


@pytest.mark.parametrize(
    "told",
    [
        {"happens": {"2025-03-10T08:00:00": []}},
        {"acts": [{"at": "2025-03-10T08:00:00Z", "does": "sing", "reason": "agree"}]},
        {"of": "weather", "happens": {}},
    ],
)
def test_a_life_that_cannot_be_read_is_refused(told: object, tmp_path: Path) -> None:
    path = tmp_path / "expected.yaml"
    path.write_text(f"{{case: a, kind: synthetic, why: b, expect: {{life: {told!r}}}}}")
    with pytest.raises(BadInput):
        read_expected(path)
