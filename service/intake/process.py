"""The intake in processes of its own, so that reading bundles never slows the hooks.

One line to each process: a delivery goes in, a receipt or our own error comes back. A process
ends when its line does, so it cannot outlive its parent; one that died is replaced and the body
that it held is answered 503: nothing was acknowledged, so nothing is lost. It rings the bell, too:
what can be done there is not done in the process that answers hooks.
"""

import asyncio
import gc
import multiprocessing
import signal
import socket
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock

import structlog

from service.errors import SentinelError, Unavailable
from service.intake.delivery import Delivery, Receipt
from service.intake.door import Take, Waiting
from service.intake.line import exchange, hear, tell
from service.logs import bind, configure, place_of
from service.monitoring.doorbell import ring
from service.processes import give_memory_back, give_way
from service.settings import Settings

log = structlog.get_logger(__name__)
END_S = 5.0
# bytes of a body after which what reading it left behind is cleared away at once
LARGE = 1_000_000

MakeClerk = Callable[[Settings], Take]


class ProcessDoor:
    """`make_clerk` is called in each process: a function of a module, so that it can be found."""

    def __init__(self, make_clerk: MakeClerk, settings: Settings, processes: int) -> None:
        self._make_clerk = make_clerk
        self._settings = settings
        self._free = _Free()
        self._waiting = Waiting()
        self._parts = [self._begun() for _ in range(processes)]
        for part in self._parts:
            self._free.put(part)

    async def take(self, given: Delivery) -> Receipt:
        with self._waiting:
            # whoever asked may leave: the answer still comes, and is not for the next
            return await asyncio.shield(self._taken(given))

    def take_now(self, given: Delivery) -> Receipt:
        return asyncio.run(self._taken(given))

    def close(self) -> None:
        """End the processes; what they hold is finished first."""
        for part in self._parts:
            part.end()

    async def _taken(self, given: Delivery) -> Receipt:
        wanted = self._free.get()
        # to wait for what is there already would wake the loop over a pipe
        part = wanted.result() if wanted.done() else await asyncio.wrap_future(wanted)
        try:
            return await part.take(given)
        except _Gone:
            part = await asyncio.to_thread(self._another, part)
            raise Unavailable(
                "The intake was interrupted. Send again.", code="intake-gone"
            ) from None
        finally:
            self._free.put(part)

    def _another(self, gone: "_Part") -> "_Part":
        self._parts.remove(gone)
        gone.end()
        part = self._begun()
        self._parts.append(part)
        return part

    def _begun(self) -> "_Part":
        return _Part(self._make_clerk, self._settings)


class _Gone(Exception):
    """The process of a part is not there any more."""


class _Free:
    """Parts with nothing to do, for event loops and threads alike: first come, first served."""

    def __init__(self) -> None:
        self._parts: deque[_Part] = deque()
        self._asking: deque[Future[_Part]] = deque()
        self._guard = Lock()

    def get(self) -> "Future[_Part]":
        wanted: Future[_Part] = Future()
        with self._guard:
            if self._parts:
                wanted.set_result(self._parts.popleft())
            else:
                self._asking.append(wanted)
        return wanted

    def put(self, part: "_Part") -> None:
        with self._guard:
            while self._asking:
                wanted = self._asking.popleft()
                if wanted.set_running_or_notify_cancel():
                    wanted.set_result(part)
                    return
            self._parts.append(part)


class _Part:
    """One process and the line to it."""

    def __init__(self, make_clerk: MakeClerk, settings: Settings) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, far = socket.socketpair()
        self._line.setblocking(False)
        self._process = context.Process(
            target=serve, args=(far, make_clerk, settings), name="intake", daemon=True
        )
        self._process.start()
        far.close()

    async def take(self, given: Delivery) -> Receipt:
        try:
            answer = await exchange(self._line, given)
        except (EOFError, OSError) as fault:
            log.error("intake.gone", fault=type(fault).__name__)
            raise _Gone from fault
        except asyncio.CancelledError:
            self._line.close()
            raise
        if isinstance(answer, Told):
            raise answer.error()
        return answer  # type: ignore[no-any-return]

    def end(self) -> None:
        self._line.close()
        self._process.join(END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(END_S)


def serve(line: socket.socket, make_clerk: MakeClerk, settings: Settings) -> None:
    """The work of one intake process, until its line is closed."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the parent decides
        signal.signal(number, signal.SIG_IGN)
    configure(settings, "intake")
    clerk = make_clerk(settings)
    give_way()  # hooks first
    give_memory_back()
    while True:
        try:
            given = hear(line)
        except (EOFError, OSError):
            return
        with bind(correlation=given.correlation):
            answer = _answer(clerk, given)
        if isinstance(answer, Receipt):
            ring(settings)
        try:
            tell(line, answer)
        except OSError:
            return
        large = len(given.body) > LARGE
        del given, answer  # not kept until the next one comes, which may be tomorrow
        if large:
            gc.collect()


def _answer(clerk: Take, given: Delivery) -> "Receipt | Told":
    """The receipt, or the error to raise on the other side: pickled by its plain parts."""
    try:
        return clerk(given)
    except SentinelError as fault:
        return Told(type(fault), fault.message, fault.code, fault.location)
    except Exception as fault:
        log.error("intake.failed", **place_of(fault))
        return Told(None, "", "", None)


@dataclass(frozen=True, slots=True)
class Told:
    """An error on its way through the line. `kind` None: not one of ours."""

    kind: type[SentinelError] | None
    message: str
    code: str
    location: str | None

    def error(self) -> Exception:
        if self.kind is None:
            return RuntimeError("intake failed")
        return self.kind(self.message, code=self.code, location=self.location)
