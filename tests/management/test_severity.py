"""Severity, stage and the triggers of critical care, one row for each boundary."""

import pytest

from alerts.chart import Fact, SignKind
from alerts.findings import read_findings
from alerts.moment import moment
from alerts.severity import severity
from alerts.statements import Severity, TierName
from tests.management.charts import NOW, chart, dose_given, knowledge, reading, sign

T, HR = "body_temperature", "heart_rate"
EXAMINED = sign(SignKind.RIGIDITY, 1, detail="lead_pipe")


def graded(*facts: Fact, tier: TierName = TierName.PROBABLE) -> Severity:
    now = moment(chart(facts), knowledge(), NOW)
    return severity(now, read_findings(now).findings, tier)


@pytest.mark.rules("SEV-01", "WOOD-01")
@pytest.mark.parametrize(
    ("temperature", "pulse", "level", "stage"),
    [
        (37.0, 80, "MILD", "III"),
        (38.0, 100, "MILD", "III"),
        (38.1, 100, "MODERATE", "IV"),
        (38.0, 101, "MODERATE", "IV"),
        (39.9, 119, "MODERATE", "IV"),
        (40.0, 80, "SEVERE", "V"),
        (37.0, 120, "SEVERE", "V"),
        (None, 90, "MILD", "III"),
        (39.0, None, "MODERATE", "IV"),
        (None, None, "UNKNOWN", None),
    ],
)
def test_the_worse_of_temperature_and_pulse(
    temperature: float | None, pulse: float | None, level: str, stage: str | None
) -> None:
    facts = [EXAMINED]
    facts += [reading(T, temperature, 2)] if temperature else []
    facts += [reading(HR, pulse, 2)] if pulse else []
    found = graded(*facts)
    assert (found.level, found.stage) == (level, stage)


@pytest.mark.rules("SEV-01")
def test_the_worst_of_a_day_counts_and_yesterday_does_not() -> None:
    facts = [reading(T, 40.3, 25), reading(T, 38.4, 20), reading(T, 37.2, 1)]
    assert graded(*facts, reading(HR, 80, 1)).level == "MODERATE"


@pytest.mark.rules("SEV-01")
def test_with_one_of_the_two_missing_the_level_is_said_to_be_a_minimum() -> None:
    found = graded(reading(T, 38.5, 2))
    assert "no heart rate in 24 h: the level is a minimum" in found.reasons


@pytest.mark.rules("WOOD-01")
def test_no_stage_where_nobody_examined() -> None:
    assert graded(reading(T, 39.0, 2)).stage is None


CALM = (reading(T, 37.0, 1), reading(HR, 80, 1))


@pytest.mark.rules("SEV-02")
@pytest.mark.parametrize(
    ("facts", "severe", "said"),
    [
        ([reading("gcs_total", 8)], True, "GCS 8"),
        ([reading("gcs_total", 9)], False, ""),
        ([sign(SignKind.ACVPU, 1, detail="U")], True, "unresponsive"),
        ([sign(SignKind.COMA)], True, "coma"),
        ([sign(SignKind.VENTILATED)], True, "mechanical ventilation"),
        ([reading("spo2", 89, flags=("on_oxygen",))], True, "SpO2 89 %"),
        ([reading("spo2", 90, flags=("on_oxygen",))], False, ""),
        ([reading("spo2", 86)], False, ""),
        ([reading("pco2", 51), reading("ph_blood", 7.29)], True, "PaCO2 51 mmHg with pH 7.29"),
        ([reading("pco2", 51), reading("ph_blood", 7.30)], False, ""),
        ([reading("pco2", 50), reading("ph_blood", 7.20)], False, ""),
        ([reading("potassium", 6.5)], True, "potassium 6.5 mmol/L"),
        ([reading("potassium", 6.4)], False, ""),
        ([reading("potassium", 6.9, flags=("haemolysed",))], False, ""),
        ([sign(SignKind.VENTRICULAR_ARRHYTHMIA)], True, "new ventricular arrhythmia"),
        ([reading("creatinine", 70, 90), reading("creatinine", 140, 3)], True, "creatinine 140"),
        ([reading("creatinine", 70, 90), reading("creatinine", 139, 3)], False, ""),
        ([reading("platelets", 49), reading("d_dimer", 4, high=0.5),
          reading("fibrinogen", 0.9)], True, "ISTH DIC score 5–8 of 8 points"),
        ([reading("systolic_bp", 89)], True, "systolic pressure 89 mmHg"),
        ([reading("systolic_bp", 90)], False, ""),
        ([dose_given("norepinephrine", 2, route="iv")], True, "vasopressor running"),
    ],
)  # fmt: skip
def test_what_makes_it_severe(facts: list[Fact], severe: bool, said: str) -> None:
    found = graded(*CALM, *facts)
    assert found.level == ("SEVERE" if severe else "MILD")
    assert said in "; ".join(found.reasons)


@pytest.mark.rules("SEV-02")
@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ([], "potassium not recorded in 24 h"),
        ([], "SpO2 not recorded in 24 h"),
        ([], "blood pressure not recorded in 24 h"),
        ([], "GCS or ACVPU not recorded in 24 h"),
        ([], "clotting screen for the ISTH DIC score not recorded in 48 h"),
        ([reading("spo2", 86)], "SpO2 86 %: severe if on oxygen, which is not recorded"),
        ([reading("spo2", 86, flags=("room_air",))], "SpO2 86 % on room air"),
        ([reading("potassium", 6.9, flags=("haemolysed",))], "haemolysed: repeat now"),
        ([reading("pco2", 60)], "pH not recorded"),
    ],
)
def test_what_is_not_recorded_is_said_and_not_taken_as_normal(facts: list[Fact], said: str) -> None:
    assert said in "; ".join(graded(*CALM, *facts).unknown)


@pytest.mark.rules("SEV-03")
def test_severity_unknown_takes_the_moderate_row() -> None:
    found = graded(EXAMINED)
    assert found.level == "UNKNOWN"
    assert "no temperature and no heart rate in 24 h" in found.reasons


@pytest.mark.rules("SEV-02", "SEV-03")
def test_an_override_decides_even_where_both_values_are_missing() -> None:
    assert graded(sign(SignKind.VENTILATED)).level == "SEVERE"


@pytest.mark.rules("SEV-04", "MGT-ESCALATE")
@pytest.mark.parametrize(
    ("facts", "trigger"),
    [
        ([reading(T, 38.4, 1)], "moderate"),
        ([reading(T, 40.2, 1)], "severe"),
        ([reading(T, 38.6, 2), reading(T, 39.0, 1), sign(SignKind.ACTIVE_COOLING, 3)],
         "temperature 39 °C and rising despite cooling"),
        ([sign(SignKind.VENTILATED)], "ventilation at risk"),
        ([reading("gcs_total", 7)], "coma"),
        ([reading("potassium", 6.6)], "severe hyperkalaemia"),
        ([reading("creatinine", 70, 90), reading("creatinine", 160, 3)], "acute renal failure"),
    ],
)  # fmt: skip
def test_the_triggers_of_critical_care(facts: list[Fact], trigger: str) -> None:
    assert trigger in "; ".join(graded(*facts).critical_care)


@pytest.mark.rules("SEV-04")
def test_a_mild_picture_without_a_trigger_has_none() -> None:
    assert graded(*CALM).critical_care == ()


@pytest.mark.rules("SEV-01")
def test_below_possible_there_is_no_severity() -> None:
    assert graded(reading(T, 41, 1), tier=TierName.WATCH).level == "NONE"
