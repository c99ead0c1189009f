"""An invented patient of today, ill enough for an alert: a journey of the fixtures, at now."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from service.demo import moved

JOURNEY = Path(__file__).resolve().parents[2] / "fixtures" / "demo" / "haloperidol-36h"


def bundle(patient: str) -> bytes:
    """The whole journey as one transaction for a patient of this id."""
    parts = [orjson.loads(path.read_bytes()) for path in sorted(JOURNEY.glob("*.json"))]
    last = max(datetime.fromisoformat(part["timestamp"]) for part in parts)
    by = datetime.now(UTC) - timedelta(minutes=1) - last
    entries = [entry for part in parts for entry in part["entry"]]
    whole = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return orjson.dumps(moved(whole, by)).replace(b"demo-haloperidol-36h", patient.encode())
