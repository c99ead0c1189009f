"""What keeps a worker honest, in a thread of its own.

Its pulse: a task to the worker's own queue, through the broker and back. A worker that has not
received one for 60 s while the broker answers is deaf (celery#8030 and its family): it leaves
with a fault and is started again. While the broker is away there is nothing to hear, and leaving
would help nobody.

Its sweep: every 10 s it looks at the due list itself. With Redis gone for hours, patients are
still evaluated, some seconds later.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from service.logs import place_of

PULSE_S, SWEEP_S, DEAF_S = 10.0, 10.0, 60.0
TICK_S = 1.0
DEAF_EXIT = 75  # EX_TEMPFAIL: try again
log = structlog.get_logger(__name__)


@dataclass
class Hearing:
    """Whether the worker still hears. Pure but for the clock that is given."""

    clock: Callable[[], float] = time.monotonic
    deaf_s: float = DEAF_S
    _since: float | None = None
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def heard(self) -> None:
        """A pulse has arrived."""
        with self._guard:
            self._since = None

    def sent(self) -> None:
        """A pulse was put into the broker: from now on it can be missed."""
        with self._guard:
            self._since = self.clock() if self._since is None else self._since

    def broker_away(self) -> None:
        """Nothing can be heard: the count begins anew when the broker is back."""
        with self._guard:
            self._since = None

    @property
    def deaf(self) -> bool:
        with self._guard:
            return self._since is not None and self.clock() - self._since > self.deaf_s


@dataclass
class Keeper:
    """The thread. `send_pulse` raises when the broker does not take it."""

    hearing: Hearing
    send_pulse: Callable[[], None]
    sweep: Callable[[], None]
    stopping: threading.Event
    leave: Callable[[int], None] = os._exit
    pulse_s: float = PULSE_S
    sweep_s: float = SWEEP_S
    tick_s: float = TICK_S

    def start(self) -> None:
        for name, work in (("pulse", self._pulse), ("sweep", self._sweep)):
            threading.Thread(target=work, name=name, daemon=True).start()

    def _pulse(self) -> None:
        next_at = time.monotonic() + self.pulse_s  # Celery forks its pool first
        while not self.stopping.wait(self.tick_s):
            if time.monotonic() >= next_at:
                next_at = time.monotonic() + self.pulse_s
                self._beat()
            if self.hearing.deaf:
                log.error("worker.deaf", seconds=self.hearing.deaf_s)
                self.leave(DEAF_EXIT)
                return

    def _beat(self) -> None:
        try:
            self.send_pulse()
        except Exception as fault:
            self.hearing.broker_away()
            log.warning("worker.broker_away", fault=type(fault).__name__)
        else:
            self.hearing.sent()

    def _sweep(self) -> None:
        while not self.stopping.wait(self.sweep_s):
            try:
                self.sweep()
            except Exception as fault:
                log.error("worker.sweep_failed", **place_of(fault))
