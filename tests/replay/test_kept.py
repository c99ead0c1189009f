"""What is kept of a patient between moments: the same as read afresh, whatever comes when."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import assessment, baseline, interactions, kept, watched
from alerts.assessment import assess
from alerts.chart import Chart, Fact, PatientDetails, Source, chart_of
from alerts.kept import Kept
from alerts.knowledge import Knowledge, with_overlay
from alerts.moment import Moment
from service.replay.chronicle import by_effective_time
from tests.medicine.random_charts import LINES
from tests.medicine.ward import NOW, facts
from tests.replay.test_screening import CALM, CHARTS
from tests.replay.test_survey import BODIES, RULES, records

# a febrile stay in which baseline, drugs and signs are all at work
STAY = facts((
    "-160h temp 36.8 oral", "-160h HR 70", "-160h RR 14", "-160h BP 120/75", "-150h HR 74",
    "-150h BP 118/72", "-140h HR 72", "-140h RR 14", "-140h BP 122/76", "-130h RR 15",
    "-90h order haloperidol oral 5 mg x2", "-80h order lorazepam iv", "-49h HR 84",
    "-48h temp 38.9 oral", "-47h HR 118", "-47h RR 27", "-46h acvpu C", "-44h temp 39.2 oral",
    "-43h temp 37.0 axillary", "-40h CK 900 uln 200", "-30h BP 168/100",
    "-24h diaphoresis present", "-23h order simvastatin oral", "-20h temp 38.4 oral",
    "-18h physical_restraint present", "-16h order levodopa oral to -3h stopped",
    "-12h HR 121", "-12h RR 29", "-6h acvpu A", "-2h HR 80",
))  # fmt: skip
# confused in the first day of a stay; a fever within the hour disturbs what was measured before
FEVER = facts((
    "stay -30h", "-29h HR 70", "-20h HR 74", "-545m HR 96", "-540m acvpu C", "-500m temp 38.9 oral",
    "-420m HR 120", "-360m HR 118",
))  # fmt: skip
# the same, and a trusted reading soon after shows that the fever was none
JUMP = facts((
    "stay -30h", "-29h HR 70", "-20h HR 74", "-542m HR 96", "-540m acvpu C",
    "-482m temp 39.4 axillary", "-474m temp 37.0 oral", "-420m HR 120", "-360m HR 118",
))  # fmt: skip
# interaction rows of all sorts, one of which lapses within the hour
DRUGS = facts((
    "stay -170h", "patient female 1950-01-01", "condition parkinson_disease -300d",
    "condition pregnancy -30d", "-90h order dantrolene oral", "-80h order estradiol oral",
    "-50h order dexmedetomidine iv", "-90h order lorazepam iv",
    "-30m given olanzapine im 5 mg", "-6h temp 38.9 oral",
    "-5h BP 190/110", "-4h diaphoresis present", "-3h BP 192/112", "-2h temp 39.0 oral",
))  # fmt: skip
PAIR = facts(("-90h order lorazepam iv", "-30m given olanzapine im 5 mg"))


def met(one: Kept, chart: Chart, at: datetime, rules: Knowledge = RULES) -> None:
    """The assessment with what is kept is the one without."""
    said = assess(chart, rules, at, brief=True, kept=one)
    assert said == assess(chart, rules, at, brief=True), at


def in_its_order(told: Sequence[Fact]) -> None:
    one = Kept()
    for moment in by_effective_time("p1", told, NOW, None):
        met(one, moment.chart, moment.at)


def in_any_order(told: Sequence[Fact], seed: int) -> None:
    """Late facts and planned ones, some taken back again, and a clock that is turned back too."""
    chance, one = random.Random(seed), Kept()
    waiting, present = list(told), list[Fact]()
    chance.shuffle(waiting)
    at = NOW - timedelta(hours=chance.choice((0, 3, 50)))
    while waiting:
        present.append(waiting.pop())
        if chance.random() < 0.15:
            present.pop(chance.randrange(len(present)))
        at += timedelta(minutes=chance.choice((-30, 0, 1, 30, 360)))
        met(one, chart_of("p1", present), at)


def one_late(told: Sequence[Fact]) -> None:
    """Each fact comes after all the others, and is taken back."""
    for n, _ in enumerate(told):
        one, others = Kept(), [*told[:n], *told[n + 1 :]]
        for minutes, present in ((0, others), (1, told), (2, others)):
            met(one, chart_of("p1", present), NOW + timedelta(minutes=minutes))


def to_and_fro(told: Sequence[Fact]) -> None:
    """The clock alone moves."""
    one, chart = Kept(), chart_of("p1", told)
    for hours in (2000, 0, 30, 100, 20, 400, 150, -11, -3, 0, 1, 0):
        met(one, chart, NOW + timedelta(hours=hours))


def of_fixtures(paths: Sequence[Path]) -> None:
    for path in paths:
        for record in records(path):
            in_its_order(record.facts)


def test_of_fixtures() -> None:
    of_fixtures(BODIES[::20])


@pytest.mark.heavy
@pytest.mark.timeout(3000)
def test_of_every_fixture() -> None:
    of_fixtures(BODIES)


@given(st.one_of(CHARTS, LINES.map(facts)), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=CALM)
def test_of_random_charts(told: list[Fact], seed: int) -> None:
    in_its_order(told)
    in_any_order(told, seed)


@pytest.mark.heavy
@pytest.mark.timeout(3000)
@given(st.one_of(CHARTS, LINES.map(facts)), st.integers(0, 2**32))
@settings(max_examples=5000, deadline=None, suppress_health_check=CALM)
def test_of_thousands_of_random_charts(told: list[Fact], seed: int) -> None:
    in_its_order(told)
    in_any_order(told, seed)


def test_parts_are_kept() -> None:
    """Else all this would prove nothing."""
    one, found = Kept(), Counter[bool]()
    for moment in by_effective_time("p1", STAY, NOW, None):
        before = set(map(id, one._held.values()))
        assess(moment.chart, RULES, moment.at, brief=True, kept=one)
        found.update(id(held) in before for held in one._held.values())
    assert found[True] > 2 * found[False], found


def test_of_one_patient_nothing_is_said_of_another() -> None:
    one = Kept()
    for name in ("p1", "p2", "p1"):
        for told in (STAY[:20], STAY[:12], STAY):
            met(one, chart_of(name, told), NOW)


def test_of_one_version_of_the_rules_nothing_is_said_under_another() -> None:
    change = {"version": "x", "parameters": {"baseline.readings": {"value": 9}}}
    one, other = Kept(), with_overlay(RULES, change)
    for rules in (RULES, other, RULES):
        met(one, chart_of("p1", STAY), NOW, rules)


def test_an_age_that_is_shown_grows() -> None:
    born = date(1950, NOW.month, NOW.day) + timedelta(days=1)
    person = PatientDetails(Source("t", "Patient", "p1"), birth_date=born, sex="male")
    told = [person, *facts(("-90h order dantrolene oral", "-80h order estradiol oral"))]
    chart, one, ages = chart_of("p1", told), Kept(), set[str]()
    for days in (0, 1, 2):
        at = NOW + timedelta(days=days)
        met(one, chart, at)
        said = assess(chart, RULES, at, brief=True).interactions
        ages |= {fact.value for row in said for fact in row.facts if fact.what == "age"}
    assert len(ages) == 2


def _contains(index: watched._Index, kind: str) -> bool:
    return kind in index._facts


def _get(index: watched._Index, kind: str, default: object = None) -> object:
    return index._facts.get(kind, default)


def _isdisjoint(index: watched._Index, kinds: Sequence[str]) -> bool:
    return all(kind not in index._facts for kind in kinds)


def _unnoted(name: str) -> property:
    return property(lambda chart: getattr(chart._chart, name))


def _ever_after(held: kept._Held, asked: object, at: datetime) -> bool:
    return held.asked == asked and (held.expires is None or at < held.expires)


def _whatever_asked(held: kept._Held, _asked: object, at: datetime) -> bool:
    return held.read_at <= at and (held.expires is None or at < held.expires)


def _ahead(now: Moment, chart: Chart, knowledge: Knowledge, one: Kept) -> None:
    one.meet(chart, knowledge)
    now.answers[kept.KEPT] = one


# what a slip would make of it: where, what, and as what
MUTANTS: dict[str, tuple[tuple[object, str, object], ...]] = {
    "a new fact takes nothing back": ((kept, "_touched", lambda _held, _changed: False),),
    "kinds of readings are not noted": (
        (watched._Index, "__contains__", _contains),
        (watched._Index, "get", _get),
    ),
    "kinds of signs are not noted": (
        (watched._Index, "isdisjoint", _isdisjoint),
        (watched._Index, "get", _get),
    ),
    "drugs are not noted": tuple(
        (watched.Watched, name, _unnoted(name)) for name in ("medications", "doses", "orders")
    ),
    "problems are not noted": (
        (watched.Watched, "conditions", _unnoted("conditions")),
    ),
    "stays are not noted": (
        (watched.Watched, "stays", _unnoted("stays")),
    ),
    "the person is not noted": (
        (watched.Watched, "details", _unnoted("details")),
    ),
    "nothing expires": (
        (kept, "_stands", lambda held, asked, at: at >= held.read_at and held.asked == asked),
    ),
    "the clock is not turned back": ((kept, "_stands", _ever_after),),
    "what it is asked with is nothing to it": ((kept, "_stands", _whatever_asked),),
    "a baseline is settled long before": (
        (baseline, "_disturbs_before", lambda _rules: -timedelta(days=9)),
    ),
    "a later fever disturbs no baseline": (
        (baseline, "_disturbs_before", lambda _rules: timedelta(0)),
    ),
    "a jump is settled with its hour": (
        (baseline, "_disturbs_before", lambda _rules: timedelta(hours=1)),
    ),
    "autonomic findings are not asked": ((interactions, "_autonomic", lambda _situation: ()),),
    "what lies ahead is kept": ((assessment, "keep", _ahead),),
}  # fmt: skip


def every_way() -> None:
    for told in (STAY, FEVER, JUMP, DRUGS, PAIR):
        in_its_order(told)
        one_late(told)
        to_and_fro(told)


def test_of_told_courses() -> None:
    every_way()


def caught() -> bool:
    try:
        every_way()
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("name", MUTANTS)
def test_a_slip_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for what, attribute, slip in MUTANTS[name]:
        monkeypatch.setattr(what, attribute, slip)
    assert caught()
