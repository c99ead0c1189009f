"""order-select and order-sign: which orders are judged, and what is said of those that cannot."""

import re
from pathlib import Path
from typing import Any

import pytest

from service.cds_hooks.validator import faults
from tests.cds_hooks.served import (
    PATIENT,
    Hooks,
    condition,
    dose,
    draft,
    marks,
    of_rule,
    order,
    request,
)

IV = {"dosageInstruction": [{"route": {"text": "intravenous"}}]}
VERAPAMIL = order("verapamil 80 mg", "m2")


@pytest.fixture
def hooks(tmp_path: Path) -> Hooks:
    return Hooks(tmp_path)


def rules(cards: list[dict[str, Any]]) -> set[str]:
    return {marks(c)["rule"] for c in cards}


def test_a_draft_is_judged_against_the_chart(hooks: Hooks) -> None:
    cards = hooks.cards(
        "order-sign", request("order-sign", draft("dantrolene", **IV), chart=[VERAPAMIL])
    )
    card = of_rule(cards, "INT-DAN-VER")
    assert card["indicator"] == "critical"
    assert "Dantrolene" in card["summary"]
    assert "verapamil" in card["summary"]


def test_drafts_are_judged_against_each_other(hooks: Hooks) -> None:
    body = request("order-sign", draft("haloperidol"), draft("metoclopramide", "d2"))
    assert "INT-METO-AP" in rules(hooks.cards("order-sign", body))


def test_order_select_advises_on_the_selected_order_only(hooks: Hooks) -> None:
    drafts = (
        draft("dantrolene", "d1", **IV),
        draft("haloperidol", "d2"),
        draft("metoclopramide", "d3"),
    )
    seen = {}
    for chosen in ("d1", "d2", "d3"):
        selections = {"selections": [f"MedicationRequest/{chosen}"]}
        body = request("order-select", *drafts, chart=[VERAPAMIL], context=selections)
        seen[chosen] = rules(hooks.cards("order-select", body))
    assert "INT-DAN-VER" in seen["d1"]
    assert "INT-METO-AP" in seen["d3"]
    assert not any("INT-DAN-VER" in seen[other] for other in ("d2", "d3"))


def test_without_selections_every_draft_is_judged(hooks: Hooks) -> None:
    body = request("order-select", draft("dantrolene", **IV), chart=[VERAPAMIL])
    assert "INT-DAN-VER" in rules(hooks.cards("order-select", body))


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("ids", [("d1", "d1"), (..., "draft-1"), (..., ...)])
def test_no_draft_stands_for_another_under_the_same_id(
    hooks: Hooks, ids: tuple[Any, Any], turned: bool
) -> None:
    """One without id is named here; of two under one id neither may hide the other."""
    drafts = [draft("dantrolene", id=ids[0], **IV), draft("metoclopramide", id=ids[1])]
    if turned:
        drafts.reverse()
    chart = [VERAPAMIL, order("haloperidol 5 mg", "m1")]
    cards = hooks.cards("order-sign", request("order-sign", *drafts, chart=chart))
    assert {"INT-DAN-VER", "INT-METO-AP"} <= rules(cards)
    if ids[0] == ids[1]:
        assert not any("Remove" in s["label"] for c in cards for s in c.get("suggestions", []))


def test_the_same_draft_sent_twice_is_one(hooks: Hooks) -> None:
    once = draft("dantrolene", **IV)
    cards = hooks.cards("order-sign", request("order-sign", once, once, chart=[VERAPAMIL]))
    assert len([c for c in cards if marks(c)["rule"] == "INT-DAN-VER"]) == 1


ENTRY = "urn:uuid:7a1f6d0e-9a4e-4a55-8f3c-2f6f1c1d7b10"


@pytest.mark.parametrize("selection", ["MedicationRequest/d1", "d1", ENTRY])
def test_a_selection_is_found_by_id_and_by_the_address_of_its_entry(
    hooks: Hooks, selection: str
) -> None:
    drafts = [draft("dantrolene", "d1", **IV), draft("metoclopramide", "d2")]
    chart = [VERAPAMIL, order("haloperidol 5 mg", "m1")]
    body = request("order-select", *drafts, chart=chart, context={"selections": [selection]})
    body["context"]["draftOrders"]["entry"][0]["fullUrl"] = ENTRY
    found = rules(hooks.cards("order-select", body))
    assert "INT-DAN-VER" in found
    assert "INT-METO-AP" not in found


def test_a_selection_that_names_no_draft_hides_none_and_is_said(hooks: Hooks) -> None:
    selections = {"selections": ["MedicationRequest/elsewhere"]}
    body = request("order-select", draft("dantrolene", **IV), chart=[VERAPAMIL], context=selections)
    answer = hooks.call("order-select", body).json()
    assert "INT-DAN-VER" in rules(answer["cards"])
    said = answer["extension"]["org.nms-sentinel.answer"]["incomplete"]
    assert "1 of the selected orders are not among the drafts" in said


