"""Redis stopped: what comes in is acknowledged, and its alert appears when Redis is back."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.monitoring.broker import server_binary
from service.monitoring.embedded import EmbeddedBroker
from tests.acceptance.patients import bundle
from tests.acceptance.running import serving, until

pytestmark = pytest.mark.acceptance


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    server = EmbeddedBroker(tmp_path / "redis", server_binary())
    server.start()
    yield server
    server.stop()


def test_a_bundle_while_redis_is_stopped(tmp_path: Path, redis: EmbeddedBroker) -> None:
    with serving(tmp_path / "data", REDIS_URL=redis.url) as served:
        served.sign_in()
        assert served.alerts() == []  # nothing synthetic without --demo
        until(lambda: served.http.get("/health/ready").json()["state"] == "ready", 120, "ready")
        redis.stop()  # and what does not wait for it to come back is answered
        answer = served.push(bundle("while-stopped"))
        assert answer.status_code == 200
        assert "refused" not in answer.headers["x-nms-sentinel-outcomes"]
        ready = served.http.get("/health/ready")
        assert ready.status_code == 200
        assert ready.json()["state"] == "degraded"
        assert ready.json()["checks"]["broker"] == "broker-away"
        hook = {
            "hook": "patient-view",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {"userId": "Practitioner/1", "patientId": "while-stopped"},
        }
        cards = served.http.post("/cds-services/nms-patient-view", json=hook)
        assert cards.status_code == 200
        assert cards.json()["cards"]
        redis.start()

        def alerted() -> bool:
            return "while-stopped" in {alert["patient"] for alert in served.alerts()}

        until(alerted, 120, "the alert after Redis came back")
        code, _ = served.stop(signal.SIGINT)
        assert code == 0


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")
def test_the_embedded_broker_is_restarted_too(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        served.sign_in()
        until(lambda: served.http.get("/health/ready").json()["state"] == "ready", 120, "ready")
        os.kill(broker_of(served.process.pid), signal.SIGKILL)
        assert served.push(bundle("broker-killed")).status_code == 200
        until(
            lambda: served.http.get("/health/ready").json()["state"] == "ready", 120, "ready again"
        )
        until(lambda: bool(served.alerts()), 120, "the alert")


def broker_of(supervisor: int) -> int:
    """The process of the broker: the supervisor's child that is no Python."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            program = Path((folder / "cmdline").read_text().split("\0")[0]).name
        except OSError:
            continue
        if int(fields[1]) == supervisor and "python" not in program:
            return int(folder.name)
    raise AssertionError("the supervisor has no broker")
