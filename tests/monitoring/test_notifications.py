"""Notices beyond the worklist: signed, at least once, dead letters in sight. A real receiver."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from alerts.knowledge import load
from service.errors import SettingsFault
from service.monitoring.evaluation import Evaluator
from service.monitoring.holding import LEASE_S, Holding
from service.monitoring.notifications import RETRY_S, Channels, channels_of, dispatch
from service.monitoring.record import record_of
from service.security.mail import Mailbox
from service.security.webhook import (
    ATTEMPT,
    DELIVERY,
    SIGNATURE,
    Target,
    faults_of,
    signature,
    verify,
)
from service.settings import Settings
from service.store import Store
from service.store.database.schema import notices
from tests.monitoring.conftest import Clock
from tests.monitoring.mail_server import post_office
from tests.monitoring.orders import TENANT, accept

SECRET = "s" * 32


@dataclass
class Receiver:
    """Takes webhooks; answers with the statuses it was told to, then 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    while_open: Callable[[], None] | None = None
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    held = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            held.taken.append((dict(self.headers), body))
            if held.while_open is not None:
                held.while_open()
            self.send_response(held.answers.pop(0) if held.answers else 200)
            if held.taken and self.path == "/moved":
                self.send_header("Location", "http://127.0.0.1:9/")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    held.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield held
    server.shutdown()


def to(receiver: Receiver, *audiences: str) -> Channels:
    named = frozenset(audiences or ("worklist",))
    return Channels((Target("bleep", receiver.url, SECRET, named),))


def test_a_notice_is_signed_and_holds_no_patient(
    store: Store, receiver: Receiver, clock: Clock
) -> None:
    assert dispatch(store, to(receiver), clock, "https://nms.example/") == 1
    ((headers, body),) = receiver.taken
    assert verify(SECRET, headers[SIGNATURE], body, int(clock.now.timestamp()))
    assert not verify("x" * 32, headers[SIGNATURE], body, int(clock.now.timestamp()))
    assert not verify(SECRET, headers[SIGNATURE], body + b" ", int(clock.now.timestamp()))
    assert not verify(SECRET, headers[SIGNATURE], body, int(clock.now.timestamp()) + 301)
    said = json.loads(body)
    (alert,) = store.alerts(TENANT)
    assert said["link"] == f"https://nms.example/worklist#a-{alert.id}"
    assert (said["why"], said["repeat"]) == ("pair-found", False)
    assert b"p1" not in body
    (posted,) = store.notices(TENANT, alert.id)
    assert posted.state == "sent"
    assert dispatch(store, to(receiver), clock, "") == 0