@pytest.mark.parametrize("status", ["stopped", "cancelled", "on-hold"])
def test_a_stop_of_levodopa_is_a_warning(hooks: Hooks, status: str) -> None:
    chart = [order("levodopa 100 mg", "m9"), dose("levodopa 100 mg", "a9", 6)]
    body = request("order-sign", draft("levodopa 100 mg", "m9", status=status), chart=chart)
    card = of_rule(hooks.cards("order-sign", body), "INT-LEVO-STOP")
    assert card["indicator"] == "critical"
    deleted = [
        a for s in card.get("suggestions", []) for a in s["actions"] if a["type"] == "delete"
    ]
    assert deleted == [], "an order in force is never removed from here"


def test_an_order_signed_again_is_no_second_drug(hooks: Hooks) -> None:
    chart = [order("haloperidol 5 mg", "m1")]
    body = request("order-sign", draft("haloperidol 10 mg", "m1", status="active"), chart=chart)
    assert "INT-AP-POLY" not in rules(hooks.cards("order-sign", body))


@pytest.mark.parametrize(
    "drug",
    [
        {"medicationCodeableConcept": {"text": "verapamil 80 mg tablet"}},
        {"medicationCodeableConcept": {"coding": [{"display": "verapamil 80 mg tablet"}]}},
        {"medicationCodeableConcept": ..., "medicationReference": {"display": "verapamil"}},
        {
            "medicationCodeableConcept": ...,
            "medicationReference": {"reference": "#m"},
            "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "verapamil"}}],
        },
        {"subject": ...},
        {"intent": ..., "category": {"text": "inpatient"}},
    ],
)
def test_a_draft_of_every_form_is_judged(hooks: Hooks, drug: dict[str, Any]) -> None:
    body = request(
        "order-sign",
        draft("", **{"medicationCodeableConcept": {"text": "verapamil"}, **drug}),
        chart=[order("dantrolene", "m3", **IV)],
    )
    assert "INT-DAN-VER" in rules(hooks.cards("order-sign", body))


def test_a_medication_beside_the_draft_names_its_drug(hooks: Hooks) -> None:
    drug = {"resourceType": "Medication", "id": "x1", "code": {"text": "verapamil 80 mg"}}
    by = {"medicationCodeableConcept": ..., "medicationReference": {"reference": "Medication/x1"}}
    body = request("order-sign", drug, draft("", **by), chart=[order("dantrolene", "m3", **IV)])
    assert "INT-DAN-VER" in rules(hooks.cards("order-sign", body))


def test_other_order_types_are_left_alone(hooks: Hooks) -> None:
    others = [
        {
            "resourceType": kind,
            "id": f"o{n}",
            "status": "draft",
            "subject": {"reference": f"Patient/{PATIENT}"},
        }
        for n, kind in enumerate(("ServiceRequest", "NutritionOrder", "DeviceRequest"))
    ]
    body = request("order-sign", *others, draft("dantrolene", **IV), chart=[VERAPAMIL])
    answer = hooks.call("order-sign", body).json()
    assert "INT-DAN-VER" in rules(answer["cards"])
    assert "could not be read" not in str(answer)


def test_a_draft_without_a_drug_is_said_at_signing_and_no_card_while_it_is_written(
    hooks: Hooks,
) -> None:
    nameless = draft("", medicationCodeableConcept=...)
    signing = hooks.call("order-sign", request("order-sign", nameless)).json()
    assert "name no drug" in signing["cards"][0]["detail"]
    writing = hooks.call("order-select", request("order-select", nameless)).json()
    assert writing["cards"] == []
    assert "name no drug" in str(writing["extension"])


def test_a_drug_that_cannot_be_looked_up_is_said(hooks: Hooks) -> None:
    by = {"medicationCodeableConcept": ..., "medicationReference": {"reference": "Medication/none"}}
    answer = hooks.call("order-sign", request("order-sign", draft("", **by))).json()
    assert "could not be read" in answer["cards"][0]["detail"]


def test_a_drug_that_is_not_known_here_makes_no_card_and_is_named_in_the_extension(
    hooks: Hooks,
) -> None:
    answer = hooks.call("order-sign", request("order-sign", draft("foozlamab 3 mg"))).json()
    assert answer["cards"] == []
    assert "not known here: not checked" in str(answer["extension"])


def test_a_draft_of_another_patient_is_refused_and_said(hooks: Hooks) -> None:
    other = draft("dantrolene", subject={"reference": "Patient/other"}, **IV)
    answer = hooks.call("order-sign", request("order-sign", other, chart=[VERAPAMIL])).json()
    assert "INT-DAN-VER" not in rules(answer["cards"])
    assert "could not be read" in answer["cards"][0]["detail"]


