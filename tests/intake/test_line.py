"""What crosses the line to a process of the intake arrives as it was, whatever it holds."""

import asyncio
import pickle
import socket
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from service.intake.delivery import Delivery, Form, Receipt
from service.intake.line import exchange, hear, tell

FULL = Delivery(
    body=b"{}",
    form=Form.NOTIFICATION,
    tenant="t",
    client="c",
    received_at=datetime(2026, 1, 1, tzinfo=UTC),
    correlation="k",
    resource_type="Observation",
    resource_id="o-1",
    subscription="s",
    fhir_version="4.0",
)
ANSWER = Receipt(207, b"answer", {"accepted": 2, "refused": 1}, ("no-subject",), "resource", "gap")


def test_every_field_of_a_delivery_and_a_receipt_crosses() -> None:
    for sent in (FULL, ANSWER):
        defaults = [f.name for f in fields(sent) if getattr(sent, f.name) == f.default]
        assert not defaults  # each field is told apart from its absence
        assert pickle.loads(pickle.dumps(sent)) == sent


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def packed(told: object) -> bytes:
    body = pickle.dumps(told)
    return len(body).to_bytes(8, "big") + body


# what the other end still said before it died: nothing, half a length, a length, half a message
BROKEN_OFF = [b"", packed(FULL)[:3], packed(FULL)[:8], packed(FULL)[:-1]]


@pytest.mark.timeout(100)
@pytest.mark.parametrize("said", BROKEN_OFF, ids=len)
def test_a_line_that_breaks_off_is_heard_as_such(
    ends: tuple[socket.socket, socket.socket], said: bytes
) -> None:
    """A process whose parent died waits no longer; half a message is never taken for one."""
    ours, theirs = ends
    theirs.sendall(said)
    theirs.close()
    with pytest.raises(EOFError):
        hear(ours)


@pytest.mark.timeout(100)
@pytest.mark.parametrize("said", BROKEN_OFF, ids=len)
def test_an_answer_that_breaks_off_is_no_answer(
    ends: tuple[socket.socket, socket.socket], said: bytes
) -> None:
    ours, theirs = ends
    ours.setblocking(False)
    theirs.sendall(said)
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(EOFError):
        asyncio.run(exchange(ours, FULL))


@pytest.mark.timeout(100)
def test_messages_follow_one_another(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    for sent in (FULL, ANSWER):
        tell(ours, sent)
    assert [hear(theirs), hear(theirs)] == [FULL, ANSWER]
