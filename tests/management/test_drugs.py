"""The drugs of the plan: doses with all that belongs to them; what speaks against them first."""

import pytest

from alerts.chart import Fact, SignKind, UseStatus
from alerts.statements import Advice
from alerts.truth import FALSE, UNKNOWN
from tests.management.charts import (
    assessed,
    calm_before,
    dose_given,
    order,
    person,
    picture,
    problem,
    reading,
    sign,
)
from tests.management.examples import EXAMPLES, haloperidol
from tests.management.safety import is_dose


def advice(key: str, *extra: Fact, who: Fact | None = None) -> Advice:
    """What a severe picture of an adult says of a drug, with these facts added."""
    facts = [who or person(), *calm_before(), *haloperidol(), *picture(40.2, 130), *extra]
    return next(a for a in assessed(facts).plan.advice if a.id == key)


def said(key: str, *extra: Fact) -> str:
    found = advice(key, *extra)
    return "\n".join([*found.warnings, *found.lines])


SAYS = [
    ("DRG-LORAZEPAM", "Trial: 1-2 mg IV or IM once"),
    ("DRG-LORAZEPAM", "repeat: 1-2 mg IV or IM every 4-6 h"),
    ("DRG-LORAZEPAM", "1 mg four times daily or 2 mg twice daily"),
    ("DRG-LORAZEPAM", "above 16 mg/day only with senior oversight; nothing above 48 mg/day"),
    ("DRG-LORAZEPAM", "not the treatment of the syndrome itself"),
    ("DRG-LORAZEPAM", "osmol gap above 10 mOsm"),
    ("DRG-BROMOCRIPTINE", "2.5 mg by mouth or nasogastric tube two or three times daily"),
    ("DRG-BROMOCRIPTINE", "2.5 mg by mouth or nasogastric tube every 6-8 h"),
    ("DRG-BROMOCRIPTINE", "2.5-10 mg by mouth or nasogastric tube every 6-8 h"),
    ("DRG-BROMOCRIPTINE", "maximum: 45 mg/day"),
    ("DRG-BROMOCRIPTINE", "Do not stop abruptly: rebound has occurred"),
    ("DRG-BROMOCRIPTINE", "may worsen psychosis"),
    ("DRG-BROMOCRIPTINE", "mean 1.03 d in pooled case reports; the source article says days"),
    ("DRG-AMANTADINE", "Creatinine before the first dose"),
    ("DRG-AMANTADINE", "usable with liver dysfunction if the GFR allows"),
    ("DRG-AMANTADINE", "Reduce gradually to avoid relapse"),
    ("DRG-DANTROLENE", "1-2.5 mg/kg, then 1 mg/kg IV every 6 h; maximum: 10 mg/kg in 24 h"),
    ("DRG-DANTROLENE", "1-2.5 mg/kg IV every 6 h"),
    ("DRG-DANTROLENE", "0.25-2 mg/kg IV every 6-12 h"),
    ("DRG-DANTROLENE", "Only together with bromocriptine or amantadine"),
    ("DRG-DANTROLENE", "sterile water only"),
    ("DRG-DANTROLENE", "Dissent: a Quebec antidote page"),
    ("DRG-ECT", "Bilateral, 6 to 10 treatments, three treatments a week"),
    ("DRG-ECT", "Consider after 48 h without response"),
    ("DRG-ECT", "avoid succinylcholine"),
]


@pytest.mark.rules(
    "DRG-LORAZEPAM", "DRG-BROMOCRIPTINE", "DRG-AMANTADINE", "DRG-DANTROLENE", "DRG-ECT"
)
@pytest.mark.parametrize(("key", "words"), SAYS)
def test_the_drug_says(key: str, words: str) -> None:
    assert words in said(key)


