"""`python -m tests.benchmarks.reading`: reading against `orjson.loads` of the same bytes.

Process CPU time, both in the same run and taking turns, so that the ratio survives a busy machine.
"""

import argparse
import gc
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from service.fhir.limits import check_bytes
from service.fhir.reader import (
    ReadContext,
    Reading,
    plain,
    plain_order,
    read_body,
    swift,
)
from service.fhir.reader.bodies import read_envelope
from service.fhir.reader.envelope import Envelope, open_envelope
from service.fhir.reader.fields import Memo
from service.fhir.terminology import terminology

NOW = datetime(2026, 1, 10, tzinfo=UTC)
UCUM = "http://unitsofmeasure.org"
NUMBERS: tuple[tuple[str, str, str, str, float, float], ...] = (
    ("8310-5", "Body temperature", "Cel", "°C", 36.2, 40.2),
    ("8867-4", "Heart rate", "/min", "beats/minute", 60, 150),
    ("9279-1", "Respiratory rate", "/min", "breaths/minute", 12, 34),
    ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry", "%", "%", 90, 100),
    ("2157-6", "Creatine kinase [Enzymatic activity/volume] in Serum or Plasma", "U/L", "U/L",
     40, 9000),
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL", "K/uL", 4, 20),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", "mmol/L", 3, 5),
)  # fmt: skip
DRUGS = (
    ("5093", "haloperidol"), ("61381", "olanzapine"), ("6470", "lorazepam"), ("161", "paracetamol"),
    ("6448", "lithium"), ("2626", "clozapine"), ("35636", "risperidone"), ("3638", "diltiazem"),
)  # fmt: skip
AT_A_TIME = 1000
NARRATIVE = "Entered at the bedside."


def bundle(entries: int, patients: int = 8, seed: int = 7) -> bytes:
    """A pushed R4 bundle: 70 % Observation (one in six a pressure panel), 30 % orders."""
    chance = random.Random(seed)
    sent = []
    for number in range(entries):
        patient = f"patient-{number % patients}"
        at = NOW - timedelta(seconds=chance.randrange(60 * 60 * 24 * 5))
        if number % 10 < 7:
            resource = _observation(number, patient, at, chance)
        else:
            resource = _order(number, patient, at, chance)
        url = f"https://ehr.example.org/fhir/{resource['resourceType']}/{resource['id']}"
        sent.append(
            {
                "fullUrl": url,
                "resource": resource,
                "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
            }
        )
    return orjson.dumps({"resourceType": "Bundle", "type": "batch", "entry": sent})


def _shared(kind: str, number: int, patient: str, at: datetime) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "id": f"{kind.lower()}-{number:08d}",
        "meta": {
            "versionId": str(1 + number % 3),
            "lastUpdated": (at + timedelta(minutes=3)).isoformat(timespec="milliseconds"),
            "source": "urn:ehr:interface",
            "profile": [f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{kind.lower()}"],
        },
        "text": {
            "status": "generated",
            "div": f"<div xmlns='http://www.w3.org/1999/xhtml'>{NARRATIVE}</div>",
        },
        "subject": {"reference": f"Patient/{patient}", "display": "Test, Patient"},
        "encounter": {"reference": f"Encounter/stay-{patient}"},
    }


def _observation(number: int, patient: str, at: datetime, chance: random.Random) -> dict[str, Any]:
    time_of_it = at.isoformat(timespec="seconds")
    resource = _shared("Observation", number, patient, at) | {
        "status": "final",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "vital-signs", "display": "Vital Signs"}], "text": "Vital Signs"}],
        "effectiveDateTime": time_of_it,
        "issued": time_of_it,
        "performer": [{"reference": "Practitioner/nurse-7", "display": "Nurse, Seven"}],
    }  # fmt: skip
    if number % 6 == 0:
        top, bottom = chance.randrange(100, 190), chance.randrange(55, 95)
        return resource | {
            "code": _concept("85354-9", "Blood pressure panel with all children optional"),
            "component": [
                {"code": _concept("8480-6", "Systolic blood pressure"),
                 "valueQuantity": _quantity(top, "mmHg", "mm[Hg]")},
                {"code": _concept("8462-4", "Diastolic blood pressure"),
                 "valueQuantity": _quantity(bottom, "mmHg", "mm[Hg]")},
            ],
        }  # fmt: skip
    code, name, unit, text, low, high = NUMBERS[number % len(NUMBERS)]
    value: float = (
        round(chance.uniform(low, high), 1) if high < 45 else chance.randrange(int(low), int(high))
    )
    return resource | {
        "code": _concept(code, name),
        "valueQuantity": _quantity(value, text, unit),
        "referenceRange": [
            {"low": _quantity(low, text, unit), "high": _quantity(high, text, unit)}
        ],
    }


