"""The staged pathway and supportive care: what a patient's plan holds, a row for each rule."""

from zoneinfo import ZoneInfo

import pytest

from alerts.assessment import assess
from alerts.chart import Fact, SignKind, UseStatus
from alerts.statements import Advice
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
from tests.management.examples import EXAMPLES, haloperidol, mild, severe


def plan_of(name: str) -> dict[str, Advice]:
    return {a.id: a for a in assessed(EXAMPLES[name]()).plan.advice}


def advice(facts: list[Fact], key: str) -> Advice:
    return next(a for a in assessed(facts).plan.advice if a.id == key)


STAGES = [
    ("STG-0", "watch-new-rigidity", [], ["MGT-STOP", "MGT-WITHHOLD", "DRG-LORAZEPAM"]),
    ("STG-1", "possible-fever-confusion",
     ["MGT-WITHHOLD", "MGT-MONITOR", "MGT-ESCALATE", "MGT-SEPSIS"], ["MGT-STOP", "DRG-LORAZEPAM"]),
    ("STG-3", "moderate-risperidone-lithium",
     ["MGT-STOP", "MGT-COOL", "MGT-ESCALATE", "MGT-FLUID", "MGT-ELYTE", "MGT-MONITOR", "MGT-VTE",
      "DRG-LORAZEPAM", "DRG-BROMOCRIPTINE", "DRG-AMANTADINE", "MGT-ARRH"], ["DRG-ECT", "MGT-DIC"]),
    ("STG-4", "severe-two-antipsychotics",
     ["MGT-STOP", "MGT-COOL", "MGT-RESP", "MGT-RHABDO", "MGT-DIC", "DRG-DANTROLENE", "DRG-ECT",
      "DRG-BROMOCRIPTINE", "DRG-AMANTADINE", "MGT-CATACARE", "MGT-POISON", "MGT-REPORT",
      "MGT-RESTRAINT", "MGT-EVIDENCE", "MGT-RESOLUTION"], ["MGT-DA-REINSTATE"]),
]  # fmt: skip


@pytest.mark.rules("STG-0", "STG-1", "STG-3", "STG-4")
@pytest.mark.parametrize(("stage", "name", "within", "without"), STAGES)
def test_each_stage_has_its_advice(
    stage: str, name: str, within: list[str], without: list[str]
) -> None:
    plan = assessed(EXAMPLES[name]()).plan
    ids = [a.id for a in plan.advice]
    assert plan.stage == stage
    assert set(within) <= set(ids)
    assert not set(without) & set(ids)


@pytest.mark.rules("STG-2")
def test_mild_disease_gets_support_and_lorazepam_and_no_specific_drug() -> None:
    plan = assessed(mild()).plan
    ids = {a.id for a in plan.advice}
    assert plan.stage == "STG-2"
    assert {"MGT-STOP", "MGT-FLUID", "MGT-ELYTE", "MGT-MONITOR", "DRG-LORAZEPAM", "MGT-VTE"} <= ids
    assert not {"DRG-BROMOCRIPTINE", "DRG-AMANTADINE", "DRG-DANTROLENE", "MGT-COOL"} & ids


@pytest.mark.rules("SEV-03")
def test_with_severity_unknown_the_moderate_row_is_labelled() -> None:
    facts = [f for f in mild() if getattr(f, "at", None) is None or f.kind != "heart_rate"]
    stale = [f for f in facts if getattr(f, "kind", "") != "body_temperature" or f.value > 38]
    found = assessed(stale)
    assert (found.severity.level, found.plan.stage) == ("UNKNOWN", "STG-3")
    cool = next(a for a in found.plan.advice if a.id == "MGT-COOL")
    stop = next(a for a in found.plan.advice if a.id == "MGT-STOP")
    assert cool.label.startswith("Severity unknown")
    assert not stop.label


