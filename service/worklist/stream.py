"""The live stream: server-sent events from the store's changes, with catch-up.

An event carries keys only, never patient content; the page then fetches its rows. However many
pages are open, one process asks the store at most once per `PULSE_S`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from service.errors import BadInput
from service.leaving import leaving
from service.security.roles import Lister
from service.worklist.desk import Desk
from service.worklist.door import HEADERS, ProgramRoute
from service.worklist.room import Room

PULSE_S = 0.5
BEAT_S = 10.0
# A stream ends by itself and the browser comes back with its Last-Event-ID: a restarted or
# rebalanced service is found again, and a sign-in that has expired is noticed.
LIFE_S = 600.0


class Pulse:
    """The newest cursor of the store, asked for at most every PULSE_S seconds."""

    def __init__(self, desk: Desk, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk = desk
        self._clock = clock
        self._asked = float("-inf")
        self._cursor = 0
        self._one_at_a_time = asyncio.Lock()

    async def cursor(self) -> int:
        async with self._one_at_a_time:
            if self._clock() - self._asked >= PULSE_S:
                self._cursor = await asyncio.to_thread(self._desk.cursor)
                self._asked = self._clock()
            return self._cursor


def stream_routes(room: Room) -> APIRouter:
    """GET /worklist/stream?since=N; a Last-Event-ID header counts before `since`."""
    router = APIRouter(route_class=ProgramRoute)
    pulse = Pulse(room.desks[room.home])

    @router.get("/worklist/stream")
    async def stream(
        request: Request, user: Lister, since: str = "", tenant: str = ""
    ) -> StreamingResponse:
        desk = room.desk(user, tenant)
        start = cursor_of(request.headers.get("last-event-id") or since)
        if start is None:
            start = await pulse.cursor()
        return StreamingResponse(
            events(desk, pulse, start),
            media_type="text/event-stream",
            headers={**HEADERS, "X-Accel-Buffering": "no"},
        )

    return router


def cursor_of(text: str) -> int | None:
    """A cursor as sent by a client; None when there is none."""
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise BadInput("A cursor is a number of at most 18 digits.", code="cursor")
    return int(text)


async def events(
    desk: Desk,
    pulse: Pulse,
    start: int,
    clock: Callable[[], float] = time.monotonic,
    life_s: float = LIFE_S,
) -> AsyncIterator[bytes]:
    """The stream from cursor `start`: what was missed first, then what changes, and beats."""
    yield b"retry: 2000\n\n"
    born = beaten = clock()
    while clock() - born < life_s and not leaving.is_set():
        newest = await pulse.cursor()
        if newest > start:
            start, keys = await asyncio.to_thread(desk.changes, start)
            yield _event("changes", start, {"alerts": keys})
            beaten = clock()
        elif newest < start:  # the store was put back to an older state: begin there
            start = newest
            yield _event("changes", start, {"alerts": []})
        elif clock() - beaten >= BEAT_S:
            yield _event("beat", start, {})
            beaten = clock()
        await asyncio.sleep(PULSE_S)


def _event(name: str, cursor: int, held: dict[str, list[str]]) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (cursor, name.encode(), orjson.dumps(held))
