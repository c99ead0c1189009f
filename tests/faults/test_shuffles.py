"""Order, doubles and lateness of arrivals change no alert and no reason (fault table, row 8)."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from alerts.knowledge import load
from alerts.lifecycle import plain
from service.fhir.reader import ReadContext, read_body
from service.monitoring.evaluation import Evaluator
from service.store import open_store

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "demo"
TENANT = "t"


def bodies(journey: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(journey.glob("*.json"))]


def newest(journey: list[bytes]) -> datetime:
    text = b"".join(journey).decode()
    stamps = [
        part.split('"', 1)[0]
        for part in text.split('"effectiveDateTime": "')[1:]
        + text.split('"effectiveDateTime":"')[1:]
    ]
    return max(datetime.fromisoformat(s) for s in stamps)


def ended(folder: Path, arrivals: list[bytes], at: datetime) -> list[Any]:
    """Alerts, with their reasons, after all has come and one evaluation; ids and order apart."""
    store = open_store(f"sqlite:///{folder / 's.db'}")
    store.upgrade()
    for n, body in enumerate(arrivals):
        context = ReadContext(
            tenant=TENANT, received_at=at + timedelta(seconds=n), zone=ZoneInfo("UTC")
        )
        reading = read_body(body, context)
        store.accept(reading, TENANT, context.received_at, "c")
    then = at + timedelta(hours=1)
    numbers = iter(range(1000))
    Evaluator(store, load(), lambda: then, lambda: f"a{next(numbers)}").drain()
    found = []
    for alert in store.alerts(TENANT, open_only=False):
        history = [(h.what.value, h.why.value, h.detail) for h in store.history(TENANT, alert.id)]
        found.append((alert.patient, alert.subject, plain(alert.machine), history))
    store.close()
    return sorted(found, key=lambda one: (one[0], one[1]))


@pytest.mark.faults
@pytest.mark.parametrize("shuffles", [2, pytest.param(40, marks=pytest.mark.heavy)])
@pytest.mark.timeout(900)
def test_any_order_doubles_and_late_arrivals_end_alike(tmp_path: Path, shuffles: int) -> None:
    dice = random.Random(8)
    seen = 0
    for journey in sorted(path for path in FIXTURES.iterdir() if path.is_dir()):
        sent = bodies(journey)
        at = newest(sent) + timedelta(minutes=1)
        straight = tmp_path / f"{journey.name}-straight"
        straight.mkdir()
        wanted = orjson.dumps(ended(straight, sent, at))
        seen += len(orjson.loads(wanted))
        for turn in range(shuffles):
            mixed = [*sent, *dice.sample(sent, min(3, len(sent)))]
            dice.shuffle(mixed)
            folder = tmp_path / f"{journey.name}-{turn}"
            folder.mkdir()
            assert orjson.dumps(ended(folder, mixed, at)) == wanted, journey.name
    assert seen > 0
