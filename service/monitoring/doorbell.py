"""`ring()`: somebody may be due. It never raises and never waits for Redis.

One thread a process rings, at once and then twice a second at most; whoever asks meanwhile
shares the next ring. A ring that fails is forgotten: the beat and the workers' own sweep find what
is due within seconds.
"""

import atexit
import os
import threading
import time
from functools import lru_cache
from typing import Any

import redis
import structlog

from service.errors import SentinelError
from service.monitoring.broker import broker_url
from service.monitoring.embedded import answers
from service.settings import Settings, load_settings

# more waiting bells than this say nothing new: a worker that answers one empties the list
ENOUGH_BELLS = 8
PAUSE_AFTER_FAULT_S = 1.0
# at most so often: each ring wakes a worker, and what it finds is cheaper taken together
BREATH_S = 0.5
LAST_RING_S = 1.5
_NAMED = ("REDIS_URL", "NMS_SENTINEL_DATA_DIR")
log = structlog.get_logger(__name__)


class Doorbell:
    """The bell of one process at one broker."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._asked = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._app: Any = None
        self._client: Any = None
        self._thread = threading.Thread(target=self._ring_for_ever, name="doorbell", daemon=True)
        self._thread.start()

    def ring(self) -> None:
        self._idle.clear()
        self._asked.set()

    def wait(self, within_s: float) -> bool:
        """Wait until what was asked is rung or given up; False when it took too long."""
        return self._idle.wait(within_s)

    def _ring_for_ever(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            try:
                self._send()
            except Exception as fault:
                # the fault is the broker's; the message may hold its address and password
                log.warning("bell.not_rung", fault=type(fault).__name__)
                self._client = None
                time.sleep(0 if not self._asked.is_set() else PAUSE_AFTER_FAULT_S)
            if not self._asked.is_set():
                self._idle.set()
            time.sleep(BREATH_S)

    def _send(self) -> None:
        from service.monitoring.celery_app import EVALUATE, QUEUE, make_app  # noqa: PLC0415 - slow

        if self._client is None:
            self._client = redis.Redis.from_url(
                self._url, socket_timeout=2, socket_connect_timeout=2
            )
            self._app = make_app(self._url)
        if self._client.llen(QUEUE) < ENOUGH_BELLS:
            self._app.send_task(EVALUATE, retry=False)


_bells: dict[tuple[int, str], Doorbell] = {}
_guard = threading.Lock()


def ring(settings: Settings | None = None) -> None:
    """Say that somebody may be due. `settings`: the environment's when not given."""
    try:
        url = _url(settings)
        if url is not None:
            _bell(url).ring()
    except Exception as fault:
        log.warning("bell.not_rung", fault=type(fault).__name__)


def broker_up(settings: Settings | None = None) -> bool:
    """Whether the broker answers within a second. Never raises."""
    try:
        url = _url(settings)
    except SentinelError:
        return False
    return url is not None and answers(url)


def _url(settings: Settings | None) -> str | None:
    return broker_url(settings or _of_environment(*(os.environ.get(name) for name in _NAMED)))


@lru_cache(maxsize=8)
def _of_environment(*_named: str | None) -> Settings:
    """Read once for what names a broker: a ring is to cost microseconds."""
    return load_settings(os.environ)


def _bell(url: str) -> Doorbell:
    """One a process: a thread does not survive a fork."""
    key = (os.getpid(), url)
    with _guard:
        if key not in _bells:
            _bells[key] = Doorbell(url)
        return _bells[key]


@atexit.register
def _last_ring() -> None:
    """A command that ends right after its work still rings."""
    for (pid, _), bell in list(_bells.items()):
        if pid == os.getpid():
            bell.wait(LAST_RING_S)
