"""A notice in hand. Its lease is short, so that a sender that dies is followed soon; it is renewed
as long as its holder is at work, so that one slow receiver does not make another's letter come
twice."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import structlog

from service.errors import Unavailable
from service.logs import place_of
from service.store import Posted, Store

# a sender that dies leaves what it had claimed for so long
LEASE_S = 20.0
# renewed so often: a store that is busy for some seconds costs nobody the lease
EVERY_S = 5.0
# no receivers together need longer: who is still at it then hangs, and another takes over
HANGS_S = 300.0
log = structlog.get_logger(__name__)


class Holding:
    """Keeps a claimed notice while it is sent: `begin`, then a context manager.

    `lost`: another sender has it, as the store was away for longer than a lease; what has not gone
    yet is that one's to send.
    """

    def __init__(self, store: Store, posted: Posted, clock: Callable[[], datetime]) -> None:
        self.posted = posted
        self.lost = False
        self._store, self._clock = store, clock
        self._receipt = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep_on, name="holding", daemon=True)

    def begin(self) -> bool:
        """Whether it is still the caller's, and now for a whole lease. Raises Unavailable."""
        until = self._clock() + timedelta(seconds=LEASE_S)
        self.lost = not self._store.keep_notice(self.posted, until, self._receipt)
        return not self.lost

    def gone(self, receipt: str) -> None:
        """A part that may not go twice has gone: on record at once, and not only at the end."""
        self._receipt = receipt
        self._renew()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def _keep_on(self) -> None:
        for _ in range(int(HANGS_S / EVERY_S)):
            if self._done.wait(EVERY_S) or self.lost:
                return
            self._renew()
        log.error("notice.hangs", alert=self.posted.notice.alert, seconds=HANGS_S)

    def _renew(self) -> None:
        """A store that is away now may be back for the next time, or for the end."""
        try:
            self.begin()
        except Unavailable as fault:
            log.warning("notice.not_kept", code=fault.code)
        except Exception as fault:
            log.error("notice.not_kept", **place_of(fault))
