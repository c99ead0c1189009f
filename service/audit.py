"""The trail: accesses noted by the API, written to the audit a moment later.

Off the path of an answer: a hook does not wait for the disk. What is noted is written within a
quarter of a second, in order, in one transaction a tenant. While the store is away it is kept and
tried again; beyond `ROOM` it is lost, and that is counted, logged and an alert of its own. What
changes something (intake, a person's step) is not noted here: its audit row is in its transaction.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import groupby, islice
from operator import itemgetter

import structlog

from service.logs import place_of
from service.metrics import count
from service.store import AuditEntry

ROOM = 20_000
BATCH = 500
PAUSE_S = 0.25
LAST_S = 4.0
Write = Callable[[str, Sequence[AuditEntry]], object]
log = structlog.get_logger(__name__)


class Trail:
    """`note` neither waits nor raises. One thread writes; `close` writes what is left."""

    def __init__(self, write: Write, room: int = ROOM, pause_s: float = PAUSE_S) -> None:
        self._write = write
        self._room = room
        self._pause_s = pause_s
        self._waiting: deque[tuple[str, AuditEntry]] = deque()
        self._closing = threading.Event()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def note(self, tenant: str, entry: AuditEntry) -> None:
        """To be written soon. Lost when too many wait: never silently."""
        if len(self._waiting) >= self._room:
            count("nms_sentinel_audit_lost_total")
            log.error("audit.lost", action=entry.action)
            return
        self._waiting.append((tenant, entry))
        self._begin()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def close(self) -> None:
        """Write what is left, for a few seconds at most; what is not written then is lost."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(LAST_S + 2 * self._pause_s)
        if self._waiting:
            count("nms_sentinel_audit_lost_total", len(self._waiting))
            log.error("audit.lost", number=len(self._waiting))

    def _begin(self) -> None:
        with self._guard:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        ends: float | None = None
        while True:
            if self._closing.wait(self._pause_s) and ends is None:
                ends = time.monotonic() + LAST_S
            self._drain()
            if ends is not None and (not self._waiting or time.monotonic() > ends):
                return
            if ends is not None:
                time.sleep(self._pause_s)

    def _drain(self) -> None:
        while self._waiting:
            batch = list(islice(self._waiting, BATCH))
            for tenant, group in groupby(batch, key=itemgetter(0)):
                entries = [entry for _, entry in group]
                try:
                    self._write(tenant, entries)
                except Exception as fault:  # the store is away: kept, tried again
                    log.warning("audit.not_written", number=len(self._waiting), **place_of(fault))
                    return
                for _ in entries:
                    self._waiting.popleft()
                count("nms_sentinel_audit_written_total", len(entries))
