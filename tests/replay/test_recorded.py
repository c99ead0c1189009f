"""Decisions of a real store exported, replayed, and held against other rules; nothing of a person.

The patients go through the reader, the store and the evaluation of production, on both databases.
"""

import json
import os
import re
import shutil
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import orjson
import pytest

from alerts.chart import (
    Evidence,
    Fact,
    Measurement,
    MedicationUse,
    Sign,
    SignKind,
    Source,
    Stay,
    Unread,
    UseStatus,
    chart_of,
)
from alerts.knowledge import load
from alerts.truth import TRUE
from service.cli import run
from service.fhir.reader import ReadContext, read_body
from service.monitoring.evaluation import evaluate
from service.replay.production import export
from service.store import Store, open_store
from tests.store.postgres import Postgres, postgres, postgres_url

__all__ = ["postgres", "postgres_url"]

ROOT = Path(__file__).resolve().parents[2]
TENANT = "default"
NOW = datetime(2025, 3, 4, 5, tzinfo=UTC)
CASES = sorted((ROOT / "fixtures" / "cases").iterdir())[5::9]
CANARY = "Canaryword"
SECRETS = ("Secretname", "MRN-778899", "0171-555", "Rosestreet", CANARY)


def identified(path: Path, patient: str) -> dict[str, Any]:
    """A case under a patient's own id, with all that a hospital writes beside the facts."""
    text = path.read_text("utf-8")
    named = json.loads(text)
    people = [e["resource"] for e in named["entry"] if e["resource"]["resourceType"] == "Patient"]
    if people:
        text = text.replace(f'"Patient/{people[0]["id"]}"', f'"Patient/{patient}"')
        named = json.loads(text)
    for number, entry in enumerate(named["entry"]):
        resource = entry["resource"]
        entry.pop("fullUrl", None)
        resource["text"] = {"status": "generated", "div": f"<div>{CANARY} in words</div>"}
        resource["meta"] = {"source": f"urn:{CANARY}", **resource.get("meta", {})}
        if resource["resourceType"] == "Patient":
            resource |= {
                "id": patient,
                "name": [{"family": "Secretname", "given": ["Ada"]}],
                "identifier": [{"value": "MRN-778899"}],
                "telecom": [{"value": "0171-555"}],
                "address": [{"line": ["3 Rosestreet"]}],
            }
            continue
        resource["id"] = f"{patient}-{number}"
        resource["subject"] = {"reference": f"Patient/{patient}", "display": f"{CANARY}, Ada"}
        resource["identifier"] = [{"value": f"{CANARY}-{number}"}]
        resource["note"] = [*resource.get("note", []), {"text": f"asked {CANARY} by telephone"}]
        for key in ("code", "medicationCodeableConcept"):
            concept = resource.get(key)
            if isinstance(concept, dict) and concept.get("coding"):
                concept["text"] = f"{concept.get('text', '')} ({CANARY})"
        if resource["resourceType"] == "Encounter":
            resource["location"] = [{"location": {"display": f"ward {CANARY}"}}]
        if resource["resourceType"] == "Observation":
            resource["performer"] = [{"reference": f"Practitioner/{CANARY}", "display": CANARY}]
    return dict(named)


