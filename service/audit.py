"""The trail: accesses noted by the API, written to the audit a moment later.

Off the path of an answer: a hook does not wait for the store. What is noted lies in the journal on
disk before the answer goes out (`service.journal`), so that a killed process loses none, and is
written within a quarter of a second, in order, in one transaction a tenant. While the store is
away it is kept and tried again; beyond `ROOM` it is lost, and that is counted, logged and an alert
of its own. What changes something (intake, a person's step) is not noted here: its audit row is in
its transaction.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from service.journal import Journal, Segment
from service.logs import place_of
from service.metrics import count
from service.store import AuditEntry

ROOM = 20_000
BATCH = 500
PAUSE_S = 0.25
LAST_S = 4.0
log = structlog.get_logger(__name__)


class Write(Protocol):
    """Appends to the audit of a tenant; what was written with the same `once` is not again.

    `forget`: names given as `once` that will not come again.
    """

    def __call__(
        self, tenant: str, entries: Sequence[AuditEntry], /, *, once: str, forget: Sequence[str]
    ) -> object: ...


class Trail:
    """`note` neither waits nor raises. One thread writes; `close` writes what is left.

    `journal`: where accesses lie until they are written; without one, in memory alone.
    """

    def __init__(
        self,
        write: Write,
        room: int = ROOM,
        pause_s: float = PAUSE_S,
        journal: Callable[[], Journal] | None = None,
    ) -> None:
        self._write = write
        self._room = room
        self._pause_s = pause_s
        self._opened = journal
        self._journal: Journal | None = None
        self._open: Segment | None = None
        self._closed: deque[Segment] = deque()
        self._held = 0
        self._over: list[str] = []  # names of what is written and off the disk
        self._closing = threading.Event()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def note(self, tenant: str, entry: AuditEntry) -> None:
        """To be written soon. Lost when too many wait: never silently."""
        with self._guard:
            if self._held >= self._room:
                count("nms_sentinel_audit_lost_total")
                log.error("audit.lost", action=entry.action)
                return
            self._begin()
            if self._open is None:
                self._open = self._journal.segment() if self._journal else Segment()
            self._open.add(tenant, entry)
            self._held += 1
            if len(self._open.lines) >= BATCH:
                self._turn_over()

    @property
    def waiting(self) -> int:
        return self._held

    def begin(self) -> None:
        """Begin at once, with what a killed process left in the journal."""
        with self._guard:
            self._begin()

    def close(self) -> None:
        """Write what is left, for a few seconds at most. What is not written then is lost, or in
        the journal for the next process."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(LAST_S + 2 * self._pause_s)
        if self._journal is not None:
            self._journal.close()
            if self._held:
                log.warning("audit.left_in_journal", number=self._held)
        elif self._held:
            count("nms_sentinel_audit_lost_total", self._held)
            log.error("audit.lost", number=self._held)

    def _begin(self) -> None:
        if self._thread is not None:
            return
        if self._opened is not None:
            try:
                self._journal = self._opened()
            except OSError as fault:
                log.error("audit.no_journal", **place_of(fault))
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def _turn_over(self) -> None:
        if self._open is not None:
            self._open.close()
            self._closed.append(self._open)
            self._open = None

    def _run(self) -> None:
        ends: float | None = None
        adopted = self._adopt()
        while True:
            if self._closing.wait(self._pause_s) and ends is None:
                ends = time.monotonic() + LAST_S
            drained = self._drain()
            adopted = adopted or (drained and self._adopt())
            if ends is not None and (not self._held or time.monotonic() > ends):
                return
            if ends is not None:
                time.sleep(self._pause_s)

    def _drain(self) -> bool:
        """False when the store took not all: it is kept, and tried again."""
        with self._guard:
            self._turn_over()
        while self._closed:
            segment = self._closed[0]
            if not self._kept(segment):
                return False
            self._closed.popleft()
            with self._guard:
                self._held -= len(segment.lines)
        return True

    def _adopt(self) -> bool:
        """What processes that are gone have left in the journal. False when the store is away."""
        if self._journal is None:
            return True
        for segment in self._journal.left_behind():
            if not self._kept(segment):
                return False
            log.info("audit.adopted", number=len(segment.lines))
        return True

    def _kept(self, segment: Segment) -> bool:
        for tenant in dict.fromkeys(tenant for tenant, _ in segment.lines):
            if tenant in segment.written:
                continue
            entries = [entry for of, entry in segment.lines if of == tenant]
            once = f"{segment.key}.{tenant}" if segment.key else ""
            forget = self._over[:BATCH]
            try:
                self._write(tenant, entries, once=once, forget=forget)
            except Exception as fault:
                log.warning("audit.not_written", number=self._held, **place_of(fault))
                return False
            del self._over[: len(forget)]
            segment.written.add(tenant)
            count("nms_sentinel_audit_written_total", len(entries))
        segment.done()
        self._over += [f"{segment.key}.{tenant}" for tenant in segment.written if segment.key]
        return True
