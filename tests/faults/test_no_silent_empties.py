"""A fault in any stage is an answer that says so, or a row that shows; never an empty (row 14)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.knowledge import load
from service.monitoring.evaluation import LEASE_S, Evaluator
from service.store import Store, open_store
from tests.monitoring.orders import TENANT, accept, bundle
from tests.platform.serviced import Api

HOOK = {
    "hook": "patient-view",
    "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "context": {"userId": "Practitioner/7", "patientId": "p1"},
}


def broken(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError("a fault of ours")


INTAKE = (
    "service.intake.clerk.checked",
    "service.intake.clerk.read_body",
    "service.store.resources.arrivals.storable",
    "service.store.resources.arrivals.standing",
    "service.store.resources.arrivals.touch",
    "service.store.resources.arrivals._count",
    "service.store.resources.arrivals.append",
    "service.intake.clerk.receipt",
)


@pytest.mark.faults
@pytest.mark.parametrize("stage", INTAKE)
def test_a_fault_in_any_stage_of_the_intake_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    api = Api(tmp_path)
    monkeypatch.setattr(stage, broken)
    answer = api.post("/fhir", bundle("p1"))
    assert answer.status_code >= 500
    assert answer.json()["resourceType"] == "OperationOutcome"
    monkeypatch.undo()
    again = api.post("/fhir", bundle("p1"))  # what every sender does
    assert again.status_code == 200
    assert [due.patient for due in api.store.claim_due(datetime.now(UTC))] == ["p1"]
    counts = api.store.intake_counts(api.settings.tenant)
    told = sum(n for name, n in counts.items() if name not in {"bundles", "received"})
    assert counts["received"] == told


HOOKS = (
    "service.store.resources.facts.Facts.revision",
    "service.store.resources.facts.Facts.chart",
    "service.cds_hooks.recall.read_entries",
    "service.cds_hooks.answer.joined",
    "service.cds_hooks.answer.assess",
    "service.cds_hooks.answer.cards",
)


@pytest.mark.faults
@pytest.mark.parametrize("stage", HOOKS)
def test_a_fault_in_any_stage_of_a_hook_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    api = Api(tmp_path)
    assert api.post("/fhir", bundle("p1")).status_code == 200
    monkeypatch.setattr(stage, broken)
    answer = api.ask("POST", "/cds-services/nms-patient-view", json=HOOK)
    # no cards at all, and no others: what was left out could not be told from what is not there
    assert answer.status_code == 500
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert "Nothing is known from this answer" in answer.text
    monkeypatch.undo()
    whole = api.ask("POST", "/cds-services/nms-patient-view", json=HOOK)
    assert whole.status_code == 200
    assert whole.json()["cards"]


EVALUATION = (
    "service.store.resources.facts.Facts.chart",
    "service.monitoring.evaluation.assess",
    "service.monitoring.evaluation.circumstances",
    "service.monitoring.evaluation.advance",
    "service.monitoring.evaluation.next_due",
    "service.monitoring.evaluation.as_dict",
    "service.store.evaluation.settlement.write_moves",
)


@pytest.mark.faults
@pytest.mark.parametrize("stage", EVALUATION)
def test_a_fault_in_any_stage_of_an_evaluation_is_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 's.db'}")
    store.upgrade()
    accept(store, "p1")
    monkeypatch.setattr(stage, broken)
    at = datetime.now(UTC)
    for _ in range(12):
        drained(store, at)
        at += timedelta(seconds=LEASE_S + 130)
    (row,) = store.quarantined(TENANT)
    assert (row.patient, row.tries) == ("p1", 5)
    assert row.code in ("zero-division-error", "worker-lost")
    monkeypatch.undo()
    assert store.release_quarantine(TENANT, "p1", at)
    drained(store, at)
    assert len(store.alerts(TENANT)) == 1


def drained(store: Store, at: datetime) -> None:
    """A slice; a fault of the settlement comes out, as it does into the task's log."""
    try:
        Evaluator(store, load(), lambda: at, lambda: "a1").drain()
    except ZeroDivisionError:
        return
