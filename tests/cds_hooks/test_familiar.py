"""A prefetch that came before is known as it is, and changes no answer: told apart from a house
that remembers nothing, and never taken for another patient's, tenant's or time's."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.cds_hooks import familiar as room
from service.cds_hooks.familiar import familiar, learn
from service.cds_hooks.prefetch import read_prefetch
from service.cds_hooks.recall import KEPT, Recall
from service.cds_hooks.request import HookCall, read_call
from service.cds_hooks.services import BY_ID
from service.errors import BadInput
from service.fhir.address import base_of
from service.fhir.limits import Limits, check
from service.fhir.reader import ReadContext, read_resources
from tests.cds_hooks.served import BASE, NOW, PATIENT, SICK, Hooks, draft, order, reading, request
from tests.security.fhir_server import fake_server

LIMITS = Limits(5_000_000)
VIEW = BY_ID["nms-patient-view"]
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SAME = {"hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"}


def said(hooks: Hooks, service: str, body: dict[str, Any]) -> tuple[int, str]:
    """An answer but for its ids."""
    answer = hooks.call(service, body)
    return answer.status_code, UUID.sub("id", answer.text)


class Calls:
    """How many calls had to be read from the beginning."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.whole = 0
        monkeypatch.setattr("service.cds_hooks.routes.read_call", self._read)

    def _read(self, *given: Any) -> HookCall:
        self.whole += 1
        return read_call(*given)


def test_the_third_call_alike_is_not_taken_apart_and_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else is in the call: its hook, its instance, its orders."""
    hooks, calls = Hooks(tmp_path), Calls(monkeypatch)
    view = [said(hooks, "patient-view", request("patient-view", chart=SICK)) for _ in range(4)]
    assert calls.whole == 2
    sign = request("order-sign", draft("lithium carbonate"), chart=SICK)
    signed, start = said(hooks, "order-sign", sign), request("encounter-start", chart=SICK)
    started = said(hooks, "encounter-start", start)
    assert calls.whole == 2
    hooks.desk.recall.forget()
    assert view == [said(hooks, "patient-view", request("patient-view", chart=SICK))] * 4
    hooks.desk.recall.forget()
    assert signed == said(hooks, "order-sign", sign)
    hooks.desk.recall.forget()
    assert started == said(hooks, "encounter-start", start)


def known(hooks: Hooks, chart: list[dict[str, Any]]) -> dict[str, Any]:
    """A call whose prefetch this house knows as it is."""
    body = request("patient-view", chart=chart)
    for _ in range(3):
        assert hooks.call("patient-view", body).status_code == 200
    return body


def test_it_is_not_taken_for_another_patients(tmp_path: Path) -> None:
    hooks = Hooks(tmp_path)
    body = known(hooks, SICK)
    other = {**body, "context": {**body["context"], "patientId": "p2"}}
    # named first as the one whose prefetch it is, where the context counts the last
    text = orjson.dumps(other).replace(b'"context":{', b'"context":{"patientId":"p1",')
    kind = {"content-type": "application/json"}
    for sent in (orjson.dumps(other), text):
        answer = hooks.ask("POST", "/cds-services/nms-patient-view", content=sent, headers=kind)
        assert answer.status_code == 400
        assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "patient-mismatch"


def test_what_was_stored_meanwhile_counts_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks, calls = Hooks(tmp_path), Calls(monkeypatch)
    body = known(hooks, [order("haloperidol", "m1")])
    before, asked = said(hooks, "patient-view", body), calls.whole
    facts = [{**one, "subject": {"reference": f"Patient/{PATIENT}"}} for one in SICK]
    stored = Store(hooks)
    stored.accept(facts)
    after = said(hooks, "patient-view", body)
    assert after != before
    assert calls.whole == asked
    hooks.desk.recall.forget()
    assert after == said(hooks, "patient-view", body)


class Store:
    """Puts resources into the store of a house, as the intake does."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    def accept(self, resources: list[dict[str, Any]]) -> None:
        context = ReadContext("ward", self._hooks.clock.at, ZoneInfo("UTC"))
        self._hooks.store.accept(
            read_resources(resources, context), "ward", self._hooks.clock.at, "c1"
        )


