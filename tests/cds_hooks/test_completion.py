"""The same advice with full, partial, paged, null or no prefetch; in time, and honest."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.fhir.address import base_of
from tests.cds_hooks.served import (
    BASE,
    PATIENT,
    SICK,
    Hooks,
    draft,
    marks,
    order,
    prefetch,
    request,
)
from tests.security.fhir_server import FakeServer, fake_server

TOKEN = "canary-token-51c"
PERSON = {"resourceType": "Patient", "id": PATIENT}
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
Prepare = Callable[[FakeServer], None]


def fetched(
    folder: Path,
    service: str,
    change: Callable[[dict[str, Any], FakeServer], None],
    prepare: Prepare = lambda _: None,
    **tenant_of: Any,
) -> tuple[httpx.Response, FakeServer, float]:
    """One call of a tenant whose FHIR server holds the sick patient's chart."""

    async def whole() -> tuple[httpx.Response, FakeServer, float]:
        async with fake_server() as server:
            server.chart = [PERSON, *SICK]
            prepare(server)
            tenant = {"fhir_base": base_of(server.base), "fetch_deadline_s": 60.0, **tenant_of}
            hooks = Hooks(folder, **tenant)
            drafts = (draft("lithium carbonate"),) if service == "order-sign" else ()
            body = request(service, *drafts, chart=SICK, fhirServer=server.base, fhirAuthorization={
                "access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "scope": "x",
                "subject": "y"})  # fmt: skip
            change(body, server)
            transport = httpx.ASGITransport(hooks.app, client=("127.0.0.1", 1))
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                begun = time.monotonic()
                answer = await client.post(f"/cds-services/nms-{service}", json=body)
                return answer, server, time.monotonic() - begun

    return asyncio.run(whole())