SAYS = [
    ("MGT-STOP", "severe-two-antipsychotics", "haloperidol 5 mg IM, last dose 24 Nov 08:08 UTC"),
    ("MGT-STOP", "severe-two-antipsychotics", "olanzapine 20 mg by mouth, last dose 23 Nov 21:32"),
    ("MGT-STOP", "severe-two-antipsychotics",
     "metoclopramide (antiemetic) 10 mg IV, last dose not recorded, as-needed order in force"),
    ("MGT-STOP", "depot-haloperidol", "haloperidol decanoate 100 mg IM, last dose 15 Nov 14:32"),
    ("MGT-STOP", "depot-haloperidol", "cannot be removed: expected to act until about"),
    ("MGT-STOP", "depot-haloperidol", "window ends"),
    ("MGT-STOP", "depot-haloperidol", "cancel the next injection"),
    ("MGT-STOP", "depot-haloperidol",
     "quetiapine 300 mg by mouth, last dose not recorded, order on hold"),
    ("MGT-STOP", "moderate-risperidone-lithium", "to review: lithium"),
    ("MGT-WITHHOLD", "possible-fever-confusion", "Consider withholding the next dose"),
    ("MGT-DA-REINSTATE", "withdrawal-levodopa",
     "dose before the change, as recorded: 100 mg 3 times a day"),
    ("MGT-DA-REINSTATE", "withdrawal-levodopa", "by mouth or enteral tube"),
    ("MGT-DA-REINSTATE", "withdrawal-levodopa",
     "apomorphine subcutaneously; if neither is possible"),
    ("MGT-DA-REINSTATE", "withdrawal-levodopa", "do not add an antipsychotic for agitation"),
    ("MGT-ESCALATE", "severe-two-antipsychotics", "Met now: severe"),
    ("MGT-MONITOR", "severe-two-antipsychotics", "Continuous ECG, SpO2, blood pressure"),
    ("MGT-MONITOR", "severe-two-antipsychotics", "at least every 30 min"),
    ("MGT-MONITOR", "severe-two-antipsychotics", "every 6 h while CK is rising or above 5000 U/L"),
    ("MGT-MONITOR", "severe-two-antipsychotics", "Coagulation and platelets daily while severe"),
    ("MGT-MONITOR", "severe-two-antipsychotics", "Urine output hourly"),
    ("MGT-COOL", "severe-two-antipsychotics", "from a core temperature of 38.5 °C"),
    ("MGT-COOL", "severe-two-antipsychotics", "Stop active cooling at 38.0 °C"),
    ("MGT-COOL", "severe-two-antipsychotics", "never chlorpromazine or another phenothiazine"),
    ("MGT-FLUID", "severe-two-antipsychotics",
     "At 70 kg the target of 1 to 2 mL/kg/h is 70 to 140 mL/h"),
    ("MGT-FLUID", "severe-two-antipsychotics", "urine at least 1 mL/kg/h"),
    ("MGT-FLUID", "severe-two-antipsychotics", "recommends neither bicarbonate nor diuretics"),
    ("MGT-ELYTE", "severe-two-antipsychotics", "potassium 5.9 mmol/L"),
    ("MGT-ELYTE", "moderate-risperidone-lithium", "Potassium not recorded in 24 h: send now"),
    ("MGT-RESP", "severe-two-antipsychotics", "check swallow before any oral dose"),
    ("MGT-RESP", "severe-two-antipsychotics", "not succinylcholine"),
    ("MGT-VTE", "severe-two-antipsychotics",
     "prophylaxis by local protocol unless bleeding or DIC"),
    ("MGT-CATACARE", "severe-two-antipsychotics", "Pressure care, bladder scan"),
    ("MGT-ARRH", "severe-two-antipsychotics", "12-lead ECG"),
    ("MGT-ARRH", "severe-two-antipsychotics", "common practice, not confirmed"),
    ("MGT-RHABDO", "severe-two-antipsychotics", "stop nephrotoxic drugs; nephrology early"),
    ("MGT-DIC", "severe-two-antipsychotics", "ISTH score now 0–6 of 8 points from platelets 140"),
    ("MGT-SEPSIS", "severe-two-antipsychotics",
     "Do not delay empirical antibiotics or CSF sampling"),
    ("MGT-RESTRAINT", "severe-two-antipsychotics", "de-escalate, use a benzodiazepine"),
    ("MGT-REPORT", "severe-two-antipsychotics", "national pharmacovigilance scheme"),
    ("MGT-POISON", "severe-two-antipsychotics", "regional poison centre"),
    ("MGT-EVIDENCE", "severe-two-antipsychotics", "No single drug reverses NMS"),
    ("MGT-RESOLUTION", "severe-two-antipsychotics", "rigidity absent: not met"),
]  # fmt: skip


@pytest.mark.rules(
    "MGT-STOP", "MGT-DA-REINSTATE", "MGT-ESCALATE", "MGT-MONITOR", "MGT-COOL", "MGT-FLUID",
    "MGT-ELYTE", "MGT-RESP", "MGT-VTE", "MGT-CATACARE", "MGT-ARRH", "MGT-RHABDO", "MGT-DIC",
    "MGT-SEPSIS", "MGT-RESTRAINT", "MGT-REPORT", "MGT-POISON",
)  # fmt: skip
@pytest.mark.parametrize(("key", "name", "words"), SAYS, ids=lambda v: str(v)[:40])
def test_the_plan_says(key: str, name: str, words: str) -> None:
    said = plan_of(name)[key]
    assert words in "\n".join([*said.warnings, *said.lines])


