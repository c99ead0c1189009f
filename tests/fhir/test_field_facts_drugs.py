"""Field facts 1 to 24: drugs and orders as real systems send them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.chart import Evidence, MedicationUse, TimeBasis, Unread, UseStatus
from service.fhir.reader import complete, completed
from tests.fhir.charted import (
    AT,
    HALOPERIDOL,
    RXNORM,
    SNOMED,
    coding,
    dose,
    facts,
    gap,
    order,
    read,
    told,
    use,
)

MEDICATION = {"resourceType": "Medication", "id": "med1", "code": HALOPERIDOL}


def referring(reference: str = "Medication/med1", display: str | None = None) -> dict[str, Any]:
    shown = {"display": display} if display else {}
    return order(
        medicationCodeableConcept=None, medicationReference={"reference": reference} | shown
    )


def test_fact_1_a_display_is_the_drug_s_name_at_once_and_the_medication_is_awaited() -> None:
    (resource,) = read(referring("Medication/x", "haloperidol (HALDOL) 5 MG tablet")).resources
    drug = resource.facts[0]
    assert isinstance(drug, MedicationUse)
    assert drug.ingredients == ("haloperidol",)
    assert resource.awaits == "Medication/x"


@pytest.mark.parametrize("reverse", [False, True])
def test_fact_2_a_medication_in_the_same_body_is_joined_in_any_order(reverse: bool) -> None:
    sent = [referring(), MEDICATION]
    assert use(*(reversed(sent) if reverse else sent)).ingredients == ("haloperidol",)


def test_fact_2_a_medication_that_comes_later_completes_the_order() -> None:
    (waiting,) = read(referring()).resources
    assert waiting.awaits == "Medication/med1"
    assert [f.reason for f in waiting.facts if isinstance(f, Unread)] == ["awaits-medication"]
    (medication,) = read(MEDICATION).resources
    assert medication.identifies is not None
    assert medication.patient == ""
    done = completed(waiting.facts, medication.identifies)
    (drug,) = done
    assert isinstance(drug, MedicationUse)
    assert drug.ingredients == ("haloperidol",)
    assert complete(waiting.facts[0], medication.identifies) == drug  # type: ignore[arg-type]


def test_fact_2_an_unmapped_medication_takes_nothing_away_and_is_said() -> None:
    (waiting,) = read(referring()).resources
    (medication,) = read(MEDICATION | {"code": {"text": "Zzyx 5"}}).resources
    drug, shown = completed(waiting.facts, medication.identifies)  # type: ignore[arg-type]
    assert isinstance(drug, MedicationUse)
    assert isinstance(shown, Unread)
    assert (drug.text, shown.reason) == ("Zzyx 5", "unmapped-drug")


def test_fact_3_a_contained_id_equal_to_the_parent_s_resolves_inside_the_parent_only() -> None:
    given = dose(
        id="197",
        medicationCodeableConcept=None,
        medicationReference={"reference": "#197"},
        contained=[{"resourceType": "Medication", "id": "197", "code": HALOPERIDOL}],
    )
    stranger = order(
        id="m9", medicationCodeableConcept=None, medicationReference={"reference": "#197"}
    )
    assert use(given).ingredients == ("haloperidol",)
    assert use(given, stranger).source.resource_id == "197"


def test_fact_4_a_contained_drug_without_a_code_is_the_union_of_its_ingredients() -> None:
    held = {
        "resourceType": "Medication",
        "id": "mix",
        "code": {"text": "Levodopa and carbidopa mixture of the ward"},
        "ingredient": [
            {"itemCodeableConcept": coding(RXNORM, "6375", text="levodopa")},
            {"itemCodeableConcept": coding(RXNORM, "2019", text="carbidopa")},
        ],
    }
    sent = order(
        medicationCodeableConcept=None, medicationReference={"reference": "#mix"}, contained=[held]
    )
    assert use(sent).ingredients == ("carbidopa", "levodopa")


def test_fact_5_a_known_code_decides_in_any_place_and_user_selected_does_not() -> None:
    local = {"system": "https://fhir.example/codeSet/synonym", "code": "40284513",
             "userSelected": True, "display": "a local name"}  # fmt: skip
    rxnorm = {"system": RXNORM, "code": "5093"}
    for codings in ([local, rxnorm], [rxnorm, local]):
        sent = order(medicationCodeableConcept={"coding": codings})
        assert use(sent).ingredients == ("haloperidol",)
    only_local = order(medicationCodeableConcept={"coding": [local], "text": "haloperidol"})
    assert use(only_local).ingredients == ("haloperidol",)


@pytest.mark.parametrize("code", ["5093", "197698", "310670"])
def test_fact_6_every_level_of_rxnorm_names_its_ingredients(code: str) -> None:
    sent = order(medicationCodeableConcept={"coding": [{"system": RXNORM, "code": code}]})
    drug = use(sent)
    assert drug.ingredients, f"RxNorm {code}"


def test_fact_7_a_code_without_words_is_enough_and_an_unmapped_one_is_said() -> None:
    sent = order(medicationCodeableConcept={"coding": [{"system": RXNORM, "code": "5093"}]})
    assert use(sent).ingredients == ("haloperidol",)
    strange = order(medicationCodeableConcept={"coding": [{"system": RXNORM, "code": "99999999"}]})
    drug, shown = facts(strange)
    assert isinstance(drug, MedicationUse)
    assert isinstance(shown, Unread)
    assert (drug.ingredients, shown.reason) == ((), "unmapped-drug")


def test_fact_8_a_nonsense_ndc_is_no_drug_but_its_words_are() -> None:
    concept = coding("http://hl7.org/fhir/sid/ndc", "2669", text="haloperidol 5 mg")
    assert use(order(medicationCodeableConcept=concept)).ingredients == ("haloperidol",)


@pytest.mark.parametrize("system", ["https://dmd.nhs.uk", "https://dmd.nhs.uk/"])
def test_fact_9_a_system_means_the_same_with_and_without_a_trailing_slash(system: str) -> None:
    plain = use(order(medicationCodeableConcept=coding(RXNORM, "5093")))
    slashed = use(order(medicationCodeableConcept=coding(RXNORM + "/", "5093")))
    assert plain.ingredients == slashed.ingredients == ("haloperidol",)
    unknown = order(medicationCodeableConcept=coding(system, "nonsense", text="haloperidol"))
    assert use(unknown).ingredients == ("haloperidol",)


def test_fact_10_a_code_under_the_wrong_system_is_only_text() -> None:
    route = coding(SNOMED, "C38288", text="ORAL")
    sent = order(dosageInstruction=[{"route": route}])
    assert use(sent).route == "oral"


def test_fact_11_an_absent_reason_where_the_drug_should_be_is_an_unknown_drug() -> None:
    system = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
    sent = order(medicationCodeableConcept={"coding": [{"system": system, "code": "unknown"}]})
    assert gap(sent).reason == "no-drug"
    assert told(sent) == [("accepted", "no-drug")]


def test_fact_12_the_r5_shape_and_the_dstu2_name_are_the_same_order() -> None:
    r5 = order(medicationCodeableConcept=None, medication={"concept": HALOPERIDOL})
    r5_reference = order(
        medicationCodeableConcept=None,
        medication={"reference": {"reference": "Medication/med1"}},
    )
    dstu2 = {
        "resourceType": "MedicationOrder",
        "id": "m1",
        "status": "active",
        "patient": {"reference": "Patient/p1"},
        "dateWritten": "2026-03-01",
        "medicationCodeableConcept": HALOPERIDOL,
    }
    assert use(r5).ingredients == use(dstu2).ingredients == ("haloperidol",)
    assert use(r5_reference, MEDICATION).ingredients == ("haloperidol",)
    assert use(dstu2).time_basis is TimeBasis.DAY


@pytest.mark.parametrize("intent", ["plan", "proposal", "option", "draft"])
def test_fact_13_an_intent_that_is_no_order_is_kept(intent: str) -> None:
    assert use(order(intent=intent)).intent == intent


def test_fact_14_do_not_perform_is_kept_whatever_the_status() -> None:
    assert use(order(doNotPerform=True)).do_not_perform
    assert use(order(doNotPerform=True, status="completed")).do_not_perform


@pytest.mark.parametrize(
    "elements", [{"status": "not-done"}, {"notGiven": True}, {"wasNotGiven": True}]
)
def test_fact_15_a_dose_not_given_is_not_done_in_every_version(elements: dict[str, Any]) -> None:
    assert use(dose(**elements)).status is UseStatus.NOT_DONE


def test_fact_16_a_modifier_extension_keeps_the_record_but_uses_nothing_of_it() -> None:
    modifier = [{"url": "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-notDone",
                 "valueBoolean": True}]  # fmt: skip
    for sent in (order(modifierExtension=modifier), dose(modifierExtension=modifier)):
        assert gap(sent).reason == "modifier-extension"
        assert told(sent) == [("accepted", "modifier-extension")]


def test_fact_17_a_retracted_order_that_lost_its_drug_retracts_by_id() -> None:
    gone = order(status="entered-in-error", medicationCodeableConcept={"text": "Error"})
    (resource,) = read(gone).resources
    assert resource.retracted
    assert resource.facts == ()
    assert resource.source.reference == "MedicationRequest/m1"


def test_fact_18_an_old_active_order_keeps_its_date() -> None:
    assert use(order(authoredOn="2021-07-14T13:36:53Z")).authored == datetime(
        2021, 7, 14, 13, 36, 53, tzinfo=UTC
    )


def test_fact_19_start_from_bounds_then_supply_else_the_day_or_unknown() -> None:
    bounds = {"repeat": {"boundsPeriod": {"start": "2026-02-27"}}}
    bounded = use(order(authoredOn=None, dosageInstruction=[{"timing": bounds}]))
    assert bounded.start == datetime(2026, 2, 26, 23, tzinfo=UTC)  # the day begins in Berlin
    supply = {"validityPeriod": {"start": "2026-02-28T10:00:00Z"}}
    supplied = use(order(authoredOn=None, dispenseRequest=supply))
    assert supplied.start == datetime(2026, 2, 28, 10, tzinfo=UTC)
    day = use(order(authoredOn="2026-03-01"))
    assert (day.authored, day.time_basis) == (
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        TimeBasis.DAY,
    )
    never = use(order(authoredOn=None))
    assert (never.start, never.authored, never.time_basis) == (None, None, TimeBasis.UNDATED)


def test_fact_20_one_dose_told_three_times_is_the_ordered_one() -> None:
    def rate(kind: str, value: float, unit: str) -> dict[str, Any]:
        return {"type": {"text": kind}, "doseQuantity": {"value": value, "unit": unit}}

    rates = [
        rate("calculated", 10, "mg"),
        rate("admin-amount", 1, "{tbl}"),
        rate("ordered", 5, "mg"),
    ]
    drug = use(order(dosageInstruction=[{"doseAndRate": rates}]))
    assert (drug.dose, drug.dose_unit) == (5.0, "mg")


@pytest.mark.parametrize(
    ("unit", "dose_told", "unit_told"),
    [
        ("MG", 5.0, "mg"),
        ("milligram(s)", 5.0, "mg"),
        ("g", 5000.0, "mg"),
        ("microgram", 0.005, "mg"),
        ("EACH", 5.0, "each"),
        ("smoot", None, None),
    ],
)
def test_fact_21_dose_units_by_habit(
    unit: str, dose_told: float | None, unit_told: str | None
) -> None:
    rates = [{"doseQuantity": {"value": 5, "unit": unit, "code": unit}}]
    drug = use(order(dosageInstruction=[{"doseAndRate": rates}]))
    assert drug.ingredients == ("haloperidol",)
    assert (drug.dose, drug.dose_unit) == (dose_told, unit_told)


def test_fact_22_an_administration_with_a_start_only_runs_until_told() -> None:
    running = dose(status="in-progress", effectiveDateTime=None, effectivePeriod={"start": AT})
    drug = use(running)
    assert (drug.start, drug.end) == (datetime(2026, 3, 3, 8, tzinfo=UTC), None)
    assert drug.time_basis is TimeBasis.PERIOD


@pytest.mark.parametrize(
    ("kind", "elements", "evidence"),
    [
        ("MedicationDispense", {"whenHandedOver": AT, "status": "completed"}, Evidence.DISPENSE),
        ("MedicationStatement", {"effectiveDateTime": AT, "status": "active"}, Evidence.STATEMENT),
        ("MedicationUsage", {"effectiveDateTime": AT, "status": "recorded",
                             "adherence": {"code": coding("x", "taking")}}, Evidence.STATEMENT),
        ("MedicationAdministration", {"effectiveDateTime": AT, "status": "completed"},
         Evidence.ADMINISTRATION),
    ],
)  # fmt: skip
def test_fact_23_all_four_kinds_of_evidence_are_taken(
    kind: str, elements: dict[str, Any], evidence: Evidence
) -> None:
    sent = {
        "resourceType": kind,
        "id": "e1",
        "medicationCodeableConcept": HALOPERIDOL,
        "subject": {"reference": "Patient/p1"},
    } | elements
    drug = use(sent)
    assert (drug.evidence, drug.ingredients) == (evidence, ("haloperidol",))
    assert drug.start == datetime(2026, 3, 3, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("supply", "days"),
    [
        ({"value": 90, "unit": "days"}, 90),
        ({"value": 28, "unit": "d", "code": "d", "system": "http://unitsofmeasure.org"}, 28),
        ({"value": 4, "unit": "weeks", "code": "wk"}, 28),
        ({"value": 30}, 30),
        ({"value": 30, "unit": "Day"}, 30),
        ({"value": 30, "unit": "tablets"}, None),
        ({"value": 0, "unit": "d"}, None),
        ({"value": -7, "unit": "d"}, None),
        ({"value": 9_999_999_999, "unit": "d"}, None),
        ({"unit": "d"}, None),
        ("30", None),
        (None, None),
    ],
)
def test_fact_23_what_was_dispensed_lasts_as_long_as_its_supply(
    supply: Any, days: int | None
) -> None:
    sent = {
        "resourceType": "MedicationDispense", "id": "e1", "status": "completed",
        "medicationCodeableConcept": HALOPERIDOL, "subject": {"reference": "Patient/p1"},
        "whenHandedOver": AT, "daysSupply": supply,
    }  # fmt: skip
    start = datetime(2026, 3, 3, 8, tzinfo=UTC)
    assert use(sent).start == start
    assert use(sent).end == (None if days is None else start + timedelta(days=days))


def test_fact_24_dosage_in_words_is_not_turned_into_numbers() -> None:
    words = "Take 1 tablet three times a day as needed Starting Tue 5/28/2019"
    drug = use(order(dosageInstruction=[{"text": words}]))
    assert (drug.dose, drug.times_per_day, drug.as_needed, drug.start) == (None, None, False, None)
