"""Field facts 25 to 38: codes of observations as real systems send them."""

from typing import Any

import pytest

from alerts.chart import Measurement, Unread
from tests.fhir.charted import (
    CK,
    LOINC,
    PULSE,
    SNOMED,
    coding,
    fact,
    facts,
    gap,
    number,
    observation,
    quantity,
    temperature,
    told,
)

FLOWSHEET = {"system": "urn:oid:1.2.840.114350.1.13.0.1.7.2.707679", "code": "6"}


def loinc(*codes: str) -> list[dict[str, Any]]:
    return [{"system": LOINC, "code": code} for code in codes]


def test_fact_25_the_specific_code_wins_in_any_place_and_a_group_code_never_decides() -> None:
    codes = {"coding": [FLOWSHEET, *loinc("8310-5", "8716-3")], "text": "Temp"}
    assert number(temperature(code=codes)).kind == "body_temperature"
    vague = observation({"coding": loinc("8716-3")}, valueQuantity=quantity(37, "Cel"))
    assert gap(vague).reason == "unmapped-code"


def test_fact_26_a_component_is_known_by_its_specific_code() -> None:
    def part(code: str, value: int) -> dict[str, Any]:
        repeated = [{"system": "urn:local", "code": "703501"}, *loinc("85354-9", code)]
        return {"code": {"coding": repeated}, "valueQuantity": quantity(value, "mm[Hg]")}

    sent = observation(
        {"coding": loinc("85354-9")}, component=[part("8480-6", 142), part("8462-4", 91)]
    )
    assert {(f.kind, f.value) for f in facts(sent) if isinstance(f, Measurement)} == {
        ("systolic_bp", 142.0),
        ("diastolic_bp", 91.0),
    }
    assert told(sent) == [("accepted", "")]


@pytest.mark.parametrize("code", ["2710-2", "2708-6", "59408-5"])
def test_fact_27_superseded_codes_of_a_family_are_read(code: str) -> None:
    sent = observation({"coding": loinc(code)}, valueQuantity=quantity(95, "%"))
    assert number(sent).kind == "spo2"


def test_fact_28_the_site_is_in_the_more_specific_code_or_the_local_name() -> None:
    both = {"coding": loinc("8310-5", "8331-1")}
    assert number(temperature(code=both)).site == "oral"
    assert number(temperature(code=coding(LOINC, "8310-5", text="Temperature Oral"))).site == "oral"
    assert number(temperature()).site is None


def test_fact_29_no_loinc_at_all() -> None:
    snomed = coding(SNOMED, "364075005", text="Heart rate")
    assert number(observation(snomed, valueQuantity=quantity(88, "/min"))).kind == "heart_rate"
    local = observation(coding("urn:jp:medis", "31001369"), valueQuantity=quantity(18, "/min"))
    assert gap(local).reason == "unmapped-code"


@pytest.mark.parametrize(
    ("text", "value", "unit", "kind"),
    [
        ("体温", 39.1, "Cel", "body_temperature"),
        ("呼吸数", 28, "/min", "respiratory_rate"),
        ("脈拍数", 122, "/min", "heart_rate"),
        ("収縮期血圧", 168, "mm[Hg]", "systolic_bp"),
        ("체온", 39.1, "Cel", "body_temperature"),
        ("心率", 122, "/min", "heart_rate"),
    ],
)
def test_fact_29_a_name_in_another_script_is_read(
    text: str, value: float, unit: str, kind: str
) -> None:
    assert number(observation({"text": text}, valueQuantity=quantity(value, unit))).kind == kind


def test_fact_30_a_name_without_a_unit_is_shown_not_used() -> None:
    sent = observation({"text": "Creatinine"}, valueQuantity={"value": 1.1})
    found = gap(sent)
    assert (found.reason, found.text) == ("unit-missing", "Creatinine 1.1")


