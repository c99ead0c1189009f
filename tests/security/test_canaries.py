"""Names and tokens are never found in logs, store, metrics, answers or files of the service."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt

from service.settings import load_settings
from service.store import open_store
from tests.conformance.client import (
    CHART,
    DRAFT,
    PATIENT,
    PATIENT_RESOURCE,
    Ehr,
    context_for,
    path_of,
    request_for,
)
from tests.conformance.record import Record, record_system
from tests.conformance.server import new_signer, own_server

# what no file, log line or answer may hold
WORDS = [
    "Zanzibarova", "Quillfeather", "0791-CANARY-55", "12 Canary Row", "MRN-CANARY-9",
    "canary-note-one", "canary-note-two", "canary-access-token", "canary-comment-pat",
]  # fmt: skip


@dataclass
class Watched:
    """The service with everything that it writes. `tokens`: those that were sent to it."""

    ehr: Ehr
    folder: Path
    services: list[dict[str, Any]]
    tokens: list[str]

    def found(self) -> dict[str, list[str]]:
        """Canary -> the files that hold it."""
        wanted = [word.encode() for word in (*WORDS, *self.tokens)]
        hits: dict[str, list[str]] = {}
        for path in sorted(self.folder.rglob("*")):
            held = path.read_bytes() if path.is_file() else b""
            for word in wanted:
                if word in held:
                    hits.setdefault(word.decode(), []).append(path.name)
        return hits


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder, signer = tmp_path_factory.mktemp("canaries"), new_signer()
    tokens: list[str] = []
    with record_system() as record, own_server(folder, signer, record.base) as base_url:

        def keep(request: httpx.Request) -> None:
            if "authorization" in request.headers:
                tokens.append(request.headers["authorization"].removeprefix("Bearer "))

        with httpx.Client(timeout=10, event_hooks={"request": [keep]}) as http:
            ehr = Ehr(base_url, http, signer, record)
            services = ehr.get("/cds-services").json()["services"]
            yield Watched(ehr, folder, services, tokens)


def marked() -> dict[str, Any]:
    """A patient with every kind of thing that must not be kept."""
    return {
        **PATIENT_RESOURCE,
        "name": [{"family": WORDS[0], "given": [WORDS[1]], "text": f"{WORDS[1]} {WORDS[0]}"}],
        "telecom": [{"system": "phone", "value": WORDS[2]}],
        "address": [{"line": [WORDS[3]], "text": WORDS[3]}],
        "identifier": [{"system": "urn:mrn", "value": WORDS[4]}],
        "text": {"status": "generated", "div": f"<div>{WORDS[0]}</div>"},
    }


def noted(resource: dict[str, Any]) -> dict[str, Any]:
    return {
        **resource,
        "note": [{"text": WORDS[5]}],
        "text": {"status": "generated", "div": f"<div>{WORDS[6]}</div>"},
        "subject": {"reference": f"Patient/{PATIENT}", "display": WORDS[0]},
    }


def bodies(service: dict[str, Any], record: Record) -> Iterator[dict[str, Any]]:
    access = {
        "access_token": WORDS[7], "token_type": "Bearer", "expires_in": 60, "scope": "x",
        "subject": "y",
    }  # fmt: skip
    whole = request_for(service, fhirServer=record.base, fhirAuthorization=access)
    prefetch = json.loads(json.dumps(whole["prefetch"]))
    prefetch["patient"] = marked()
    for bundle in prefetch.values():
        for entry in bundle.get("entry", []):
            entry["resource"] = noted(entry["resource"])
    context = context_for(service["hook"])
    if "draftOrders" in context:
        context["draftOrders"]["entry"] = [{"resource": noted(DRAFT)}]
    sound = {**whole, "prefetch": prefetch, "context": context}
    yield sound
    yield {**sound, "prefetch": ...} | {"prefetch": {}}
    yield {**sound, "hook": "another"}
    yield {**sound, "context": {"patientId": WORDS[0] + " " + WORDS[1]}}
    yield {**sound, "prefetch": {**prefetch, "patient": {**marked(), "id": "somebody"}}}
    yield {**sound, "fhirServer": f"https://{WORDS[4]}.example/"}


def test_nothing_of_a_call_is_kept_or_said_again(watched: Watched) -> None:
    ehr = watched.ehr
    for service in watched.services:
        for body in bodies(service, ehr.record):
            answer = ehr.post(path_of(service), body)
            assert answer.status_code < 500
            told = answer.text + str(answer.headers)
            assert not [word for word in (*WORDS, *watched.tokens) if word in told]
    assert watched.found() == {}


def test_nothing_of_feedback_but_the_comment_s_own_column_is_kept(watched: Watched) -> None:
    """A comment is for those who tune the rules; in logs and answers it has no place."""
    ehr, service = watched.ehr, watched.services[0]
    card = ehr.call(service).json()["cards"][0]
    reason = {"reason": {"code": "agree", "system": "urn:x"}, "userComment": WORDS[8]}
    entry = {"card": card["uuid"], "outcome": "overridden",
             "outcomeTimestamp": "2026-01-01T00:00:00Z", "overrideReason": reason}  # fmt: skip
    answer = ehr.post(f"{path_of(service)}/feedback", {"feedback": [entry, {"card": WORDS[8]}]})
    assert WORDS[8] not in answer.text
    held = watched.found()
    assert {name.split("-wal")[0] for name in held.pop(WORDS[8], [])} <= {"nms-sentinel.db"}
    assert held == {}


def test_nothing_of_the_intake_but_facts_is_kept(watched: Watched) -> None:
    entries = [{"resource": marked()}, *({"resource": noted(r)} for r in CHART)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    answer = watched.ehr.post("/fhir", bundle, **{"Content-Type": "application/fhir+json"})
    assert answer.status_code == 200, answer.text
    assert not [word for word in WORDS if word in answer.text]
    assert {w: f for w, f in watched.found().items() if w != WORDS[8]} == {}


def test_broken_bodies_and_tokens_leave_no_trace(watched: Watched) -> None:
    ehr, service = watched.ehr, watched.services[0]
    for raw in (
        f'{{"hook":"{WORDS[0]}',
        f'["{WORDS[0]}"]',
        f'{{"hook":"patient-view","x":"{WORDS[1]}"}}',
    ):
        assert ehr.post(path_of(service), raw=raw.encode()).status_code == 400
    forged = jwt.encode({"alg": "ES384", "kid": WORDS[5]}, {"iss": WORDS[6], "jti": WORDS[7]},
                        ehr.signer.key, algorithms=["ES384"])  # fmt: skip
    for token in (forged, WORDS[7], f"{WORDS[7]}.{WORDS[6]}.x"):
        headers = {"Authorization": f"Bearer {token}"}
        url = ehr.base_url + path_of(service)
        assert ehr.http.post(url, json={}, headers=headers).status_code == 401
    for path in (f"/cds-services/{WORDS[0]}", f"/patients/{WORDS[0]}", f"/x?name={WORDS[1]}"):
        ehr.get(path)
    assert {w: f for w, f in watched.found().items() if w != WORDS[8]} == {}


def test_the_metrics_hold_no_canary(watched: Watched) -> None:
    told = watched.ehr.http.get(f"{watched.ehr.base_url}/metrics").text
    assert not [word for word in (*WORDS, PATIENT, *watched.tokens) if word in told]


def test_the_search_finds_what_is_there(watched: Watched) -> None:
    """The patient's id is kept on purpose: the files that are searched are the right ones."""
    store = open_store(
        load_settings({"NMS_SENTINEL_DATA_DIR": str(watched.folder / "data")}).database_url
    )
    assert PATIENT in store.patients("default")
    store.close()
    files = [
        p for p in watched.folder.rglob("*") if p.is_file() and PATIENT.encode() in p.read_bytes()
    ]
    assert files
