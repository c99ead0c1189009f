"""An access that was answered is in the audit, exactly once, whoever is killed when."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import orjson
import pytest

from service.audit import Trail
from service.errors import Unavailable
from service.journal import Journal
from service.store import AuditEntry, Store, open_store
from tests.acceptance.running import Running, free_port, until
from tests.benchmarks.hooks import patient_view

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
NOTING = """
import os, signal, sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from service.audit import Trail
from service.journal import Journal
from service.store import AuditEntry
trail = Trail(lambda *_, **__: None, pause_s=60, journal=partial(Journal, Path(sys.argv[1])))
for n in range(700):
    trail.note("ab"[n % 2], AuditEntry(datetime.now(UTC), "ann", f"hook.{n}", detail={"cards": n}))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    held = open_store(f"sqlite:///{tmp_path / 's.db'}")
    held.upgrade()
    yield held
    held.close()


def entry(action: str) -> AuditEntry:
    return AuditEntry(NOW, "ann", action, patient="p1", detail={"cards": 1})


def actions(store: Store, *tenants: str) -> list[str]:
    return [r.entry.action for name in tenants for r in store.audit(name, limit=5000)]


def leave_behind(folder: Path, *noted: str) -> None:
    """What a process leaves that is killed before it wrote to the store."""
    journal = Journal(folder)
    segment = journal.segment()
    for action in noted:
        segment.add("t", entry(action))
    segment.close()
    journal.close()


def adopt(store: Store, folder: Path) -> None:
    trail = Trail(store.record_audit, pause_s=0.01, journal=partial(Journal, folder))
    trail.begin()
    trail.close()


