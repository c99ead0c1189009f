"""Orders and statements: taken or not, until when, how often, by which route."""

from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.chart import UseStatus
from alerts.truth import TRUE
from tests.fhir.charted import (
    HALOPERIDOL,
    SNOMED,
    bundle,
    coding,
    dose,
    order,
    outcome,
    read,
    use,
)


@pytest.mark.parametrize(
    ("elements", "status"),
    [
        ({"status": "active", "taken": "n"}, UseStatus.NOT_TAKEN),
        ({"status": "active", "taken": "y"}, UseStatus.ACTIVE),
        ({"status": "active", "wasNotTaken": True}, UseStatus.NOT_TAKEN),
        ({"status": "recorded", "adherence": {"code": coding("x", "not-taking")}},
         UseStatus.NOT_TAKEN),
        ({"status": "recorded", "adherence": {"code": coding("x", "stopped")}}, UseStatus.STOPPED),
        ({"status": "on-hold"}, UseStatus.ON_HOLD),
        ({"status": "something new"}, UseStatus.UNKNOWN),
    ],
)  # fmt: skip
def test_whether_a_drug_is_taken_is_told_differently_in_each_version(
    elements: dict[str, Any], status: UseStatus
) -> None:
    statement = {
        "resourceType": "MedicationStatement",
        "id": "s1",
        "medicationCodeableConcept": HALOPERIDOL,
        "subject": {"reference": "Patient/p1"},
    } | elements
    assert use(statement).status is status


@pytest.mark.rules("SPEC-3.5")
@pytest.mark.parametrize(
    ("elements", "end", "certain"),
    [
        # bounds tell the stop
        ({"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {
            "start": "2026-02-01T08:00:00Z", "end": "2026-03-02T08:00:00Z"}}}}]},
         datetime(2026, 3, 2, 8, tzinfo=UTC), True),
        # R5 tells it
        ({"statusChanged": "2026-03-02T10:00:00Z"}, datetime(2026, 3, 2, 10, tzinfo=UTC), True),
        # only the record's own change does
        ({"meta": {"lastUpdated": "2026-03-02T11:00:00Z"}},
         datetime(2026, 3, 2, 11, tzinfo=UTC), False),
        # a planned end that has not come is no stop
        ({"meta": {"lastUpdated": "2026-03-02T11:00:00Z"},
          "dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {
              "start": "2026-02-01T08:00:00Z", "end": "2026-04-01T08:00:00Z"}}}}]},
         datetime(2026, 3, 2, 11, tzinfo=UTC), False),
    ],
)  # fmt: skip
def test_when_an_order_was_stopped(elements: dict[str, Any], end: datetime, certain: bool) -> None:
    drug = use(order(status="stopped", **elements))
    assert (drug.end, drug.stop_certain) == (end, certain)


@pytest.mark.parametrize(
    ("timing", "per_day"),
    [
        ({"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}}, 3.0),
        ({"repeat": {"frequency": 1, "period": 8, "periodUnit": "h"}}, 3.0),
        ({"repeat": {"frequency": 1, "period": 4, "periodUnits": "wk"}}, 1 / 28),
        ({"repeat": {"timeOfDay": ["08:00:00", "20:00:00"]}}, 2.0),
        ({"code": {"coding": [{"code": "BID"}]}}, 2.0),
        ({"code": {"text": "Q8H"}}, 3.0),
        ({"code": {"text": "when the moon is full"}}, None),
        ({"repeat": {"frequency": 1, "period": 0, "periodUnit": "d"}}, None),
    ],
)
def test_how_often(timing: dict[str, Any], per_day: float | None) -> None:
    drug = use(order(dosageInstruction=[{"timing": timing}]))
    assert drug.times_per_day == (None if per_day is None else pytest.approx(per_day))


def test_bounds_by_duration_end_after_the_start() -> None:
    repeat = {"boundsDuration": {"value": 7, "code": "d", "unit": "days"}}
    drug = use(order(dosageInstruction=[{"timing": {"repeat": repeat}}]))
    assert drug.end == datetime(2026, 3, 8, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("route", "key"),
    [
        (coding(SNOMED, "78421000", text="Intramuscular route"), "im"),
        ({"text": "intramuscular"}, "im"),
        (coding("http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration", "IVP"), "iv"),
        (coding(SNOMED, "127492001", text="Nasogastric route"), "ng"),
    ],
)
def test_routes_by_code_and_by_word(route: dict[str, Any], key: str) -> None:
    given = dose(dosage={"route": route, "dose": {"value": 5, "unit": "mg"}})
    assert (use(given).route, use(given).dose) == (key, 5.0)


def test_a_depot_is_known_by_its_name() -> None:
    depot = {"text": "haloperidol decanoate 100 mg/mL injection"}
    drug = use(dose(medicationCodeableConcept=depot))
    assert (drug.product, drug.long_acting) == ("haloperidol_decanoate", TRUE)


def test_a_medication_with_a_reference_to_an_ingredient_of_its_own() -> None:
    held = {
        "resourceType": "Medication",
        "id": "m",
        "ingredient": [{"item": {"reference": {"reference": "#i"}}}],
    }
    inner = {"resourceType": "Medication", "id": "i", "code": HALOPERIDOL}
    sent = order(
        medicationCodeableConcept=None,
        medicationReference={"reference": "#m"},
        contained=[held, inner],
    )
    assert use(sent).ingredients == ("haloperidol",)


def test_medications_that_contain_each_other_end() -> None:
    held = [
        {"resourceType": "Medication", "id": a,
         "ingredient": [{"itemReference": {"reference": f"#{b}"}}]}
        for a, b in (("m", "i"), ("i", "m"))
    ]  # fmt: skip
    sent = order(
        medicationCodeableConcept=None, medicationReference={"reference": "#m"}, contained=held
    )
    assert outcome(sent).reason == "no-drug"
    assert read(bundle(sent)).outcomes
