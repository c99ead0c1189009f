"""Where the screen says quiet, the full assessment says nothing: no tier, no alert, no row."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from alerts.assessment import assess
from alerts.chart import (
    Condition,
    Evidence,
    Fact,
    MedicationUse,
    Source,
    UseStatus,
    chart_of,
)
from alerts.knowledge import Knowledge, load, with_overlay
from alerts.lifecycle import advance, circumstances
from alerts.screening import Answer, Screen
from alerts.statements import Channel, TierName
from alerts.truth import FALSE, TRUE, UNKNOWN
from tests.medicine.random_charts import LINES, STATEMENTS
from tests.medicine.ward import NOW, facts

KNOWLEDGE = load()
CALM = [HealthCheck.too_slow, HealthCheck.data_too_large]
USUAL = settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=CALM)
HEAVY = settings(max_examples=10_000, deadline=None, suppress_health_check=CALM)
HOURS = st.sampled_from((0, 1, 25, 73, 170, 400))

# every drug and every problem that an interaction row names, in every form that a row asks about
DRUGS = sorted(KNOWLEDGE.index.drugs)
PROBLEMS = sorted(
    {kind for state in KNOWLEDGE.states.values() for kind in state.problems}
    | {"pregnancy", "npo_status", "hypertension", "asthma", "acute_kidney_injury"}
)
USES = st.builds(
    lambda name, evidence, status, hours, route, amount, text, number: MedicationUse(
        (name,), text, evidence, status, Source("t", "MedicationRequest", f"u{number}"),
        start=NOW - timedelta(hours=hours), route=route, dose=amount[0], dose_unit=amount[1],
        times_per_day=amount[2], end=NOW if status is UseStatus.STOPPED else None,
        long_acting=UNKNOWN,
    ),
    st.sampled_from(DRUGS),
    st.sampled_from((Evidence.ORDER, Evidence.ADMINISTRATION, Evidence.STATEMENT)),
    st.sampled_from((UseStatus.ACTIVE, UseStatus.ACTIVE, UseStatus.COMPLETED, UseStatus.STOPPED)),
    st.integers(0, 400),
    st.sampled_from(("oral", "iv", "im", None)),
    st.sampled_from(((None, None, None), (5.0, "mg", 2.0), (90.0, "mg", 4.0), (4.0, "mg/h", None))),
    st.sampled_from(("tablet", "continuous infusion")),
    st.integers(0, 30),
)  # fmt: skip
CONDITIONS = st.builds(
    lambda kind, hours, active, number: Condition(
        kind, Source("t", "Condition", f"c{number}"), onset=NOW - timedelta(hours=hours),
        active=active, confirmed=TRUE,
    ),
    st.sampled_from(PROBLEMS), st.integers(0, 400), st.sampled_from((TRUE, FALSE, UNKNOWN)),
    st.integers(0, 30),
)  # fmt: skip
# around the thresholds, on both sides of them
VALUES = st.lists(
    st.builds(
        lambda hours, what: f"-{hours}h {what}",
        st.integers(0, 240),
        st.sampled_from((
            "temp 37.9 oral", "temp 38.0 oral", "temp 38.1 axillary", "CK 700 uln 200",
            "CK 800 uln 200", "CK 999", "CK 1000", "GCS 15", "GCS 14", "RASS -1", "RASS -2",
            "RASS 1", "RASS 2", "4AT 3", "4AT 4", "HR 130", "HR 72", "RR 34", "RR 14", "BP 185/110",
            "BP 110/70", "diaphoresis present", "urinary_incontinence present new",
            "rigidity absent", "rigidity present", "acvpu A", "acvpu C", "workup_negative present",
            "physical_restraint present", "nil_by_mouth present", "ventilated present",
            "active_cooling present", "nms_resolved present",
        )),
    ),
    max_size=8,
)  # fmt: skip
CHARTS = st.one_of(
    LINES.map(facts),
    st.builds(
        lambda lines, said, uses, problems: [*facts([*lines, *said]), *uses, *problems],
        VALUES,
        st.lists(STATEMENTS, max_size=2),
        st.lists(USES, max_size=5),
        st.lists(CONDITIONS, max_size=2),
    ),
)


def unsaid(told: list[Fact], at: datetime, knowledge: Knowledge) -> None:
    """The full assessment has nothing to say of these facts."""
    chart = chart_of("p1", told)
    found = assess(chart, knowledge, at)
    assert found.tier.name is TierName.NONE, found.tier
    assert found.tier.channel is Channel.NONE, found.tier
    assert found.interactions == (), [(i.id, i.drugs) for i in found.interactions]
    assert not [w for w in found.withdrawals if w.reading in {"full", "extended"}]
    ids = count()
    around = circumstances(chart, knowledge, found)
    moves = advance([], found, "t", at, lambda: f"a{next(ids)}", around=around, knowledge=knowledge)
    assert moves == ()


def appended_one_by_one(
    told: list[Fact], hours: int, knowledge: Knowledge = KNOWLEDGE
) -> Counter[Answer]:
    screen = Screen(knowledge)
    at = NOW + timedelta(hours=hours)
    answers: Counter[Answer] = Counter()
    for number, fact in enumerate(told, start=1):
        screen.take(fact)
        answer = screen.says(at)
        answers[answer] += 1
        if answer.quiet:
            unsaid(told[:number], at, knowledge)
    return answers


def many_charts(manner: settings) -> Counter[Answer]:
    """What the screen answered: a property that never meets quiet would prove nothing."""
    answers: Counter[Answer] = Counter()

    @manner
    @given(CHARTS, HOURS)
    def each(told: list[Fact], hours: int) -> None:
        answers.update(appended_one_by_one(told, hours))

    each()
    return answers


def test_quiet_is_quiet() -> None:
    """Which causes are met is the luck of the examples; each has its row below."""
    answers = many_charts(USUAL)
    quiet = sum(met for answer, met in answers.items() if answer.quiet)
    assert quiet > 100, answers
    assert answers.total() - quiet > 10, answers


@pytest.mark.heavy
@pytest.mark.timeout(3000)
def test_quiet_is_quiet_for_ten_thousand_charts() -> None:
    assert many_charts(HEAVY)[Answer.OVER] > 1000


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        ((), Answer.NOTHING),
        (("-2h temp 38.0 oral", "-2h GCS 15", "-2h HR 140", "-2h BP 180/110"), Answer.NOTHING),
        (("-2h order haloperidol oral", "-1h temp 37.2 oral"), Answer.NOTHING),
        (("-2h temp 38.1 oral",), Answer.TEMPERATURE),
        (("-100h temp 38.1 oral",), Answer.OVER),
        (("-2h CK 800 uln 200",), Answer.MUSCLE),
        (("-2h rigidity present",), Answer.RIGIDITY),
        (("-9d rigidity present",), Answer.OVER),
        (("-2h acvpu V",), Answer.MIND),
        (("-2h RASS 2",), Answer.MIND),
        (("-2h order levodopa oral",), Answer.WITHDRAWAL),
        (("-2h stimulator_failure present",), Answer.WITHDRAWAL),
        (("condition neuroleptic_malignant_syndrome -300d",), Answer.EPISODE),
        (("-2h order lorazepam oral", "-2h order clozapine oral"), Answer.INTERACTION),
        (("-2h order haloperidol oral", "-2h physical_restraint present"), Answer.INTERACTION),
        (("-2h order haloperidol oral 60 mg x3",), Answer.INTERACTION),
        (("-2h order haloperidol oral 2 mg x2",), Answer.NOTHING),
        (
            ("-9h order haloperidol oral 2 mg x2", "-2h order haloperidol oral 4 mg x2"),
            Answer.INTERACTION,
        ),
        (("-90h order baclofen oral 10 mg x3",), Answer.NOTHING),
        # routes that nobody told: two unknowns are not said, one is
        (("-2h order lorazepam", "-2h order olanzapine"), Answer.NOTHING),
        (("-2h order lorazepam", "-2h order olanzapine im"), Answer.INTERACTION),
        (("-2h order lorazepam iv", "-2h order olanzapine"), Answer.INTERACTION),
        (("-90h order baclofen oral 10 mg x3 to -9h stopped",), Answer.INTERACTION),
    ],
)
def test_what_is_quiet_and_what_is_not(lines: tuple[str, ...], answer: Answer) -> None:
    screen = Screen(KNOWLEDGE)
    for fact in facts(lines):
        screen.take(fact)
    assert screen.says(NOW) is answer


@pytest.mark.parametrize(
    ("parameter", "value", "lines"),
    [
        ("hyp.threshold_c", 37.5, ("-2h temp 37.8 oral",)),
        ("hyp.lookback_h", 120, ("-100h temp 38.6 oral",)),
        ("ck.multiple", 3, ("-2h CK 700 uln 200",)),
        ("ms.gcs_max", 15, ("-2h GCS 15",)),
    ],
)
def test_the_numbers_are_those_of_the_rules(
    parameter: str, value: float, lines: tuple[str, ...]
) -> None:
    screens = [
        Screen(KNOWLEDGE),
        Screen(
            with_overlay(KNOWLEDGE, {"version": "x", "parameters": {parameter: {"value": value}}})
        ),
    ]
    for screen in screens:
        for fact in facts(lines):
            screen.take(fact)
    assert [screen.says(NOW).quiet for screen in screens] == [True, False]


def test_rules_under_which_autonomic_signs_alone_reach_a_tier_are_never_quiet() -> None:
    change = {"version": "low", "parameters": {"iec.cutoff": {"value": 40}}}
    assert Screen(with_overlay(KNOWLEDGE, change)).says(NOW) is Answer.RULES


@example(1)
@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_other_rules_are_screened_by_their_own_numbers(seed: int) -> None:
    """An overlay that lowers one of the thresholds that the screen reads stays sound."""
    names = ("hyp.threshold_c", "ck.multiple", "ck.no_range_u_l", "ms.four_at", "ms.gcs_max",
             "msb.rass_min", "temp1.window_h", "rig.true_h", "ms.coded_h")  # fmt: skip
    name = names[seed % len(names)]
    factor = (0.97, 1.03)[seed // 16 % 2]
    value = KNOWLEDGE[name] * factor
    rules = with_overlay(KNOWLEDGE, {"version": "x", "parameters": {name: {"value": value}}})
    lines = ["-40h temp 37.9 oral", "-30h CK 780 uln 200", "-20h GCS 14", "-10h 4AT 4"]
    told = facts(lines[seed // 64 % 4 :])
    appended_one_by_one(told, seed // 1024 % 80, rules)
