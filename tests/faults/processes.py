"""The real house for the fault tests: API, two workers, beat and broker as processes of their own,
and an intake where that has a port of its own.

Whatever is killed is started again at once, as a supervisor or an orchestrator would.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from service.monitoring.broker import server_binary
from service.monitoring.embedded import EmbeddedBroker
from service.store import Store, open_store
from tests.acceptance.running import free_port

ROOT = Path(__file__).parents[2]
START_S = 250.0


@dataclass
class Processes:
    """`port`: of the API. `kill(name)` is kill -9; the nurse starts it again. `settings`: more of
    them, by the names of their variables. `intake_port`: of the intake as a part of its own.
    `start_s`: how long the start took."""

    folder: Path
    port: int
    broker: EmbeddedBroker
    workers: int = 2
    database: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    intake_port: int | None = None
    start_s: float = 0.0
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    killed: list[tuple[float, str]] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _without_broker: threading.Event = field(default_factory=threading.Event)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def intake_url(self) -> str:
        """Where bundles are pushed to."""
        return f"http://127.0.0.1:{self.intake_port or self.port}/fhir"

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.folder / 'house.db'}"

    def open_store(self) -> Store:
        return open_store(self.database_url)

    def start(self) -> None:
        begun = time.monotonic()
        store = self.open_store()
        store.upgrade()
        store.close()
        self.broker.start()
        workers = [f"worker-{n + 1}" for n in range(self.workers)]
        listening = ("api", "intake") if self.intake_port else ("api",)
        for name in (*listening, *workers, "beat"):
            self._start(name)
        threading.Thread(target=self._nurse, name="nurse", daemon=True).start()
        self.wait_ready()
        self.start_s = time.monotonic() - begun

    def wait_ready(self) -> None:
        ends = time.monotonic() + START_S
        for port in filter(None, (self.port, self.intake_port)):
            while not _ready(port):
                assert time.monotonic() < ends, f"nothing answers at {port}"
                time.sleep(0.1)

    def kill(self, name: str) -> None:
        """kill -9, and what was killed when."""
        with self._guard:
            if name == "broker":
                pid = self.broker.pid
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
            else:
                self.running[name].send_signal(signal.SIGKILL)
            self.killed.append((time.time(), name))

    @contextmanager
    def broker_away(self) -> Iterator[None]:
        """The broker stopped, and afterwards started with nothing in it."""
        self._without_broker.set()
        with self._guard:
            self.broker.stop()
        try:
            yield
        finally:
            for kept in (self.folder / "broker").rglob("*.aof*"):
                if kept.is_file():
                    kept.unlink()
            self._without_broker.clear()

    def stop(self) -> list[int]:
        """SIGTERM to all; the exit codes."""
        self._ended.set()
        with self._guard:
            for process in self.running.values():
                process.send_signal(signal.SIGTERM)
            codes = [_ended(process) for process in self.running.values()]
            self.broker.stop()
        return codes

    def _nurse(self) -> None:
        while not self._ended.wait(0.1):
            with self._guard:
                if self._ended.is_set():
                    return
                if not self.broker.running and not self._without_broker.is_set():
                    self.broker.start()
                for name, process in list(self.running.items()):
                    if process.poll() is not None:
                        self._start(name)

    def _start(self, name: str) -> None:
        environ = {key: value for key, value in os.environ.items() if "NMS_" not in key}
        environ |= {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.broker.url,
            "NMS_SENTINEL_DATA_DIR": str(self.folder),
            "NMS_SENTINEL_PORT": str(self.port),
            "NMS_SENTINEL_INTAKE_PORT": str(self.intake_port or ""),
            "NMS_SENTINEL_OPEN_MODE": "1",
            "NMS_SENTINEL_TENANT": "t",
            "NMS_SENTINEL_LOG_FILE": str(self.folder / f"{name}.jsonl"),
            **self.settings,
        }
        command = [sys.executable, "-m", "service", name.partition("-")[0]]
        self.running[name] = subprocess.Popen(
            command, env=environ, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )


def processes(
    folder: Path, workers: int = 2, database: str = "", *, apart: bool = False
) -> Processes:
    """A house in a folder, not started yet; on SQLite there when no database is named. `apart`:
    with an intake as a part of its own."""
    broker = EmbeddedBroker(folder / "broker", server_binary())
    house = Processes(folder, free_port(), broker, workers, database)
    if apart:
        house.intake_port = free_port()
    return house


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=20).status_code == 200
    except httpx.HTTPError:
        return False


def _ended(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(120)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return -9
