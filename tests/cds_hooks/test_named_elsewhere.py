"""An order that is sent without the Medication that names its drug, while the store knows it."""

from pathlib import Path
from typing import Any

import pytest

from tests.cds_hooks.served import Hooks, draft, marks, order, request
from tests.cds_hooks.test_feedback import arrive

DRUG = {"resourceType": "Medication", "id": "d1", "code": {"text": "haloperidol 5 mg tablet"}}
NAMED = {
    **{k: v for k, v in order("", "m1", 2000).items() if k != "medicationCodeableConcept"},
    "medicationReference": {"reference": "Medication/d1"},
}
LITHIUM = draft("lithium carbonate 300 mg")
ANSWER = "org.nms-sentinel.answer"


@pytest.fixture
def hooks(tmp_path: Path) -> Hooks:
    return Hooks(tmp_path)


def rules(hooks: Hooks, *chart: dict[str, Any]) -> set[str]:
    found = hooks.cards("order-sign", request("order-sign", LITHIUM, chart=chart))
    return {marks(card)["rule"] for card in found}


def test_a_drug_that_is_on_record_does_not_become_unknown_by_being_sent(hooks: Hooks) -> None:
    arrive(hooks, DRUG, NAMED)
    assert "INT-AP-LI" in rules(hooks)
    assert "INT-AP-LI" in rules(hooks, NAMED)
    answer = hooks.call("patient-view", request("patient-view", chart=(NAMED,))).json()
    assert answer["extension"][ANSWER]["gate"] == "open"


def test_an_order_that_was_never_stored_takes_its_name_from_the_store(hooks: Hooks) -> None:
    arrive(hooks, DRUG)
    assert "INT-AP-LI" in rules(hooks, NAMED)


def test_a_correction_of_the_drug_counts_at_once(hooks: Hooks) -> None:
    """Nothing is on record of the patient, whose revision tells of no change."""
    arrive(hooks, DRUG)
    assert "INT-AP-LI" in rules(hooks, NAMED)
    corrected = {**DRUG, "code": {"text": "water for injection"}, "meta": {"versionId": "2"}}
    arrive(hooks, corrected)
    assert "INT-AP-LI" not in rules(hooks, NAMED)


def test_the_medication_that_is_sent_counts_before_the_stored_one(hooks: Hooks) -> None:
    arrive(hooks, DRUG)
    other = {**DRUG, "code": {"text": "paracetamol 500 mg tablet"}}
    body = request("order-sign", LITHIUM, chart=(NAMED,))
    body["prefetch"]["medications"]["entry"].append({"resource": other})
    found = {marks(card)["rule"] for card in hooks.cards("order-sign", body)}
    assert "INT-AP-LI" not in found