@pytest.mark.rules("DRG-APOMORPHINE", "DRG-ROTIGOTINE", "MGT-DA-REINSTATE")
@pytest.mark.parametrize("key", ["DRG-APOMORPHINE", "DRG-ROTIGOTINE"])
def test_the_non_oral_rescue_has_no_dose_and_belongs_to_withdrawal(key: str) -> None:
    plan = assessed(EXAMPLES["withdrawal-levodopa"]()).plan
    found = next(a for a in plan.advice if a.id == key)
    assert not [line for line in found.lines if is_dose(line)]
    assert "no dose is displayed" in "\n".join(found.lines)
    assert key not in {a.id for a in assessed(EXAMPLES["severe-two-antipsychotics"]()).plan.advice}


@pytest.mark.rules("DRG-APOMORPHINE")
def test_ondansetron_on_the_chart_comes_before_apomorphine() -> None:
    plan = assessed(EXAMPLES["withdrawal-levodopa"]()).plan
    found = next(a for a in plan.advice if a.id == "DRG-APOMORPHINE")
    assert found.warnings[0].startswith("Contraindication recorded: ondansetron 4 mg, last dose")


@pytest.mark.rules("DRG-DIAZEPAM", "SAF-04")
def test_diazepam_has_no_confirmed_dose_and_is_not_shown() -> None:
    for name in EXAMPLES:
        assert "DRG-DIAZEPAM" not in {a.id for a in assessed(EXAMPLES[name]()).plan.advice}


# --- contraindications, three-valued (SAF-05)

RECORDED = [
    ("DRG-BROMOCRIPTINE", problem("hypertension"), "hypertension since"),
    ("DRG-BROMOCRIPTINE", problem("preeclampsia", 3), "preeclampsia since"),
    ("DRG-BROMOCRIPTINE", problem("coronary_artery_disease"), "coronary artery disease since"),
    ("DRG-BROMOCRIPTINE", problem("intracranial_haemorrhage_stroke"), "stroke since"),
    ("DRG-BROMOCRIPTINE", problem("schizophrenia"), "schizophrenia since"),
    ("DRG-BROMOCRIPTINE", problem("sepsis", 1), "sepsis since"),
    ("DRG-BROMOCRIPTINE", problem("liver_disease"), "liver disease since"),
    ("DRG-BROMOCRIPTINE", dose_given("clarithromycin", 5, 500), "clarithromycin 500 mg, last dose"),
    ("DRG-BROMOCRIPTINE", order("fluconazole", 2), "fluconazole"),
    ("DRG-BROMOCRIPTINE", order("ergotamine", 2), "ergotamine"),
    ("DRG-AMANTADINE", problem("chronic_kidney_disease"), "chronic kidney disease since"),
    ("DRG-AMANTADINE", sign(SignKind.RENAL_REPLACEMENT, 5), "renal replacement"),
    ("DRG-DANTROLENE", order("verapamil", 30), "verapamil"),
    ("DRG-DANTROLENE", dose_given("diltiazem", 30, 60), "diltiazem 60 mg, last dose"),
    ("DRG-DANTROLENE", problem("liver_disease"), "liver disease since"),
    ("DRG-DANTROLENE", problem("respiratory_failure", 1), "respiratory failure since"),
    ("DRG-LORAZEPAM", problem("respiratory_failure", 1), "respiratory failure since"),
    ("DRG-LORAZEPAM", problem("angle_closure_glaucoma", 9), "angle closure glaucoma since"),
]


@pytest.mark.rules(
    "SAF-05", "DRG-BROMOCRIPTINE", "DRG-AMANTADINE", "DRG-DANTROLENE", "DRG-LORAZEPAM"
)
@pytest.mark.parametrize(("key", "fact", "words"), RECORDED)
def test_a_recorded_contraindication_comes_first(key: str, fact: Fact, words: str) -> None:
    first = advice(key, fact).warnings[0]
    assert first.startswith("Contraindication recorded: ")
    assert words in first


