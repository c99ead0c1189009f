"""After a change of the rules: every watched patient is judged anew, when nobody else is due.

Nothing is put ahead of what comes in: a handful is made due at a time, and only by a worker that
has nothing else to do. By whom a patient was judged stands with the patient, so that a worker that
is killed, or another one, goes on where this one ended; and nobody is judged twice.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from service.store import RULES, Store

HANDFUL = 50
# when all were seen: a worker that began before the change may since have judged somebody
AGAIN_S = 3600.0
# the API that says which rules are in force has not started yet, or goes by others than we do
WAIT_S = 5.0
log = structlog.get_logger(__name__)


@dataclass
class Anew:
    """`rules`: by which this worker judges (`service.rules.mark_of`). Safe for threads."""

    store: Store
    rules: str
    monotonic: Callable[[], float] = time.monotonic
    _after: tuple[str, str] = ("", "")
    _found: int = 0
    _not_before: float = float("-inf")
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def look(self, now: datetime) -> bool:
        """Make the next handful due; False when there is none, or not yet. Raises Unavailable."""
        if self.monotonic() < self._not_before or not self._guard.acquire(blocking=False):
            return False
        try:
            return self._next(now)
        finally:
            self._guard.release()

    def _next(self, now: datetime) -> bool:
        # two workers with different rules would take each other's patients in turn, for ever
        if self.store.in_force(RULES) != self.rules:
            self._not_before = self.monotonic() + WAIT_S
            return False
        found = self.store.due_again(self.rules, now, self._after, HANDFUL)
        self._found += found.patients
        if found.after is not None:
            self._after = found.after
            return True
        if self._found:
            log.info("rules.judged_anew", rules=self.rules, patients=self._found)
        self._after, self._found = ("", ""), 0
        self._not_before = self.monotonic() + AGAIN_S
        return False
