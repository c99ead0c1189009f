"""What can be accepted from a card: valid FHIR, drafts only, three at most, never from basis U."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from alerts.cards.offers import MONITORED, ROUTES, Drafts, offers
from alerts.knowledge import load
from alerts.statements import Channel, Datum, Interaction
from service.fhir.emit import validated
from service.fhir.reader import ReadContext, read_drafts
from service.fhir.terminology import terminology
from tests.cds_hooks.served import (
    NOW,
    PATIENT,
    TENANT,
    UTC_ZONE,
    Hooks,
    condition,
    draft,
    of_rule,
    order,
    request,
)

IV = {"dosageInstruction": [{"route": {"text": "intravenous"}}]}
REFERENCE = "MedicationRequest/d1"
ROWS = load().interactions
CONTEXT = ReadContext(TENANT, NOW, UTC_ZONE, only_patient=PATIENT)


def row(suggest: tuple[str, ...], basis: str = "V") -> Interaction:
    facts = (
        Datum("haloperidol", "order", "", None, "MedicationRequest/m1"),
        Datum("dantrolene", "draft order", "", None, REFERENCE),
    )
    return Interaction(
        "INT-X", "major", ("dantrolene", "haloperidol"), Channel.PASSIVE, "m", "Harm", "Do it",
        ("ANY",), facts, (), basis, (), order=REFERENCE, suggest=suggest,
    )  # fmt: skip


def offered(suggest: tuple[str, ...], basis: str = "V", **drafts: Any) -> list[dict[str, Any]]:
    ids = count(1)
    held = Drafts(**{"removable": {REFERENCE}, "sent": {REFERENCE: draft("dantrolene")}, **drafts})
    return offers(row(suggest, basis), "p1", held, lambda: f"id-{next(ids)}")


def actions(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [action for suggestion in found for action in suggestion["actions"]]


@pytest.mark.rules("SAF-02")
@pytest.mark.parametrize("number", range(len(ROWS)), ids=[r.id for r in ROWS])
def test_what_a_row_offers_is_a_draft_and_valid(number: int) -> None:
    """For every row: no order in force is touched, no drug is ordered, the models accept it."""
    said = tuple(
        s.replace(":a:", ":").replace(":b:", ":").replace("remove-draft:a", "remove-draft")
        .replace("remove-draft:b", "remove-draft").replace("hold:a", "hold:haloperidol")
        .replace("hold:b", "hold:haloperidol")
        for s in ROWS[number].suggest
    )  # fmt: skip
    found = offered(said, ROWS[number].basis)
    assert len(found) <= 3
    if ROWS[number].basis == "U":
        assert found == []
    elif said:
        assert found
    for action in actions(found):
        resource = action.get("resource")
        if action["type"] == "delete":
            assert action["resourceId"] == REFERENCE
            continue
        validated(resource)
        assert resource["status"] == "draft"
        assert resource["resourceType"] == (
            "ServiceRequest" if action["type"] == "create" else "MedicationRequest"
        )
        if action["type"] == "update":
            assert resource["id"] == "d1"


def test_every_test_that_a_row_names_can_be_offered() -> None:
    named = {s.partition(":")[2] for r in ROWS for s in r.suggest if s.startswith("monitor:")}
    assert named <= MONITORED.keys()


def test_loinc_codes_are_those_of_the_terminology() -> None:
    known = terminology()
    for test, (_, codes) in MONITORED.items():
        for code, _ in codes:
            if test != "ecg":  # a procedure: not an observation that we read
                assert known.observation([("http://loinc.org", code)]) is not None, test


@pytest.mark.rules("ALR-13")
def test_a_row_of_basis_u_offers_nothing() -> None:
    assert offered(("remove-draft", "monitor:ecg", "hold:haloperidol"), basis="U") == []


def test_three_at_most() -> None:
    many = ("remove-draft", "monitor:ecg", "monitor:potassium", "monitor:creatinine")
    assert len(offered(many)) == 3


def test_only_an_unsigned_draft_can_be_removed_or_given_another_route() -> None:
    assert offered(("remove-draft", "change-route:iv"), removable=()) == []


def test_a_review_names_the_order_in_force() -> None:
    (action,) = actions(offered(("hold:haloperidol",)))
    assert action["type"] == "create"
    assert action["resource"]["supportingInfo"] == [{"reference": "MedicationRequest/m1"}]
    assert "consider holding haloperidol" in action["description"]


def test_another_route_leaves_the_dose_open_and_the_rest_whole(tmp_path: Path) -> None:
    oral = {
        "route": {"text": "oral"},
        "text": "25 mg by mouth",
        "doseAndRate": [{"doseQuantity": {"value": 25, "unit": "mg"}}],
        "timing": {"repeat": {"frequency": 4, "period": 1, "periodUnit": "d"}},
    }
    sent = draft("dantrolene", dosageInstruction=[oral], priority="urgent")
    body = request("order-sign", sent, chart=[condition("Cirrhosis of liver", "c9", 400)])
    card = of_rule(Hooks(tmp_path).cards("order-sign", body), "INT-DAN-LIV")
    (changed,) = [a["resource"] for a in actions(card["suggestions"]) if a["type"] == "update"]
    assert (changed["id"], changed["priority"], changed["status"]) == ("d1", "urgent", "draft")
    (line,) = changed["dosageInstruction"]
    assert line["route"] == ROUTES["iv"]
    assert "doseAndRate" not in line
    assert "25 mg" not in str(changed)
    assert line["timing"] == oral["timing"]
    assert card["selectionBehavior"] == "at-most-one"


@pytest.mark.parametrize(("route", "read_as"), [("iv", "iv"), ("oral", "oral"), ("enteral", "ng")])
@pytest.mark.parametrize("without", ["", "coding", "text"])
def test_a_route_that_is_offered_is_one_that_the_reader_knows(
    route: str, read_as: str, without: str
) -> None:
    """By its HL7 code alone and by its words alone."""
    told = {name: value for name, value in ROUTES[route].items() if name != without}
    sent = draft("dantrolene", dosageInstruction=[{"route": told}])
    drafts, _ = read_drafts({"resourceType": "Bundle", "entry": [{"resource": sent}]}, CONTEXT)
    assert [use.route for use in drafts] == [read_as]


def test_every_route_that_a_row_changes_to_can_be_offered() -> None:
    named = {s.split(":")[2] for row in ROWS for s in row.suggest if s.startswith("change-route:")}
    assert named <= set(ROUTES)


def test_a_suggestion_that_is_no_fhir_is_left_out_and_the_card_stays(tmp_path: Path) -> None:
    """The draft came without intent: it cannot go back as a whole resource."""
    sent = draft("dantrolene", intent=..., dosageInstruction=[{"route": {"text": "oral"}}])
    body = request("order-sign", sent, chart=[condition("Cirrhosis of liver", "c9", 400)])
    card = of_rule(Hooks(tmp_path).cards("order-sign", body), "INT-DAN-LIV")
    assert "update" not in {a["type"] for a in actions(card.get("suggestions", []))}
    assert actions(card["suggestions"]), "the other suggestions stay"


@pytest.mark.parametrize("wanted", [False, True])
def test_a_detected_issue_is_offered_where_the_client_takes_it(
    tmp_path: Path, wanted: bool
) -> None:
    hooks = Hooks(tmp_path, detected_issues=wanted)
    body = request("order-sign", draft("haloperidol"), draft("metoclopramide", "d2"))
    card = of_rule(hooks.cards("order-sign", body), "INT-METO-AP")
    kinds = [a["resource"]["resourceType"] for a in actions(card["suggestions"]) if "resource" in a]
    assert ("DetectedIssue" in kinds) is wanted
    assert len(card["suggestions"]) <= 3
    for action in actions(card["suggestions"]):
        if "resource" in action:
            validated(action["resource"])


def test_the_evidence_behind_a_card_is_its_source(tmp_path: Path) -> None:
    body = request("order-sign", draft("lithium carbonate"), chart=[order("haloperidol", "m1")])
    card = of_rule(Hooks(tmp_path).cards("order-sign", body), "INT-AP-LI")
    assert card["source"]["url"].startswith("https://doi.org/")