@pytest.mark.parametrize("minutes", [1, 4, 14, 16, 60, 60 * 24])
def test_an_answer_is_as_of_now(tmp_path: Path, minutes: float) -> None:
    """Ages, windows that end meanwhile, and all of it after a quarter of an hour."""
    hooks = Hooks(tmp_path)
    body = known(hooks, SICK)
    hooks.clock.wait(minutes=minutes)
    later = said(hooks, "patient-view", body)
    hooks.desk.recall.forget()
    assert later == said(hooks, "patient-view", body)


def test_nor_is_it_kept_beyond_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks, calls = Hooks(tmp_path), Calls(monkeypatch)
    body = known(hooks, SICK)
    hooks.clock.at = NOW + KEPT + timedelta(seconds=1)
    hooks.call("patient-view", body)
    assert calls.whole == 3


def test_a_prefetch_that_its_server_completes_is_completed_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = base_of("http://127.0.0.1:9/fhir")
    for folder, tenant, whole in (("a", {}, 2), ("b", {"fhir_base": base}, 4)):
        (tmp_path / folder).mkdir()
        hooks, calls = Hooks(tmp_path / folder, **tenant), Calls(monkeypatch)
        body = request("patient-view", chart=SICK)
        del body["prefetch"]["statements"]
        for _ in range(4):
            assert hooks.call("patient-view", body).status_code == 200
        assert calls.whole == whole


def context(tenant: str = "ward", **more: Any) -> ReadContext:
    held = {"received_at": NOW, "zone": ZoneInfo("UTC"), "only_patient": PATIENT}
    return ReadContext(tenant, **{**held, **more})


def remembered(body: bytes) -> Recall:
    """A desk's memory after it learned the prefetch of a call."""
    recall, call = Recall(), read_call(body, VIEW)
    for _ in range(2):
        came = read_prefetch(call.prefetch, call.patient)
        sent = recall.read(came.entries, context())
    assert sent.again
    learn(call, came, sent, recall, context())
    return recall


BODY = orjson.dumps(request("patient-view", chart=SICK, **SAME))
TEXT = BODY[BODY.index(b'"prefetch":') + 11 : -1]


@pytest.mark.parametrize(
    "other",
    [{"tenant": "another"}, {"zone": ZoneInfo("Europe/Berlin")}, {"fhir_version": "STU3"},
     {"received_at": NOW + KEPT + timedelta(seconds=1)}],
    ids=str,
)  # fmt: skip
def test_nothing_is_shared_across(other: dict[str, Any]) -> None:
    recall = remembered(BODY)
    assert found(BODY, recall) is not None
    assert found(BODY, recall, **other) is None


def found(body: bytes, recall: Recall, **other: Any) -> HookCall | None:
    def of(patient: str) -> ReadContext:
        return context(**{**other, "only_patient": patient})

    return familiar(body, VIEW, LIMITS, recall, of)


PIECES = (
    TEXT, b'"prefetch":', b'"prefetch" : ', b'"context":{"patientId":"p1"}', b'"patientId":"p1"',
    b'"patientId":"p2"', b'"hook":"patient-view"', b'"hook":"order-sign"', b'"hookInstance":',
    b'"d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"', b'"extension":', b"{", b"}", b"[", b"]", b",", b":",
    b'"', b"\\", b"null", b" ", b'"x":"', b'{"a":' * 70, b"}" * 70, b"\xef\xbb\xbf",
    BODY, BODY[: BODY.index(TEXT)], BODY[BODY.index(TEXT) + len(TEXT) :], BODY[1:-1], b"\xff",
)  # fmt: skip


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=5), st.integers(0, len(PIECES)), st.data())
def test_a_call_is_read_as_it_would_be_from_the_beginning(
    around: list[bytes], at: int, data: st.DataObject
) -> None:
    """Whatever stands before, behind or in the place of what is known."""
    cut = data.draw(st.integers(0, len(around)))
    begins = BODY.index(TEXT)
    bodies = (
        b"".join(around[:cut]) + BODY + b"".join(around[cut:]),
        BODY[:begins] + b"".join(around[:cut]) + TEXT + b"".join(around[cut:]) + b"}",
        BODY[:-1] + b"," + b"".join(around) + b"}",
        b"{" + b"".join(around) + b"," + BODY[1:],
        b"".join(around),
        BODY[:at] + b"".join(around) + BODY[at:],
    )
    recall = remembered(BODY)
    for body in bodies:
        call = found(body, recall)
        if call is not None:
            assert told(call) == told(whole(body))