def test_fact_31_a_code_without_a_system_is_not_guessed() -> None:
    sent = observation({"coding": [{"code": "8867-4"}]}, valueQuantity=quantity(88, "/min"))
    assert gap(sent).reason == "unmapped-code"


def test_fact_32_a_code_counts_with_its_system_only() -> None:
    race = coding("urn:oid:2.16.840.1.113883.6.238", "2157-6")
    assert gap(observation(race, valueQuantity=quantity(900, "U/L"))).reason == "unmapped-code"


def test_fact_33_points_under_the_name_of_a_vital_sign_are_not_its_value() -> None:
    score = observation(
        coding(SNOMED, "1104371000000107", text="Temperature score"),
        valueQuantity={"value": 2, "unit": "{ScoreOf}", "code": "{ScoreOf}"},
    )
    assert not [f for f in facts(score) if isinstance(f, Measurement)]
    named = temperature(2, "{ScoreOf}")
    assert not [f for f in facts(named) if isinstance(f, Measurement)]


@pytest.mark.parametrize("code", ["13969-1", "2158-4", "20569-0"])
def test_fact_34_ck_mb_and_ratios_are_not_ck(code: str) -> None:
    sent = observation(coding(LOINC, code, text="CK-MB"), valueQuantity=quantity(96.2, "ng/mL"))
    assert gap(sent).reason == "excluded-code"


def test_fact_35_two_components_with_one_code_are_conflicting() -> None:
    parts = [{"code": PULSE, "valueQuantity": quantity(v, "/min")} for v in (60, 120)]
    found = gap(observation({"text": "Vital signs"}, component=parts))
    assert (found.reason, found.text) == ("conflicting-components", "heart_rate 60, 120")
    same = observation({"text": "Vital signs"}, component=[parts[0], parts[0]])
    assert number(same).value == 60


def test_fact_36_systolic_and_diastolic_apart_share_their_time() -> None:
    high = observation(coding(LOINC, "8480-6"), id="s", valueQuantity=quantity(150, "mm[Hg]"))
    low = observation(coding(LOINC, "8462-4"), id="d", valueQuantity=quantity(85, "mm[Hg]"))
    systolic, diastolic = facts(high, low)
    assert isinstance(systolic, Measurement)
    assert isinstance(diastolic, Measurement)
    assert systolic.at == diastolic.at
    assert {systolic.kind, diastolic.kind} == {"systolic_bp", "diastolic_bp"}


@pytest.mark.parametrize(
    "category", [None, [{"coding": [{"code": "vital-sign"}]}], {"text": "old"}, "nonsense"]
)
def test_fact_37_the_category_is_never_asked(category: object) -> None:
    assert number(temperature(category=category)).value == 38.4


def test_fact_38_displays_are_not_compared_and_words_are_cleaned() -> None:
    zero_width = {"coding": [{"system": LOINC, "code": "6690-2",
                              "display": "Leukocytes [#/\u200bvolume] in Blood"}]}  # fmt: skip
    assert number(observation(zero_width, valueQuantity=quantity(11.2, "10*3/uL"))).kind == "wbc"
    spaced = observation(
        {"text": "  Body\u200b   temperature \n"}, valueQuantity=quantity(38.4, "Cel")
    )
    assert number(spaced).kind == "body_temperature"


def test_a_component_without_a_code_of_its_own_is_its_panel_s() -> None:
    sent = observation(CK, component=[{"valueQuantity": quantity(4100, "U/L")}])
    assert number(sent).kind == "creatine_kinase"


def test_an_unmapped_observation_is_shown_with_its_value_and_time() -> None:
    sent = observation({"text": "Probe T-4"}, valueQuantity=quantity(38.4, "Cel"))
    found = fact(sent)
    assert isinstance(found, Unread)
    assert (found.what, found.reason, found.text) == (
        "observation",
        "unmapped-code",
        "Probe T-4 38.4 Cel",
    )
    assert found.at is not None
