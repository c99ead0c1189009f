"""A site's decided rules in production: one overlay for API, worker, cards, audit and replay."""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from alerts.knowledge import load
from service.rules import KEPT
from tests.acceptance.patients import bundle
from tests.acceptance.running import ROOT, Running, serving, until

pytestmark = pytest.mark.acceptance

NORTH = """
version: "2026.1-north"
interactions: {disabled: [INT-DA-SUS]}
parameters: {hyp.threshold_c: {value: 37.9, basis: D, cite: []}}
"""
# three faults: each is to be told before anything starts
WRONG = """
version: "2026.1-wrong"
interactions:
  changed:
    INT-DAN-DHP: {suggest: ["pray"]}
    INT-DA-SUS: {a: ["class:nothing"]}
parameters: {iec.cutoff: {value: 70, basis: V, cite: []}}
"""


def test_api_worker_cards_audit_and_replay_judge_by_the_same_overlay(tmp_path: Path) -> None:
    overlay = tmp_path / "north.yaml"
    overlay.write_text(NORTH)
    with serving(tmp_path / "data", NMS_SENTINEL_RULES=str(overlay)) as served:
        served.sign_in()
        assert served.push(bundle("ruled")).status_code == 200
        until(lambda: len(served.alerts()) >= 2, 60, "the alerts")
        told = served.alerts()
        assert {alert["rules"] for alert in told} == {"2026.1-north"}
        assert "INT-DA-SUS" not in {alert["rule"] for alert in told}
        assert served.http.get("/health/ready").json()["rules"] == "2026.1-north"
        # what changes in the file from now on is for the next start, of every part
        overlay.write_text(WRONG)
        call = {
            "hook": "patient-view",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {"userId": "Practitioner/1", "patientId": "ruled"},
        }
        answer = served.http.post("/cds-services/nms-patient-view", json=call)
        (first, *_) = answer.json()["cards"]
        assert "2026.1-north" in first["detail"]
        page = served.http.get("/patients/ruled").text
        assert "2026.1-north" in page
        assert "37.9 °C" in page
        environ = {
            **os.environ,
            "NMS_SENTINEL_DATA_DIR": str(served.data),
            "NMS_SENTINEL_RULES": str(served.data / KEPT),
        }
        audit = _said(["audit", "export"], environ)
        assert "rules.in-force" in audit
        assert "2026.1-north" in audit
        recorded = orjson.loads(_said(["replay", "--recorded", "--format", "json"], environ))
        assert recorded["summary"]["rules"] == "2026.1-north"


def _said(arguments: list[str], environ: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "service", *arguments],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@pytest.mark.parametrize("part", ["serve", "api", "worker"])
def test_nothing_starts_under_an_overlay_with_faults_and_all_are_told(
    tmp_path: Path, part: str
) -> None:
    overlay = tmp_path / "wrong.yaml"
    overlay.write_text(WRONG)
    environ = {
        "NMS_SENTINEL_DATA_DIR": str(tmp_path),
        "NMS_SENTINEL_PORT": "0",
        "NMS_SENTINEL_RULES": str(overlay),
        "REDIS_URL": "redis://127.0.0.1:1",
    }
    if part != "serve":
        assert Running(["db", "upgrade"], environ).process.wait(110) == 0
    started = Running([part], environ)
    try:
        assert started.process.wait(110) == 2
        until(lambda: started.text.count("NMS_SENTINEL_RULES") >= 3, 20, "what is wrong")
        for words in ("iec.cutoff", "INT-DAN-DHP", "no class is called nothing"):
            assert words in started.text
    finally:
        started.end()


def test_the_tests_know_the_rules_that_they_change() -> None:
    known = {row.id for row in load().interactions}
    assert {"INT-DA-SUS", "INT-DAN-DHP"} <= known
