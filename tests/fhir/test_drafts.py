"""Orders of a hook call: drafts to be signed, orders about to be stopped."""

from typing import Any

import pytest

from alerts.chart import UseStatus
from service.fhir.reader import ReadContext, read_drafts
from tests.fhir.charted import BERLIN, HALOPERIDOL, NOW, bundle, coding, order

CALL = ReadContext("ward", NOW, BERLIN, only_patient="p1")


@pytest.mark.parametrize("status", ["draft", "active", "stopped", "cancelled", "on-hold"])
def test_a_draft_keeps_its_status(status: str) -> None:
    (use,), (outcome,) = read_drafts(bundle(order(status=status)), CALL)
    assert use.status is UseStatus(status)
    assert (outcome.outcome.value, outcome.reason) == ("accepted", "")


def test_a_draft_needs_neither_a_type_of_bundle_nor_a_subject() -> None:
    sent = bundle(order(subject=None, status="draft"))
    del sent["type"]
    (use,), _ = read_drafts(sent, CALL)
    assert use.ingredients == ("haloperidol",)


def test_a_draft_of_another_patient_is_refused() -> None:
    sent = bundle(order(subject={"reference": "Patient/p2"}))
    uses, (outcome,) = read_drafts(sent, CALL)
    assert (uses, outcome.outcome.value, outcome.reason) == ([], "refused", "other-patient")


def test_order_not_to_give_is_kept() -> None:
    (use,), _ = read_drafts(bundle(order(doNotPerform=True)), CALL)
    assert use.do_not_perform


def test_drugs_contained_referenced_and_in_words() -> None:
    held = {"resourceType": "Medication", "id": "c", "code": HALOPERIDOL}
    contained = order(id="a", medicationCodeableConcept=None, contained=[held],
                      medicationReference={"reference": "#c"})  # fmt: skip
    words = order(id="b", medicationCodeableConcept={"text": "haloperidol 5 mg po"})
    uses, outcomes = read_drafts(bundle(contained, words), CALL)
    assert [use.ingredients for use in uses] == [("haloperidol",)] * 2
    assert [use.source.reference for use in uses] == ["MedicationRequest/a", "MedicationRequest/b"]
    assert len(outcomes) == 2


def test_a_draft_without_a_drug_is_refused_so_that_it_is_said() -> None:
    uses, (outcome,) = read_drafts(bundle(order(medicationCodeableConcept=None)), CALL)
    assert (uses, outcome.outcome.value, outcome.reason) == ([], "refused", "no-drug")


def test_orders_of_dstu2_and_other_order_types() -> None:
    old = {
        "resourceType": "MedicationOrder",
        "id": "o",
        "status": "draft",
        "patient": {"reference": "Patient/p1"},
        "medicationCodeableConcept": HALOPERIDOL,
    }
    service = {"resourceType": "ServiceRequest", "id": "s", "code": coding("x", "y")}
    diet = {"resourceType": "NutritionOrder", "id": "n"}
    uses, outcomes = read_drafts(bundle(old, service, diet), CALL)
    assert [use.source.resource_type for use in uses] == ["MedicationOrder"]
    assert [(o.outcome.value, o.reason) for o in outcomes] == [
        ("accepted", ""),
        ("ignored", "unused-resource"),
        ("ignored", "unused-resource"),
    ]


@pytest.mark.parametrize(
    "sent",
    [{}, {"entry": None}, {"entry": {}}, {"entry": []}, {"resourceType": "Bundle"}],
)
def test_no_drafts_is_no_fault(sent: dict[str, Any]) -> None:
    assert read_drafts(sent, CALL) == ([], ())


@pytest.mark.parametrize("entry", [None, 7, "x", [], {}, {"resource": None}, {"resource": "x"}])
def test_a_broken_draft_costs_only_itself(entry: object) -> None:
    sent = {"resourceType": "Bundle", "entry": [entry, {"resource": order()}]}
    uses, outcomes = read_drafts(sent, CALL)
    assert len(uses) == 1
    assert len(outcomes) == 2
    assert outcomes[0].reason


def test_half_a_surrogate_pair_refuses_that_draft() -> None:
    sent = bundle(order(id="x", note=[{"text": "\ud800"}]), order(id="y"))
    uses, outcomes = read_drafts(sent, CALL)
    assert [use.source.resource_id for use in uses] == ["y"]
    assert [o.outcome.value for o in outcomes] == ["refused", "accepted"]
