"""The line to a process of the intake: everybody gets the answer to what they sent."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
import uvloop

from service.errors import BadInput, Unavailable
from service.intake.delivery import Delivery, Form
from service.intake.door import WAITING_MAX
from service.intake.process import ProcessDoor
from service.monitoring.broker import server_binary
from service.monitoring.celery_app import QUEUE
from service.monitoring.embedded import EmbeddedBroker
from service.settings import Settings, load_settings
from tests.intake.clerks import digest, make_echo, reached
from tests.monitoring.orders import until

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def settings_in(folder: Path, **more: str) -> Settings:
    return load_settings(
        {"NMS_SENTINEL_DATA_DIR": str(folder), "NMS_SENTINEL_OPEN_MODE": "1", **more}
    )


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessDoor]:
    opened = ProcessDoor(make_echo, settings_in(tmp_path_factory.mktemp("door")), 1)
    yield opened
    opened.close()


def delivery(body: bytes) -> Delivery:
    return Delivery(body, Form.BUNDLE, "t", "c", datetime.now(UTC), "correlation")


@pytest.fixture(params=sorted(LOOPS))
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    def run_in(work: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            return runner.run(work)

    return run_in


BODIES = (b"a", b"slow b", b"c" * 3_000_000, b"big d", b"big " + b"e" * 300_000, b"f" * 70_000)


def test_everybody_gets_the_answer_to_what_they_sent(run: Any, door: ProcessDoor) -> None:
    async def all_at_once() -> list[bytes]:
        taken = await asyncio.gather(*(door.take(delivery(body)) for body in BODIES * 3))
        return [receipt.body for receipt in taken]

    for body, told in zip(BODIES * 3, run(all_at_once()), strict=True):
        assert told[:64] == digest(body)
        assert len(told) == (6_400_000 if body.startswith(b"big") else 64)


def test_threads_and_the_loop_share_a_process(run: Any, door: ProcessDoor) -> None:
    async def both() -> tuple[list[bytes], list[bytes]]:
        bodies = [b"thread %d" % n for n in range(12)]
        with ThreadPoolExecutor(4) as pool:
            threads = [pool.submit(door.take_now, delivery(body)) for body in bodies]
            mine = await asyncio.gather(*(door.take(delivery(body)) for body in BODIES))
            theirs = [(await asyncio.wrap_future(one)).body for one in threads]
        return [receipt.body[:64] for receipt in mine], theirs

    mine, theirs = run(both())
    assert mine == [digest(body) for body in BODIES]
    assert theirs == [digest(b"thread %d" % n) for n in range(12)]


def holding(gate: Path) -> Delivery:
    """What the process stays at until the gate is there."""
    return delivery(b"hold %s" % bytes(gate))


async def happens(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(100):
        while not condition():
            await asyncio.sleep(0.01)


def test_who_leaves_does_not_leave_the_answer_to_the_next(
    run: Any, door: ProcessDoor, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"

    async def leaving() -> bytes:
        gone = asyncio.create_task(door.take(holding(gate)))
        await happens(reached(gate).exists)
        gone.cancel()
        gate.touch()
        with pytest.raises(asyncio.CancelledError):
            await gone
        return (await door.take(delivery(b"next"))).body

    assert run(leaving()) == digest(b"next")


def test_a_loop_that_ends_in_the_middle_spoils_nothing(tmp_path: Path) -> None:
    """Its line is not used again: the answer to the one before lies in it."""
    door, gate = ProcessDoor(make_echo, settings_in(tmp_path), 1), tmp_path / "gate"

    async def begun() -> None:
        task = asyncio.create_task(door.take(holding(gate)))
        await happens(reached(gate).exists)
        assert not task.done()

    try:
        asyncio.run(begun())  # its end cancels what is under way
        gate.touch()
        with pytest.raises(Unavailable):
            door.take_now(delivery(b"next"))
        assert door.take_now(delivery(b"next")).body == digest(b"next")
    finally:
        door.close()


def test_a_refusal_comes_back_as_it_was(run: Any, door: ProcessDoor) -> None:
    with pytest.raises(BadInput) as refused:
        run(door.take(delivery(b"bad")))
    assert (refused.value.code, refused.value.location) == ("not-this-one", "here")
    assert run(door.take(delivery(b"good"))).body == digest(b"good")


def test_more_than_can_wait_are_told_to_come_again(
    run: Any, door: ProcessDoor, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"

    async def crowd() -> list[Any]:
        sent = [holding(gate), *(delivery(b"%d" % n) for n in range(1, 40))]
        asked = [asyncio.create_task(door.take(one)) for one in sent]
        await happens(lambda: sum(one.done() for one in asked) >= len(asked) - WAITING_MAX)
        gate.touch()
        return await asyncio.gather(*asked, return_exceptions=True)

    found = run(crowd())
    told_off = [one for one in found if isinstance(one, Unavailable)]
    assert {fault.code for fault in told_off} == {"intake-busy"}
    assert len(told_off) == 40 - WAITING_MAX


@pytest.mark.acceptance
def test_the_process_rings_the_bell(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker", server_binary())
    broker.start()
    door = ProcessDoor(make_echo, settings_in(tmp_path, REDIS_URL=broker.url), 1)
    try:
        with pytest.raises(BadInput):
            door.take_now(delivery(b"bad"))  # nothing was stored: nobody is due
        waiting = redis.Redis.from_url(broker.url)
        assert waiting.llen(QUEUE) == 0
        door.take_now(delivery(b"good"))
        until(lambda: waiting.llen(QUEUE) == 1, 30)
    finally:
        door.close()
        broker.stop()