CAUTIONS = [
    ("DRG-LORAZEPAM", dose_given("morphine", 3, 5, route="iv"), "Opioids and other depressants"),
    ("DRG-LORAZEPAM", dose_given("olanzapine", 3, 10, route="im"), "Intramuscular olanzapine"),
    ("DRG-LORAZEPAM", order("clozapine", 9), "Clozapine with a benzodiazepine"),
    ("DRG-BROMOCRIPTINE", problem("hypotension", 1), "Hypotension: may fall further"),
    ("DRG-AMANTADINE", problem("seizure", 9), "Seizure disorder"),
    ("DRG-AMANTADINE", order("oxybutynin", 9), "anticholinergic effects add"),
    ("DRG-DANTROLENE", problem("acute_kidney_injury", 1), "count it with kidney injury"),
]


@pytest.mark.rules("SAF-05")
@pytest.mark.parametrize(("key", "fact", "words"), CAUTIONS)
def test_a_recorded_caution_is_said(key: str, fact: Fact, words: str) -> None:
    assert any(w.startswith("Caution recorded") and words in w for w in advice(key, fact).warnings)


@pytest.mark.rules("SAF-05")
@pytest.mark.parametrize(
    ("fact", "why"),
    [
        (dose_given("olanzapine", 3, 10), "by mouth it is not the intramuscular drug"),
        (dose_given("verapamil", 200, 80), "longer ago than what counts as present"),
        (problem("sepsis", 90, FALSE, abated_days=60), "it is over"),
        (order("verapamil", 30, UseStatus.STOPPED, ended=200), "stopped long ago"),
    ],
)
def test_what_does_not_hold_is_not_said(fact: Fact, why: str) -> None:
    text = said("DRG-LORAZEPAM", fact) + said("DRG-DANTROLENE", fact)
    text += said("DRG-BROMOCRIPTINE", fact)
    assert "Intramuscular olanzapine" not in text, why
    assert "recorded: verapamil" not in text, why
    assert "recorded: sepsis" not in text, why


@pytest.mark.rules("SAF-03", "SAF-05")
def test_an_unsure_problem_counts_as_recorded() -> None:
    first = advice("DRG-BROMOCRIPTINE", problem("sepsis", 1, UNKNOWN)).warnings[0]
    assert first.startswith("Contraindication recorded: sepsis")


@pytest.mark.rules("SAF-03", "SAF-05")
def test_what_nobody_recorded_is_asked_for_and_not_taken_as_absent() -> None:
    facts = [f for f in picture(40.2, 130) if not getattr(f, "kind", "").endswith("_bp")]
    early = [f for f in calm_before() if not getattr(f, "kind", "").endswith("_bp")]
    found = assessed([person(), *early, *haloperidol(), *facts])
    bromocriptine = next(a for a in found.plan.advice if a.id == "DRG-BROMOCRIPTINE")
    dantrolene = next(a for a in found.plan.advice if a.id == "DRG-DANTROLENE")
    told = "\n".join(bromocriptine.warnings)
    assert "blood pressure not recorded in 24 h: check before bromocriptine" in told
    assert "Not on this chart, ask: Pre-eclampsia" in told
    assert "ALT not recorded in 24 h: check before dantrolene" in "\n".join(dantrolene.warnings)
    assert "Not on this chart, ask: verapamil, diltiazem" in "\n".join(dantrolene.warnings)


@pytest.mark.rules("SAF-05")
def test_after_a_reconciliation_the_drugs_need_not_be_asked_for_again() -> None:
    told = said("DRG-DANTROLENE", sign(SignKind.MEDICATION_RECONCILED, 2))
    assert "ask: verapamil" not in told


@pytest.mark.rules("DRG-BROMOCRIPTINE")
def test_blood_pressure_is_shown_beside_the_contraindication_it_decides() -> None:
    assert (
        "Check: blood pressure 178/102 mmHg, 24 Nov 14:02 UTC. Uncontrolled hypertension"
        in said("DRG-BROMOCRIPTINE")
    )


# --- dantrolene: weight, oral limit, calcium channel blockers

WEIGHED = reading("body_weight", 70, 48)


