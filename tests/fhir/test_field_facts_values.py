"""Field facts 39 to 59: values and units as real systems send them."""

from typing import Any

import orjson
import pytest

from alerts.chart import Measurement, Unread
from service.fhir.reader import read_body
from tests.costs import costs
from tests.fhir.charted import (
    CK,
    CONTEXT,
    LOINC,
    PULSE,
    coding,
    facts,
    gap,
    number,
    observation,
    quantity,
    temperature,
    told,
)

POTASSIUM = coding(LOINC, "2823-3", text="Potassium")
WBC = coding(LOINC, "6690-2", text="Leukocytes")
BREATHING = coding(LOINC, "9279-1", text="Respiratory rate")
IN_FAHRENHEIT = [{"url": "http://example.org/degF", "valueQuantity": quantity(101.1, "[degF]")}]


def test_fact_39_fahrenheit_beside_celsius_in_an_extension_is_not_read() -> None:
    inside = observation(valueQuantity=quantity(38.4, "Cel") | {"extension": IN_FAHRENHEIT})
    beside = temperature(extension=IN_FAHRENHEIT)
    assert number(inside).value == number(beside).value == 38.4


@pytest.mark.parametrize("unit", ["[degF]", "degF", "F", "°F", "Deg. F"])
def test_fact_40_fahrenheit_as_the_value(unit: str) -> None:
    sent = observation(valueQuantity={"value": 101.5, "unit": unit})
    assert (number(sent).value, number(sent).unit) == (38.61, "Cel")
    assert not number(sent).unit_inferred


@pytest.mark.rules("TEMP-01")
@pytest.mark.parametrize(
    ("value", "unit", "celsius"),
    [(38, "Cel", 38.0), (100.4, "[degF]", 38.0), (100.5, "[degF]", 38.06), (311.15, "K", 38.0)],
)
def test_fact_41_rounding_at_the_threshold(value: float, unit: str, celsius: float) -> None:
    assert number(temperature(value, unit)).value == celsius


@pytest.mark.parametrize(
    ("unit", "code"), [("degC", "Cel"), ("C", "Cel"), ("Cel", None), ("C", None), ("deg C", None)]
)
def test_fact_42_text_and_code_differ_in_spelling(unit: str, code: str | None) -> None:
    sent = {"value": 38.4, "unit": unit} | ({"code": code} if code else {})
    assert number(observation(valueQuantity=sent)).value == 38.4


@pytest.mark.rules("UNIT-01", "TIER-05")
def test_fact_43_a_temperature_without_unit_is_inferred_and_marked_ck_is_not_read() -> None:
    fahrenheit, celsius = temperature(101.5, None), temperature(38.5, None)
    assert (number(fahrenheit).value, number(fahrenheit).unit_inferred) == (38.61, True)
    assert (number(celsius).value, number(celsius).unit_inferred) == (38.5, True)
    assert gap(temperature(60, None)).reason == "unit-missing"
    assert gap(observation(CK, valueQuantity={"value": 4100})).reason == "unit-missing"


@pytest.mark.parametrize(
    "system", ["http://unitsofmeasure.org/", "urn:iso:std:iso:3986", "http://mimic.mit.edu/units"]
)
def test_fact_44_known_units_count_whatever_the_system_says(system: str) -> None:
    sent = observation(
        valueQuantity={"value": 38.4, "unit": "Cel", "code": "Cel", "system": system}
    )
    assert number(sent).value == 38.4


@pytest.mark.parametrize(
    ("code", "value", "unit"),
    [(None, 123, "mm[Hg]"), (BREATHING, 18, "minutes"), (WBC, 4500, "uL"), (WBC, 6.5, "10*3/mL")],
)
def test_fact_45_a_unit_of_another_dimension_gives_no_number(
    code: dict[str, Any] | None, value: float, unit: str
) -> None:
    sent = observation(code, valueQuantity={"value": value, "unit": unit, "code": unit})
    assert gap(sent).what == "value"
    assert gap(sent).reason in {"wrong-dimension", "unit-unmapped"}


