"""Bundles that raise an alert at once: dantrolene ordered beside verapamil (INT-DAN-VER)."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from service.fhir.reader import ReadContext, read_body
from service.store import Store

TENANT = "t"


def bundle(*patients: str, drugs: tuple[str, ...] = ("dantrolene", "verapamil")) -> bytes:
    """A collection: each patient with one order for each drug."""
    ordered = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    resources = [
        {
            "resourceType": "MedicationRequest",
            "id": f"{patient}-{drug}",
            "status": "active",
            "intent": "order",
            "subject": {"reference": f"Patient/{patient}"},
            "authoredOn": ordered,
            "medicationCodeableConcept": {"text": drug},
        }
        for patient in patients
        for drug in drugs
    ]
    entries = [{"resource": resource} for resource in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def accept(store: Store, *patients: str, body: bytes | None = None) -> str:
    """Take a bundle in as the intake does; the correlation id of the call."""
    received, correlation = datetime.now(UTC), uuid4().hex
    context = ReadContext(tenant=TENANT, received_at=received, zone=ZoneInfo("UTC"))
    reading = read_body(body or bundle(*patients), context)
    assert all(o.outcome.value == "accepted" for o in reading.outcomes)
    store.accept(reading, TENANT, received, correlation)
    return correlation


def until(condition: Callable[[], object], within_s: float) -> None:
    """Wait until the condition holds; AssertionError when it does not in time."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within_s, f"not within {within_s} s"
        time.sleep(0.05)
