"""The time limit of one evaluation: a patient at whom a worker stays must not stop the others.

Python cannot end a thread, so the process ends (exit 75) and is started again; the patient has
then been counted one try (store.fail, or the mark of its lease). Where even this thread gets no
turn, because a call holds the interpreter, a watchdog in C that needs none ends the process.
"""

import faulthandler
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from service.logs import place_of

# an evaluation takes about 20 ms; together with a restart well within a lease
LIMIT_S = 8.0
TICK_S = 0.5
GRACE_S = 3.0
EXIT = 75  # EX_TEMPFAIL: try again
TOO_LONG = "evaluation-too-long"
log = structlog.get_logger(__name__)


@dataclass
class Watch:
    """Over the evaluations of one process, in whatever thread. `leave` ends the process."""

    limit_s: float = LIMIT_S
    leave: Callable[[int], None] = os._exit
    _running: dict[int, tuple[float, Callable[[], None]]] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _pid: int = 0
    _closed: bool = False

    @contextmanager
    def over(self, too_long: Callable[[], None]) -> Iterator[None]:
        """While the block runs. `too_long` is called once when it does not end in time."""
        self._start()
        mine = threading.get_ident()
        self._running[mine] = (time.monotonic() + self.limit_s, too_long)
        try:
            yield
        finally:
            self._running.pop(mine, None)

    def close(self) -> None:
        """End the watch; the process stays."""
        self._closed = True
        faulthandler.cancel_dump_traceback_later()

    def _start(self) -> None:
        """A thread of this process: one does not survive a fork."""
        with self._guard:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
            self._running.clear()
            self._arm()
            threading.Thread(target=self._look, name="watch", daemon=True).start()

    def _arm(self) -> None:
        """Begun anew at each turn: it fires only when the watch's thread gets none any more."""
        faulthandler.dump_traceback_later(self.limit_s + GRACE_S, exit=True)

    def _look(self) -> None:
        while not self._closed:
            time.sleep(TICK_S)
            late = [tell for ends, tell in list(self._running.values()) if time.monotonic() > ends]
            if late:
                self._end(late)
                return
            if not self._closed:
                self._arm()

    def _end(self, late: list[Callable[[], None]]) -> None:
        log.error("evaluation.too_long", seconds=self.limit_s)
        for tell in late:
            try:
                tell()
            except Exception as fault:  # the mark of the lease counts it as well
                log.error("evaluation.not_counted", **place_of(fault))
        self.close()
        self.leave(EXIT)
