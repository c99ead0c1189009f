"""Who is told: a webhook receiver that writes down every delivery, held against the outbox."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from service.store import Store
from tests.monitoring.orders import TENANT


@dataclass
class Receiver:
    """`taken`: the delivery id of each message, in the order of arrival, and whether it was marked
    as a repeat; `on_taken`: told how many there are, before the answer goes out."""

    url: str = ""
    taken: list[tuple[str, bool]] = field(default_factory=list)
    on_taken: Callable[[int], object] = field(default=lambda number: None)

    def settings(self, folder: Path) -> dict[str, str]:
        """The operator's file that sends every notice of the worklist here."""
        path = folder / "notify.yaml"
        target = {"name": "bleep", "url": self.url, "secret": "s" * 32, "audiences": ["worklist"]}
        path.write_text(yaml.safe_dump({"webhooks": [target]}))
        return {"NMS_SENTINEL_NOTIFY": str(path)}


@contextmanager
def receiver() -> Iterator[Receiver]:
    held = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            held.taken.append((said["delivery"], said["repeat"]))
            held.on_taken(len(held.taken))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    held.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True, slots=True)
class Told:
    """`unheard`: in the outbox and never received; `unasked`: the other way round; `doubled`: a
    step of an alert (audience and reason) that has not exactly one notice; `extra`: receipts
    beyond the first of each delivery, of which `unmarked` did not say that they are repeats."""

    heard: int
    unheard: tuple[str, ...]
    unasked: tuple[str, ...]
    doubled: tuple[str, ...]
    extra: int
    unmarked: tuple[str, ...]


def emptied(store: Store, within_s: float) -> float:
    """Seconds until nothing waits in the outbox, or the time is over."""
    began = time.monotonic()
    while time.monotonic() - began < within_s and store.outbox_depth()["pending"]:
        time.sleep(0.5)
    return time.monotonic() - began


def told(store: Store, taken: list[tuple[str, bool]]) -> Told:
    """What was received beside what the outbox holds of every alert."""
    kept: set[str] = set()
    doubled = []
    for alert in store.alerts(TENANT, open_only=False):
        posted = [item.notice for item in store.notices(TENANT, alert.id)]
        kept.update(f"{n.alert}/{n.audience.value}/{n.number}" for n in posted)
        steps = Counter((n.audience.value, n.why.value) for n in posted)
        if list(steps.values()) != [1]:  # these alerts are opened, and nothing more
            doubled.append(alert.id)
    times: Counter[str] = Counter()
    unmarked = []
    for delivery, repeat in taken:
        times[delivery] += 1
        if times[delivery] > 1 and not repeat:
            unmarked.append(delivery)
    return Told(
        heard=len(times),
        unheard=tuple(sorted(kept - set(times))),
        unasked=tuple(sorted(set(times) - kept)),
        doubled=tuple(doubled),
        extra=len(taken) - len(times),
        unmarked=tuple(unmarked),
    )
