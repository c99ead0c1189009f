"""What is said of a number is the number of the rules: another rule version says another."""

import ast
import re
from pathlib import Path

import pytest

import alerts
from alerts.assessment import assess
from alerts.knowledge import Knowledge, load, with_overlay
from alerts.knowledge.sentences import sentence
from tests.medicine.ward import NOW, chart

ROOT = Path(alerts.__file__).parent
ROOMS = ("findings", "differential", "guidance", "scales", "interactions")
FILES = ("severity", "requests", "resolution", "rechallenge", "withdrawal", "channels", "context")
FILES += ("tiers", "artefacts", "baseline", "exposure")
# a number and what it counts, in a text
NUMBER = re.compile(
    r"\d(?:[\d.]*\d)? ?(?:°C|×|%|mmHg|mg|mL|kg|U/L|h\b|d\b|min\b|days|weeks|times|readings)"
)
# a day, as what a dose or an amount is counted in
PLAIN = frozenset({"24h", "24 h amount ", " mg/kg in 24 h (", "Maximum in 24 h: "})


def texts(path: Path) -> set[str]:
    """The texts of a module, without what explains it."""
    tree = ast.parse(path.read_text("utf-8"))
    explains = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in explains
    }


MODULES = [p for room in ROOMS for p in sorted((ROOT / room).glob("*.py"))]
MODULES += [ROOT / f"{name}.py" for name in FILES]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_no_text_holds_a_number_of_its_own(path: Path) -> None:
    assert {text for text in texts(path) if NUMBER.search(text)} <= PLAIN


def overlay(**numbers: float) -> Knowledge:
    changed = {
        key.replace("__", "."): {"value": value, "basis": "D", "cite": []}
        for key, value in numbers.items()
    }
    return with_overlay(load(), {"version": "other", "parameters": changed})


ILL = ("-30h temp 38.39 oral", "-2h temp 38.39 oral", "-1h CK 900 uln 200", "-20h rigidity present")


def test_the_threshold_of_fever_is_the_one_that_was_used() -> None:
    rules = overlay(hyp__threshold_c=38.5, temp1__window_h=36)
    said = assess(chart(*ILL), rules, NOW).findings["TEMP1"]
    assert said.reason == "no reading above 38.5 °C in 36 h"
    assert [d.value for d in said.evidence] == ["38.39"]


def test_the_multiple_of_the_limit_is_the_one_that_was_used() -> None:
    said = assess(chart(*ILL), overlay(ck__multiple=5, ck__early_negative_h=36), NOW)
    assert said.findings["CK"].reason == (
        "below 5 × ULN, drawn less than 36 h after onset: repeat in 36 h (CK-02)"
    )
    weighed = {d.id: d for d in said.differential}
    assert any("5 × ULN" in text for text in weighed["DDX-EPS"].missing)


def test_other_rules_say_their_own_after_the_first_said_theirs() -> None:
    before = assess(chart(*ILL), load(), NOW).findings["TEMP1"].reason
    assess(chart(*ILL), overlay(hyp__threshold_c=38.5), NOW)
    assert assess(chart(*ILL), load(), NOW).findings["TEMP1"].reason == before
    assert "38.0 °C" in before


def sets_of(rules: Knowledge) -> str:
    """All that the criteria sets say of a patient, in one text."""
    said = assess(chart(*ILL), rules, NOW).scale_details
    assert {one.id for one in said} >= {"LEVENSON_HIGH", "CAROFF_MANN", "POPE", "ADITYANJEE"}
    return "\n".join(text for one in said for text in (one.note, *(f.text for f in one.features)))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("levenson.ck_u_l", 1200, "CK above 1200 U/L"),
        ("levenson.hr", 105, "heart rate 105 or more"),
        ("levenson.rr", 22, "respiratory rate 22 or more"),
        ("hyp.threshold_c", 38.3, "hyperthermia threshold unverified (38.3 °C used)"),
        ("caroff.oral_d", 8, "neuroleptic within 8 days (28 for a depot)"),
        ("caroff.depot_d", 30, "neuroleptic within 7 days (30 for a depot)"),
        ("exposure.literal_h", 96, "dopamine antagonist within 96 h before onset"),
        ("hyp.occasions", 3, "above 38.0 °C on three occasions, with profuse diaphoresis"),
        ("ck.multiple", 5, "CK at least 5 × ULN"),
        ("met.rr_ratio", 1.6, "tachypnoea at least 60 % above baseline"),
        ("pope.temperature_c", 37.8, "oral or core temperature above 37.8 °C"),
        ("pope.extrapyramidal", 3, "three extrapyramidal signs"),
        ("pope.diastolic_rise", 25, "diastolic rise of 25 mmHg"),
        ("pope.hr_rise", 35, "heart rate rise of 35/min"),
        ("pope.rr", 28, "respiratory rate above 28"),
        ("pope.wbc", 16, "leucocytes above 16 unknown"),
        ("pope.ck_u_l", 350, "CK above 350 U/L true"),
        ("adityanjee.temperature_c", 38.8, "above 38.8 °C, oral or core, for 48 h"),
        ("adityanjee.duration_h", 36, "the 36 h fever rule is too slow for an alert"),
        ("adityanjee.oral_d", 21, "exposure within 3 weeks (8 for a depot)"),
        ("adityanjee.depot_d", 70, "exposure within 2 weeks (10 for a depot)"),
        ("adityanjee.hr", 110, "heart rate above 110"),
        ("adityanjee.rr", 27, "respiratory rate above 27"),
        ("adityanjee.systolic_swing", 35, "blood pressure swing 35/15 mmHg"),
        ("adityanjee.diastolic_swing", 20, "blood pressure swing 30/20 mmHg"),
    ],
)
def test_a_criteria_set_says_the_number_it_was_read_with(key: str, value: float, said: str) -> None:
    before = sets_of(load())
    assert said not in before
    rules = overlay(**{key.replace(".", "__"): value})
    assert said in sets_of(rules)
    assert sets_of(load()) == before
    trace = {step.id: step.thresholds for step in assess(chart(*ILL), rules, NOW).trace}
    assert {p.id: p.value for p in trace["scales"]}[key] == value