@pytest.mark.rules("DRG-DANTROLENE", "SAF-04")
@pytest.mark.parametrize(
    ("weight", "computed"),
    [
        (WEIGHED, True),
        (reading("body_weight", 70, 30 * 24 - 1), True),
        (reading("body_weight", 70, 30 * 24 + 1), False),
        (reading("body_weight", 70, 48, inferred=True), False),
        (reading("body_weight", 70, 48, comparator=">"), False),
        (None, False),
    ],
)
def test_milligrams_only_with_a_recent_weight(weight: Fact | None, computed: bool) -> None:
    told = said("DRG-DANTROLENE", *([weight] if weight else []))
    assert ("= 175 mg = 9 vials of 20 mg with 540 mL sterile water" in told) is computed
    assert ("No weight recorded in 30 d: mg/kg only" in told) is not computed


@pytest.mark.rules("DRG-DANTROLENE")
@pytest.mark.parametrize(
    ("weight", "words", "never"),
    [
        (70, "at 70 kg 280 to 560 mg/day", ""),
        (99.9, "at 99.9 kg 399.6 to 799.2 mg/day", ""),
        (100, "400 mg/day at the lower end, the upper end would pass the limit", "to 800"),
        (200, "Oral dantrolene is not shown: at 200 kg it reaches the limit", "to 1600"),
    ],
)  # fmt: skip
def test_an_oral_total_of_800_mg_a_day_is_never_shown(
    weight: float, words: str, never: str
) -> None:
    told = said("DRG-DANTROLENE", reading("body_weight", weight, 20))
    assert words in told
    assert not never or never not in told


@pytest.mark.rules("DRG-DANTROLENE")
def test_oral_dantrolene_is_not_shown_in_liver_disease() -> None:
    told = said("DRG-DANTROLENE", problem("liver_disease"))
    assert "Oral dantrolene is not shown" in told
    assert "four times daily" not in told


@pytest.mark.rules("DRG-DANTROLENE", "SAF-05")
@pytest.mark.parametrize("drug", ["verapamil", "diltiazem"])
def test_nothing_is_offered_beside_a_drug_that_must_not_be_given(drug: str) -> None:
    """Bromocriptine stands beside dantrolene only where dantrolene may be given at all."""
    plain = advice("DRG-BROMOCRIPTINE")
    assert "Beside dantrolene" in plain.brief
    barred = advice("DRG-BROMOCRIPTINE", order(drug, 30))
    assert "dantrolene" not in f"{barred.brief} {' '.join(barred.lines)}".lower()
    assert "Where rigidity and hyperthermia are severe" in barred.brief


@pytest.mark.rules("DRG-BROMOCRIPTINE", "SAF-05")
def test_a_contraindication_on_the_chart_is_more_than_something_to_check() -> None:
    told = advice("DRG-BROMOCRIPTINE", problem("preeclampsia")).brief
    assert "Against it on the chart: preeclampsia. " in told
    assert told.index("Against it") < told.index("mg")


@pytest.mark.rules("DRG-AMANTADINE")
def test_a_creatinine_on_the_chart_is_not_asked_for_again() -> None:
    told = advice("DRG-AMANTADINE", reading("creatinine", 185.682, 3)).brief
    assert "creatinine 186 µmol/L" in told
    assert "work out the GFR" in told


@pytest.mark.parametrize("drug", ["verapamil", "diltiazem"])
def test_with_a_blocking_drug_on_the_chart_no_dantrolene_dose_is_shown(drug: str) -> None:
    found = advice("DRG-DANTROLENE", WEIGHED, dose_given(drug, 6, 80))
    assert found.warnings[0].startswith(f"Contraindication recorded: {drug}")
    assert f"Do not give together, no dose is shown: {drug} is on the chart" in found.lines
    assert "mg/kg" not in "\n".join(found.lines)
    assert found.brief == f"Dantrolene: do not give, on the chart: {drug}"


@pytest.mark.rules("DRG-DANTROLENE")
@pytest.mark.parametrize(
    ("rigid", "latest", "shown"), [(True, 39.5, True), (False, 39.5, False), (True, 38.6, False)]
)
def test_in_moderate_disease_only_where_rigidity_drives_the_temperature(
    rigid: bool, latest: float, shown: bool
) -> None:
    facts = picture(39.3, 112, rigid=rigid)
    newest = reading("body_temperature", latest, 0.1, site="bladder")
    found = assessed([person(), *calm_before(), *haloperidol(), *facts, newest])
    assert found.severity.level == "MODERATE"
    if found.plan.stage == "STG-3":
        assert ("DRG-DANTROLENE" in {a.id for a in found.plan.advice}) is shown
    else:
        assert not shown


