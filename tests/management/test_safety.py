"""The safety rules over every text of thousands of charts: cards, plans, requests, other causes."""

import random
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.assessment import assess
from alerts.cards import cards
from alerts.chart import Fact, SignKind, UseStatus
from alerts.moment import moment
from alerts.statements import Assessment
from alerts.truth import FALSE, TRUE
from service.cds_hooks.validator import card_faults
from tests.management.charts import (
    NOW,
    assessed,
    calm_before,
    chart,
    dose_given,
    knowledge,
    order,
    person,
    picture,
    problem,
    reading,
    sign,
)
from tests.management.examples import EXAMPLES
from tests.management.safety import breaches, card_breaches, numbers_without_unit, plan_breaches

BERLIN = ZoneInfo("Europe/Berlin")
DRUGS = (
    "haloperidol", "olanzapine", "clozapine", "metoclopramide", "risperidone", "quetiapine",
    "levodopa", "amantadine", "bromocriptine", "verapamil", "diltiazem", "morphine", "lithium",
    "ondansetron", "clarithromycin", "lorazepam", "dantrolene", "sertraline", "atorvastatin",
)  # fmt: skip
PROBLEMS = (
    "hypertension", "preeclampsia", "coronary_artery_disease", "schizophrenia", "sepsis",
    "liver_disease", "chronic_kidney_disease", "acute_kidney_injury", "pregnancy",
    "respiratory_failure", "parkinson_disease", "seizure", "dic", "hypotension", "glaucoma",
    "heart_block_or_heart_failure", "neuroleptic_malignant_syndrome",
)  # fmt: skip
VALUES = (
    ("body_temperature", 35.5, 41.9), ("heart_rate", 50, 170), ("respiratory_rate", 8, 44),
    ("systolic_bp", 70, 210), ("diastolic_bp", 40, 120), ("spo2", 80, 100), ("gcs_total", 3, 15),
    ("creatine_kinase", 40, 60000), ("creatinine", 40, 700), ("egfr", 5, 120),
    ("potassium", 2.5, 7.5), ("body_weight", 35, 140), ("platelets", 20, 400), ("d_dimer", 0.1, 9),
    ("alt", 10, 500), ("pco2", 30, 80), ("ph_blood", 7.0, 7.5),
)  # fmt: skip
SIGNS = (
    SignKind.RIGIDITY, SignKind.ACVPU, SignKind.DIAPHORESIS, SignKind.COMA, SignKind.CATATONIA,
    SignKind.VENTILATED, SignKind.ACTIVE_COOLING, SignKind.NIL_BY_MOUTH, SignKind.RESOLVED,
    SignKind.RENAL_REPLACEMENT, SignKind.STIMULATOR_FAILURE, SignKind.MEDICATION_RECONCILED,
)  # fmt: skip


def some_patient(seed: int) -> list[Fact]:
    """Any mixture of facts, half of them on the way to a high tier."""
    dice = random.Random(seed)
    facts: list[Fact] = []
    if dice.random() < 0.2:
        facts += EXAMPLES[dice.choice(list(EXAMPLES))]()
    if dice.random() < 0.9:
        years = dice.choice([4, 15, 17, 18, 19, 34, 52, 77, None])
        facts.append(person(years, dice.choice(["male", "female", "other"])))
    if dice.random() < 0.6:
        facts += calm_before()
    if dice.random() < 0.6:
        facts += picture(
            dice.choice([38.1, 39.2, 40.0, 41.5]),
            dice.choice([95, 110, 125]),
            dice.choice([None, 600, 4200, 52000]),
            dice.random() < 0.8,
        )
    for _ in range(dice.randrange(0, 6)):
        facts.append(_some_use(dice))
    for kind, low, high in dice.sample(VALUES, dice.randrange(0, 9)):
        value = round(dice.uniform(low, high), 1)
        limit = dice.choice([None, 200.0, 0.5])
        bound = dice.choice([None, None, None, "<", ">"])
        facts.append(
            reading(kind, value, dice.choice([0.4, 3, 30, 900]), high=limit, comparator=bound)
        )
    for kind in dice.sample(SIGNS, dice.randrange(0, 4)):
        detail = dice.choice(["C", "U"]) if kind is SignKind.ACVPU else None
        facts.append(sign(kind, dice.choice([0.6, 5, 200]), dice.choice([TRUE, FALSE]), detail))
    for kind in dice.sample(PROBLEMS, dice.randrange(0, 5)):
        over = dice.choice([None, None, 3, 20])
        facts.append(problem(kind, 40, FALSE if over else TRUE, abated_days=over))
    return facts