@pytest.mark.rules("SPEC-2.3")
@pytest.mark.parametrize(
    ("code", "value", "unit"),
    [
        (None, 12, "Cel"),
        (None, 24.9, "Cel"),
        (None, 44.1, "Cel"),
        (PULSE, 19, "/min"),
        (PULSE, 301, "/min"),
        (PULSE, -60, "/min"),
        (BREATHING, 400, "/min"),
        (CK, 0.5, "U/L"),
        (CK, 2_000_001, "U/L"),
        (POTASSIUM, 1.4, "mmol/L"),
        (POTASSIUM, 10.1, "mmol/L"),
        (coding(LOINC, "8480-6"), 1, "mm[Hg]"),
        (coding(LOINC, "59408-5"), 44, "%"),
        (coding(LOINC, "9269-2"), 2, "{score}"),
        (coding(LOINC, "9269-2"), 13.5, "{score}"),
    ],
)
def test_fact_46_an_impossible_value_is_unknown_with_its_reason(
    code: dict[str, Any] | None, value: float, unit: str
) -> None:
    found = gap(observation(code, valueQuantity=quantity(value, unit)))
    assert (found.what, found.reason) == ("value", "implausible")


@pytest.mark.rules("SPEC-2.3")
@pytest.mark.parametrize(
    ("code", "value", "unit", "flags"),
    [
        (None, 25, "Cel", ("verify",)),
        (None, 30, "Cel", ()),
        (None, 42, "Cel", ()),
        (None, 42.5, "Cel", ("verify",)),
        (None, 44, "Cel", ("verify",)),
        (CK, 500_000, "U/L", ()),
        (CK, 500_001, "U/L", ("verify",)),
    ],
)
def test_fact_46_what_is_to_be_verified_is_taken_and_flagged(
    code: dict[str, Any] | None, value: float, unit: str, flags: tuple[str, ...]
) -> None:
    assert number(observation(code, valueQuantity=quantity(value, unit))).flags == flags


@pytest.mark.rules("SPEC-2.3")
@pytest.mark.parametrize(
    ("high", "low", "kept"), [(90, 86, False), (90, 85, True), (80, 120, False)]
)
def test_fact_46_a_pressure_pair_too_close_is_an_artefact(high: int, low: int, kept: bool) -> None:
    parts = [
        {"code": coding(LOINC, code), "valueQuantity": quantity(value, "mm[Hg]")}
        for code, value in (("8480-6", high), ("8462-4", low))
    ]
    sent = observation(coding(LOINC, "85354-9"), component=parts)
    reasons = [f.reason for f in facts(sent) if isinstance(f, Unread)]
    assert reasons == ([] if kept else ["pressure-pair"])


def test_fact_47_a_number_in_a_string_takes_the_unit_of_its_code_and_is_marked() -> None:
    sent = observation(POTASSIUM, valueString="4.0")
    assert (number(sent).value, number(sent).unit, number(sent).unit_inferred) == (
        4.0,
        "mmol/L",
        True,
    )
    assert gap(observation(CK, valueString="4100")).reason == "unit-missing"


@pytest.mark.parametrize(
    "text", [">=100UCUM http://unitsofmeasure.org,%", "4,5", "4,000", "4.0 or 5", "1e3"]
)
def test_fact_48_text_around_a_number_is_not_parsed(text: str) -> None:
    found = gap(observation(POTASSIUM, valueString=text))
    assert found.reason == "not-a-number"
    assert text in found.text


@pytest.mark.parametrize("text", ["0-5", "*1/*4", "The radiograph shows no infiltrate.", "", "+"])
def test_fact_49_ranges_signs_and_notes_are_no_value(text: str) -> None:
    assert gap(observation(POTASSIUM, valueString=text)).reason == "not-a-number"


@pytest.mark.rules("UNIT-02")
def test_fact_50_a_comparator_is_kept_and_alone_it_is_no_value() -> None:
    above = observation(CK, valueQuantity=quantity(20_000, "U/L", comparator=">"))
    assert (number(above).value, number(above).comparator) == (20_000, ">")
    alone = observation(CK, valueQuantity={"comparator": "<"})
    assert gap(alone).reason == "no-value"
    odd = observation(CK, valueQuantity=quantity(5, "U/L", comparator="=<"))
    assert gap(odd).reason == "comparator-unknown"


def test_fact_51_a_numeric_string_in_a_quantity_is_a_number() -> None:
    assert number(observation(POTASSIUM, valueQuantity=quantity("4.7", "mmol/L"))).value == 4.7
    words = gap(observation(POTASSIUM, valueQuantity=quantity("high", "mmol/L")))
    assert (words.reason, words.text.endswith(" high")) == ("not-a-number", True)


@pytest.mark.parametrize(
    "digits", ["1e300", "1E-22", "1e400", "1e999999999999999999", "-1e300", "9" * 400, "1" * 5000]
)
def test_fact_52_absurd_numbers_cost_no_time_and_give_no_number(digits: str) -> None:
    usual = orjson.dumps(observation(CK, valueQuantity=quantity(0.5, "U/L")))
    absurd = usual.replace(b"0.5", digits.encode(), 1)
    spent, usually = costs(lambda: read_body(absurd, CONTEXT), lambda: read_body(usual, CONTEXT))
    assert spent < 50 * usually  # 5,000 digits cost three times as much
    (resource,) = read_body(absurd, CONTEXT).resources
    (found,) = resource.facts
    assert isinstance(found, Unread)
    assert found.reason in {"number-absurd", "not-a-number", "no-value"}


