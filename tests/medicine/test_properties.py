"""What holds for every patient (SPEC 0.3): properties over random charts.

A few hundred by default, 10,000 in the heavy suite; the same ones each time unless
NMS_SENTINEL_EXPLORE=1 looks for new ones (`tests/conftest.py`).
"""

import hashlib
import json
import os
import random
import subprocess
import sys
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.assessment import as_dict, assess
from alerts.chart import Fact, Measurement, MedicationUse, Sign, SignKind, chart_of
from alerts.knowledge import load
from alerts.statements import Assessment
from alerts.truth import FALSE, UNKNOWN
from tests.medicine.random_charts import LINES
from tests.medicine.ward import NOW, facts

KNOWLEDGE = load()
CALM = [HealthCheck.too_slow, HealthCheck.data_too_large]
USUAL = settings(max_examples=120, deadline=None, suppress_health_check=CALM)
HEAVY = settings(max_examples=10_000, deadline=None, suppress_health_check=CALM)
NOW_TRUE = (
    "now rigidity present new lead_pipe",
    "now acvpu V",
    "now CK 5000 uln 200",
    "now diaphoresis present",
    "now urinary_incontinence present new",
    "now temp 39.4 rectal",
)
ABSENT = frozenset({SignKind.RIGIDITY, SignKind.ACVPU, SignKind.DIAPHORESIS,
                    SignKind.URINARY_INCONTINENCE})  # fmt: skip


def assessed(told: list[Fact], at: datetime = NOW) -> Assessment:
    return assess(chart_of("p1", told), KNOWLEDGE, at)


def said(told: list[Fact], at: datetime = NOW) -> dict[str, Any]:
    return as_dict(assessed(told, at))