def _some_use(dice: random.Random) -> Fact:
    drug = dice.choice(DRUGS)
    if dice.random() < 0.5:
        depot = "haloperidol_decanoate" if drug == "haloperidol" and dice.random() < 0.4 else None
        route = dice.choice(["oral", "im", "iv"])
        hours = dice.choice([2, 20, 60, 300])
        return dose_given(drug, hours, dice.choice([None, 5, 300]), route=route, product=depot)
    status = dice.choice([UseStatus.ACTIVE, UseStatus.ON_HOLD, UseStatus.STOPPED])
    ended = dice.choice([6, 40]) if status is not UseStatus.ACTIVE else None
    prn = dice.random() < 0.3
    return order(drug, 4, status, ended=ended, dose=dice.choice([None, 5, 100]), as_needed=prn)


def dealt(assessment: Assessment, hook: str = "patient-view") -> list[dict[str, Any]]:
    ids = count(1)
    return cards(
        assessment,
        hook,
        assessment.interactions,
        lambda: f"id-{next(ids)}",
        "https://nms.example.org",
        BERLIN,
    )


def faults_of(assessment: Assessment, facts: list[Fact]) -> list[str]:
    now = moment(chart(facts), knowledge(), NOW)
    found = plan_breaches(assessment.plan, now)
    for card in dealt(assessment):
        found += card_breaches(card, assessment)
        found += card_faults(card)
    for said in (
        *(r.ask for r in assessment.ask_next),
        *(r.could_change for r in assessment.ask_next),
        *(
            line
            for d in assessment.differential
            for line in (d.name, *d.toward, *d.away, *d.missing)
        ),
        *assessment.severity.reasons,
        *assessment.severity.critical_care,
        *assessment.severity.unknown,
        assessment.tier.wording,
    ):
        found += breaches(said)
    return found


@pytest.mark.rules(*(f"SAF-{n:02}" for n in range(1, 11)), "SAF-12")
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**40))
def test_no_chart_makes_the_product_say_what_it_may_not(seed: int) -> None:
    facts = some_patient(seed)
    assert faults_of(assessed(facts), facts) == []


@pytest.mark.heavy
@pytest.mark.timeout(3600)
@settings(max_examples=15_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**40))
def test_no_chart_of_many_does(seed: int) -> None:
    facts = some_patient(seed)
    assert faults_of(assessed(facts), facts) == []


def test_the_charts_reach_every_stage() -> None:
    """The property above would be empty if its charts never came to a plan."""
    seen = [assessed(some_patient(seed)) for seed in range(250)]
    stages = {a.plan.stage for a in seen}
    assert stages == {"", "STG-0", "STG-1", "STG-2", "STG-3", "STG-4"}
    advised = {advice.id for a in seen for advice in a.plan.advice}
    assert set(knowledge().drugs) - {"DRG-DIAZEPAM"} <= advised
    assert "RECHALLENGE" in advised


@pytest.mark.rules("SAF-01", "SAF-03", "SAF-05", "SAF-08", "SAF-12")
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_safe(name: str) -> None:
    facts = EXAMPLES[name]()
    assert faults_of(assessed(facts), facts) == []


@pytest.mark.rules("SAF-01", "SAF-02", "SAF-03", "SAF-07", "SAF-08", "SAF-09")
@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("SAF-01", "The diagnosis of NMS is made"),
        ("SAF-01", "A normal CK rules out NMS"),
        ("SAF-01", "NMS is excluded"),
        ("SAF-01", "Dantrolene is a cure"),
        ("SAF-01", "This is NMS: act now"),
        ("SAF-02", "Haloperidol has been discontinued by this service"),
        ("SAF-03", "Consensus score 83 of 100 points"),
        ("SAF-07", "An infection is unlikely: delay antibiotics"),
        ("SAF-07", "Withhold lumbar puncture for now"),
        ("SAF-08", "Restart haloperidol tomorrow"),
        ("SAF-08", "For agitation give olanzapine"),
        ("SAF-08", "Use metoclopramide for vomiting"),
        ("SAF-08", "Consider a low dose of an antipsychotic; start quetiapine"),
        ("SAF-09", "The probability of NMS is high"),
        ("SAF-09", "This patient is 83 % likely to recover"),
    ],
)
def test_the_checks_catch_what_they_are_for(rule: str, text: str) -> None:
    assert any(b.startswith(rule) for b in breaches(text)), text


@pytest.mark.parametrize(
    "text",
    [
        "Do not delay empirical antibiotics or CSF sampling because an NMS score is high",
        "Shivering: a benzodiazepine, never chlorpromazine or another phenothiazine",
        "Do not restart the culprit in this episode",
        "Consensus score 37–82 of 100 points",
    ],
)
def test_the_checks_leave_sound_words_alone(text: str) -> None:
    assert breaches(text) == []


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("temperature 39.8", True),
        ("temperature 39.8 °C at 14:05", False),
        ("CK 4,200 rising", True),
    ],
)
def test_a_number_without_its_unit_is_seen(text: str, bare: bool) -> None:
    assert bool(numbers_without_unit(text)) is bare


def test_assess_is_what_the_tests_call() -> None:
    facts = EXAMPLES["child"]()
    assert assess(chart(facts), knowledge(), NOW) == assessed(facts)
