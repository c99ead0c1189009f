"""Whether this process has been told to stop, and how it leaves: with 0 however often it is told.

What would go on for ever asks `leaving`, and ends. A handler takes no lock: it interrupts the main
thread anywhere, also where that thread holds the lock of an event and would wait for itself.
"""

import signal
from collections.abc import Callable
from threading import Event
from types import FrameType

leaving = Event()
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopSignal:
    """Heard once, by the main thread; what comes after it is ignored by the system itself.

    Handlers that were told every millisecond once heaped one upon the other until the interpreter
    refused (RecursionError) or a worker waited for itself, and the stop was no longer clean. `then`
    runs in the handler: it may set something, and no more.
    """

    def __init__(self, then: Callable[[], None] | None = None) -> None:
        self.told = False
        self._then = then
        for number in STOP_SIGNALS:
            signal.signal(number, self._heard)

    def _heard(self, _number: int, _frame: FrameType | None) -> None:
        hear_no_more()
        self.told = True
        if self._then is not None:
            self._then()


def leave_on_signal() -> None:
    """From here on a signal to stop ends the process with 0: nothing is in flight yet."""
    for number in STOP_SIGNALS:
        signal.signal(number, _leave)


def hear_no_more() -> None:
    """All is done and the process ends: told again, it must not die of the signal.

    The interpreter puts its handlers back to the default before its end, where a second SIGTERM
    once made a clean stop an exit with -15; a signal that is ignored stays ignored.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _leave(_number: int, _frame: FrameType | None) -> None:
    hear_no_more()
    raise SystemExit(0)
