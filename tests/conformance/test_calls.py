"""CDS Hooks 2.0.1, Calling a CDS Service: good calls, odd calls, bad calls."""

import json
import uuid
from typing import Any

import pytest

from service.cds_hooks.validator import faults
from tests.conformance.client import PATIENT, Ehr, context_for, path_of, request_for
from tests.conformance.rules import covers

GOOD = (200, 412)


@pytest.fixture
def service(services: list[dict[str, Any]]) -> dict[str, Any]:
    """The patient-view service: the one that every EHR fires."""
    return next(s for s in services if s["hook"] == "patient-view")


@pytest.fixture
def sign(services: list[dict[str, Any]]) -> dict[str, Any]:
    return next(s for s in services if s["hook"] == "order-sign")


@covers(1, 2, 20, 26)
def test_a_complete_call_is_answered_with_valid_cards(
    ehr: Ehr, services: list[dict[str, Any]]
) -> None:
    """SHALL: 200 and an object with `cards`; every rule of the response holds."""
    for service in services:
        answer = ehr.call(service)
        assert answer.status_code == 200, (service["id"], answer.text)
        assert answer.headers["content-type"].split(";")[0] == "application/json"
        assert faults(answer.json()) == []


@covers(26)
def test_a_chart_with_a_finding_gives_a_card(ehr: Ehr, service: dict[str, Any]) -> None:
    cards = ehr.call(service).json()["cards"]
    assert cards
    assert all(card.get("uuid") for card in cards), "without a uuid there is no feedback"


def test_answers_are_not_stored_on_the_way(ehr: Ehr, service: dict[str, Any]) -> None:
    assert "no-store" in ehr.call(service).headers.get("cache-control", "")


def test_two_calls_have_cards_of_their_own(ehr: Ehr, service: dict[str, Any]) -> None:
    ids = [card["uuid"] for _ in range(2) for card in ehr.call(service).json()["cards"]]
    assert len(ids) == len(set(ids))


def test_a_retry_with_the_same_instance_gets_the_same_advice(
    ehr: Ehr, service: dict[str, Any]
) -> None:
    body = request_for(service)
    told = [
        [card["summary"] for card in ehr.post(path_of(service), body).json()["cards"]]
        for _ in range(2)
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("an extension object", {"extension": {"org.example.x": {"a": [1, None, {}]}}}),
        ("an unknown key", {"whatever": 3}),
        ("a urn for the instance", {"hookInstance": f"urn:uuid:{uuid.uuid4()}"}),
        ("an upper-case instance", {"hookInstance": str(uuid.uuid4()).upper()}),
        ("no authorization", {"fhirServer": "https://fhir.example.org/r4"}),
    ],
)
@covers(3, 24)
def test_harmless_oddities_are_tolerated(
    ehr: Ehr, service: dict[str, Any], name: str, change: dict[str, Any]
) -> None:
    answer = ehr.call(service, **change)
    assert answer.status_code == 200, (name, answer.text)


@covers(24)
def test_patient_id_with_its_type_is_tolerated(ehr: Ehr, service: dict[str, Any]) -> None:
    context = {**context_for("patient-view"), "patientId": f"Patient/{PATIENT}"}
    assert ehr.call(service, context=context).status_code == 200


@covers(24)
def test_the_user_may_be_missing(ehr: Ehr, service: dict[str, Any]) -> None:
    context = {"patientId": PATIENT}
    assert ehr.call(service, context=context).status_code in GOOD


# --- prefetch: partial, null, missing, failed


@covers(15)
def test_null_means_looked_and_found_nothing(ehr: Ehr, service: dict[str, Any]) -> None:
    prefetch = {**request_for(service)["prefetch"], "conditions": None}
    assert ehr.call(service, prefetch=prefetch).status_code == 200


@covers(15)
def test_a_search_may_be_a_bundle_without_entries(ehr: Ehr, service: dict[str, Any]) -> None:
    empty = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    prefetch = {**request_for(service)["prefetch"], "conditions": empty}
    assert ehr.call(service, prefetch=prefetch).status_code == 200


