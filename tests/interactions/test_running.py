"""Running patients: new facts make interaction alerts without any order at hand, by the same rows,
through the real reader, the store and the worker's evaluation."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from alerts.knowledge import load
from alerts.lifecycle import Alert, AlertKind
from alerts.statements import Channel
from service.fhir.reader import ReadContext, read_body
from service.monitoring.evaluation import Evaluator
from service.store import Store, open_store
from tests.cds_hooks.served import (
    LAB,
    NOW,
    PATIENT,
    TENANT,
    UTC_ZONE,
    Clock,
    condition,
    dose,
    order,
    reading,
)

GFR, CK, QTC = ("33914-3", "mL/min/{1.73_m2}"), ("2157-6", "U/L"), ("8636-3", "ms")


class Patient:
    """What arrives for one patient, and who then stands on the list."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.store: Store = open_store(f"sqlite:///{folder / 'running.db'}")
        self.store.upgrade()

    def gets(self, *resources: dict[str, Any]) -> None:
        entries = [{"resource": one} for one in resources]
        body = orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
        now = self.clock()
        read = read_body(body, ReadContext(TENANT, now, UTC_ZONE))
        self.store.accept(read, TENANT, now, "test")
        new_id = lambda: uuid.uuid4().hex  # noqa: E731 - one word
        Evaluator(self.store, load(), self.clock, new_id).drain()

    def value(self, test: tuple[str, str], value: float, **more: Any) -> dict[str, Any]:
        """A result of this moment."""
        hours = (NOW - self.clock()).total_seconds() / 3600
        name = f"{test[0]}-{uuid.uuid4().hex[:6]}"
        return reading(test[0], value, test[1], hours + 0.01, id=name, **more)

    def on_list(self, rule: str, *, ended: bool = False) -> Alert | None:
        found = self.store.alerts(TENANT, PATIENT, open_only=not ended)
        return next(
            (a for a in found if a.kind is AlertKind.INTERACTION and a.machine.rule == rule), None
        )

    def said(self, rule: str) -> list[str]:
        alert = self.on_list(rule, ended=True)
        told = self.store.history(TENANT, alert.id) if alert else []
        return [f"{h.what.value} {h.why.value}" for h in told]


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Patient]:
    made = Patient(tmp_path)
    yield made
    made.store.close()


@pytest.mark.rules("INT-AMA-REN")
def test_gfr_falls_under_amantadine(patient: Patient) -> None:
    patient.gets(order("amantadine 100 mg", "m1", 48), patient.value(GFR, 82))
    assert patient.on_list("INT-AMA-REN") is None
    patient.clock.wait(hours=6)
    patient.gets(patient.value(GFR, 31))
    alert = patient.on_list("INT-AMA-REN")
    assert alert is not None
    assert (alert.level, alert.machine.channel) == ("major", Channel.PASSIVE)
    assert alert.machine.contexts == ("certain",)
    patient.clock.wait(hours=12)
    patient.gets(patient.value(GFR, 75))
    assert patient.said("INT-AMA-REN")[-1] == "ended pair-gone"


@pytest.mark.rules("INT-DAN-VER")
def test_verapamil_is_started_elsewhere_under_dantrolene(patient: Patient) -> None:
    patient.gets(order("dantrolene 100 mg", "m1", 12), dose("dantrolene 100 mg", "a1", 2))
    assert patient.on_list("INT-DAN-VER") is None
    cardiology = order("verapamil 80 mg", "m2", 0.1, requester={"display": "Cardiology"})
    patient.clock.wait(hours=1)
    patient.gets(cardiology)
    alert = patient.on_list("INT-DAN-VER")
    assert alert is not None
    assert alert.machine.drugs == ("dantrolene", "verapamil")
    assert alert.level == "contraindicated"
    taken_back = {**cardiology, "status": "entered-in-error", "meta": {"versionId": "2"}}
    patient.clock.wait(hours=1)
    patient.gets(taken_back)
    assert patient.on_list("INT-DAN-VER") is None
    assert "ended pair-gone" in patient.said("INT-DAN-VER")


@pytest.mark.rules("INT-SUX-NMS")
def test_ck_rises_under_a_plan_for_suxamethonium(patient: Patient) -> None:
    """ECT weeks after NMS: normal CK, then not."""
    over = condition("Neuroleptic malignant syndrome", "c1", 60 * 24)
    over["clinicalStatus"] = {"coding": [{"code": "resolved"}]}
    over["abatementDateTime"] = (NOW - timedelta(days=40)).isoformat()
    planned = order("suxamethonium 75 mg", "m1", 2)
    patient.gets(over, planned, patient.value(CK, 120, **LAB))
    assert patient.on_list("INT-SUX-NMS") is None
    patient.clock.wait(hours=8)
    patient.gets(patient.value(CK, 9400, **LAB))
    alert = patient.on_list("INT-SUX-NMS")
    assert alert is not None
    assert (alert.level, alert.machine.contexts) == ("contraindicated", ("certain",))


@pytest.mark.rules("INT-AMA-QT")
def test_qtc_lengthens_under_amantadine(patient: Patient) -> None:
    patient.gets(order("amantadine 100 mg", "m1", 48), patient.value(QTC, 430))
    assert patient.on_list("INT-AMA-QT") is None
    patient.clock.wait(hours=3)
    patient.gets(patient.value(QTC, 540))
    alert = patient.on_list("INT-AMA-QT")
    assert alert is not None
    assert alert.machine.channel is Channel.PASSIVE  # basis U: never more than the list


@pytest.mark.rules("INT-DAN-MAN", "INT-AP-CYP", "INT-HEAT")
@pytest.mark.parametrize(
    ("drug", "problem", "rule"),
    [
        ("dantrolene 100 mg", "fluid overload", "INT-DAN-MAN"),
        ("clozapine 300 mg", "stopped smoking", "INT-AP-CYP"),
        ("haloperidol 5 mg", "heat-health alert, amber", "INT-HEAT"),
    ],
)
def test_a_problem_recorded_later_meets_a_running_drug(
    patient: Patient, drug: str, problem: str, rule: str
) -> None:
    patient.gets(order(drug, "m1", 48))
    assert patient.on_list(rule) is None
    patient.clock.wait(hours=1)
    patient.gets(condition(problem, "c1", 0.1))
    assert patient.on_list(rule) is not None


def test_a_value_of_another_patient_moves_nobody(patient: Patient) -> None:
    patient.gets(order("amantadine 100 mg", "m1", 48), patient.value(GFR, 82))
    patient.clock.wait(hours=2)
    patient.gets(patient.value(GFR, 20, subject={"reference": "Patient/other"}))
    assert patient.on_list("INT-AMA-REN") is None