def admitted(store: Store) -> None:
    """Every case as a patient of the store, evaluated as in production."""
    for number, case in enumerate(CASES):
        body = identified(case / "bundle.json", f"ward7-{number}")
        body.pop("timestamp", None)
        context = ReadContext(tenant=TENANT, received_at=NOW, zone=ZoneInfo("UTC"))
        store.accept(read_body(orjson.dumps(body), context), TENANT, NOW, f"c{number}")
    ids = count()
    for due in store.claim_due(NOW, limit=100, worker="w"):
        assert evaluate(store, load(), due, NOW, lambda: f"a{next(ids)}")


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def production(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a store in which every case has its decision on record."""
    folder = tmp_path_factory.mktemp("production")
    if request.param == "sqlite":
        url = f"sqlite:///{folder}/store.db"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.fresh()
    store = open_store(url)
    store.upgrade()
    admitted(store)
    store.close()
    return url


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def command(url: str, folder: Path, *words: str) -> Done:
    """The command in this process: its start is not what is tested here."""
    environ = {
        "DATABASE_URL": url, "NMS_SENTINEL_TENANT": TENANT, "NMS_SENTINEL_DATA_DIR": str(folder),
    }  # fmt: skip
    out, err = StringIO(), StringIO()
    with patch.dict(os.environ, environ), redirect_stdout(out), redirect_stderr(err):
        code = run(words)
    return Done(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def exported(production: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported") / "decisions"
    done = command(
        production, out.parent, "export", "--recorded", "--deidentify", "--out", str(out)
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout.startswith(f"{len(CASES)} decisions in "), done.stdout
    return out


def test_recorded_decisions_replayed_on_the_running_version_match(
    exported: Path, tmp_path: Path
) -> None:
    again = command("sqlite:///nowhere.db", tmp_path, "replay", "--recorded", str(exported))
    assert again.returncode == 0, again.stdout + again.stderr
    assert f"{len(CASES)} same" in again.stdout
    told = command(
        "sqlite:///nowhere.db", tmp_path, "replay", "--recorded", str(exported), "--format", "json"
    )
    decisions = json.loads(told.stdout)["decisions"]
    assert {one["tier"] for one in decisions} >= {"NONE", "POSSIBLE", "PROBABLE"}
    assert all(not one["changes"] for one in decisions)


def test_what_was_exported_is_a_fixture_too(exported: Path, tmp_path: Path) -> None:
    done = command("sqlite:///nowhere.db", tmp_path, "replay", str(exported))
    assert done.returncode == 0, done.stdout
    assert f"{len(CASES)} cases, all as expected" in done.stdout


def test_another_threshold_does_not_match_and_the_difference_is_named(
    exported: Path, tmp_path: Path
) -> None:
    overlay = tmp_path / "site.yaml"
    overlay.write_text(
        "version: site-1\nparameters:\n  hyp.threshold_c: {value: 39.9}\n", encoding="utf-8"
    )
    done = command(
        "sqlite:///nowhere.db", tmp_path, "replay", "--recorded", str(exported),
        "--rules", str(overlay),
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert "other rules" in done.stdout
    assert "  - HYP: true -> " in done.stdout


def test_a_decision_that_was_altered_is_found_under_the_same_rules(
    exported: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "altered"
    shutil.copytree(exported, copy)
    told = {path: json.loads(path.read_text()) for path in copy.glob("*/recorded.json")}
    file, decided = next((p, d) for p, d in told.items() if d["tier"] == "PROBABLE")
    decided["findings"]["HYP"]["state"] = "false"
    decided["tier"] = "WATCH"
    file.write_text(json.dumps(decided))
    done = command("sqlite:///nowhere.db", tmp_path, "replay", "--recorded", str(copy))
    assert done.returncode == 1
    assert f"{file.parent.name}  WATCH  changed" in done.stdout
    assert "  - tier: WATCH -> PROBABLE" in done.stdout
    file.write_text('{"tier": "WATCH"}')
    broken = command("sqlite:///nowhere.db", tmp_path, "replay", "--recorded", str(copy))
    assert broken.returncode == 2
    assert f"{file.parent.name}/recorded.json is no recorded decision" in broken.stderr


def test_nothing_of_a_person_survives(exported: Path) -> None:
    written = [path for path in exported.rglob("*") if path.is_file()]
    assert {path.name for path in written} == {"bundle.json", "expected.yaml", "recorded.json"}
    text = "\n".join(path.read_text("utf-8") for path in written)
    names = "\n".join(str(path) for path in written)
    for secret in (*SECRETS, "ward7", "Ada", "telephone", "Practitioner"):
        assert secret not in text, secret
        assert secret not in names, secret
    real = set()
    for number, case in enumerate(CASES):
        body = json.dumps(identified(case / "bundle.json", f"ward7-{number}"))
        real |= set(re.findall(r"\d{4}-\d\d-\d\d", body))
        ids = {json.loads(body)["entry"][n]["resource"]["id"] for n in range(3)}
        assert not any(f'"{one}"' in text for one in ids)
    births = {day for day in real if day < "2000"}
    assert len(real - births) > 10
    assert len(births) == len(CASES)
    assert not {day for day in real - births if day in text}
    # two to fifty years back, somebody may by chance come to lie on the birthday of another
    assert len({day for day in births if day in text}) <= 1


def test_words_where_codes_belong_do_not_leave() -> None:
    """Text in the place of a code, in every field that is taken over as it was sent."""
    source = Source(TENANT, CANARY, CANARY, CANARY)
    facts: list[Fact] = [
        MedicationUse(
            ("haloperidol",), CANARY, Evidence.ORDER, UseStatus.ACTIVE, source, start=NOW,
            intent=CANARY, route="oral",
        ),
        MedicationUse((), CANARY, Evidence.STATEMENT, UseStatus.ACTIVE, source, start=NOW),
        Stay(source, NOW, None, CANARY, CANARY),
        Unread("drug", CANARY, CANARY, source, NOW),
        Sign(SignKind.RIGIDITY, NOW, TRUE, source, detail="lead_pipe"),
        Measurement("rass", NOW, 2.0, "{score}", source, rater=CANARY),
        Measurement("four_at", NOW, 4.0, "{score}", source),
    ]  # fmt: skip
    made = export(chart_of(CANARY, facts), load(), NOW, 300, "fixture")
    assert CANARY not in orjson.dumps([made.bundle, made.expected]).decode()
    assert made.lost == ()


def test_times_keep_their_distances(exported: Path) -> None:
    """By whole weeks, one shift for a patient: intervals, hours and days of the week stay."""
    shapes = []
    for folder in sorted(exported.iterdir()):
        body = json.loads((folder / "bundle.json").read_text())
        at = datetime.fromisoformat(json.loads((folder / "recorded.json").read_text())["as_of"])
        shift = NOW - at
        assert shift % timedelta(weeks=1) == timedelta(0)
        assert shift >= timedelta(weeks=104)
        shapes.append(shift)
        told = re.findall(r"\d{4}-\d\d-\d\dT[0-9:.+Z-]+", json.dumps(body))
        original = {datetime.fromisoformat(one) + shift for one in told}
        assert all(datetime(2024, 1, 1, tzinfo=UTC) < one < NOW + timedelta(days=60)
                   for one in original)  # fmt: skip
    assert len(set(shapes)) > 1


def test_every_export_is_in_the_audit(production: str, exported: Path) -> None:
    store = open_store(production)
    seen = [r.entry for r in store.audit(TENANT) if r.entry.action == "patient.export"]
    store.close()
    assert {one.patient for one in seen} == {f"ward7-{n}" for n in range(len(CASES))}


def test_a_patient_whose_facts_came_after_the_decision_is_left_out(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    store = open_store(url)
    store.upgrade()
    admitted(store)
    later = NOW + timedelta(hours=3)
    hot = {
        "resourceType": "Observation", "id": "late", "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8331-1"}]},
        "subject": {"reference": "Patient/ward7-0"},
        "effectiveDateTime": (NOW - timedelta(hours=1)).isoformat(),
        "valueQuantity": {"value": 41.2, "unit": "Cel", "code": "Cel",
                          "system": "http://unitsofmeasure.org"},
    }  # fmt: skip
    context = ReadContext(tenant=TENANT, received_at=later, zone=ZoneInfo("UTC"))
    store.accept(read_body(orjson.dumps(hot), context), TENANT, later, "late")
    store.close()
    out = tmp_path / "out"
    done = command(url, tmp_path, "export", "--recorded", "--deidentify", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert f"{len(CASES) - 1} decisions in " in done.stdout
    assert "1 left out" in done.stdout
    only = command(
        url, tmp_path, "export", "ward7-1", "--recorded", "--deidentify", "--out", f"{out}-1"
    )
    assert only.stdout.startswith("1 decisions in"), only.stderr
    named = command(url, tmp_path, "export", "--deidentify", "--out", str(tmp_path / "no"))
    assert named.returncode == 2
