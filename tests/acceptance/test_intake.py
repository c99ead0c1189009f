"""`serve` with a port of its own for what record systems push (NMS_SENTINEL_INTAKE_PORT)."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.patients import bundle
from tests.acceptance.running import Running, Served, free_port, serving, until

pytestmark = pytest.mark.acceptance
WITHIN_S = 180


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, int]]:
    port = free_port()
    folder = tmp_path_factory.mktemp("apart")
    with serving(folder, NMS_SENTINEL_INTAKE_PORT=str(port)) as served:
        served.sign_in()
        yield served, port


def push(port: int, patient: str) -> httpx.Response:
    return httpx.post(
        f"http://127.0.0.1:{port}/fhir",
        content=bundle(patient),
        headers={"content-type": "application/fhir+json"},
        timeout=WITHIN_S,
    )


def alerted(served: Served, patient: str) -> bool:
    return any(alert["patient"] == patient for alert in served.alerts())


def test_what_is_pushed_there_becomes_an_alert(apart: tuple[Served, int]) -> None:
    served, port = apart
    assert f"http://127.0.0.1:{port}/fhir" in served.text
    answer = push(port, "by-the-intake")
    assert answer.status_code == 200, answer.text
    until(lambda: alerted(served, "by-the-intake"), WITHIN_S, "an alert")
    taken = [line for line in served.events("intake") if line["event"] == "intake.taken"]
    assert [line["accepted"] for line in taken] == [len(answer.json()["entry"])]
    # nothing of it passed the process that answers hooks
    assert not [line for line in served.events("api") if line["event"] == "intake.taken"]


def test_the_address_of_the_hooks_takes_data_too(apart: tuple[Served, int]) -> None:
    served, _ = apart
    assert served.push(bundle("by-the-api")).status_code == 200
    until(lambda: alerted(served, "by-the-api"), WITHIN_S, "an alert")


def test_calls_wait_while_a_killed_intake_comes_back(apart: tuple[Served, int]) -> None:
    served, port = apart
    before = served.pid_of("intake")
    os.kill(before, signal.SIGKILL)
    until(lambda: served.pid_of("intake") != before, WITHIN_S, "a new one")
    assert push(port, "after-the-kill").status_code == 200
    until(lambda: alerted(served, "after-the-kill"), WITHIN_S, "an alert")


def test_a_port_that_another_holds_is_named(apart: tuple[Served, int], tmp_path: Path) -> None:
    _, port = apart
    environ = {"NMS_SENTINEL_DATA_DIR": str(tmp_path), "NMS_SENTINEL_INTAKE_PORT": str(port)}
    running = Running(["serve", "--port", str(free_port())], environ)
    code, _ = running.ended(WITHIN_S)
    assert code == 2
    assert f":{port} cannot be listened on" in running.text
    assert "NMS_SENTINEL_INTAKE_PORT" in running.text


def test_a_stop_ends_the_intake_too(apart: tuple[Served, int]) -> None:
    served, _ = apart
    pid = served.pid_of("intake")
    code, _ = served.stop(within_s=WITHIN_S)
    assert code == 0, served.text
    assert not Path(f"/proc/{pid}").exists()
