"""Our whole API on a real port, with a worker that evaluates whoever is due: for a real browser."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import orjson
import uvicorn

from alerts.knowledge import load
from service.app import create_app
from service.demo import ROOT as JOURNEYS
from service.demo import moved
from service.leaving import leaving
from service.monitoring.evaluation import evaluate
from service.security.session import User, sessions_of, sign_in_link
from service.settings import Settings, load_settings
from service.store import Store, open_store
from tests.acceptance.running import free_port


class Site:
    """A running service with its store and its address."""

    def __init__(self, folder: Path, **environ: str) -> None:
        port = free_port()
        self.settings: Settings = load_settings(
            {
                "NMS_SENTINEL_DATA_DIR": str(folder),
                "NMS_SENTINEL_OPEN_MODE": "1",
                "NMS_SENTINEL_PORT": str(port),
                "NMS_SENTINEL_ZONE": "Europe/London",
                **environ,
            }
        )
        self.store: Store = open_store(self.settings.database_url)
        self.store.upgrade()
        self.base = self.settings.base_url
        self.sessions = sessions_of(self.settings)
        self._stop = threading.Event()
        config = uvicorn.Config(
            create_app(self.settings, self.store),
            port=port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._threads = [
            threading.Thread(target=self._server.run, daemon=True),
            threading.Thread(target=self._work, daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        until = time.monotonic() + 60
        while not self._server.started:
            assert time.monotonic() < until, "the service did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        self._stop.set()
        leaving.set()  # live streams end at once
        self._server.should_exit = True
        for thread in self._threads:
            thread.join(60)
        leaving.clear()
        self.store.close()

    def link(self, name: str = "Ann Able", role: str = "pharmacist") -> str:
        return sign_in_link(self.settings, User(name, role))

    def cookie(self, user: User) -> str:
        """The value of a session's cookie, without the way in."""
        return self.sessions.begin(user)

    def push(self, body: bytes) -> None:
        answer = httpx.post(
            f"{self.base}/fhir",
            content=body,
            headers={"content-type": "application/fhir+json"},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text

    def settle(self, within_s: float = 90) -> None:
        """Wait until nobody is due."""
        until = time.monotonic() + within_s
        while self.store.due_age(datetime.now(UTC)):
            assert time.monotonic() < until, "patients are still due"
            time.sleep(0.05)

    def alert(self, patient: str, kind: str = "nms", within_s: float = 90) -> str:
        """The alert of a patient, which may be on its way."""
        until = time.monotonic() + within_s
        while True:
            for alert in self.store.alerts("default", patient):
                if alert.kind.value == kind:
                    return alert.id
            assert time.monotonic() < until, "no alert arose"
            time.sleep(0.05)

    def _work(self) -> None:
        knowledge = load()
        while not self._stop.wait(0.1):
            now = datetime.now(UTC)
            for due in self.store.claim_due(now):
                evaluate(self.store, knowledge, due, datetime.now(UTC), lambda: uuid4().hex)


@contextmanager
def serving(folder: Path, **environ: str) -> Iterator[Site]:
    site = Site(folder, **environ)
    site.start()
    try:
        yield site
    finally:
        site.stop()


def journey(name: str, patient: str, *, until: int | None = None, ward: str = "") -> bytes:
    """A journey of the demonstration at now, for a patient of this id; the first `until` parts."""
    paths = sorted((JOURNEYS / name).glob("*.json"))
    parts = [orjson.loads(path.read_bytes()) for path in paths]
    last = max(datetime.fromisoformat(part["timestamp"]) for part in parts)
    by = datetime.now(UTC) - timedelta(minutes=1) - last
    entries = [entry for part in parts[:until] for entry in part["entry"]]
    whole = moved({"resourceType": "Bundle", "type": "transaction", "entry": entries}, by)
    body = orjson.dumps(whole).replace(f"demo-{name}".encode(), patient.encode())
    if ward:
        body = body.replace(_ward_of(entries), orjson.dumps(ward)[1:-1])
    return body


def _ward_of(entries: list[dict]) -> bytes:
    for entry in entries:
        for place in entry["resource"].get("location", []):
            return place["location"]["display"].encode()
    return b"\x00"