def whole(body: bytes) -> HookCall:
    check(body, LIMITS)
    return read_call(body, VIEW)


def told(call: HookCall) -> tuple[Any, ...]:
    """Everything of a call; of its prefetch what was sent, as far as it was not left out."""
    texts = TEXT if call.known else room.prefetch_of(call.body)
    flags = {key: (one.failed, one.more) for key, one in call.prefetch.items()}
    return bytes(texts), flags, replace(call, prefetch={}, body=b"", known=None)


@pytest.mark.parametrize(
    "body",
    [
        BODY[:-1] + b',"prefetch":{}}',
        b'{"prefetch":{},' + BODY[1:],
        BODY.replace(b'"prefetch":', b'"extension":{"prefetch":')[:-1] + b'},"prefetch":{}}',
        BODY.replace(b'"prefetch":', b'"extension":{"prefetch":') + b"}",
        BODY.replace(b'"patientId":"p1"', b'"patientId":"p2"'),
        BODY.replace(b'"context":{', b'"context":{"patientId":"p1",', 1).replace(
            b'"patientId":"p1","encounterId"', b'"patientId":"p2","encounterId"'
        ),
        BODY.replace(b"39.", b"36.", 1),
        BODY[:-1],
        BODY[:-1] + b',"x":' + b"[" * 64 + b"]" * 64 + b"}",
        BODY.replace(b'"patient-view"', b'"order-sign"'),
    ],
    ids=["twice", "twice-before", "within", "only-within", "patient", "patient-twice", "reading",
         "cut", "deep", "hook"],
)  # fmt: skip
def test_what_only_looks_like_it_is_not_known(body: bytes) -> None:
    assert body != BODY
    recall = remembered(BODY)
    call = found(body, recall)
    if call is not None:  # the empty prefetch came first, the known one counts
        assert told(call) == told(whole(body))
    else:
        assert found(BODY, recall) is not None
    try:
        expected = whole(body)
    except BadInput:
        assert call is None
        return
    if bytes(room.prefetch_of(body)) != TEXT or expected.patient != PATIENT:
        assert call is None


def test_the_room_counts_it_once() -> None:
    recall, call = Recall(), read_call(BODY, VIEW)
    came = read_prefetch(call.prefetch, PATIENT)
    sent = [recall.read(came.entries, context()) for _ in range(2)][-1]
    before = recall.size
    for _ in range(2):
        learn(call, came, sent, recall, context())
        assert recall.size == before + len(TEXT)


@pytest.mark.parametrize(
    "late",
    [reading("8310-5", 39.0, "Cel", hours=-0.05), {**SICK[0], "id": "no-one's", "subject": None}],
    ids=["yet-to-come", "refused"],
)
def test_what_may_be_read_otherwise_later_is_not_learned(late: dict[str, Any]) -> None:
    body = orjson.dumps(request("patient-view", chart=[*SICK, late]))
    recall, call = Recall(), read_call(body, VIEW)
    came = read_prefetch(call.prefetch, PATIENT)
    assert not any(recall.read(came.entries, context()).again for _ in range(3))


def test_what_a_server_gave_is_asked_for_in_each_call(tmp_path: Path) -> None:
    async def asked() -> list[int]:
        async with fake_server() as server:
            server.chart = [{"resourceType": "Patient", "id": PATIENT}, *SICK]
            hooks = Hooks(tmp_path, fhir_base=base_of(server.base), fetch_deadline_s=60.0)
            body = request("patient-view", chart=SICK, fhirServer=server.base)
            del body["prefetch"]["conditions"]
            transport = httpx.ASGITransport(hooks.app, client=("127.0.0.1", 1))
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                told = []
                for _ in range(4):
                    answer = await client.post("/cds-services/nms-patient-view", json=body)
                    assert answer.status_code == 200
                    told.append(len(server.asked))
                return told

    assert asyncio.run(asked()) == [1, 2, 3, 4]
