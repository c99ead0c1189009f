"""CDS Hooks 2.0.1, the cards of a response, rule by rule (not through our own validator)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conformance.client import DRAFT, PATIENT, Ehr, context_for
from tests.conformance.rules import covers
from tests.conformance.test_discovery import empties

INDICATORS = ("info", "warning", "critical")


@pytest.fixture(scope="session")
def answers(ehr: Ehr, services: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What every service says of a sick patient, and of orders that should not be given."""
    said = [ehr.call(service).json() for service in services]
    for service in services:
        if service["hook"] in ("order-select", "order-sign"):
            said.append(ehr.call(service, context=_dangerous(service["hook"])).json())
    return said


def _dangerous(hook: str) -> dict[str, Any]:
    """Metoclopramide for a patient on haloperidol."""
    order = {**DRAFT, "medicationCodeableConcept": {"text": "metoclopramide 10 mg"}}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": order}]}
    return {**context_for(hook), "draftOrders": bundle, "patientId": PATIENT}


def cards(answers: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for answer in answers:
        yield from answer["cards"]


def each(answers: list[dict[str, Any]], key: str) -> list[Any]:
    return [held for card in cards(answers) for held in card.get(key, [])]


def absolute(url: Any) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


@covers(2, 26)
def test_nothing_but_cards_may_be_empty(answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        assert isinstance(answer["cards"], list)
        assert [where for where in empties(answer) if where != "$.cards"] == []


@covers(3)
def test_an_extension_is_an_object_with_reverse_domain_keys(
    answers: list[dict[str, Any]],
) -> None:
    for held in (*answers, *cards(answers)):
        extension = held.get("extension", {})
        assert isinstance(extension, dict)
        assert all("." in key for key in extension)


@covers(27)
def test_a_card_has_a_short_summary_an_indicator_and_an_id(answers: list[dict[str, Any]]) -> None:
    found = list(cards(answers))
    assert found
    for card in found:
        assert 0 < len(card["summary"]) < 140
        assert card["indicator"] in INDICATORS
        assert isinstance(card.get("detail", ""), str)
    ids = [card["uuid"] for card in found]
    assert len(ids) == len(set(ids))


@covers(28)
def test_a_source_says_who_and_where(answers: list[dict[str, Any]]) -> None:
    for card in cards(answers):
        source = card["source"]
        assert source["label"].strip()
        assert all(absolute(source[key]) for key in ("url", "icon") if key in source)
        if "topic" in source:
            assert source["topic"]["code"]
            assert source["topic"]["system"]


@covers(29)
def test_suggestions_come_with_a_choice(answers: list[dict[str, Any]]) -> None:
    offering = [card for card in cards(answers) if "suggestions" in card]
    assert offering, "no card of the examples suggests anything"
    for card in offering:
        assert card["selectionBehavior"] in ("any", "at-most-one")
        recommended = [s for s in card["suggestions"] if s.get("isRecommended")]
        assert len(recommended) <= 1 or card["selectionBehavior"] == "any"
    for card in cards(answers):
        assert ("selectionBehavior" in card) == ("suggestions" in card)


@covers(30)
def test_a_suggestion_has_a_label(answers: list[dict[str, Any]]) -> None:
    for suggestion in each(answers, "suggestions"):
        assert suggestion["label"].strip()
        assert suggestion["uuid"], "without it no acceptance can be told"


@covers(31)
def test_an_action_is_whole(answers: list[dict[str, Any]]) -> None:
    found = [a for s in each(answers, "suggestions") for a in s["actions"]]
    assert {a["type"] for a in found} >= {"create", "delete"}
    for action in found:
        assert action["description"].strip()
        if action["type"] == "delete":
            kind, _, name = action["resourceId"].partition("/")
            assert kind
            assert name
            assert "resource" not in action
        else:
            assert action["type"] in ("create", "update")
            assert action["resource"]["resourceType"]
            assert action["type"] == "create" or action["resource"]["id"]


@covers(32)
def test_a_link_says_what_it_opens(answers: list[dict[str, Any]]) -> None:
    for link in each(answers, "links"):
        assert link["label"].strip()
        assert absolute(link["url"])
        assert link["type"] in ("absolute", "smart")
        assert "appContext" not in link or link["type"] == "smart"


@covers(33)
def test_an_override_reason_is_a_coding_with_words(answers: list[dict[str, Any]]) -> None:
    found = each(answers, "overrideReasons")
    assert found
    for reason in found:
        assert all(reason[key].strip() for key in ("code", "system", "display"))


@covers(34, 35)
def test_nothing_acts_by_itself_and_nothing_of_the_next_version_is_used(
    answers: list[dict[str, Any]],
) -> None:
    for answer in answers:
        assert "systemActions" not in answer
        assert "actionSelectionBehavior" not in str(answer)


@covers(33, 27)
def test_an_order_select_answer_is_about_the_selected_order(
    ehr: Ehr, services: list[dict[str, Any]]
) -> None:
    """What was drafted before is background to the order selected now."""
    service = next(s for s in services if s["hook"] == "order-select")
    context = _dangerous("order-select")
    harmless = {**DRAFT, "id": "another", "medicationCodeableConcept": {"text": "amoxicillin"}}
    context["draftOrders"]["entry"].append({"resource": harmless})
    context["selections"] = ["MedicationRequest/another"]
    found = ehr.call(service, context=context).json()["cards"]
    assert not [c for c in found if "metoclopramide" in c["summary"].lower()]
