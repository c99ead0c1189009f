"""`python -m tests.benchmarks.evaluating [--patients N] [--rounds N] [--json FILE]`

CPU that an evaluation takes, from the claim to the settled row, on SQLite: each patient has 111
readings of a day and is due again because of a new one. Three kinds of patient: without a drug
that matters, well under haloperidol, and ill under it with an alert open. CPU of this process, the
least of some rounds: on a busy machine an upper bound.
"""

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import structlog

from alerts.knowledge import load
from service.fhir.reader import ReadContext, read_resources
from service.monitoring.evaluation import Evaluator
from service.store import Store, open_store

TENANT = "t"
SIGNS = (("8310-5", "Cel"), ("8867-4", "/min"), ("9279-1", "/min"))
EACH = 37  # of each sign, one every 40 minutes
WELL, ILL = (36.8, 76.0, 16.0), (39.4, 124.0, 28.0)
HALOPERIDOL = "haloperidol 5 mg"
KINDS = {
    "no drug that matters": ("paracetamol 1 g", WELL),
    "haloperidol, well": (HALOPERIDOL, WELL),
    "haloperidol, ill": (HALOPERIDOL, ILL),
}


def reading(patient: str, n: int, at: datetime, values: tuple[float, ...]) -> dict[str, Any]:
    code, unit = SIGNS[n % 3]
    return {
        "resourceType": "Observation",
        "id": f"{patient}-{n}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": at.isoformat(),
        "valueQuantity": {"value": values[n % 3], "unit": unit, "code": unit,
                          "system": "http://unitsofmeasure.org"},
    }  # fmt: skip


def dose(patient: str, drug: str, at: datetime) -> dict[str, Any]:
    return {
        "resourceType": "MedicationAdministration",
        "id": f"{patient}-dose",
        "status": "completed",
        "medicationCodeableConcept": {"text": drug},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": at.isoformat(),
    }


def take(store: Store, resources: list[dict[str, Any]]) -> None:
    at = datetime.now(UTC)
    context = ReadContext(tenant=TENANT, received_at=at, zone=ZoneInfo("UTC"))
    store.accept(read_resources(resources, context), TENANT, at, "c", "ehr")


def evaluating(folder: Path, what: str, patients: int, rounds: int) -> dict[str, object]:
    drug, values = KINDS[what]
    store = open_store(f"sqlite:///{folder / f'{what}.db'}")
    store.upgrade()
    evaluator = Evaluator(store, load(), lambda: datetime.now(UTC), lambda: str(uuid4()))
    began = datetime.now(UTC).replace(microsecond=0)
    times = [began - timedelta(minutes=40 * (EACH - n // 3)) for n in range(3 * EACH)]
    names = [f"p{number}" for number in range(patients)]
    for name in names:
        record = [reading(name, n, at, values) for n, at in enumerate(times)]
        take(store, [*record, dose(name, drug, times[0])])
    evaluator.drain(600)
    burned = []
    for n in range(3 * EACH, 3 * EACH + rounds):
        now = datetime.now(UTC).replace(microsecond=0)
        take(store, [reading(name, n, now, values) for name in names])
        before = time.process_time()
        settled = evaluator.drain(600).settled
        burned.append((time.process_time() - before) / settled)
    store.close()
    return {"what": f"evaluation, {what}, CPU", "ms": round(min(burned) * 1e3, 2)}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the CPU of an evaluation.")
    parser.add_argument("--patients", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for what in KINDS:
            found.append(evaluating(Path(folder), what, options.patients, options.rounds))
            sys.stdout.write(json.dumps(found[-1]) + "\n")
            sys.stdout.flush()
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
