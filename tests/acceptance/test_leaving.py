"""A part that is told to stop leaves with 0, also when it is told again and again on its way."""

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.monitoring.broker import server_binary
from service.monitoring.embedded import EmbeddedBroker
from service.store import open_store
from tests.acceptance.running import Running, free_port, until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

PARTS = ("worker", "beat", "api", "intake")
STARTED = {"worker": "worker.started", "beat": "beat.started"}
STARTED |= dict.fromkeys(("api", "intake"), "startup complete")
START_S, END_S = 200, 120


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("leaving")
    broker = EmbeddedBroker(folder / "broker", server_binary())
    broker.start()
    database = f"sqlite:///{folder / 'house.db'}"
    store = open_store(database)
    store.upgrade()
    store.close()
    yield {
        "DATABASE_URL": database,
        "REDIS_URL": broker.url,
        "NMS_SENTINEL_DATA_DIR": str(folder),
        "NMS_SENTINEL_OPEN_MODE": "1",
        "NMS_SENTINEL_INTAKE_PROCESSES": "1",
    }
    broker.stop()


def started(part: str, environ: dict[str, str], log: Path) -> Running:
    given = {"NMS_SENTINEL_LOG_FILE": str(log), **ports()}
    running = Running([part], {**environ, **given})

    def says_so() -> bool:
        assert running.process.poll() is None, running.text
        return log.exists() and STARTED[part] in log.read_text()

    until(says_so, START_S, f"the start of {part}")
    return running


def ports() -> dict[str, str]:
    return {
        "NMS_SENTINEL_PORT": str(free_port()),
        "NMS_SENTINEL_INTAKE_PORT": str(free_port()),
    }


def end_of(running: Running) -> int:
    try:
        return running.process.wait(END_S)
    finally:
        running.end()


@pytest.mark.parametrize("part", PARTS)
def test_told_without_pause_until_it_is_gone(
    part: str, environ: dict[str, str], tmp_path: Path
) -> None:
    """Every moment of its way out meets a signal, the end of the interpreter too."""
    running = started(part, environ, tmp_path / "log")
    until_gone(running)
    assert end_of(running) == 0, running.text


def test_all_as_one_told_without_pause(environ: dict[str, str], tmp_path: Path) -> None:
    """The supervisor looks after its parts while it is told: work in flight is finished first."""
    own = {
        "NMS_SENTINEL_DATA_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'house.db'}",
        **ports(),
    }
    running = Running(["serve"], {**environ, **own})
    running.wait_for("/sign-in?token=", START_S)
    until_gone(running)
    assert end_of(running) == 0, running.text


def until_gone(running: Running) -> None:
    ends = time.monotonic() + END_S
    while running.process.poll() is None and time.monotonic() < ends:
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.001)


@pytest.mark.parametrize("part", PARTS)
def test_told_twice_at_some_moment(part: str, environ: dict[str, str], tmp_path: Path) -> None:
    moments = random.Random(part)
    for turn in range(2):
        running = started(part, environ, tmp_path / f"log-{turn}")
        time.sleep(moments.uniform(0.0, 0.5))
        running.process.send_signal(signal.SIGTERM)
        time.sleep(moments.uniform(0.0, 1.0))
        running.process.send_signal(signal.SIGTERM)
        assert end_of(running) == 0, running.text


@pytest.mark.heavy
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.timeout(1200)
def test_told_twice_at_many_moments(part: str, environ: dict[str, str], tmp_path: Path) -> None:
    moments = random.Random(part)
    for turn in range(15):
        running = started(part, environ, tmp_path / f"log-{turn}")
        time.sleep(moments.uniform(0.0, 0.5))
        for _ in range(2):
            running.process.send_signal(signal.SIGTERM)
            time.sleep(moments.uniform(0.0, 1.0))
        assert end_of(running) == 0, (turn, running.text)


@pytest.mark.parametrize("part", PARTS)
def test_told_while_it_starts(part: str, environ: dict[str, str], tmp_path: Path) -> None:
    """From the first line of its log on, whatever it has not yet imported."""
    log = tmp_path / "log"
    given = {"NMS_SENTINEL_LOG_FILE": str(log), **ports()}
    running = Running([part], {**environ, **given})
    until(log.exists, START_S, f"the log of {part}")
    running.process.send_signal(signal.SIGTERM)
    assert end_of(running) == 0, running.text


@pytest.mark.parametrize("part", PARTS)
def test_the_terminal_is_closed(part: str, environ: dict[str, str], tmp_path: Path) -> None:
    """SIGHUP stops every part as SIGTERM does; none of them begins again by itself."""
    running = started(part, environ, tmp_path / "log")
    running.process.send_signal(signal.SIGHUP)
    assert end_of(running) == 0, running.text