def test_the_week_of_stiffness_is_the_one_of_the_rules() -> None:
    stiff = ("-6d order haloperidol oral", "-5d rigidity present new", "-2h rigidity absent")
    shorter, longer = (assess(chart(*stiff), overlay(ddx__eps_watch_d=d), NOW) for d in (4, 6))
    assert (shorter.tier.rules, longer.tier.rules) == (
        (),
        ("TIER-1", "rigidity within 6 days (DDX-EPS)"),
    )


@pytest.mark.parametrize(
    ("key", "value", "way", "said"),
    [
        ("hyp.threshold_c", 38.0, "", "38.0"),
        ("hyp.threshold_c", 38.25, "", "38.25"),
        ("ddx.heat_c", 40.0, ":short", "40"),
        ("ck.multiple", 4, "", "4"),
        ("ck.no_range_u_l", 1000000, "", "1000000"),
        ("ddx.neutrophils", 1.5, "", "1.5"),
        ("met.newest", 3, ":word", "three"),
        ("met.newest", 12, ":word", "12"),
        ("ddx.clozapine_start_d", 56, ":weeks", "8"),
        ("bpup.ratio", 1.25, ":percent", "25"),
        ("msb.rass_min", 2, ":signed", "+2"),
        ("ms.rass_max", -2, "", "-2"),
    ],
)
def test_how_a_number_is_written(key: str, value: float, way: str, said: str) -> None:
    rules = overlay(**{key.replace(".", "__"): value})
    assert sentence(f"a {{{key}{way}}} b", rules.parameters) == f"a {said} b"


def test_a_text_that_names_no_number_of_the_rules_is_a_fault() -> None:
    with pytest.raises(KeyError, match=r"hyp\.treshold"):
        load().says("above {hyp.treshold} °C")


def test_every_text_names_numbers_that_there_are() -> None:
    rules = load()
    named = [t for path in MODULES for t in texts(path) if re.search(r"\{[a-z0-9_]+\.[a-z_]+", t)]
    assert len(named) > 60
    for text in named:
        assert "{" not in rules.says(text)


@pytest.mark.rules("MGT-FLUID")
@pytest.mark.parametrize(
    ("weight", "said"),
    [
        (70, "is 70 to 140 mL/h"),
        (150, "is 150 to 300 mL/h"),
        (151, "is 151 to 300 mL/h, the displayed maximum"),
        (300, "is 300 mL/h, the displayed maximum"),
        (400, "is 300 mL/h, the displayed maximum"),
    ],
)
def test_the_fluid_target_stays_below_its_cap(weight: int, said: str) -> None:
    ill = chart(
        "patient male 1970-01-01", "-2d given haloperidol oral 5 mg", "-3h temp 39 oral",
        "-1h temp 39 oral", "-2h rigidity present lead_pipe", "-2h acvpu V",
        "-2h CK 9000 uln 200", f"-1d weight {weight}",
    )  # fmt: skip
    fluid = next(a for a in assess(ill, load(), NOW).plan.advice if a.id == "MGT-FLUID")
    line = next(text for text in fluid.lines if text.startswith("At "))
    assert line == f"At {weight} kg the target of 1 to 2 mL/kg/h {said}"
    assert max(int(n) for n in re.findall(r"(\d+)(?= mL/h| to)", line.split(" is ")[1])) <= 300