# --- amantadine: age of the GFR


@pytest.mark.rules("DRG-AMANTADINE")
@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ([reading("egfr", 42, 3)], "100 mg by mouth or nasogastric tube every 24 h"),
        ([reading("egfr", 42, 3)], "chosen by eGFR 42 mL/min/1.73 m², 24 Nov 11:32 UTC"),
        ([reading("egfr", 42, 3)], "If it falls (GFR 15 to 35 mL/min): 100 mg"),
        ([reading("egfr", 95, 25)], "GFR of the last 24 h not known: creatinine before"),
        ([reading("creatinine", 210, 3)], "210 µmol/L, 24 Nov 11:32 UTC: work out the GFR"),
        ([reading("egfr", 95, 3), problem("acute_kidney_injury", 1)], "GFR overstates"),
        ([], "creatinine before the first dose"),
    ],
)  # fmt: skip
def test_amantadine_goes_by_a_gfr_of_today(facts: list[Fact], words: str) -> None:
    assert words in said("DRG-AMANTADINE", *facts)


@pytest.mark.rules("DRG-AMANTADINE")
def test_with_a_row_chosen_the_higher_doses_are_not_shown() -> None:
    told = said("DRG-AMANTADINE", reading("egfr", 42, 3))
    assert "every 12 h" not in told


# --- age and pregnancy (SAF-06)


@pytest.mark.rules("SAF-06")
@pytest.mark.parametrize(
    ("years", "words"),
    [
        (None, "Age not recorded: doses are for adults only and are not displayed"),
        (18, "Trial: 1-2 mg"),
        (90, "Trial: 1-2 mg"),
    ],
)
def test_doses_are_for_adults_whose_age_is_known(years: int | None, words: str) -> None:
    found = advice("DRG-LORAZEPAM", who=person(years))
    assert words in "\n".join(found.lines)
    assert any(is_dose(line) for line in found.lines) is (years is not None)


@pytest.mark.rules("SAF-06")
def test_a_child_is_told_to_a_specialist_and_gets_no_dose() -> None:
    found = assessed(EXAMPLES["child"]())
    told = [line for a in found.plan.advice if a.id != "MGT-WITHHOLD" for line in a.lines]
    assert not [line for line in told if is_dose(line)]
    assert found.tier.name.value == "POSSIBLE"
    assert any("call a paediatric specialist" in a.brief for a in found.plan.advice)


@pytest.mark.rules("SAF-06")
@pytest.mark.parametrize("kind", ["pregnancy", "breastfeeding"])
def test_in_pregnancy_the_obstetric_notice_is_first(kind: str) -> None:
    for key in ("DRG-LORAZEPAM", "DRG-BROMOCRIPTINE", "DRG-AMANTADINE", "DRG-DANTROLENE"):
        found = advice(key, problem(kind, 90), who=person(29, "female"))
        assert "obstetric advice" in found.warnings[0]
        assert "obstetric advice" in found.brief


@pytest.mark.rules("SAF-06")
def test_a_pregnancy_that_is_over_needs_no_notice() -> None:
    over = problem("pregnancy", 400, FALSE, abated_days=100)
    assert "obstetric" not in said("DRG-LORAZEPAM", over)


@pytest.mark.rules("DRG-BROMOCRIPTINE")
def test_a_drug_that_already_runs_is_said_to_run_and_is_no_contraindication_to_itself() -> None:
    found = advice("DRG-BROMOCRIPTINE", dose_given("bromocriptine", 5, 2.5))
    assert found.warnings[0].startswith("Already on the chart: bromocriptine 2.5 mg")
    assert not any("recorded: bromocriptine" in w for w in found.warnings)
