"""The hooks alone, as real requests through their routes and the edge, on a store of their own."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI
from starlette.responses import PlainTextResponse

from alerts.knowledge import load
from service.cds_hooks.desk import Desk, evidence
from service.cds_hooks.routes import hook_routes
from service.edge.cors import Cors
from service.edge.faults import Faults
from service.edge.gate import Gate
from service.edge.limits import BodyLimits
from service.edge.passage import Passage
from service.edge.rate import Rate
from service.edge.straight import Straight
from service.fhir.limits import Limits
from service.security.callers import Callers, Mode
from service.security.tenants import Tenant
from service.store import Store, open_store

BASE = "http://127.0.0.1:8000"
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TENANT = "ward"
PATIENT = "p1"
CLINICIAN = "Practitioner/7"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UTC_ZONE = ZoneInfo("UTC")


@dataclass
class Clock:
    """A clock that a test moves."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def wait(self, **time: float) -> None:
        self.at += timedelta(**time)


class Hooks:
    """`ask` sends one request; `call` a hook call. `tenant`: settings of the one tenant. `rate`:
    calls a minute, of a minute that never passes."""

    def __init__(self, folder: Path, rate: int = 600_000, **tenant: Any) -> None:
        self.clock = Clock()
        self.store: Store = open_store(f"sqlite:///{folder / 'hooks.db'}")
        self.store.upgrade()
        held = replace(Tenant(TENANT, UTC_ZONE), **tenant)
        knowledge = load()
        self.desk = Desk(
            ledger=self.store,
            knowledge=knowledge,
            base_url=BASE,
            zone=UTC_ZONE,
            now=self.clock,
            new_id=lambda: str(uuid.uuid4()),
            references=evidence(knowledge),
        )
        gate = Gate(Callers(Mode.OPEN, TENANT, None, BASE), Rate(rate, lambda: 0.0))
        faults = Faults(lambda status, said: PlainTextResponse(said, status))
        self.app = FastAPI()
        calls, hooks = hook_routes(self.desk, gate, Limits(5_000_000), {TENANT: held})
        self.app.include_router(hooks)
        faults.install(self.app)
        self.app.add_middleware(Straight, faults=faults, roads=calls)
        largest = (("/cds-services", 5_000_000),)
        self.app.add_middleware(BodyLimits, faults=faults, largest=largest, seconds=30)
        self.app.add_middleware(Passage, faults=faults, https=False, docs=False)
        self.app.add_middleware(Cors, origins=("*",))

    def ask(self, method: str, path: str, **held: Any) -> httpx.Response:
        async def whole() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 1))
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                return await client.request(method, path, **held)

        return asyncio.run(whole())

    def call(self, service: str, body: Mapping[str, Any]) -> httpx.Response:
        return self.ask("POST", f"/cds-services/nms-{service}", json=dict(body))

    def cards(self, service: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        answer = self.call(service, body)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["cards"]
        return found

    def tell(self, service: str, *entries: Mapping[str, Any]) -> httpx.Response:
        path = f"/cds-services/nms-{service}/feedback"
        return self.ask("POST", path, json={"feedback": list(entries)})


def marks(card: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = card["extension"]["org.nms-sentinel.card"]
    return found


def of_rule(cards: list[dict[str, Any]], rule: str) -> dict[str, Any]:
    return next(c for c in cards if marks(c)["rule"] == rule)


def request(hook: str, *drafts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A call with an empty chart unless `chart` resources are given; ... leaves a key out."""
    chart = changes.pop("chart", ())
    context: dict[str, Any] = {"userId": CLINICIAN, "patientId": PATIENT, "encounterId": "e1"}
    if hook.startswith("order-") or hook.startswith("medication-"):
        key = "medications" if hook.startswith("medication-") else "draftOrders"
        context[key] = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": one} for one in drafts],
        }
    context |= changes.pop("context", {})
    whole = {
        "hook": hook,
        "hookInstance": str(uuid.uuid4()),
        "context": context,
        "prefetch": prefetch(*chart),
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not ...}


def prefetch(*chart: dict[str, Any]) -> dict[str, Any]:
    """Every key filled, each resource under its own."""
    held: dict[str, Any] = {"patient": {"resourceType": "Patient", "id": PATIENT}}
    for key, kind in KEYS.items():
        mine = [
            r for r in chart if r["resourceType"] == kind and (key == "laboratory") == is_lab(r)
        ]
        held[key] = {
            "resourceType": "Bundle",
            "type": "searchset",
            "entry": [{"resource": r} for r in mine],
        }
    return held


KEYS = {
    "observations": "Observation",
    "laboratory": "Observation",
    "medications": "MedicationRequest",
    "administrations": "MedicationAdministration",
    "statements": "MedicationStatement",
    "conditions": "Condition",
}


def is_lab(resource: Mapping[str, Any]) -> bool:
    return "laboratory" in json.dumps(resource.get("category", ""))


def draft(drug: str, name: str = "d1", **changes: Any) -> dict[str, Any]:
    whole = {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"text": drug},
        "subject": {"reference": f"Patient/{PATIENT}"},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not ...}


def order(drug: str, name: str, hours: float = 48, **changes: Any) -> dict[str, Any]:
    """An order in force since some hours."""
    return draft(drug, name, status="active", authoredOn=ago(hours), **changes)


def dose(drug: str, name: str, hours: float, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationAdministration",
        "id": name,
        "status": "completed",
        "medicationCodeableConcept": {"text": drug},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": ago(hours),
        **changes,
    }


def reading(code: str, value: float, unit: str, hours: float, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"{code}-{hours:g}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": ago(hours),
        "valueQuantity": {
            "value": value,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
        **changes,
    }


def condition(text: str, name: str, hours: float) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": name,
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"text": text},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "onsetDateTime": ago(hours),
        "recordedDate": ago(hours),
    }


def ago(hours: float) -> str:
    return (NOW - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


LAB = {"category": [{"text": "laboratory"}], "referenceRange": [{"high": {"value": 200}}]}
SICK = (
    order("haloperidol 5 mg", "m1"),
    reading("8331-1", 39.4, "Cel", 5),
    reading("8331-1", 39.8, "Cel", 2),
    reading("8867-4", 128, "/min", 2),
    reading("2157-6", 4200, "U/L", 3, **LAB),
    condition("Delirium", "c1", 4),
)
