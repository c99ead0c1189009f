"""Writers killed with -9, copies of the files at any instant: what was told durable is there."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from service.store import Store, open_store
from service.store.database.schema import resources
from tests.store.made import NOW, TENANT, take, temperature

ROOT = Path(__file__).resolve().parents[2]
PARTS = 3  # resources in one body of the writer


class Writer:
    """A process that accepts bodies and tells which are durable. `told`: the newest number."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        self.told = -1
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.writer", url, name],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.endswith("\n"):
                self.told = int(line)

    def wait_for(self, number: int, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while self.told < number:
            assert time.monotonic() < until
            assert self._process.poll() is None, self._process.communicate()
            time.sleep(0.01)

    def kill(self) -> int:
        """-9. The newest number that it had told."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)
        self._reader.join(30)
        return self.told


def held(store: Store, name: str) -> set[str]:
    with store._database.read() as connection:
        wanted = select(resources.c.resource_id).where(resources.c.patient == name)
        return set(connection.execute(wanted).scalars())


def whole(names: set[str], writer: str) -> int:
    """How many bodies of a writer are there; each must be there with all its parts."""
    numbers = {int(name.split("-")[1]) for name in names}
    assert names == {f"{writer}-{n}-{part}" for n in numbers for part in range(PARTS)}
    assert numbers == set(range(len(numbers)))
    return len(numbers)


def test_what_was_told_durable_survives_kill_9(store: Store, url: str) -> None:
    dice = random.Random(1)
    for turn in range(2):
        writers = [Writer(url, f"w{turn}{n}") for n in range(2)]
        for writer in writers:
            writer.wait_for(5 + dice.randint(0, 20))
        for writer in writers:
            told = writer.kill()
            bodies = whole(held(store, writer.name), writer.name)
            assert bodies in (told + 1, told + 2)  # one may be durable and not yet told
        assert take(store, temperature(f"after-{turn}", f"after-{turn}")) == ["accepted"]
    assert store.check() == []
    counts = store.intake_counts(TENANT)
    assert counts["received"] == counts["accepted"] == PARTS * (counts["bundles"] - 2) + 2
    assert {due.patient for due in store.claim_due(NOW, limit=100)} == {
        *(f"w{turn}{n}" for turn in range(2) for n in range(2)),
        *(f"after-{turn}" for turn in range(2)),
    }


def salt(log: Path) -> bytes:
    """What SQLite changes in the log when it starts to write it from its beginning again."""
    return log.read_bytes()[16:24]


def power_cut(live: Path, copy: Path, writer: Writer) -> int:
    """Copy the files as they lie there while the writer writes; what was durable before.

    Copying two files takes time, unlike a power cut: if the log was begun anew meanwhile, the
    pages that it lost are in neither copy, and the picture is taken again.
    """
    log, log_copy = (path.with_name(f"{path.name}-wal") for path in (live, copy))
    while True:
        told, before = writer.told, salt(log)
        shutil.copy(live, copy)
        shutil.copy(log, log_copy)
        if salt(log_copy) == salt(log) == before:
            return told


@pytest.mark.parametrize("instants", [6, pytest.param(200, marks=pytest.mark.heavy)])
@pytest.mark.timeout(1800)
def test_a_copy_at_any_instant_opens_whole(
    tmp_path: Path, sqlite_model: Path, instants: int
) -> None:
    dice = random.Random(instants)
    path = tmp_path / "live.db"
    shutil.copy(sqlite_model, path)
    done = 0
    while done < instants:
        writer = Writer(f"sqlite:///{path}", f"w{done}")
        writer.wait_for(1)
        for _ in range(min(5, instants - done)):
            time.sleep(dice.random() * 0.05)
            copy = tmp_path / f"copy{done}.db"
            told = power_cut(path, copy, writer)
            opened = open_store(f"sqlite:///{copy}")
            assert opened.check() == []
            assert whole(held(opened, writer.name), writer.name) >= told + 1
            opened.close()
            copy.unlink()
            done += 1
        writer.kill()