def test_fact_52_binary_noise_is_read() -> None:
    assert number(temperature(38.399999999999991)).value == 38.4


def test_fact_53_an_absent_reason_is_not_normal_at_the_top_or_in_a_component() -> None:
    absent = {"dataAbsentReason": {"text": "not performed"}}
    assert gap(observation(**absent)).reason == "data-absent"
    parts = [
        {"code": coding(LOINC, "8480-6")} | absent,
        {"code": coding(LOINC, "8462-4"), "valueQuantity": quantity(90, "mm[Hg]")},
    ]
    sent = observation(coding(LOINC, "85354-9"), component=parts)
    assert {type(f) for f in facts(sent)} == {Unread, Measurement}
    assert told(sent) == [("accepted", "data-absent")]


def test_fact_54_no_value_and_no_reason_is_the_same() -> None:
    assert gap(observation()).reason == "no-value"


def test_fact_55_a_masked_value_or_subject_counts_for_nothing() -> None:
    masked = [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
               "valueCode": "masked"}]  # fmt: skip
    assert gap(observation(valueQuantity={"extension": masked})).reason == "no-value"
    assert told(temperature(subject={"extension": masked})) == [("refused", "no-subject")]


def test_fact_56_a_value_and_components_are_each_read_under_their_code() -> None:
    sent = observation(
        coding(LOINC, "59408-5"),
        valueQuantity=quantity(95, "%"),
        component=[{"code": PULSE, "valueQuantity": quantity(110, "/min")}],
    )
    assert {f.kind for f in facts(sent) if isinstance(f, Measurement)} == {"spo2", "heart_rate"}


def test_fact_57_members_have_no_value_and_a_waveform_is_refused() -> None:
    panel = observation(hasMember=[{"reference": "Observation/o2"}])
    assert facts(panel) == []
    assert told(panel) == [("accepted", "members-only")]
    stu3 = observation(related=[{"type": "has-member", "target": {"reference": "Observation/o2"}}])
    assert told(stu3) == [("accepted", "members-only")]
    curve = {"origin": {"value": 2048}, "period": 10, "dimensions": 1, "data": "2041 2043 2037"}
    assert gap(observation(PULSE, valueSampledData=curve)).reason == "waveform"


@pytest.mark.parametrize(
    "interpretation",
    [{"coding": [{"code": "H"}]}, [{"coding": [{"code": "H"}]}], [{"text": "high"}]],
)
def test_fact_58_interpretation_of_any_shape_alone_is_no_number(interpretation: object) -> None:
    assert gap(observation(CK, interpretation=interpretation)).reason == "interpretation-only"
    both = observation(CK, interpretation=interpretation, valueQuantity=quantity(4100, "U/L"))
    assert number(both).value == 4100


@pytest.mark.rules("CK-01")
@pytest.mark.parametrize(
    ("ranges", "limits"),
    [
        ([{"low": quantity(20, "U/L"), "high": quantity(259, "U/L")}], (20.0, 259.0)),
        ([{"high": {"value": 259}}], (None, 259.0)),  # in the unit of the result
        ([{"text": "70-80"}], (70.0, 80.0)),
        ([{"text": "< 171 U/L"}], (None, 171.0)),
        ([{"text": "see the handbook"}], (None, None)),
        # by sex: which one is this patient's is not ours to choose
        ([{"high": quantity(190, "U/L"), "appliesTo": [{"text": "male"}]},
          {"high": quantity(170, "U/L"), "appliesTo": [{"text": "female"}]}], (None, None)),
        # of a normal and a critical range the normal one
        ([{"high": quantity(190, "U/L"), "type": {"coding": [{"code": "normal"}]}},
          {"high": quantity(9000, "U/L"), "type": {"text": "critical"}}], (None, 190.0)),
        ({"high": quantity(190, "U/L")}, (None, 190.0)),
        ([{"high": quantity(3.2, "ukat/L")}], (None, 192.0)),
    ],
)  # fmt: skip
def test_fact_59_the_result_s_own_limits_of_normal(
    ranges: object, limits: tuple[float | None, float | None]
) -> None:
    sent = observation(CK, valueQuantity=quantity(4100, "U/L"), referenceRange=ranges)
    found = number(sent)
    assert (found.reference_low, found.reference_high) == limits