def order_and_duplicates(lines: list[str], seed: int) -> None:
    told = facts(lines)
    mixed = [*told, *random.Random(seed).sample(told, len(told) // 2)]
    random.Random(seed).shuffle(mixed)
    assert said(mixed) == said(told)


def speaks_only_for_absence(fact: Fact) -> bool:
    """A normal examination, or the statement that the history is complete."""
    if not isinstance(fact, Sign):
        return False
    return fact.kind is SignKind.MEDICATION_RECONCILED or (
        fact.kind in ABSENT and fact.present is FALSE
    )


def forgetting_an_absence(lines: list[str]) -> None:
    told = facts(lines)
    before = assessed(told)
    for fact in filter(speaks_only_for_absence, told):
        after = assessed([f for f in told if f is not fact])
        assert after.iec.upper >= before.iec.upper, fact
        assert after.tier.name.rank >= before.tier.name.rank, fact


FORGOTTEN = {
    "HYP": lambda f: isinstance(f, Measurement) and f.kind == "body_temperature",
    "CK": lambda f: isinstance(f, Measurement) and f.kind == "creatine_kinase",
    "RIG": lambda f: isinstance(f, Sign) and f.kind is SignKind.RIGIDITY,
    "NEG": lambda f: type(f).__name__ == "Condition"
    or (isinstance(f, Sign) and f.kind is SignKind.WORKUP_NEGATIVE),
    "EXP": lambda f: isinstance(f, MedicationUse)
    or (isinstance(f, Sign) and f.kind in {SignKind.MEDICATION_RECONCILED,
                                           SignKind.STIMULATOR_FAILURE}),
}  # fmt: skip


def silence_is_unknown(lines: list[str]) -> None:
    told = facts(lines)
    for finding, concerns in FORGOTTEN.items():
        left = assessed([f for f in told if not concerns(f)])
        assert left.findings[finding].state is UNKNOWN, finding


def a_true_finding_now(lines: list[str]) -> None:
    told = facts(lines)
    before = assessed(told)
    for line in NOW_TRUE:
        (new,) = facts([line])
        new = replace(new, source=replace(new.source, resource_id="new"))
        after = assessed([*told, new])
        assert after.tier.name.rank >= before.tier.name.rank, line
        assert after.iec.lower >= before.iec.lower or "CK" in line, line


def time_passes(lines: list[str]) -> None:
    same_until_review(lines, NOW)


def standing(assessment: Assessment) -> dict[str, Any]:
    """What must not change before the review: all but the clock and the review itself."""
    return as_dict(assessment) | {"as_of": None, "next_review_at": None}


def same_until_review(lines: list[str], at: datetime) -> None:
    told = facts(lines)
    first = assessed(told, at)
    until = first.next_review_at
    assert until is None or until > at
    end = until or at + timedelta(days=900)
    last = end - timedelta(microseconds=1)
    for part in (0.0001, 0.5, 0.999, 1):
        later = min(at + (end - at) * part, last)
        after = assessed(told, later)
        assert standing(after) == standing(first), later
        # the last dose of a running order moves along, and an end that hangs on it with it: the
        # review may come to lie later (then one was in vain), never before the one promised
        assert until is None or after.next_review_at is None or after.next_review_at >= until, later
        assert until is not None or after.next_review_at is None, later


# when windows of days end that no record of the last twelve days can reach
LATER = st.one_of(
    st.integers(0, 120 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    st.sampled_from((1, 3, 5, 7, 10, 14, 20, 28, 30, 31, 40, 56, 90, 105, 180, 365)).map(
        lambda days: timedelta(days=days)
    ),
)


def time_passes_later(lines: list[str], wait: timedelta) -> None:
    same_until_review(lines, NOW + wait)


def zones(lines: list[str]) -> None:
    away = timezone(timedelta(hours=5, minutes=30))
    told = facts(lines)
    moved = [_moved(fact, away) for fact in told]
    here, there = assessed(told), assessed(moved, NOW.astimezone(away))
    assert [f.state for f in there.findings.values()] == [f.state for f in here.findings.values()]
    assert (there.tier, there.iec, there.next_review_at) == (
        here.tier,
        here.iec,
        here.next_review_at,
    )


def _moved(fact: Fact, zone: timezone) -> Fact:
    changes = {
        f.name: getattr(fact, f.name).astimezone(zone)
        for f in fields(fact)
        if isinstance(getattr(fact, f.name), datetime)
    }
    return replace(fact, **changes)


def patients_apart(lines: list[str], others: list[str]) -> None:
    mine, theirs = chart_of("p1", facts(lines)), chart_of("p2", facts(others))
    alone = as_dict(assess(mine, KNOWLEDGE, NOW))
    assess(theirs, KNOWLEDGE, NOW)
    assert as_dict(assess(mine, KNOWLEDGE, NOW)) == alone
    assert alone["patient"] == "p1"


@pytest.mark.rules("LOG-06", "SAF-11")
@USUAL
@given(LINES, st.integers())
def test_order_and_duplicates_change_nothing(lines: list[str], seed: int) -> None:
    order_and_duplicates(lines, seed)


@pytest.mark.rules("LOG-01", "LOG-02")
@USUAL
@given(LINES)
def test_forgetting_an_absence_never_lowers_the_upper_bound(lines: list[str]) -> None:
    forgetting_an_absence(lines)


@pytest.mark.rules("LOG-01", "SAF-03")
@USUAL
@given(LINES)
def test_what_nobody_recorded_is_unknown(lines: list[str]) -> None:
    silence_is_unknown(lines)


@pytest.mark.rules("TIER-06", "LOG-05")
@USUAL
@given(LINES)
def test_a_true_finding_never_lowers_the_tier(lines: list[str]) -> None:
    a_true_finding_now(lines)


@pytest.mark.rules("LOG-06", "REVIEW")
@USUAL
@given(LINES)
def test_nothing_changes_before_the_next_review(lines: list[str]) -> None:
    time_passes(lines)


@pytest.mark.rules("LOG-06", "REVIEW")
@USUAL
@given(LINES, LATER)
def test_nothing_changes_before_the_next_review_on_later_days(
    lines: list[str], wait: timedelta
) -> None:
    time_passes_later(lines, wait)


@pytest.mark.rules("LOG-06")
@USUAL
@given(LINES)
def test_the_zone_of_a_time_changes_nothing(lines: list[str]) -> None:
    zones(lines)


@pytest.mark.rules("SAF-11")
@USUAL
@given(LINES, LINES)
def test_another_patient_never_contributes(lines: list[str], others: list[str]) -> None:
    patients_apart(lines, others)


@pytest.mark.heavy
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "holds",
    [
        forgetting_an_absence,
        silence_is_unknown,
        a_true_finding_now,
        time_passes,
        zones,
    ],
    ids=lambda f: f.__name__,
)
def test_for_ten_thousand_patients(holds: Any) -> None:
    HEAVY(given(LINES)(holds))()


@pytest.mark.heavy
@pytest.mark.timeout(3600)
def test_order_for_ten_thousand_patients() -> None:
    HEAVY(given(LINES, st.integers())(order_and_duplicates))()


@pytest.mark.heavy
@pytest.mark.timeout(3600)
def test_reviews_of_ten_thousand_patients_as_days_go_by() -> None:
    HEAVY(given(LINES, LATER)(time_passes_later))()


ROOT = Path(__file__).resolve().parents[2]
DIGEST = """
import hashlib, json, sys
from tests.medicine.test_properties import digest
print(digest())
"""
PATIENTS = (
    ("-3d order haloperidol oral", "-30h temp 39 oral", "-20h temp 39 oral", "-3h rigidity present",
     "-3h acvpu V", "-3h CK 1500 uln 200", "-2h diaphoresis present", "condition pneumonia -1d"),
    ("condition parkinson_disease -900d", "-300d order levodopa oral 100 mg x4 to -20h stopped",
     "-1h temp 39 oral", "-2d order sertraline oral", "-1h clonus present", "-1h tremor present"),
    ("-20d given haloperidol depot product=haloperidol_decanoate", "-9d order clozapine oral",
     "-2d order lithium oral", "-3h CK 900", "-20h given olanzapine im", "patient male 1980-01-01"),
)  # fmt: skip


def digest() -> str:
    bodies = [json.dumps(said(facts(lines)), sort_keys=False) for lines in PATIENTS]
    return hashlib.sha256("\n".join(bodies).encode()).hexdigest()


@pytest.mark.rules("SAF-11")
def test_equal_inputs_give_equal_bytes_whatever_the_hash_seed() -> None:
    found = {digest()}
    for seed in ("0", "1", "4242"):
        run = subprocess.run(
            [sys.executable, "-c", DIGEST],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(run.stdout.strip())
    assert len(found) == 1
