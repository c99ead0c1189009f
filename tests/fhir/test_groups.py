"""Groups of orders: what a RequestGroup contains is read as drafts; what it only names is told."""

from typing import Any

import pytest

from service.fhir.reader import ReadContext, read_drafts
from service.fhir.reader.groups import unfolded, unsent
from tests.fhir.charted import BERLIN, HALOPERIDOL, NOW, bundle, coding, order

CALL = ReadContext("ward", NOW, BERLIN, only_patient="p1")


def group(*contained: object, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "RequestGroup",
        "id": "g",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "contained": list(contained),
        **changes,
    }


def within(name: str = "1", **changes: Any) -> dict[str, Any]:
    """An order as it stands in a group: mostly without a subject of its own."""
    return order(id=name, status="draft", subject=None, **changes)


@pytest.mark.parametrize("kind", ["RequestGroup", "RequestOrchestration", "CarePlan"])
def test_contained_orders_are_drafts(kind: str) -> None:
    uses, outcomes = read_drafts(bundle(group(within(), resourceType=kind)), CALL)
    assert [(u.ingredients, u.status.value) for u in uses] == [(("haloperidol",), "draft")]
    assert [(o.location, o.outcome.value) for o in outcomes] == [
        ("Bundle.entry[0].resource", "ignored"),
        ("Bundle.entry[0].resource.contained[0]", "accepted"),
    ]


def test_the_drug_may_stand_beside_the_order_in_the_group() -> None:
    held = {"resourceType": "Medication", "id": "c", "code": HALOPERIDOL}
    sent = within(medicationCodeableConcept=None, medicationReference={"reference": "#c"})
    (use,), _ = read_drafts(bundle(group(held, sent)), CALL)
    assert use.ingredients == ("haloperidol",)


def test_an_order_of_two_groups_under_one_id_is_two() -> None:
    """ "#1" of one group is not "#1" of the next, nor MedicationRequest/1 of the bundle."""
    droperidol = within(medicationCodeableConcept={"text": "droperidol"})
    olanzapine = order(id="1", medicationCodeableConcept={"text": "olanzapine"})
    sent = bundle(group(within()), group(droperidol, id="h"), olanzapine)
    uses, _ = read_drafts(sent, CALL)
    assert {u.ingredients for u in uses} == {("haloperidol",), ("droperidol",), ("olanzapine",)}


def test_a_group_of_another_patient_gives_no_drafts() -> None:
    uses, outcomes = read_drafts(bundle(group(within(), subject={"reference": "Patient/p2"})), CALL)
    assert not uses
    assert outcomes[1].reason == "other-patient"


def test_what_else_a_group_contains_is_no_draft() -> None:
    service = {"resourceType": "ServiceRequest", "id": "s", "code": coding("x", "y")}
    uses, outcomes = read_drafts(bundle(group(service, None, 7)), CALL)
    assert (uses, len(outcomes)) == ([], 1)


@pytest.mark.parametrize("contained", [None, 7, "x", {}, [None], [[]], [{"resourceType": []}]])
def test_a_broken_group_costs_only_itself(contained: object) -> None:
    uses, _ = read_drafts(
        bundle(group(contained=contained, action=[3, {"action": 4}]), order()), CALL
    )
    assert len(uses) == 1
    assert unsent([{"resource": group(contained=contained, action=[3, {"action": 4}])}]) == 0


def named(*references: str) -> dict[str, Any]:
    steps = [{"action": [{"resource": {"reference": name}}]} for name in references]
    return group(within(), action=steps)


@pytest.mark.parametrize(
    ("references", "missing"),
    [
        (["#1"], 0),
        (["#2"], 1),
        (["MedicationRequest/b", "https://ehr.example/r4/MedicationRequest/b/_history/2"], 0),
        (["MedicationRequest/c", "https://ehr.example/r4/MedicationRequest/c"], 1),
        (["urn:uuid:here"], 0),
        (["urn:uuid:elsewhere"], 1),
        (["ServiceRequest/s", "ActivityDefinition/a"], 0),
    ],
)
def test_orders_that_a_group_only_names(references: list[str], missing: int) -> None:
    listed = [
        {"resource": named(*references)},
        {"resource": order(id="b"), "fullUrl": "urn:uuid:here"},
    ]
    assert unsent(listed) == missing


def test_groups_that_were_taken_apart_already_are_read_as_they_stand() -> None:
    apart = [entry for _, entry in unfolded(bundle(group(within()))["entry"])]
    uses, outcomes = read_drafts({"entry": apart}, CALL)
    assert [u.ingredients for u in uses] == [("haloperidol",)]
    assert [o.location for o in outcomes] == [
        "Bundle.entry[0].resource",
        "Bundle.entry[1].resource",
    ]
