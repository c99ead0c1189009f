"""A patient of the store as a fixture: the same answers, and nothing of who it was."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.assessment import as_dict, assess
from alerts.chart import Chart, Fact, chart_of
from alerts.knowledge import load, with_overlay
from service.fhir.reader import ReadContext, read_body
from service.replay import replay
from service.replay.bodies import read
from service.replay.chronicle import facts_by_patient
from service.replay.production import export, recorded
from service.replay.production.recorded import Verdict
from service.store import open_store

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
AS_OF = datetime(2025, 3, 5, 22, tzinfo=UTC)
BUNDLES = sorted([*FIXTURES.glob("cases/*/bundle.json"), *FIXTURES.glob("journeys/*/bundle.json")])


def facts_in(path: Path) -> list[Fact]:
    ((_, facts),) = facts_by_patient(read(path.read_bytes(), NOW).resources).items()
    return facts


POOL = [fact for path in BUNDLES[::6] for fact in facts_in(path)]


@pytest.mark.parametrize("path", BUNDLES[::3], ids=lambda p: p.parent.name)
def test_an_exported_case_gives_the_same_answers(path: Path) -> None:
    made = export(chart_of("x", facts_in(path)), load(), AS_OF, 300, "fixture")
    assert made.lost == ()


@given(
    facts=st.lists(st.sampled_from(POOL), min_size=1, max_size=40),
    weeks=st.integers(104, 2599),
    hours=st.integers(0, 400),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_mixture_of_facts_reads_back_to_the_same_answers(
    facts: list[Fact], weeks: int, hours: int
) -> None:
    at = datetime(2025, 2, 25, tzinfo=UTC) + timedelta(hours=hours)
    made = export(chart_of("x", facts), load(), at, weeks, "fixture")
    assert made.lost == ()


def named_bundle() -> bytes:
    """A demo patient with a name, a number and notes that must not leave."""
    body = json.loads((FIXTURES / "demo" / "haloperidol-36h" / "01.json").read_text())
    for number in range(2, 8):
        more = json.loads((FIXTURES / "demo" / "haloperidol-36h" / f"0{number}.json").read_text())
        body["entry"] += more["entry"]
        body["timestamp"] = more["timestamp"]
    for entry in body["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Patient":
            resource["name"] = [{"family": "Secretname", "given": ["Ada"]}]
            resource["identifier"] = [{"value": "MRN-778899"}]
        else:
            resource["note"] = [{"text": "spoke to daughter Secretname, 0171-555"}]
    return orjson.dumps(body)


def test_nothing_of_the_person_is_left_and_times_keep_their_distances(tmp_path: Path) -> None:
    facts = facts_by_patient(read(named_bundle(), NOW).resources)["demo-haloperidol-36h"]
    chart = chart_of("demo-haloperidol-36h", facts)
    made = export(chart, load(), AS_OF, 333, "exported-1")
    made.write(tmp_path / "out")
    text = "".join(p.read_text() for p in (tmp_path / "out").iterdir())
    for secret in ("Secretname", "Ada", "MRN-778899", "daughter", "demo-haloperidol", "2025-03"):
        assert secret not in text
    ids = {fact.source.resource_id for fact in facts}
    assert not any(f'"{one}"' in text for one in ids)
    body = json.loads((tmp_path / "out" / "bundle.json").read_text())
    moved = sorted(
        datetime.fromisoformat(e["resource"]["effectiveDateTime"])
        for e in body["entry"]
        if e["resource"].get("effectiveDateTime") and "valueQuantity" in e["resource"]
    )
    told = sorted(m.at for m in chart.measurements)
    assert [at - moved[0] for at in moved] == [at - told[0] for at in told]
    assert (told[0] - moved[0]) == timedelta(weeks=333)
    report = replay([tmp_path / "out"], load(), False, None, NOW)
    assert [(c.verdict, c.differences) for c in report.cases] == [("as expected", ())]


class Decided:
    """A store of one decision, whose facts all came at `received_at`."""

    def __init__(
        self, chart: Chart, said: dict[str, object], received_at: datetime = AS_OF
    ) -> None:
        self.received_at = received_at
        self._chart, self._said = chart, json.loads(json.dumps(said))

    def patients(self, tenant: str) -> list[str]:
        return ["p"]

    def chart(self, tenant: str, patient: str) -> Chart:
        return self._chart

    def assessment(self, tenant: str, patient: str) -> dict[str, object]:
        return self._said

    def resource(self, tenant: str, resource_type: str, resource_id: str) -> "Decided":
        return self


def test_recorded_decisions_are_made_anew() -> None:
    base = load()
    facts = facts_by_patient(read(named_bundle(), NOW).resources)["demo-haloperidol-36h"]
    chart = chart_of("p", facts)
    said = as_dict(assess(chart, base, AS_OF))
    change = {"version": "b", "parameters": {"hyp.threshold_c": {"value": 41.0}}}
    other = with_overlay(base, change)
    fewer = chart_of("p", [f for f in facts if getattr(f, "kind", "") != "creatine_kinase"])
    quiet = {**said, "tier": "WATCH"}
    for store, rules, verdict in (
        (Decided(chart, said), base, Verdict.SAME),
        (Decided(chart, said), other, Verdict.OTHER_RULES),
        (Decided(fewer, said, AS_OF + timedelta(hours=1)), base, Verdict.NEWER_FACTS),
        (Decided(fewer, said), base, Verdict.CHANGED),
        (Decided(chart, quiet), base, Verdict.CHANGED),
    ):
        (found,) = recorded(store, "t", rules)
        assert found.verdict is verdict, found.changes


def test_export_and_recorded_from_a_real_store(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    store = open_store(url)
    store.upgrade()
    body = named_bundle()
    context = ReadContext(tenant="default", received_at=NOW, zone=ZoneInfo("UTC"))
    store.accept(read_body(body, context), "default", NOW, "c")
    (due,) = store.claim_due(NOW, worker="w")
    chart = store.chart("default", due.patient)
    assert chart is not None
    said = as_dict(assess(chart, load(), AS_OF))
    assert store.settle(due, (), said, None, NOW)
    store.close()
    environ = {
        **os.environ, "DATABASE_URL": url,
        "NMS_SENTINEL_TENANT": "default", "NMS_SENTINEL_DATA_DIR": str(tmp_path),
    }  # fmt: skip

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(

            [sys.executable, "-c", "from service.cli import main; main()", *words],
            cwd=ROOT, env=environ, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip

    again = command("replay", "--recorded")
    assert (again.returncode, "1 same" in again.stdout) == (0, True), again.stderr
    out = tmp_path / "fixture"
    done = command("export", "demo-haloperidol-36h", "--deidentify", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert command("replay", str(out)).returncode == 0
    plain = command("export", "demo-haloperidol-36h", "--out", str(tmp_path / "no"))
    assert plain.returncode == 2
    assert (
        command("export", "nobody", "--deidentify", "--out", str(tmp_path / "no")).returncode == 2
    )
