"""Notices in the hospital's record system and by mail: real servers, at least once, in sight."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from alerts.knowledge import load
from alerts.lifecycle import Audience, advance
from service.errors import SettingsFault
from service.fhir.address import base_of
from service.fhir.models import model_faults
from service.fhir.versions import R4
from service.fhir.write_back import KINDS, resource
from service.fhir.writer import NotWritten, Writer
from service.monitoring.notifications import RETRY_S, Channels, channels_of, dispatch
from service.monitoring.record import Record, record_of
from service.security.mail import Mailbox
from service.settings import Settings
from service.store import Store
from tests.lifecycle.patients import T0, assessed
from tests.monitoring.conftest import Clock
from tests.monitoring.mail_server import post_office
from tests.monitoring.orders import TENANT


@dataclass
class RecordSystem:
    """Keeps what is created, by identifier; answers as it was told to."""

    base: str = ""
    answers: list[int] = field(default_factory=list)
    asked: int = 0
    tokens: list[str | None] = field(default_factory=list)
    held: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


@pytest.fixture
def system() -> Iterator[RecordSystem]:
    kept = RecordSystem()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kept.asked += 1
            kept.tokens.append(self.headers.get("Authorization"))
            status = kept.answers.pop(0) if kept.answers else 0
            if not status:
                # without a condition, a server creates another one each time
                condition = self.headers["If-None-Exist"] or str(uuid4())
                key = (body["resourceType"], condition)
                status = 200 if key in kept.held else 201
                kept.held.setdefault(key, body)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{kept.base}/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept.base = f"http://127.0.0.1:{server.server_port}/fhir"
    yield kept
    server.shutdown()


def written_to(system: RecordSystem, *kinds: str, token_file: Path | None = None) -> Channels:
    place = Record(
        TENANT, base_of(system.base), kinds or KINDS, frozenset({"worklist"}), token_file
    )
    return Channels(records=(place,))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("alert_kind", ["nms", "interaction"])
def test_each_resource_is_fhir(kind: str, alert_kind: str) -> None:
    made = resource(
        kind,
        patient="p1",
        alert_kind=alert_kind,
        audience="nurse",
        channel="urgent_task",
        why="tier-rose",
        link="https://nms.example/worklist#a-1",
        at=T0,
    )
    assert made["resourceType"] == kind
    assert not model_faults(made, R4)
    assert made.get("intent") != "order"  # SAF-02


def test_a_notice_becomes_resources_once_whatever_is_repeated(
    store: Store, system: RecordSystem, clock: Clock
) -> None:
    system.answers = [201, 503]  # the first was taken and forgotten, the second refused
    channels = written_to(system)
    dispatch(store, channels, clock, "http://x")
    (alert,) = store.alerts(TENANT)
    assert store.notices(TENANT, alert.id)[0].code == "fhir-503"
    clock.now += timedelta(seconds=RETRY_S[0] + 1)
    dispatch(store, channels, clock, "http://x")
    (posted,) = store.notices(TENANT, alert.id)
    assert (posted.state, posted.tries) == ("sent", 2)
    assert sorted(kind for kind, _ in system.held) == sorted(KINDS)
    assert len(system.held) == len(KINDS)
    for made in system.held.values():
        assert not model_faults(made, R4)
        assert "Patient/p1" in json.dumps(made)
        assert "dantrolene" not in json.dumps(made)


def test_a_repeat_after_a_lost_answer_creates_nothing_twice(system: RecordSystem) -> None:
    made = {"resourceType": "Flag", "status": "active", "code": {"text": "x"},
            "subject": {"reference": "Patient/p1"}}  # fmt: skip
    with Writer(base_of(system.base)) as writer:
        assert [writer.create(made, "a/worklist/1") for _ in range(3)] == [
            "Flag 201", "Flag 200", "Flag 200",
        ]  # fmt: skip
    assert len(system.held) == 1


def test_what_the_record_system_never_takes_is_a_dead_letter_in_sight(
    store: Store, system: RecordSystem, clock: Clock
) -> None:
    system.answers = [422] * 50
    for wait in (0, *RETRY_S):
        clock.now += timedelta(seconds=wait + 1)
        dispatch(store, written_to(system, "Task"), clock, "http://x")
    (dead,) = store.dead_letters(TENANT)
    assert (dead.code, dead.tries) == ("fhir-422", len(RETRY_S) + 1)


def test_a_redirect_is_refused_and_another_host_never_reached(system: RecordSystem) -> None:
    system.answers = [302]
    made = {"resourceType": "Flag", "status": "active", "code": {"text": "x"},
            "subject": {"reference": "Patient/p1"}}  # fmt: skip
    with Writer(base_of(system.base)) as writer, pytest.raises(NotWritten) as fault:
        writer.create(made, "1")
    assert fault.value.code == "fhir-302"
    assert system.asked == 1
    with (
        Writer(base_of("http://localhost:9/fhir"), resolve=lambda *_: []) as lost,
        pytest.raises(NotWritten) as unreachable,
    ):
        lost.create(made, "1")
    assert unreachable.value.code == "fhir-unreachable"


def test_the_token_is_read_for_each_send(
    store: Store, system: RecordSystem, clock: Clock, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    dispatch(store, written_to(system, "Task", token_file=token), clock, "http://x")
    (alert,) = store.alerts(TENANT)
    assert store.notices(TENANT, alert.id)[0].code == "fhir-no-token"
    token.write_text("secret\n")
    clock.now += timedelta(seconds=RETRY_S[0] + 1)
    dispatch(store, written_to(system, "Task", token_file=token), clock, "http://x")
    assert system.tokens == ["Bearer secret"]


@pytest.mark.parametrize(
    "given",
    [
        {"tenant": "t", "base": "http://fhir.example/r4", "resources": ["Task"]},
        {"tenant": "t", "base": "https://fhir.example/r4", "resources": ["MedicationRequest"]},
        {"tenant": "t", "base": "https://fhir.example/r4", "resources": ["Task"], "tok": 1},
        {"tenant": "t", "base": "https://fhir.example/r4", "resources": []},
    ],
)
def test_a_wrong_place_is_a_fault_of_the_settings(given: dict[str, Any]) -> None:
    with pytest.raises(SettingsFault):
        record_of(given)


def test_the_operator_s_file(tmp_path: Path) -> None:
    path = tmp_path / "notify.yaml"
    path.write_text(
        "record:\n  - {tenant: t, base: 'https://fhir.example/r4', resources: [Task],"
        " audiences: [nurse]}\n"
    )
    settings = Settings(data_dir=tmp_path, database_url="sqlite:///x", notify=path)
    (place,) = channels_of(settings).records
    assert place.takes("t", "nurse")
    assert not place.takes("other", "nurse")


def test_a_letter_is_posted_and_what_is_refused_is_tried_again(store: Store, clock: Clock) -> None:
    with post_office() as post:
        box = Mailbox(
            "127.0.0.1", "sentinel@x.example", {"worklist": ("ward@x.example",)},
            port=post.port, starttls=False,
        )  # fmt: skip
        post.refuses = {"ward@x.example"}
        dispatch(store, Channels(mailbox=box), clock, "http://x")
        (alert,) = store.alerts(TENANT)
        assert store.notices(TENANT, alert.id)[0].state == "pending"
        post.refuses = set()
        clock.now += timedelta(seconds=RETRY_S[0] + 1)
        dispatch(store, Channels(mailbox=box), clock, "http://x")
        ((receivers, letter),) = post.letters
    assert receivers == ["ward@x.example"]
    assert f"http://x/worklist#a-{alert.id}" in letter
    assert "X-NMS-Sentinel-Delivery" in letter
    assert "p1" not in letter.replace(alert.id, "")
    assert store.notices(TENANT, alert.id)[0].state == "sent"


def test_nobody_takes_a_highly_probable_and_the_chain_is_told_in_time(
    store: Store, system: RecordSystem
) -> None:
    """ALR-06 from the due list to the record system: second on-call, then critical care."""
    for due in store.claim_due(datetime.now(UTC) + timedelta(days=9)):
        assert store.settle(due, (), None, None, due.claimed_at)
    clock, at = Clock(T0), T0
    told: list[tuple[str, float]] = []
    everyone = frozenset(a.value for a in Audience) - {"worklist"}
    channels = Channels(records=(Record(TENANT, base_of(system.base), ("Task",), everyone),))
    for minutes in (0, 5, 10, 15, 20, 30, 45, 60, 90):
        clock.now = at = T0 + timedelta(minutes=minutes)
        store.make_due(TENANT, "p9", at, "re-check")
        (due,) = store.claim_due(at)
        known = store.alerts(TENANT, "p9", open_only=False)
        moves = advance(
            known,
            replace(assessed(at, "HIGHLY_PROBABLE", evidence_at=T0), patient="p9"),
            TENANT,
            at,
            lambda: "a9", knowledge=load(),
        )  # fmt: skip
        assert store.settle(due, moves, {"tier": "x"}, None, at)
        before = set(system.held)
        dispatch(store, channels, clock, "http://x")
        for key in set(system.held) - before:
            told.append((system.held[key]["performerType"][0]["text"], minutes))
    first = dict(sorted(told, key=lambda one: -one[1]))
    rules = load()
    assert first["prescriber"] == 0
    assert first["second-on-call"] >= rules["escalation.second_on_call_min"]
    assert first["critical-care-outreach"] >= rules["escalation.critical_care_min"]
    assert first["second-on-call"] < first["critical-care-outreach"]
    names = [who for who, _ in told]
    assert names.count("second-on-call") == names.count("critical-care-outreach") == 1