@pytest.mark.parametrize("prefetch", [..., {}, {"patient": None}])
@covers(15, 19, 36)
def test_without_required_data_the_answer_is_412_and_names_them(
    ehr: Ehr, service: dict[str, Any], prefetch: Any
) -> None:
    """SHALL: 412 when required data cannot be had. Never an empty list of cards."""
    context = {**context_for("patient-view"), "patientId": f"unknown-{uuid.uuid4().hex[:8]}"}
    answer = ehr.call(service, prefetch=prefetch, context=context)
    assert answer.status_code == 412
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert "medications" in json.dumps(outcome)


@covers(16)
def test_a_failed_search_is_not_an_empty_one(ehr: Ehr, service: dict[str, Any]) -> None:
    """SHOULD: an OperationOutcome means that the client tried and failed."""
    failed = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "timeout"}],
    }
    prefetch = {**request_for(service)["prefetch"], "medications": failed}
    context = {**context_for("patient-view"), "patientId": PATIENT}
    answer = ehr.call(service, prefetch=prefetch, context=context)
    if answer.status_code == 200:
        assert "incomplete" in answer.text.lower()
    else:
        assert answer.status_code == 412


@covers(16)
def test_a_failed_optional_search_is_said(ehr: Ehr, service: dict[str, Any]) -> None:
    failed = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "timeout"}],
    }
    prefetch = {**request_for(service)["prefetch"], "conditions": failed}
    answer = ehr.call(service, prefetch=prefetch)
    assert answer.status_code == 200
    assert "incomplete" in answer.text.lower()


@covers(17)
def test_a_first_page_is_not_taken_for_everything(ehr: Ehr, service: dict[str, Any]) -> None:
    prefetch = request_for(service)["prefetch"]
    more = [{"relation": "next", "url": "https://fhir.example.org/r4?page=2"}]
    prefetch["medications"] = {**prefetch["medications"], "link": more}
    answer = ehr.call(service, prefetch=prefetch)
    assert answer.status_code == 200
    assert "first page" in answer.text


def test_another_patient_in_the_prefetch_is_refused(ehr: Ehr, service: dict[str, Any]) -> None:
    prefetch = request_for(service)["prefetch"]
    prefetch["patient"] = {"resourceType": "Patient", "id": "somebody-else"}
    assert ehr.call(service, prefetch=prefetch).status_code == 400


# --- orders, as clients really send them


def drafts(*resources: dict[str, Any], **bundle: Any) -> dict[str, Any]:
    held = {"resourceType": "Bundle", "type": "collection", **bundle}
    return {k: v for k, v in held.items() if v is not ...} | {
        "entry": [{"resource": r} for r in resources]
    }


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("no medication yet", {}),
        ("text only", {"medicationCodeableConcept": {"text": "haloperidol"}}),
        ("an unreadable reference", {"medicationReference": {"reference": "Medication/none"}}),
        ("display only", {"medicationReference": {"display": "haloperidol 5 mg"}}),
        ("category an object", {"category": {"text": "inpatient"}}),
        ("a stop", {"status": "stopped", "medicationCodeableConcept": {"text": "levodopa"}}),
    ],
)
@covers(23)
def test_draft_orders_of_every_form_are_read(
    ehr: Ehr, sign: dict[str, Any], name: str, order: dict[str, Any]
) -> None:
    resource = {
        "resourceType": "MedicationRequest",
        "id": "draft-1",
        "status": "draft",
        "subject": {"reference": f"Patient/{PATIENT}"},
        **order,
    }
    context = {**context_for("order-sign"), "draftOrders": drafts(resource)}
    answer = ehr.call(sign, context=context)
    assert answer.status_code == 200, (name, answer.text)
    assert faults(answer.json()) == []


@covers(23)
def test_a_bundle_of_drafts_without_type_is_read(ehr: Ehr, sign: dict[str, Any]) -> None:
    context = {**context_for("order-sign"), "draftOrders": drafts(type=...)}
    assert ehr.call(sign, context=context).status_code == 200


@covers(23)
def test_mixed_order_types_are_read(ehr: Ehr, sign: dict[str, Any]) -> None:
    other = {"resourceType": "ServiceRequest", "id": "s1", "status": "draft"}
    context = {**context_for("order-sign"), "draftOrders": drafts(other)}
    assert ehr.call(sign, context=context).status_code == 200


