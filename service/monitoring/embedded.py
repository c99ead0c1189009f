"""A Redis-protocol server as our child: loopback only, with a password, gone when we are gone."""

import ctypes
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import redis

from service.errors import SettingsFault

START_S, STOP_S = 10.0, 5.0
_PR_SET_PDEATHSIG = 1
# loaded before any fork: the child may call it, but must not load anything
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

# One line a setting, and why
_CONFIG = """
bind 127.0.0.1
protected-mode yes
daemonize no
databases 1
# a bell that rang before a crash rings again after it; a second may be lost, the sweep covers it
appendonly yes
appendfsync everysec
save ""
# full means an error at the sender, which the sweep covers; never a message silently dropped
maxmemory 256mb
maxmemory-policy noeviction
# half-open connections end
tcp-keepalive 60
loglevel warning
logfile broker.log
"""


class EmbeddedBroker:
    """`start`, `stop`, `ready`. The port and password are chosen once and kept over restarts."""

    def __init__(self, data_dir: Path, binary: Path) -> None:
        self._dir = data_dir
        self._binary = binary
        self._password = secrets.token_urlsafe(24)
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process is not None else None

    def start(self) -> None:
        """Start and wait until it answers. SettingsFault (`broker-start`) when it does not."""
        self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        first = self._port == 0
        for _ in range(5 if first else 1):
            if first:
                self._port = _free_port()
            self._spawn()
            if self._answers(START_S):
                return
            self._kill()
        raise SettingsFault(
            f"The embedded broker does not start; see {self._dir / 'broker.log'}.",
            code="broker-start",
        )

    def ready(self) -> bool:
        """Whether it answers now."""
        return self.running and answers(self.url)

    def stop(self) -> None:
        """Stop in order, within seconds."""
        if self._process is None or not self.running:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._kill()

    def _spawn(self) -> None:
        # the configuration goes in by a pipe: a command line can be read by every user
        self._process = subprocess.Popen(  # noqa: S603 - the server that was chosen
            [str(self._binary), "-"],
            cwd=self._dir,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, library loaded before
        )
        assert self._process.stdin is not None  # noqa: S101 - PIPE was asked for
        said = f"{_CONFIG}port {self._port}\nrequirepass {self._password}\n"
        try:
            self._process.stdin.write(said.encode())
            self._process.stdin.close()
        except BrokenPipeError:
            return  # it has died: `_answers` sees that

    def _answers(self, within_s: float) -> bool:
        ends = time.monotonic() + within_s
        while self.running and time.monotonic() < ends:
            if answers(self.url):
                return True
            time.sleep(0.02)
        return False

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def answers(url: str, within_s: float = 1.0) -> bool:
    """Whether a server answers at this address in time. Never raises."""
    try:
        with redis.Redis.from_url(
            url, socket_timeout=within_s, socket_connect_timeout=within_s, retry=None
        ) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError, ValueError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