@pytest.mark.faults
def test_a_killed_process_loses_nothing_that_it_noted(store: Store, tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", NOTING, tmp_path / "j"], check=False, timeout=120)
    assert run.returncode == -signal.SIGKILL
    adopt(store, tmp_path / "j")
    assert actions(store, "a") == [f"hook.{n}" for n in range(0, 700, 2)]
    assert actions(store, "b") == [f"hook.{n}" for n in range(1, 700, 2)]
    assert store.verify_audit("a").sound
    assert list((tmp_path / "j").iterdir()) == []


def test_what_the_store_took_before_the_kill_is_not_written_twice(
    store: Store, tmp_path: Path
) -> None:
    """Killed between the commit and the end of the segment."""
    leave_behind(tmp_path / "j", "hook.1", "hook.2")
    shutil.copytree(tmp_path / "j", tmp_path / "again")
    adopt(store, tmp_path / "j")
    adopt(store, tmp_path / "again")
    assert actions(store, "t") == ["hook.1", "hook.2"]
    assert list((tmp_path / "again").iterdir()) == []


def test_an_entry_comes_back_as_it_was(store: Store, tmp_path: Path) -> None:
    leave_behind(tmp_path / "j", "hook.1")
    adopt(store, tmp_path / "j")
    assert [record.entry for record in store.audit("t")] == [entry("hook.1")]


def test_the_store_remembers_no_more_than_it_must(store: Store, tmp_path: Path) -> None:
    trail = Trail(store.record_audit, pause_s=0.01, journal=partial(Journal, tmp_path / "j"))
    for n in range(20):
        trail.note("t", entry(f"hook.{n}"))
        until(lambda n=n: len(actions(store, "t")) == n + 1, 60)
    trail.close()
    with store._database.read() as connection:
        kept = connection.exec_driver_sql("SELECT count(*) FROM used_keys").scalar_one()
    assert kept <= 2


def test_what_a_living_process_holds_is_left_to_it(store: Store, tmp_path: Path) -> None:
    alive = Journal(tmp_path / "j")
    segment = alive.segment()
    segment.add("t", entry("hook.1"))
    adopt(store, tmp_path / "j")
    assert actions(store, "t") == []
    segment.close()
    alive.close()
    adopt(store, tmp_path / "j")
    assert actions(store, "t") == ["hook.1"]


def test_a_line_torn_by_a_power_cut_costs_no_other(store: Store, tmp_path: Path) -> None:
    leave_behind(tmp_path / "j", "hook.1", "hook.2")
    (segment,) = (tmp_path / "j").glob("*.jsonl")
    segment.write_bytes(segment.read_bytes()[:-20])
    adopt(store, tmp_path / "j")
    assert actions(store, "t") == ["hook.1"]


def test_a_line_that_a_full_disk_took_in_part_costs_no_other(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk takes a part, then nothing, then has room again: what was said to lie there does."""
    journal = Journal(tmp_path / "j")
    segment = journal.segment()
    really, room = os.write, [10, 0]

    def write(file: int, line: bytes) -> int:
        if not room:
            return really(file, line)
        if not (takes := room.pop(0)):
            raise OSError(errno.ENOSPC, "No space left on device")
        return really(file, line[:takes])

    monkeypatch.setattr(os, "write", write)
    for action in ("hook.1", "hook.2", "hook.3"):
        segment.add("t", entry(action))
    monkeypatch.undo()
    segment.close()
    journal.close()
    adopt(store, tmp_path / "j")
    assert actions(store, "t") == ["hook.2", "hook.3"]


def test_a_line_that_the_disk_takes_in_pieces_is_whole(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.write
    monkeypatch.setattr(os, "write", lambda file, line: really(file, line[:7]))
    leave_behind(tmp_path / "j", "hook.1", "hook.2")
    monkeypatch.undo()
    adopt(store, tmp_path / "j")
    assert actions(store, "t") == ["hook.1", "hook.2"]


def test_a_store_that_is_away_at_the_start_gets_it_later(store: Store, tmp_path: Path) -> None:
    leave_behind(tmp_path / "j", "hook.1")
    away = [True] * 3

    def write(
        tenant: str, entries: Sequence[AuditEntry], *, once: str, forget: Sequence[str]
    ) -> None:
        if away:
            away.pop()
            raise Unavailable("away", code="store-locked")
        store.record_audit(tenant, entries, once=once, forget=forget)

    trail = Trail(write, pause_s=0.01, journal=partial(Journal, tmp_path / "j"))
    trail.note("t", entry("hook.2"))
    until(lambda: len(actions(store, "t")) == 2, 60)
    trail.close()
    assert sorted(actions(store, "t")) == ["hook.1", "hook.2"]


def test_without_a_place_on_disk_the_trail_still_writes(store: Store, tmp_path: Path) -> None:
    (tmp_path / "j").write_text("not a directory")
    trail = Trail(store.record_audit, pause_s=0.01, journal=partial(Journal, tmp_path / "j"))
    trail.note("t", entry("hook.1"))
    trail.close()
    assert actions(store, "t") == ["hook.1"]


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_each_answered_hook_is_in_the_audit_after_kill_9(tmp_path: Path) -> None:
    """A real API, killed three times in the middle of its answers."""
    url = f"sqlite:///{tmp_path / 's.db'}"
    store = open_store(url)
    store.upgrade()
    port = free_port()
    environ = {
        "DATABASE_URL": url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "NMS_SENTINEL_DATA_DIR": str(tmp_path),
        "NMS_SENTINEL_PORT": str(port),
        "NMS_SENTINEL_OPEN_MODE": "1",
        "NMS_SENTINEL_LOG_FILE": os.devnull,
        "NMS_SENTINEL_INTAKE_PROCESSES": "0",
    }
    answered: list[str] = []
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as http:
        for turn in range(4):
            running = Running(["api"], environ)
            until(lambda: _lives(http), 200, "the API")
            for n in range(8):
                patient = f"p{turn}-{n}"
                answer = http.post(
                    "/cds-services/nms-patient-view",
                    content=_hook(patient),
                    headers={"content-type": "application/json"},
                )
                assert answer.status_code == 200, answer.text
                answered.append(patient)
            if turn < 3:
                running.process.kill()
                running.process.wait()
            else:
                assert running.stop()[0] == 0
    seen = Counter(
        r.entry.patient for r in store.audit("default") if r.entry.action == "hook.patient-view"
    )
    assert seen == Counter(answered)
    assert store.verify_audit("default").sound
    store.close()


def _lives(http: httpx.Client) -> bool:
    time.sleep(0.05)
    try:
        return http.get("/health/live").status_code == 200
    except httpx.HTTPError:
        return False


def _hook(patient: str) -> bytes:
    held = patient_view(2)
    named = str(held["context"]["patientId"])
    return orjson.dumps(held).replace(named.encode(), patient.encode())