# --- bad calls: an exact status, an OperationOutcome, no stack trace


def refused(answer: Any, status: int) -> None:
    assert answer.status_code == status, answer.text
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["severity"] in ("error", "fatal")
    assert outcome["issue"][0].get("diagnostics") or outcome["issue"][0].get("details")
    for leak in ("Traceback", 'File "', "site-packages"):
        assert leak not in answer.text


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"<xml/>"])
@covers(1, 8, 36)
def test_what_is_no_json_object_is_400(ehr: Ehr, service: dict[str, Any], raw: bytes) -> None:
    refused(ehr.post(path_of(service), raw=raw), 400)


@pytest.mark.parametrize("key", ["hook", "hookInstance", "context"])
@covers(8, 24, 36)
def test_a_missing_required_key_is_400(ehr: Ehr, service: dict[str, Any], key: str) -> None:
    refused(ehr.call(service, **{key: ...}), 400)


@pytest.mark.parametrize(
    "change",
    [
        {"hook": "order-sign"},
        {"hook": 7},
        {"hookInstance": "not an instance"},
        {"context": []},
        {"context": {}},
        {"context": {"userId": "Practitioner/1"}},
        {"context": {"userId": "Practitioner/1", "patientId": ""}},
        {"context": {"userId": "Practitioner/1", "patientId": 7}},
        {"prefetch": []},
    ],
)
@covers(8, 24, 36)
def test_a_call_that_makes_no_sense_is_400(
    ehr: Ehr, service: dict[str, Any], change: dict[str, Any]
) -> None:
    refused(ehr.call(service, **change), 400)


@covers(8, 24)
def test_required_context_of_the_hook_is_400(ehr: Ehr, sign: dict[str, Any]) -> None:
    context = context_for("order-sign")
    del context["draftOrders"]
    refused(ehr.call(sign, context=context), 400)


@covers(8, 36)
def test_an_unknown_service_is_404(ehr: Ehr) -> None:
    refused(ehr.post("/cds-services/no-such-service", {}), 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
@covers(8, 36)
def test_another_method_is_405(ehr: Ehr, service: dict[str, Any], method: str) -> None:
    url = f"{ehr.base_url}{path_of(service)}"
    answer = ehr.http.request(method, url, headers=ehr._signed(path_of(service)))
    refused(answer, 405)
    assert "POST" in answer.headers.get("allow", "")


@covers(8, 36)
def test_another_content_type_is_415(ehr: Ehr, service: dict[str, Any]) -> None:
    body = json.dumps(request_for(service)).encode()
    refused(ehr.post(path_of(service), raw=body, **{"Content-Type": "text/plain"}), 415)


@covers(8, 36)
def test_an_answer_that_is_not_wanted_is_406(ehr: Ehr, service: dict[str, Any]) -> None:
    body = json.dumps(request_for(service)).encode()
    refused(ehr.post(path_of(service), raw=body, Accept="text/html"), 406)


@covers(8, 36)
def test_a_body_that_is_too_large_is_413(ehr: Ehr, service: dict[str, Any]) -> None:
    refused(ehr.post(path_of(service), raw=b'{"hook":"' + b"x" * 30_000_000 + b'"}'), 413)


@covers(8)
def test_a_body_that_is_too_deep_is_refused(ehr: Ehr, service: dict[str, Any]) -> None:
    answer = ehr.post(path_of(service), raw=b'{"extension":' + b"[" * 100_000)
    refused(answer, answer.status_code)
    assert answer.status_code in (400, 413)


@covers(24)
def test_the_same_instance_again_gets_the_same_advice(ehr: Ehr, service: dict[str, Any]) -> None:
    """Clients repeat a call: the token is new, the instance is not."""
    body = request_for(service)
    first, again = (ehr.post(path_of(service), body).json()["cards"] for _ in range(2))
    assert [(c["summary"], c["indicator"], c["detail"]) for c in first] == [
        (c["summary"], c["indicator"], c["detail"]) for c in again
    ]
    # each answer's cards are its own: feedback tells them apart
    assert not {c["uuid"] for c in first} & {c["uuid"] for c in again}
