"""Names and tokens are never found in logs, store, broker, metrics, answers or files.

The broker's append-only file holds every command that ever changed something in it, so messages
that a worker took long ago are searched too.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from joserfc import jwt

from service.monitoring.broker import server_binary
from service.monitoring.celery_app import QUEUE
from service.monitoring.embedded import EmbeddedBroker
from service.settings import load_settings
from service.store import Store, open_store
from tests.acceptance.running import until
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
COMMENT = WORDS[8]
LAST, PATIENCE_S = "nothing-before-this-is-missing", 90


@dataclass
class Searched:
    """A folder and a broker that are searched for the canaries, and for `tokens`."""

    folder: Path
    broker: EmbeddedBroker
    tokens: list[str]

    def leaks(self) -> dict[str, list[str]]:
        """`found`, but for a comment of feedback in its own column: there it belongs."""
        hits = self.found()
        elsewhere = [f for f in hits.pop(COMMENT, []) if f.split("-wal")[0] != "nms-sentinel.db"]
        return hits | ({COMMENT: elsewhere} if elsewhere else {})

    def found(self) -> dict[str, list[str]]:
        """Canary -> the files that hold it."""
        wanted = [word.encode() for word in (*WORDS, *self.tokens)]
        hits: dict[str, list[str]] = {}
        for path in sorted(self.folder.rglob("*")):
            held = unfolded(content(path))
            for word in wanted:
                if word in held:
                    hits.setdefault(word.decode(), []).append(path.name)
        for name, held in self.dumped():
            for word in wanted:
                if word in held:
                    hits.setdefault(word.decode(), []).append(name)
        return hits

    def dumped(self) -> Iterator[tuple[str, bytes]]:
        """Every key of the broker with all that it holds now, as the server tells it."""
        with redis.Redis.from_url(self.broker.url) as client:
            for key in client.scan_iter("*"):
                held = READ[client.type(key).decode()](client, key)
                yield f"broker {key.decode()}", unfolded(key + repr(held).encode())


@dataclass
class Watched(Searched):
    """The service with everything that it writes; `tokens` are those that were sent to it."""

    ehr: Ehr
    services: list[dict[str, Any]]


READ: dict[str, Callable[[Any, bytes], Any]] = {
    "string": lambda client, key: client.get(key),
    "list": lambda client, key: client.lrange(key, 0, -1),
    "set": lambda client, key: client.smembers(key),
    "zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
    "hash": lambda client, key: client.hgetall(key),
    "stream": lambda client, key: client.xrange(key),
}


def content(path: Path) -> bytes:
    """Nothing of what is no file, or no longer one: the service takes a journal of the audit away
    once its lines are in the store, which stands behind it in the alphabet and is read after it."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:
        return b""


