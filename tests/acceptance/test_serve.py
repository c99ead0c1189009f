"""`serve --demo` as a newcomer meets it; and the examples of the README, run as they stand."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from service.cds_hooks.validator import faults
from tests.acceptance.patients import bundle
from tests.acceptance.running import ROOT, Served, serving, until

pytestmark = pytest.mark.acceptance

ILL = "demo-haloperidol-36h"
README = (ROOT / "README.md").read_text()
EXAMPLES = [block for block in re.findall(r"```sh\n(.*?)```", README, re.S) if "make " not in block]
# about ten seconds on a quiet machine
ALERT_S = 180
# for what happens within a second or two there
PATIENCE_S = 90


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("demo"), "--demo") as served:
        served.sign_in()
        yield served


@pytest.fixture
def told(demo: Served) -> Served:
    """The demonstration, when it has come to its first alert."""
    until(lambda: bool(alert_of(demo, ILL)), ALERT_S, "an alert")
    return demo


def alert_of(served: Served, patient: str) -> list[dict[str, Any]]:
    return [alert for alert in served.alerts() if alert["patient"] == patient]


def test_an_alert_arises_within_a_minute(demo: Served) -> None:
    until(lambda: bool(alert_of(demo, ILL)), ALERT_S, "an alert")
    page = demo.http.get("/worklist")
    assert page.status_code == 200
    assert f"/patients/{ILL}" in page.text
    assert demo.http.get(f"/patients/{ILL}").status_code == 200


def test_the_quiet_patient_has_none(demo: Served) -> None:
    def played() -> bool:
        return any(event["event"] == "demo.played" for event in demo.events("supervisor"))

    until(played, ALERT_S, "the end of the demonstration")
    until(lambda: demo.http.get("/health/ready").json()["state"] == "ready", PATIENCE_S, "ready")
    assert alert_of(demo, "demo-quiet") == []
    assert len({alert["patient"] for alert in demo.alerts()}) >= 2


def example(demo: Served, words: str) -> Any:
    """The output of the README's example with these words, as JSON."""
    (found,) = [block for block in EXAMPLES if words in block]
    command = found.replace("http://127.0.0.1:8000", demo.base).replace("\\\n", "")
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, timeout=120, check=True
    )
    return orjson.loads(done.stdout)


def test_the_example_of_a_card_gives_one(told: Served) -> None:
    response = example(told, "patient-view")
    assert faults(response) == []
    assert any("NMS" in card["summary"] for card in response["cards"])
    assert told.text.count("curl -s") == 1


def test_the_example_of_an_interaction_gives_a_card(demo: Served) -> None:
    response = example(demo, "dantrolene sodium")
    assert faults(response) == []
    summaries = [card["summary"].lower() for card in response["cards"]]
    assert any("dantrolene" in words and "verapamil" in words for words in summaries)


def test_the_example_of_a_bundle_is_answered_by_entry(demo: Served) -> None:
    response = example(demo, "fixtures/demo/quiet")
    sent = orjson.loads((ROOT / "fixtures/demo/quiet/01.json").read_bytes())
    assert response["type"] == "transaction-response"
    assert len(response["entry"]) == len(sent["entry"])


def test_the_example_of_the_alerts_lists_them(
    told: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = [block for block in EXAMPLES if "/api/v1/alerts" in block]
    command = found.replace("http://127.0.0.1:8000", told.base).replace(
        "cookies.txt", str(tmp_path / "cookies.txt")
    )
    monkeypatch.setenv("NMS_SENTINEL_DATA_DIR", str(told.data.parent))
    monkeypatch.setenv("NMS_SENTINEL_PORT", told.base.rsplit(":", 1)[1])
    assert (ROOT / ".venv/bin/nms-sentinel").exists()
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, timeout=120, check=True
    )
    assert orjson.loads(done.stdout)["alerts"]


def test_the_other_examples_run(tmp_path: Path) -> None:
    (found,) = [block for block in EXAMPLES if "nms-sentinel replay" in block]
    one_case = "fixtures/cases/nms-promethazine-42m-1999\n"
    done = subprocess.run(
        ["bash", "-c", found.replace("fixtures/cases\n", one_case)],
        cwd=ROOT, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all as expected" in done.stdout


def test_a_part_that_is_killed_comes_back(demo: Served) -> None:
    for part in ("worker", "api", "beat"):
        before = demo.pid_of(part)
        os.kill(before, signal.SIGKILL)
        until(lambda part=part, before=before: demo.pid_of(part) != before, PATIENCE_S, "a new one")
    answer = demo.push(bundle("after-the-kill"))  # waits for the new API: nothing is refused
    assert answer.status_code == 200
    until(lambda: bool(alert_of(demo, "after-the-kill")), ALERT_S, "an alert after the kills")


def test_a_second_instance_is_refused(demo: Served) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service", "serve", "--demo", "--port", "0"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "NMS_SENTINEL_DATA_DIR": str(demo.data.parent)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 2
    assert "Another NMS Sentinel" in done.stderr
    assert str(demo.data) in done.stderr


def test_a_stop_is_clean_and_nothing_of_a_patient_is_logged(tmp_path: Path) -> None:
    """Of a service of its own: the others are still asked by other tests."""
    patient = "nobody-logs-me"
    with serving(tmp_path) as served:
        served.sign_in()
        assert served.push(bundle(patient)).status_code == 200
        until(lambda: bool(alert_of(served, patient)), ALERT_S, "an alert")
        pids = [served.pid_of(part) for part in ("api", "worker", "beat")]
        begun, ended = threading.Event(), threading.Event()

        def watch() -> None:
            """A worklist that is open in a browser: its stream ends in order, not by a cut."""
            with served.http.stream("GET", "/worklist/stream", timeout=120) as stream:
                begun.set()
                for _ in stream.iter_lines():
                    pass
            ended.set()

        threading.Thread(target=watch, daemon=True).start()
        assert begun.wait(PATIENCE_S)
        code, _ = served.stop()
        assert ended.wait(PATIENCE_S)
        # 0: no part had to be killed for not ending by itself
        assert code == 0, served.text
        for pid in pids:
            assert not Path(f"/proc/{pid}").exists()
        for part in ("supervisor", "api", "worker", "beat"):
            events = served.events(part)
            assert events, f"{part} has logged nothing"
            assert "haloperidol" not in str(events)
            assert patient not in str(events)
