"""Every access and decision is in the audit: the hook call, the intake, a person's step."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from alerts.knowledge import load
from alerts.lifecycle import claim
from service.audit import Trail
from service.errors import Unavailable
from service.fhir.models import model_faults
from service.fhir.versions import R4
from service.metrics import metric
from service.monitoring.evaluation import Evaluator
from service.store import AuditEntry
from tests.monitoring.orders import bundle
from tests.platform.serviced import Api

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOOK = {
    "hook": "patient-view",
    "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "context": {"userId": "Practitioner/7", "patientId": "p1"},
}


def entry(action: str = "hook.patient-view") -> AuditEntry:
    return AuditEntry(NOW, "Practitioner/7", action, patient="p1")


def actions(api: Api) -> list[tuple[str, str, str]]:
    held = api.store.audit(api.settings.tenant)
    return [(r.entry.action, r.entry.who, r.entry.patient) for r in held]


def test_intake_hook_and_step_leave_their_rows_in_one_sound_chain(tmp_path: Path) -> None:
    api = Api(tmp_path)
    tenant = api.settings.tenant
    assert api.post("/fhir", bundle("p1", "p2")).status_code == 200
    client = api.store.audit(tenant)[0].entry.who
    assert actions(api) == [
        ("intake.take", client, ""),
        ("chart.write", client, "p1"),
        ("chart.write", client, "p2"),
    ]
    Evaluator(api.store, load(), lambda: datetime.now(UTC), lambda: os.urandom(8).hex()).drain()
    alert = api.store.alerts(tenant, "p1")[0]
    api.store.act(tenant, alert.id, lambda a: claim(a, "ann", NOW), NOW)
    assert actions(api)[-1] == ("alert.claimed", "ann", "p1")
    answer = api.ask("POST", "/cds-services/nms-patient-view", json=HOOK)
    assert answer.status_code == 200
    ends = time.monotonic() + 60
    while actions(api)[-1][0] != "hook.patient-view" and time.monotonic() < ends:
        time.sleep(0.05)
    assert actions(api)[-1] == ("hook.patient-view", "Practitioner/7", "p1")
    assert api.store.verify_audit(tenant).sound


def test_what_is_refused_as_a_whole_leaves_no_row_and_no_data(tmp_path: Path) -> None:
    api = Api(tmp_path)
    assert api.post("/fhir", b"{}").status_code == 400
    assert actions(api) == []


def test_a_store_that_is_away_delays_the_trail_and_loses_nothing() -> None:
    written: list[AuditEntry] = []
    away = [True] * 3

    def write(_: str, entries: object, **_told: object) -> None:
        if away:
            away.pop()
            raise Unavailable("away", code="store-locked")
        written.extend(entries)  # type: ignore[arg-type]

    trail = Trail(write, pause_s=0.01)
    made = [entry(f"hook.{n}") for n in range(5)]
    for one in made:
        trail.note("t", one)
    trail.close()
    assert written == made


def test_what_is_lost_is_counted_and_never_silent() -> None:
    lost = metric("nms_sentinel_audit_lost_total")
    before = lost._value.get()

    def away(_: str, __: object, **_told: object) -> None:
        raise Unavailable("away", code="store-locked")

    trail = Trail(away, room=3, pause_s=30)
    for _ in range(5):
        trail.note("t", entry())
    assert trail.waiting == 3
    assert lost._value.get() == before + 2


def test_the_export_is_fhir_and_names_patients_and_the_place_in_the_chain(tmp_path: Path) -> None:
    api = Api(tmp_path)
    api.post("/fhir", bundle("p1"))
    api.store.record_audit(
        api.settings.tenant,
        [
            AuditEntry(NOW, "ann", "patient.read", role="pharmacist", patient="p1", why="ward"),
            AuditEntry(NOW, "ann", "worklist.read", detail={"patients": ["p1", "p2"]}),
            AuditEntry(NOW, "eve", "user.sign-in", "refused"),
        ],
    )
    run = subprocess.run(
        [sys.executable, "-m", "service", "audit", "export"],
        cwd=ROOT,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("NMS_")},
            "NMS_SENTINEL_DATA_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    events = [json.loads(line) for line in run.stdout.splitlines()]
    chain = api.store.audit(api.settings.tenant)
    assert len(events) == len(chain) == 5
    for event, row in zip(events, chain, strict=True):
        assert not model_faults(event, R4)
        details = {d["type"]: d["valueString"] for d in event["entity"][-1]["detail"]}
        assert (details["seq"], details["hash"]) == (str(row.seq), row.hash)
    named = [[e["what"]["reference"] for e in event["entity"] if "role" in e] for event in events]
    assert named == [[], ["Patient/p1"], ["Patient/p1"], ["Patient/p1", "Patient/p2"], []]
    assert [event["outcome"] for event in events] == ["0", "0", "0", "0", "4"]