def unfolded(held: bytes) -> bytes:
    """What is there, and what its base64 parts say: a Celery message has its body in one."""
    told = [held]
    for piece in re.findall(rb"[A-Za-z0-9+/]{16,}={0,2}", held):
        try:
            told.append(base64.b64decode(piece[: len(piece) // 4 * 4]))
        except ValueError:
            continue
    return b"\n".join(told)


@contextmanager
def running_broker(folder: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(folder, server_binary())
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder, signer = tmp_path_factory.mktemp("canaries"), new_signer()
    tokens: list[str] = []
    with (
        running_broker(folder / "broker") as broker,
        record_system() as record,
        own_server(folder, signer, record.base, broker=broker.url) as base_url,
    ):

        def keep(request: httpx.Request) -> None:
            if "authorization" in request.headers:
                tokens.append(request.headers["authorization"].removeprefix("Bearer "))

        with httpx.Client(timeout=120, event_hooks={"request": [keep]}) as http:
            ehr = Ehr(base_url, http, signer, record)
            services = ehr.get("/cds-services").json()["services"]
            yield Watched(folder, broker, tokens, ehr, services)


@pytest.fixture(scope="module")
def pushed(watched: Watched) -> httpx.Response:
    """The answer to a chart with every canary in it; the service holds its facts from then on."""
    entries = [{"resource": marked()}, *({"resource": noted(r)} for r in CHART)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return watched.ehr.post("/fhir", bundle, **{"Content-Type": "application/fhir+json"})


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searched]:
    """A broker into which names are put on purpose: its file keeps every command."""
    folder = tmp_path_factory.mktemp("apart")
    with running_broker(folder / "broker") as broker:
        yield Searched(folder, broker, [])


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
    assert watched.leaks() == {}


def test_nothing_of_feedback_but_the_comment_s_own_column_is_kept(watched: Watched) -> None:
    """A comment is for those who tune the rules; in logs and answers it has no place."""
    ehr, service = watched.ehr, watched.services[0]
    card = ehr.call(service).json()["cards"][0]
    reason = {"reason": {"code": "agree", "system": "urn:x"}, "userComment": COMMENT}
    entry = {"card": card["uuid"], "outcome": "overridden",
             "outcomeTimestamp": "2026-01-01T00:00:00Z", "overrideReason": reason}  # fmt: skip
    answer = ehr.post(f"{path_of(service)}/feedback", {"feedback": [entry, {"card": COMMENT}]})
    assert COMMENT not in answer.text
    assert COMMENT in watched.found(), "the comment came to its column"
    assert watched.leaks() == {}


def test_nothing_of_the_intake_but_facts_is_kept(watched: Watched, pushed: httpx.Response) -> None:
    assert pushed.status_code == 200, pushed.text
    assert not [word for word in WORDS if word in pushed.text]
    assert watched.leaks() == {}


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
    assert watched.leaks() == {}


def test_the_metrics_hold_no_canary(watched: Watched) -> None:
    told = watched.ehr.http.get(f"{watched.ehr.base_url}/metrics").text
    assert not [word for word in (*WORDS, PATIENT, *watched.tokens) if word in told]


@pytest.mark.usefixtures("pushed")
def test_the_broker_holds_no_canary_when_the_worker_is_done(watched: Watched) -> None:
    """The chart that was pushed is assessed by way of the broker: bells, and no more."""
    store = opened(watched)
    until(lambda: not store.due_age(datetime.now(UTC)), PATIENCE_S, "nobody is due")
    until(lambda: store.assessment("default", PATIENT) is not None, PATIENCE_S, "an assessment")
    store.close()

    def commands() -> bytes:
        """What the broker wrote down, in the order in which it came."""
        return b"".join(content(p) for p in (watched.folder / "broker").rglob("*.aof"))

    until(lambda: QUEUE.encode() in commands(), PATIENCE_S, "a bell that went through this broker")
    with redis.Redis.from_url(watched.broker.url) as client:
        client.set(LAST, "")
        until(lambda: LAST.encode() in commands(), PATIENCE_S, "all that came before was written")
        client.delete(LAST)
    assert watched.leaks() == {}
    # not even whom it is about
    assert PATIENT.encode() not in unfolded(commands())


@pytest.mark.usefixtures("pushed")
def test_the_search_finds_what_is_there(watched: Watched) -> None:
    """The patient's id is kept on purpose: the files that are searched are the right ones."""
    store = opened(watched)
    assert PATIENT in store.patients("default")
    store.close()
    assert [p for p in watched.folder.rglob("*") if PATIENT.encode() in content(p)]


@pytest.mark.parametrize("kind", ["list", "hash", "string", "set", "zset", "stream"])
def test_the_search_would_find_a_name_in_the_broker(apart: Searched, kind: str) -> None:
    """As a message carries it: in base64, inside JSON."""
    said = json.dumps({"body": base64.b64encode(f"x {WORDS[0]}".encode()).decode()})
    write = {
        "list": lambda c: c.lpush("k", said),
        "hash": lambda c: c.hset("k", "f", said),
        "string": lambda c: c.set("k", said),
        "set": lambda c: c.sadd("k", said),
        "zset": lambda c: c.zadd("k", {said: 1.0}),
        "stream": lambda c: c.xadd("k", {"f": said}),
    }
    with redis.Redis.from_url(apart.broker.url) as client:
        write[kind](client)
        try:
            assert "broker k" in apart.leaks()[WORDS[0]]
        finally:
            client.delete("k")


def opened(watched: Watched) -> Store:
    folder = str(watched.folder / "data")
    return open_store(load_settings({"NMS_SENTINEL_DATA_DIR": folder}).database_url)