def _order(number: int, patient: str, at: datetime, chance: random.Random) -> dict[str, Any]:
    code, name = DRUGS[number % len(DRUGS)]
    return _shared("MedicationRequest", number, patient, at) | {
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": code,
                        "display": name}],
            "text": f"{name} tablet",
        },
        "authoredOn": at.isoformat(timespec="seconds"),
        "requester": {"reference": "Practitioner/doctor-3", "display": "Doctor, Three"},
        "dosageInstruction": [{
            "text": f"{chance.randrange(1, 9)} mg twice a day by mouth",
            "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
            "route": {"coding": [{"system": "http://snomed.info/sct", "code": "26643006",
                                  "display": "Oral route"}]},
            "doseAndRate": [{"doseQuantity": _quantity(chance.randrange(1, 9), "mg", "mg")}],
        }],
    }  # fmt: skip


def _concept(code: str, name: str) -> dict[str, Any]:
    local = {"system": "urn:oid:1.2.840.114350.1.13.0.1.7.2.707679", "code": f"L{code}"}
    return {"coding": [local, {"system": "http://loinc.org", "code": code, "display": name}],
            "text": name}  # fmt: skip


def _quantity(value: float, text: str, code: str) -> dict[str, Any]:
    return {"value": value, "unit": text, "system": UCUM, "code": code}


def forget() -> None:
    """Empty every memo of the reader and the terminology; the tables stay loaded."""
    reader = [m for name, m in sys.modules.items() if name.startswith("service.fhir")]
    known = [vars(terminology()), *map(vars, reader)]
    for value in (value for names in known for value in names.values()):
        if isinstance(value, Memo):
            value.clear()
        elif hasattr(value, "cache_parameters") and value.cache_parameters()["maxsize"]:
            value.cache_clear()
    for held in (plain._panels, plain_order._drugs):
        held.clear()
    swift.forget()


def taken(work: Callable[[bytes], object], bodies: Sequence[bytes], counted: int) -> float:
    """CPU milliseconds of one body, on a clean heap; nothing is kept."""
    gc.collect()
    begun = time.process_time_ns()
    results = [work(body) for body in bodies]
    spent = (time.process_time_ns() - begun) / 1e6 / len(bodies)
    if counted and any(len(one.outcomes) != counted for one in results):  # type: ignore[attr-defined]
        raise AssertionError("an entry was lost")
    return spent


def measure(entries: int, rounds: int) -> dict[str, float]:
    """Least CPU milliseconds of one body over many rounds, both taking turns.

    `ratio` is the figure: a process that has read the ward before, other ids, times, people and
    values in every body. `cold_ratio`: every memo emptied before. `usual_ratio`: no entry is of a
    known form. Small bodies are measured many at a time: the clock of a process is too coarse for
    one.
    """
    context = ReadContext(tenant="benchmark", received_at=NOW, zone=ZoneInfo("Europe/Berlin"))
    many = max(1, AT_A_TIME // entries)
    sent = [[bundle(entries, seed=many * n + k) for k in range(many)] for n in range(rounds + 3)]

    def read(body: bytes) -> Reading:
        return read_body(body, context)

    def read_usually(body: bytes) -> Reading:
        check_bytes(body, context.limits)
        return read_envelope(Envelope(open_envelope(body, context.limits).entries), context)

    for body in (body for _ in range(3) for body in sent.pop()):
        read(body)
    floor, warm, usual, cold = [], [], [], []
    for bodies in sent:
        floor.append(taken(orjson.loads, bodies, 0))
        warm.append(taken(read, bodies, entries))
        usual.append(taken(read_usually, bodies, entries))
    for bodies in sent[:3]:
        forget()
        cold.append(taken(read, bodies[:1], entries))
    least = min(floor)
    return {
        "entries": entries,
        "bytes_per_entry": round(len(sent[0][0]) / entries),
        "reading_ms": round(min(warm), 3),
        "orjson_ms": round(least, 3),
        "ratio": round(min(warm) / least, 2),
        "median_ratio": round(
            statistics.median(r / f for r, f in zip(warm, floor, strict=True)), 2
        ),
        "usual_ratio": round(min(usual) / least, 2),
        "cold_ratio": round(min(cold) / least, 2),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure reading beside orjson.loads.")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    for entries in (1, 20, 200, 1000):
        sys.stdout.write(f"{measure(entries, options.rounds)}\n")
    sys.stdout.write("the figure: `ratio` of 1000 entries (memos warm; wanted: 1.5 at most)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
