"""A wrong number in criteria.yaml changes the verdict of a fixture. See `mutants`.

The default run asks the boundary cases about every mutant; the heavy run asks every fixture about
those that no verdict should show, and tries numbers that are further off.
`python -m tests.replay.test_mutation` prints the count.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.knowledge import load, with_overlay
from service.replay.cases import find_cases
from tests.replay.mutants import (
    Course,
    Mutant,
    killer,
    played,
    ranges,
    step_of,
    thresholds,
    with_number,
)

pytestmark = pytest.mark.timeout(600)  # on a busy machine; seconds on a quiet one
HERE = Path(__file__).parent
FIXTURES = HERE.parents[1] / "fixtures"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
EQUIVALENTS: dict[str, dict[str, str]] = yaml.safe_load((HERE / "equivalents.yaml").read_text())
LEAST, MOST_EQUIVALENT = 0.95, 0.05


@cache
def courses(*rooms: str) -> list[Course]:
    return played(find_cases([FIXTURES / room for room in rooms]), load(), NOW)


@cache
def everything() -> list[Course]:
    rooms = (p.name for p in sorted(FIXTURES.iterdir()) if p.is_dir() and p.name != "malformed")
    return courses(*rooms)


@cache
def tried() -> tuple[Mutant, ...]:
    return tuple(thresholds(load()))


def survivors(tried: Sequence[Mutant], found: Sequence[Course]) -> list[str]:
    return [one.name for one in tried if killer(one, found) is None]


def narrower(one: Mutant) -> bool:
    """Does the mutant refuse what the range accepts?"""
    *_, kind, end = one.number.split(".")
    known: dict[str, Any] = load().criteria["plausible"][kind]
    lower = end in {"low", "verify_below"}
    return one.value > known[end] if lower else one.value < known[end]


@pytest.mark.parametrize(
    ("number", "unit", "step"),
    [
        ("rig.true_h", "h", 1 / 60),
        ("hyp.separation_min", "min", 1),
        ("ddx.baclofen_d", "d", 1 / 1440),
        ("hyp.threshold_c", "Cel", 0.1),
        ("bpup.ratio", "1", 0.05),
        ("ck.multiple", "1", 0.05),
        ("sns.components", "1", 1),
        ("caroff.ph", "[pH]", 0.01),
    ],
)
def test_a_step_is_the_least_that_a_chart_can_tell(number: str, unit: str, step: float) -> None:
    assert step_of(number, unit) == step


def test_every_number_is_tried_both_ways() -> None:
    parameters = load().sources["criteria"]["parameters"]
    assert sorted(one.number for one in tried()) == sorted(2 * list(parameters))


def test_a_mutant_is_what_an_overlay_would_make() -> None:
    rules = load()
    change = {"value": 23, "basis": "D", "cite": []}
    laid = with_overlay(rules, {"version": "23", "parameters": {"rig.true_h": change}})
    made = with_number(rules, "rig.true_h", 23)
    assert made.parameters == laid.parameters
    assert made["rig.true_h"] == laid["rig.true_h"] == 23
    assert made.memo is not rules.memo


def test_a_mutant_differs_in_its_number_alone() -> None:
    rules = load()
    for one in tried()[::20]:
        changed = {
            key for key, known in rules.parameters.items() if one.rules.parameters[key] != known
        }
        assert changed == {one.number}
        assert one.rules.parameters[one.number].basis == rules.parameters[one.number].basis


def test_rules_as_they_are_kill_nothing() -> None:
    rules = load()
    known = rules.parameters["snooze.longest_h"]
    assert killer(Mutant(known.id, known.value, rules), courses("boundaries")) is None


def test_a_wrong_threshold_changes_a_verdict() -> None:
    """All of them, by the boundary cases alone: about ten seconds of one core."""
    lived = survivors(tried(), courses("boundaries"))
    every, killed = len(tried()), len(tried()) - len(lived)
    assert killed >= every * LEAST, f"{killed} of {every} killed, alive: {lived}"


def test_the_list_of_equivalents_is_short() -> None:
    listed = EQUIVALENTS["thresholds"]
    assert set(listed) <= {one.name for one in tried()}
    assert all(listed.values())
    assert len(listed) <= len(tried()) * MOST_EQUIVALENT


@pytest.mark.heavy
@pytest.mark.timeout(1800)
def test_no_fixture_kills_an_equivalent() -> None:
    listed = [one for one in tried() if one.name in EQUIVALENTS["thresholds"]]
    assert survivors(listed, everything()) == [one.name for one in listed]


@pytest.mark.heavy
@pytest.mark.timeout(1800)
def test_a_threshold_wrong_by_a_tenth_changes_a_verdict() -> None:
    """Further off is not harder to see: a tenth, and never less than a step."""
    rules, further = load(), []
    for one in tried():
        known = rules.parameters[one.number].value
        tenth = abs(known) / 10
        if float(one.value).is_integer() and float(known).is_integer():
            tenth = round(tenth)  # what is counted stays whole
        off = max(abs(one.value - known), tenth) * (1 if one.value > known else -1)
        further.append(Mutant(one.number, known + off, with_number(rules, one.number, known + off)))
    lived = survivors(further, courses("boundaries"))
    assert len(lived) <= len(further) * (1 - LEAST), lived


@pytest.mark.heavy
@pytest.mark.timeout(1800)
def test_a_narrower_range_changes_a_verdict() -> None:
    """What the rules accept (SPEC 2.3) is also held by the reader: only refusing more can show."""
    every, listed = list(ranges(load())), EQUIVALENTS["ranges"]
    shown = [one for one in every if narrower(one) and one.name not in listed]
    assert survivors(shown, courses("boundaries")) == []
    assert len(shown) >= len(every) * 0.45


def main() -> None:
    listed = EQUIVALENTS["thresholds"]
    lived = survivors(tried(), courses("boundaries"))
    every, killed = len(tried()), len(tried()) - len(lived)
    sys.stdout.write(f"{killed} of {every} killed, {every - len(listed)} of them not equivalent\n")
    sys.stdout.writelines(f"alive: {name}\n" for name in lived if name not in listed)


if __name__ == "__main__":
    main()