def test_what_failed_is_sent_again_as_a_repeat_under_the_same_id(
    store: Store, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [500]
    dispatch(store, to(receiver), clock, "")
    assert dispatch(store, to(receiver), clock, "") == 0  # not before its pause is over
    clock.now += timedelta(seconds=RETRY_S[0])
    dispatch(store, to(receiver), clock, "")
    first, second = (json.loads(body) for _, body in receiver.taken)
    assert first["delivery"] == second["delivery"]
    assert (first["repeat"], second["repeat"]) == (False, True)


def test_what_a_slow_receiver_kept_waiting_is_sent_once(
    store: Store, receiver: Receiver, clock: Clock
) -> None:
    accept(store, "p2", "p3")
    Evaluator(store, load(), clock, lambda: str(uuid4())).drain()

    def slow() -> datetime:  # each notice takes more than half of the lease
        clock.now += timedelta(seconds=LEASE_S / 5)
        return clock.now

    assert dispatch(store, to(receiver), slow, "") == 3
    assert len({dict(headers)[DELIVERY] for headers, _ in receiver.taken}) == 3
    assert [json.loads(body)["repeat"] for _, body in receiver.taken] == [False] * 3


def test_a_letter_does_not_come_twice_because_others_are_slow(
    store: Store, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two receivers hang for longer than a lease each; a second sender looks in all the while."""
    monkeypatch.setattr("service.monitoring.holding.EVERY_S", 0.02)
    found: list[int] = []

    def hangs() -> None:
        clock.now += timedelta(seconds=2 * LEASE_S)
        wait_for(lambda: _kept_until(store) > clock.now)
        found.append(dispatch(store, everywhere, clock, "http://x"))

    receiver.while_open = hangs
    with post_office() as office:
        box = Mailbox(
            "127.0.0.1",
            "nms@h.example",
            {"worklist": ("w@h.example",)},
            office.port,
            starttls=False,
        )
        twice = (*to(receiver).webhooks, replace(to(receiver).webhooks[0], name="second"))
        everywhere = Channels(twice, box)
        assert dispatch(store, everywhere, clock, "http://x") == 1
        assert found == [0, 0]
        assert (len(receiver.taken), len(office.letters)) == (2, 1)
    (alert,) = store.alerts(TENANT)
    (posted,) = store.notices(TENANT, alert.id)
    assert (posted.state, posted.lease) == ("sent", 1)


def test_who_takes_over_from_a_sender_that_died_writes_no_second_letter(
    store: Store, receiver: Receiver, clock: Clock
) -> None:
    """The letter has gone, then the sender dies while it writes to the record system."""

    class Killed(BaseException):
        pass

    def dies(*_: object) -> None:
        raise Killed

    with post_office() as office, pytest.MonkeyPatch.context() as broken:
        box = Mailbox(
            "127.0.0.1",
            "nms@h.example",
            {"worklist": ("w@h.example",)},
            office.port,
            starttls=False,
        )
        place = record_of({"tenant": TENANT, "base": "http://127.0.0.1:9/", "resources": ["Task"]})
        broken.setattr("service.monitoring.notifications.write", dies)
        with pytest.raises(Killed):
            dispatch(store, Channels((), box, (place,)), clock, "http://x")
        clock.now += timedelta(seconds=LEASE_S)
        assert dispatch(store, Channels(to(receiver).webhooks, box), clock, "http://x") == 1
        assert len(office.letters) == 1
    assert [json.loads(body)["repeat"] for _, body in receiver.taken] == [True]


def test_a_notice_that_another_took_over_is_left_to_it(
    store: Store, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store was away for longer than a lease: what has not gone yet is the other's to send."""
    monkeypatch.setattr("service.monitoring.holding.EVERY_S", 0.02)
    lost: list[Holding] = []

    class Watched(Holding):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            lost.append(self)

    monkeypatch.setattr("service.monitoring.notifications.Holding", Watched)

    def taken_over() -> None:
        receiver.while_open = None
        # at a time that no renewal of ours reaches
        (claimed,) = store.claim_notices(clock.now + timedelta(days=1))
        assert store.notice_sent(claimed, clock.now)
        wait_for(lambda: lost[0].lost)

    receiver.while_open = taken_over
    twice = (*to(receiver).webhooks, replace(to(receiver).webhooks[0], name="second"))
    dispatch(store, Channels(twice), clock, "")
    assert len(receiver.taken) == 1


def _kept_until(store: Store) -> datetime:
    with store._database.read() as connection:
        found: datetime = connection.execute(select(notices.c.next_at)).scalar_one()
    return found


def wait_for(what: Callable[[], bool]) -> None:
    for _ in range(6000):
        if what():
            return
        time.sleep(0.01)
    raise AssertionError("in vain")


def test_what_cannot_be_delivered_ends_in_sight_and_can_be_revived(
    store: Store, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [503] * 50
    for _ in range(len(RETRY_S) + 3):
        dispatch(store, to(receiver), clock, "")
        clock.now += timedelta(seconds=max(RETRY_S))
    (dead,) = store.dead_letters(TENANT)
    assert dead.code == "webhook-503"
    assert len(receiver.taken) == len(RETRY_S) + 1
    receiver.answers = []
    store.revive_notice(TENANT, dead.id, clock.now)
    dispatch(store, to(receiver), clock, "")
    assert store.dead_letters(TENANT) == []


def test_a_revived_dead_letter_that_fails_once_more_is_not_dead_at_once(
    store: Store, receiver: Receiver, clock: Clock
) -> None:
    whole_round = len(RETRY_S) + 1
    receiver.answers = [503] * (2 * whole_round)
    for _ in range(whole_round):
        dispatch(store, to(receiver), clock, "")
        clock.now += timedelta(seconds=max(RETRY_S))
    (dead,) = store.dead_letters(TENANT)
    store.revive_notice(TENANT, dead.id, clock.now)
    for begun in range(1, whole_round + 1):
        assert store.dead_letters(TENANT) == []
        assert dispatch(store, to(receiver), clock, "") == 1
        assert json.loads(receiver.taken[-1][1])["repeat"] is True
        assert dict(receiver.taken[-1][0])[ATTEMPT] == str(whole_round + begun)
        clock.now += timedelta(seconds=max(RETRY_S))
    assert [held.lease for held in store.dead_letters(TENANT)] == [2 * whole_round]


def test_a_redirect_is_refused(store: Store, receiver: Receiver, clock: Clock) -> None:
    receiver.answers, receiver.url = [307], receiver.url.replace("/hook", "/moved")
    dispatch(store, to(receiver), clock, "")
    (alert,) = store.alerts(TENANT)
    (posted,) = store.notices(TENANT, alert.id)
    assert (posted.state, posted.code) == ("pending", "webhook-307")


def test_a_receiver_that_is_not_there(store: Store, receiver: Receiver, clock: Clock) -> None:
    nowhere = replace(receiver, url="http://127.0.0.1:9/")
    dispatch(store, to(nowhere), clock, "")
    (alert,) = store.alerts(TENANT)
    assert store.notices(TENANT, alert.id)[0].code == "webhook-unreachable"


def test_without_channels_the_worklist_is_all_and_that_is_recorded(
    store: Store, clock: Clock
) -> None:
    assert dispatch(store, Channels(), clock, "") == 1
    (alert,) = store.alerts(TENANT)
    assert store.notices(TENANT, alert.id)[0].state == "sent"


def test_an_audience_that_no_target_names_goes_to_those_that_name_none(
    receiver: Receiver,
) -> None:
    from alerts.lifecycle import Audience

    everybody = Channels((Target("all", receiver.url, SECRET),))
    assert everybody.webhooks_for(Audience.SECOND_ON_CALL)
    assert not everybody.webhooks_for(Audience.WORKLIST)  # each move of each row: not unasked


@pytest.mark.parametrize(
    ("url", "secret", "said"),
    [
        ("http://bleep.example/", SECRET, "must be https"),
        ("ftp://bleep.example/", SECRET, "must be https://"),
        ("https://u:p@bleep.example/", SECRET, "password"),
        ("https://bleep.example/", "short", "32 characters"),
    ],
)
def test_what_is_wrong_with_a_target(url: str, secret: str, said: str) -> None:
    assert any(said in fault for fault in faults_of(Target("bleep", url, secret)))


def test_the_operator_s_file_is_read_and_every_fault_named(tmp_path: Path) -> None:
    path = tmp_path / "notify.yaml"
    settings = Settings(data_dir=tmp_path, database_url="sqlite:///x", notify=path)
    path.write_text(
        f"webhooks:\n  - {{name: b, url: 'https://b.example', secret: {SECRET}}}\n"
        "mail: {host: mx, sender: a@b, to: {nurse: ward@b}}\n"
    )
    held = channels_of(settings)
    assert held.webhooks[0].name == "b"
    assert held.mailbox is not None
    assert held.mailbox.to == {"nurse": ("ward@b",)}
    path.write_text(
        "webhooks:\n  - {name: b, url: 'http://b.example', secret: short, audiences: [ghost]}\n"
    )
    with pytest.raises(SettingsFault) as fault:
        channels_of(settings)
    assert len(fault.value.message.splitlines()) == 3
    path.write_text("webhooks:\n  - {name: b}\n")
    with pytest.raises(SettingsFault, match="url"):
        channels_of(settings)


def test_the_name_of_a_target_cannot_look_like_a_letter() -> None:
    target = Target("letter: mail", "https://bleep.example/", SECRET)
    assert faults_of(target) == ["letter: mail: name must not hold a colon"]


def test_a_signature_covers_the_time() -> None:
    assert signature(SECRET, 1, b"x") != signature(SECRET, 2, b"x")


def test_a_receiver_that_is_away_does_not_silence_the_others(
    store: Store, receiver: Receiver, clock: Clock
) -> None:
    """The letter goes out at the first try, and once; who took a webhook hears a marked repeat."""
    away = Target("away", "http://127.0.0.1:9/", SECRET, frozenset({"worklist"}))
    with post_office() as office:
        letters = {"worklist": ("ward@h.example",)}
        box = Mailbox("127.0.0.1", "nms@h.example", letters, office.port, starttls=False)
        both = Channels((away, *to(receiver).webhooks), box)
        dispatch(store, both, clock, "http://x")
        (alert,) = store.alerts(TENANT)
        assert store.notices(TENANT, alert.id)[0].code == "webhook-unreachable"
        assert (len(receiver.taken), len(office.letters)) == (1, 1)
        clock.now += timedelta(seconds=RETRY_S[0])
        dispatch(store, both, clock, "http://x")
        clock.now += timedelta(seconds=RETRY_S[1])
        dispatch(store, Channels(to(receiver).webhooks, box), clock, "http://x")
    assert [json.loads(body)["repeat"] for _, body in receiver.taken] == [False, True, True]
    assert len(office.letters) == 1
    (posted,) = store.notices(TENANT, alert.id)
    assert (posted.state, posted.receipt) == ("sent", "bleep 200, letter: mail 1")