@pytest.mark.rules("MGT-STOP")
def test_what_runs_comes_before_what_may_run() -> None:
    names = [c.name for c in assessed(severe()).plan.culprits]
    assert names == ["haloperidol", "olanzapine", "metoclopramide"]


@pytest.mark.rules("MGT-STOP")
@pytest.mark.parametrize(
    ("use", "standing"),
    [
        (order("quetiapine", 3), "order in force"),
        (order("quetiapine", 3, as_needed=True), "as-needed order in force"),
        (order("quetiapine", 9, UseStatus.ON_HOLD, ended=200), "order on hold"),
        (order("quetiapine", 3, UseStatus.STOPPED, ended=5), "order stopped 24 Nov 09:32 UTC"),
        (order("domperidone", 3), "order in force"),
        (order("tetrabenazine", 30), "order in force"),
    ],
)
def test_every_kind_of_order_is_listed(use: Fact, standing: str) -> None:
    facts = [person(), *calm_before(), *haloperidol(), *picture(), use]
    found = {c.drug: c for c in assessed(facts).plan.culprits}
    assert standing in found[use.ingredients[0]].standing


@pytest.mark.rules("MGT-STOP")
def test_the_last_dose_is_the_newest_one_given_not_the_order() -> None:
    doses = [dose_given("haloperidol", h, 5, route="im") for h in (50, 26, 3, 9)]
    found = assessed([person(), *calm_before(), *picture(), order("haloperidol", 5), *doses])
    line = next(a for a in found.plan.advice if a.id == "MGT-STOP").lines[0]
    assert "last dose 24 Nov 11:32 UTC" in line
    assert len(found.plan.culprits) == 1


@pytest.mark.rules("MGT-STOP", "SAF-10")
def test_with_no_antagonist_on_the_chart_the_plan_asks_for_the_history() -> None:
    culprit = [sign(SignKind.STIMULATOR_FAILURE, 30)]
    facts = [person(70), *calm_before(), *culprit, *picture()]
    keys = {a.id for a in assessed(facts).plan.advice}
    assert "MGT-DA-REINSTATE" in keys
    assert "MGT-STOP" not in keys


@pytest.mark.rules("MGT-DA-REINSTATE")
def test_both_stop_and_reinstate_where_a_patient_has_both() -> None:
    facts = [*EXAMPLES["withdrawal-levodopa"](), *haloperidol()]
    keys = [a.id for a in assessed(facts).plan.advice]
    assert {"MGT-STOP", "MGT-DA-REINSTATE"} <= set(keys)
    stop = advice(facts, "MGT-STOP")
    assert "Dopaminergic withdrawal too" in stop.warnings[0]


@pytest.mark.rules("MGT-DA-REINSTATE")
def test_an_unrecorded_dose_is_asked_for_and_never_made_up() -> None:
    facts = [
        person(72), *calm_before(), *picture(39.3, 116),
        order("levodopa", 200, UseStatus.STOPPED, ended=36),
    ]  # fmt: skip
    said = advice(facts, "MGT-DA-REINSTATE")
    assert "dose before the change not recorded" in said.lines[0]
    assert "mg" not in said.lines[0]


@pytest.mark.rules("MGT-DA-REINSTATE")
def test_after_a_cut_the_newest_dose_is_not_taken_for_the_earlier_one() -> None:
    before = [dose_given("levodopa", h, 200) for h in range(30, 150, 8)]
    after = [dose_given("levodopa", h, 50) for h in (2, 10, 18)]
    facts = [person(72), *calm_before(), *picture(39.3, 116), *before, *after]
    said = advice(facts, "MGT-DA-REINSTATE")
    assert "dose before the cut: the daily mean just named" in said.lines[0]
    assert "against a daily mean of" in said.lines[0]
    assert "as recorded: 50 mg" not in "\n".join(said.lines)


@pytest.mark.rules("MGT-DA-REINSTATE")
def test_amantadine_withdrawal_restarts_amantadine_by_kidney_function() -> None:
    stop = order("amantadine", 200, UseStatus.STOPPED, ended=30, dose=100, times=2)
    facts = [person(79), *calm_before(), *picture(39.3, 116), stop]
    assert "dosed by kidney function" in "\n".join(advice(facts, "MGT-DA-REINSTATE").lines)


@pytest.mark.rules("MGT-ELYTE")
@pytest.mark.parametrize(
    ("potassium", "word"), [(5.9, ""), (6.0, "Alert"), (6.4, "Alert"), (6.5, "Emergency")]
)
def test_hyperkalaemia_comes_first(potassium: float, word: str) -> None:
    facts = [person(), *calm_before(), *haloperidol(), *picture(), reading("potassium", potassium)]
    warnings = advice(facts, "MGT-ELYTE").warnings
    assert (warnings[0].split(":")[0] if warnings else "") == word