def advice(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    return [(marks(card)["rule"], card["summary"]) for card in answer.json()["cards"]]


def without(*keys: str) -> Callable[[dict[str, Any], FakeServer], None]:
    def change(body: dict[str, Any], _: FakeServer) -> None:
        for key in keys or tuple(body["prefetch"]):
            del body["prefetch"][key]

    return change


def failed_keys(body: dict[str, Any], _: FakeServer) -> None:
    for key in ("observations", "conditions"):
        body["prefetch"][key] = FAILED


def no_prefetch(body: dict[str, Any], _: FakeServer) -> None:
    del body["prefetch"]


def first_pages(body: dict[str, Any], server: FakeServer) -> None:
    """The client sent one entry of each search and says that there are more."""
    for bundle in body["prefetch"].values():
        if bundle["resourceType"] == "Bundle" and bundle["entry"]:
            del bundle["entry"][1:]
            bundle["link"] = [{"relation": "next", "url": f"{server.base}/Observation?page=1"}]


def wrapped(body: dict[str, Any], _: FakeServer) -> None:
    """As before 1.0: {"response": ..., "resource": ...}."""
    for key, value in body["prefetch"].items():
        body["prefetch"][key] = {"response": {"status": "200 OK"}, "resource": value}


@pytest.mark.parametrize("service", ["patient-view", "order-sign"])
@pytest.mark.parametrize(
    ("change", "prepare"),
    [
        pytest.param(without("conditions"), None, id="one key missing"),
        pytest.param(without("observations", "laboratory", "medications"), None, id="partial"),
        pytest.param(without(), None, id="an empty prefetch"),
        pytest.param(no_prefetch, None, id="no prefetch"),
        pytest.param(first_pages, None, id="first pages only"),
        pytest.param(failed_keys, None, id="failed at the client"),
        pytest.param(wrapped, None, id="wrapped"),
        pytest.param(no_prefetch, 1, id="a server that pages"),
    ],
)
def test_the_advice_is_the_same_however_the_data_come(
    tmp_path: Path, service: str, change: Any, prepare: int | None
) -> None:
    full, server, _ = fetched(tmp_path, service, lambda *_: None)
    assert server.asked == [], "what was sent is not asked for again"

    def pages(one: FakeServer) -> None:
        one.page_size = prepare or 100

    other, server, _ = fetched(tmp_path, service, change, pages)
    assert advice(other) == advice(full) != []
    assert all(token == f"Bearer {TOKEN}" for token in server.tokens)


def test_null_is_not_asked_again(tmp_path: Path) -> None:
    def nulls(body: dict[str, Any], _: FakeServer) -> None:
        body["prefetch"] |= {"conditions": None, "statements": None}

    answer, server, _ = fetched(tmp_path, "patient-view", nulls)
    assert answer.status_code == 200
    assert server.asked == []


def test_only_what_is_missing_is_asked_for_and_all_of_it_at_once(tmp_path: Path) -> None:
    _, server, _ = fetched(tmp_path, "patient-view", without("conditions", "statements"))
    assert sorted(one.split("/fhir/")[1].split("?")[0] for one in server.asked) == [
        "Condition", "MedicationStatement"]  # fmt: skip


@pytest.mark.parametrize("odd", ["Slow", "Drip", "Reset", "Redirect", "Huge", "Html", "Outcome"])
def test_a_required_query_that_fails_is_a_412_that_names_it_in_time(
    tmp_path: Path, odd: str
) -> None:
    answer, _, took = fetched(
        tmp_path,
        "patient-view",
        no_prefetch,
        lambda s: s.odd.update({"MedicationRequest": odd}),
        fetch_deadline_s=0.6,
    )
    assert answer.status_code == 412
    issue = answer.json()["issue"][0]
    assert "prefetch.medications" in issue["location"][0]
    assert "medications (" in issue["diagnostics"]
    assert TOKEN not in answer.text
    assert took < 100  # what is slow, and what drips, takes a thousand seconds


def test_an_optional_query_that_fails_is_said(tmp_path: Path) -> None:
    answer, _, _ = fetched(
        tmp_path, "patient-view", no_prefetch, lambda s: s.odd.update({"Condition": "Forbidden"})
    )
    assert answer.status_code == 200
    assert "incomplete" in str(answer.json()["extension"])


def test_pages_that_were_read_before_time_ran_out_count(tmp_path: Path) -> None:
    """The second page of the orders never comes: what is there is used, and the gap is said."""
    answer, _, _ = fetched(
        tmp_path, "patient-view", without("medications"),
        lambda s: s.odd.update({"MedicationRequest": "Elsewhere"}),
    )  # fmt: skip
    assert answer.status_code == 200
    assert "only the first page of medication orders" in answer.text


@pytest.mark.parametrize(
    "claimed",
    [
        "https://elsewhere.example/fhir",
        "http://127.0.0.1:1/fhir",
        "http://127.0.0.1@evil/fhir",
        "x",
    ],
)
def test_another_server_is_never_asked(tmp_path: Path, claimed: str) -> None:
    def change(body: dict[str, Any], _: FakeServer) -> None:
        del body["prefetch"]
        body["fhirServer"] = claimed

    answer, server, _ = fetched(tmp_path, "patient-view", change)
    assert answer.status_code == 412
    assert "was not asked" in answer.text
    assert server.asked == []


def test_without_a_token_it_is_tried_all_the_same(tmp_path: Path) -> None:
    def change(body: dict[str, Any], _: FakeServer) -> None:
        del body["prefetch"]
        del body["fhirAuthorization"]

    answer, server, _ = fetched(tmp_path, "patient-view", change)
    assert answer.status_code == 200
    assert set(server.tokens) == {None}


def test_a_tenant_without_a_server_answers_412(tmp_path: Path) -> None:
    answer, server, _ = fetched(tmp_path, "patient-view", no_prefetch, fhir_base=None)
    assert answer.status_code == 412
    assert server.asked == []


def test_a_drug_that_a_draft_names_by_reference_is_looked_up(tmp_path: Path) -> None:
    def change(body: dict[str, Any], server: FakeServer) -> None:
        drug = {"resourceType": "Medication", "id": "x1", "code": {"text": "verapamil 80 mg"}}
        server.chart.append(drug)
        by = {
            "medicationCodeableConcept": ...,
            "medicationReference": {"reference": "Medication/x1"},
        }
        body["context"]["draftOrders"]["entry"] = [{"resource": draft("", **by)}]
        running = order("dantrolene", "m3", dosageInstruction=[{"route": {"text": "iv"}}])
        body["prefetch"] = prefetch(*SICK, running)

    answer, server, _ = fetched(tmp_path, "order-sign", change)
    assert "INT-DAN-VER" in {rule for rule, _ in advice(answer)}
    assert [one.split("/fhir/")[1] for one in server.asked] == ["Medication/x1"]
