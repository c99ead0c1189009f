"""How many calls a caller may make: a bucket each, filled evenly. Per process."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from service.errors import TooMany

CALLERS_KEPT = 10_000


class Rate:
    """`per_minute` calls, of which a sixth may come at once."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._each_s = per_minute / 60
        self._most = max(1.0, per_minute / 6)
        self._clock = clock
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, caller: str) -> None:
        """Count a call; TooMany (429) when the caller's bucket is empty."""
        now = self._clock()
        with self._lock:
            left, before = self._held.pop(caller, (self._most, now))
            left = min(self._most, left + (now - before) * self._each_s)
            allowed = left >= 1
            self._held[caller] = (left - 1 if allowed else left, now)
            if len(self._held) > CALLERS_KEPT:
                self._held.popitem(last=False)
        if not allowed:
            said = "Too many calls. Send again after the time in Retry-After."
            raise TooMany(said, code="rate", location="http.url")
