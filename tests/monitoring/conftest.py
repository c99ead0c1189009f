"""A real broker, a real store and real worker processes, each test with its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from alerts.knowledge import load
from service.monitoring.broker import server_binary
from service.monitoring.embedded import EmbeddedBroker
from service.monitoring.evaluation import Evaluator
from service.settings import Settings
from service.store import Store, open_store
from tests.monitoring.orders import accept

ROOT = Path(__file__).parents[2]


@dataclass
class House:
    """One instance: settings, store, broker, and the workers that were started."""

    settings: Settings
    store: Store
    broker: EmbeddedBroker
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def worker(self, pool: str = "threads", **faults: Any) -> subprocess.Popen[bytes]:
        """A worker process; see faulty_worker.py for the faults."""
        number = len(self.workers)
        environ = {
            **os.environ,
            "REDIS_URL": self.settings.redis_url or "",
            "DATABASE_URL": self.settings.database_url,
            "NMS_SENTINEL_DATA_DIR": str(self.settings.data_dir),
            "NMS_SENTINEL_LOG_FILE": str(self.log(number)),
            "NMS_SENTINEL_WORKER_POOL": pool,
            "NMS_TEST_FAULTS": json.dumps(faults),
        }
        started = subprocess.Popen(
            [sys.executable, "-m", "tests.monitoring.faulty_worker"], env=environ, cwd=ROOT
        )
        self.workers.append(started)
        return started

    def log(self, number: int = 0) -> Path:
        return self.settings.data_dir / f"worker-{number}.jsonl"

    def events(self, number: int = 0) -> list[dict[str, Any]]:
        """What a worker has logged so far."""
        if not self.log(number).exists():
            return []
        return [json.loads(line) for line in self.log(number).read_text().splitlines()]

    def has_logged(self, event: str, number: int = 0) -> bool:
        return any(line.get("event") == event for line in self.events(number))

    def restart_broker(self) -> None:
        """Back at the same address, with nothing in it but what the append-only file kept."""
        self.broker.start()

    def close(self) -> None:
        for process in self.workers:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
        self.broker.stop()
        self.store.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    broker = EmbeddedBroker(tmp_path / "broker", server_binary())
    broker.start()
    settings = Settings(
        data_dir=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'house.db'}",
        redis_url=broker.url,
        tenant="t",
    )
    store = open_store(settings.database_url)
    store.upgrade()
    held = House(settings, store, broker)
    yield held
    held.close()


@dataclass
class Clock:
    """The time as a test sets it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC) + timedelta(seconds=1))


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Store:
    """With one interaction alert, and its notice to the worklist in the outbox."""
    made = open_store(f"sqlite:///{tmp_path / 's.db'}")
    made.upgrade()
    accept(made, "p1")
    clock.now = datetime.now(UTC) + timedelta(seconds=1)
    Evaluator(made, load(), clock, lambda: str(uuid4())).drain()
    return made