@pytest.mark.rules("MGT-FLUID")
@pytest.mark.parametrize(
    ("ck", "high", "words"),
    [
        (1001, 200, "at least 1 mL/kg/h"),
        (990, 190, "at least 1 mL/kg/h"),
        (900, 200, "0.5 mL/kg/h"),
        (None, None, "CK not recorded in 72 h"),
    ],
)
def test_the_urine_target_follows_ck(ck: float | None, high: float | None, words: str) -> None:
    facts = [person(), *calm_before(), *haloperidol(), *picture(ck=None)]
    facts += [reading("creatine_kinase", ck, 2, high=high)] if ck else []
    assert words in "\n".join(advice(facts, "MGT-FLUID").lines)


@pytest.mark.rules("MGT-FLUID")
@pytest.mark.parametrize(
    "kind", ["heart_block_or_heart_failure", "liver_disease", "chronic_kidney_disease"]
)
def test_fluid_is_cautioned_before_it_is_given(kind: str) -> None:
    facts = [person(), *calm_before(), *haloperidol(), *picture(), problem(kind)]
    told = advice(facts, "MGT-FLUID")
    assert "start low, reassess every 2 h" in told.warnings[0]
    assert f"({kind.replace('_', ' ')} on the chart): start low" in told.brief


@pytest.mark.rules("MGT-FLUID", "SEV-04")
def test_failing_kidneys_that_nobody_coded_caution_too() -> None:
    facts = [person(), *calm_before(), *haloperidol(), *picture()]
    failing = [*facts, reading("creatinine", 60, 90), reading("creatinine", 185.682, 3)]
    told = advice(failing, "MGT-FLUID")
    assert "acute renal failure (creatinine 186 µmol/L, 3.1 × the lowest" in told.warnings[0]
    assert "start low" in told.brief
    assert "caution" not in advice(facts, "MGT-FLUID").brief


@pytest.mark.rules("MGT-VTE", "MGT-DIC")
def test_clotting_is_looked_at_before_prophylaxis() -> None:
    overt = [reading("platelets", 40), reading("d_dimer", 9, high=0.5), reading("fibrinogen", 0.8)]
    facts = [person(), *calm_before(), *haloperidol(), *picture(40.2)]
    assert "check before prophylaxis" in advice(facts, "MGT-VTE").warnings[0]
    assert "ISTH DIC score 5–8 of 8" in advice([*facts, *overt], "MGT-VTE").warnings[0]
    assert advice([*facts, *overt], "MGT-DIC").warnings[0].startswith("Overt DIC")


@pytest.mark.rules("MGT-COOL", "ALR-04")
def test_without_any_exposure_critical_hyperthermia_is_still_cooled() -> None:
    facts = [
        person(),
        reading("body_temperature", 41.6, 0.5, site="rectal"),
        sign(SignKind.MEDICATION_RECONCILED, 3),
        sign(SignKind.ACVPU, 0.5, detail="P"),
    ]
    found = assessed(facts)
    assert found.plan.stage in {"", "STG-0"}
    assert [a.id for a in found.plan.advice] == ["MGT-COOL"]


@pytest.mark.rules("MGT-COOL", "TEMP-05")
def test_a_core_temperature_above_41_is_cooled_whatever_the_tier() -> None:
    facts = [
        person(), *calm_before(), *haloperidol(),
        reading("body_temperature", 41.4, 0.5, site="rectal"),
        reading("body_temperature", 41.2, 2, site="rectal"),
        sign(SignKind.ACVPU, 0.5, detail="P"),
    ]  # fmt: skip
    found = assessed(facts)
    assert found.plan.stage == "STG-1"
    assert "MGT-COOL" in {a.id for a in found.plan.advice}


@pytest.mark.rules("MGT-STOP")
def test_times_are_told_in_the_zone_of_the_clock() -> None:
    """A chart asked for in ward time tells ward times, whatever the zones of its facts."""
    local = NOW.astimezone(ZoneInfo("Europe/Berlin"))
    found = assess(chart(severe()), knowledge(), local)
    assert "last dose 24 Nov 09:08 CET" in found.plan.advice[0].lines[0]


@pytest.mark.rules("MGT-DA-REINSTATE")
def test_the_watch_list_is_not_treated() -> None:
    found = assessed(EXAMPLES["watch-new-rigidity"]())
    assert found.plan.advice == ()
    assert found.ask_next
