"""The door of the intake: takes deliveries in without holding up the event loop.

Reading costs milliseconds of CPU, which must never be taken from the loop that answers hooks:
it is done in processes of the intake's own (`process`), or in a thread where there are none.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from service.errors import Unavailable
from service.intake.delivery import Delivery, Receipt

# waiting bodies beyond this are told to come again: a queue without end is a lie
WAITING_MAX = 32

Take = Callable[[Delivery], Receipt]


class Door(Protocol):
    """Takes deliveries in without holding up the event loop; what is stored has rung the bell."""

    async def take(self, given: Delivery) -> Receipt: ...

    def take_now(self, given: Delivery) -> Receipt: ...

    def close(self) -> None: ...


class Waiting:
    """Bounds how many bodies wait: the others are told to come again (503)."""

    def __init__(self, most: int = WAITING_MAX) -> None:
        self._most = most
        self._held = 0

    def __enter__(self) -> None:
        if self._held >= self._most:
            raise Unavailable("The intake is busy. Send again.", code="intake-busy")
        self._held += 1

    def __exit__(self, *_: object) -> None:
        self._held -= 1


class ThreadDoor:
    """Everything in threads of this process: for tests, and where processes are not wanted."""

    def __init__(self, clerk: Take, ring: Callable[[], None] = lambda: None) -> None:
        self._clerk = clerk
        self._ring = ring
        self._waiting = Waiting()

    async def take(self, given: Delivery) -> Receipt:
        with self._waiting:
            return await asyncio.to_thread(self.take_now, given)

    def take_now(self, given: Delivery) -> Receipt:
        receipt = self._clerk(given)
        self._ring()
        return receipt

    def close(self) -> None:
        """Nothing is held."""