@pytest.mark.parametrize("hook", ["medication-prescribe", "medication-refill", "medication-verify"])
def test_the_older_order_hooks_are_read_as_order_sign(hooks: Hooks, hook: str) -> None:
    """Also without userId, as medication-refill allows."""
    body = request(hook, draft("dantrolene", **IV), chart=[VERAPAMIL])
    del body["context"]["userId"]
    assert "INT-DAN-VER" in rules(hooks.cards("order-sign", body))


@pytest.mark.parametrize("key", ["medication", "order", "orders"])
def test_verify_and_review_under_every_name_that_clients_use(hooks: Hooks, key: str) -> None:
    body = request("medication-verify", chart=[VERAPAMIL])
    del body["context"]["medications"]
    body["context"][key] = {"resource": draft("dantrolene", **IV)}
    assert "INT-DAN-VER" in rules(hooks.cards("order-sign", body))


def test_dstu2_medication_orders_are_read(hooks: Hooks) -> None:
    old = {
        "resourceType": "MedicationOrder",
        "id": "d1",
        "status": "draft",
        "medicationCodeableConcept": {"text": "dantrolene"},
        "patient": {"reference": f"Patient/{PATIENT}"},
        "dosageInstruction": [{"route": {"text": "intravenous"}}],
    }
    body = request("medication-prescribe", old, chart=[VERAPAMIL])
    assert "INT-DAN-VER" in rules(hooks.cards("order-sign", body))


def test_one_card_for_a_rule_and_its_pair(hooks: Hooks) -> None:
    twice = (draft("dantrolene", "d1", **IV), draft("dantrolene", "d2", **IV))
    cards = hooks.cards("order-sign", request("order-sign", *twice, chart=[VERAPAMIL]))
    keys = [(marks(c)["rule"], tuple(marks(c).get("drugs", ()))) for c in cards]
    assert len(keys) == len(set(keys))


def test_what_makes_it_serious_here_is_in_the_detail(hooks: Hooks) -> None:
    """PDDI-CDS: individual contextual factors, and what is not known of them."""
    liver = condition("Cirrhosis of liver", "c9", 400)
    oral = {"dosageInstruction": [{"route": {"text": "oral"}}]}
    body = request("order-sign", draft("dantrolene", **oral), chart=[liver])
    card = of_rule(hooks.cards("order-sign", body), "INT-DAN-LIV")
    assert "Condition/c9" in card["detail"]
    assert "**Not known**" in card["detail"]


@pytest.mark.parametrize(
    "name",
    [
        "dantrolene <script>alert(1)</script>",
        "dantrolene [click](javascript:alert(1))",
        'dantrolene <img src=x onerror="x">',
        "dantrolene\n# heading\n**bold**",
        "dantrolene\u202e\u0000 `code` | table",
    ],
)
def test_a_hostile_name_stays_text_in_markdown_and_in_raw_html(hooks: Hooks, name: str) -> None:
    body = request("order-sign", draft(name, **IV), chart=[VERAPAMIL, condition(name, "c1", 3)])
    answer = hooks.call("order-sign", body)
    assert faults(answer.json()) == []
    for card in answer.json()["cards"]:
        for text in (card["summary"], card["detail"]):
            assert "<script" not in text
            assert "<img" not in text
            assert not re.search(r"(?<!\\)\]\(", text)
            assert "\u202e" not in text


def grouped(*orders: dict[str, Any], **changes: Any) -> dict[str, Any]:
    group = {"resourceType": "RequestGroup", "id": "g", "status": "draft", "intent": "order"}
    return {**group, "contained": list(orders), **changes}


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_the_orders_that_a_group_contains_are_judged(hooks: Hooks, hook: str) -> None:
    """Under whatever id: a contained one is not the order of the bundle that has the same."""
    group = grouped(draft("dantrolene", "d1", subject=..., **IV))
    selections = {"selections": ["RequestGroup/g"]} if hook == "order-select" else {}
    body = request(hook, group, draft("paracetamol"), chart=[VERAPAMIL], context=selections)
    card = of_rule(hooks.cards(hook, body), "INT-DAN-VER")
    assert card["indicator"] == "critical"
    # a contained order has no address of its own: nothing can be deleted under one
    assert not any("Remove" in s["label"] for s in card.get("suggestions", []))


def test_orders_that_a_group_only_names_are_said(hooks: Hooks) -> None:
    group = grouped(action=[{"resource": {"reference": "MedicationRequest/elsewhere"}}])
    answer = hooks.call("order-sign", request("order-sign", group, chart=[VERAPAMIL])).json()
    said = answer["extension"]["org.nms-sentinel.answer"]["incomplete"]
    assert "1 of the orders that a group names were not sent: not looked at" in said
