"""A store that is locked, full, damaged or away says so (503, a code) and is never half-written."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from service.errors import Unavailable
from service.store import Store, open_store
from service.store.database.engine import Database
from tests.store.made import NOW, TENANT, due_now, opened, take, temperature
from tests.store.postgres import Postgres, begin, end


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.store.database.engine.PATIENCE_S", 0.3)
    monkeypatch.setattr(Database.write, "__defaults__", (0.3,), raising=False)
    monkeypatch.setattr(Database.transact, "__defaults__", (0.3,), raising=False)


def test_a_lock_held_by_another_process_is_waited_for(sqlite_store: Store, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "only.db", check_same_thread=False, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.5, other.execute, ("COMMIT",))
    release.start()
    assert take(sqlite_store, temperature("1")) == ["accepted"]
    release.join()
    other.close()


@pytest.mark.usefixtures("impatient")
def test_a_lock_held_too_long_is_503_and_reading_goes_on(
    sqlite_store: Store, tmp_path: Path
) -> None:
    take(sqlite_store, temperature("1"))
    other = sqlite3.connect(tmp_path / "only.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable) as fault:
        take(sqlite_store, temperature("2"))
    assert (fault.value.code, fault.value.status) == ("store-locked", 503)
    assert sqlite_store.chart(TENANT, "p1") is not None
    other.execute("COMMIT")
    assert take(sqlite_store, temperature("2")) == ["accepted"]
    assert sqlite_store.intake_counts(TENANT)["bundles"] == 2
    other.close()


def test_a_hooks_cards_wait_for_a_busy_store_no_longer_than_a_moment(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others wait for 15 s, and here for longer, so that nobody takes a busy machine for it."""
    for others in (Database.write, Database.transact):
        monkeypatch.setattr(others, "__defaults__", (150.0,))
    locked, stop = threading.Event(), threading.Event()

    def hold() -> None:
        mine = Database(url)
        with mine.write() as connection:
            connection.execute(
                text(
                    "INSERT INTO cards VALUES"
                    " ('ward','u1','p','','','','','','','','[]',0,'','',true)"
                )
            )
            locked.set()
            stop.wait(280)
        mine.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(30)
    begun = time.monotonic()
    with pytest.raises(Unavailable) as fault:
        store.record_cards(TENANT, "p1", [{"uuid": "u1"}], NOW)
    took = time.monotonic() - begun
    stop.set()
    holder.join(60)
    assert fault.value.code == "store-locked"
    assert 0.2 < took < 75  # 0.3 s, and not as long as other writes


def test_a_full_store_takes_nothing_and_recovers_without_a_restart(sqlite_store: Store) -> None:
    def limit(more: int) -> None:
        with sqlite_store._database.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + more}")

    take(sqlite_store, temperature("first"))
    sqlite_store._database.engine.dispose()
    sqlite_store._database = Database(str(sqlite_store._database.engine.url), pool=1)
    limit(40)
    stored = 1

    def fill() -> None:
        nonlocal stored
        for number in range(400):
            take(sqlite_store, *(temperature(f"{number}-{n}") for n in range(20)))
            stored += 20

    with pytest.raises(Unavailable) as fault:
        fill()
    assert fault.value.code == "store-full"
    assert sqlite_store.intake_counts(TENANT)["accepted"] == stored
    assert stored > 1
    limit(1_000_000)
    assert take(sqlite_store, temperature("after")) == ["accepted"]
    assert sqlite_store.check() == []


def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "bad.db"
    path.write_bytes(b"this is not a database, however long one looks at it " * 100)
    store = open_store(f"sqlite:///{path}")
    with pytest.raises(Unavailable) as fault:
        store.ping()
    assert fault.value.code == "store-damaged"
    store.close()


def test_a_place_that_cannot_be_opened_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Unavailable) as fault:
        open_store(f"sqlite:///{tmp_path / 'file' / 'store.db'}")
    assert fault.value.code == "store-unreachable"


def test_no_server_is_unreachable(tmp_path: Path) -> None:
    store = open_store(f"postgresql://postgres@/x?host={tmp_path}")
    with pytest.raises(Unavailable) as fault:
        store.ping()
    assert fault.value.code == "store-unreachable"
    store.close()


def test_a_server_that_goes_and_comes_back_is_found_again(postgres: Postgres) -> None:
    server = begin()
    try:
        store = open_store(server.fresh())
        store.upgrade()
        take(store, temperature("1"))
        server.stop()
        with pytest.raises(Unavailable) as fault:
            take(store, temperature("2"))
        assert fault.value.code == "store-unreachable"
        server.start()
        assert take(store, temperature("2")) == ["accepted"]
        chart = store.chart(TENANT, "p1")
        assert chart is not None
        assert store.intake_counts(TENANT)["accepted"] == 2
        store.close()
    finally:
        end(server)


@contextmanager
def without(store: Store, table: str) -> Iterator[None]:
    """As if this table could not be written."""
    with store._database.write() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO hidden"))
    try:
        yield
    finally:
        with store._database.write() as connection:
            connection.execute(text(f"ALTER TABLE hidden RENAME TO {table}"))


@pytest.mark.parametrize("table", ["due", "intake"])
def test_an_accept_that_fails_late_stores_nothing(store: Store, table: str) -> None:
    """The rows are written, then the due list or the count fails: no row remains."""
    with without(store, table), pytest.raises(Unavailable):
        take(store, temperature("1"))
    assert store.patients(TENANT) == []
    assert store.claim_due(NOW) == []
    assert store.intake_counts(TENANT)["bundles"] == 0


@pytest.mark.parametrize("table", ["history", "notices", "assessments", "changes"])
def test_a_settlement_that_fails_late_stores_nothing(store: Store, table: str) -> None:
    due = due_now(store)
    with without(store, table), pytest.raises(Unavailable):
        store.settle(due, [opened()], {"tier": "WATCH"}, None, NOW)
    assert store.alerts(TENANT) == []
    assert store.cursor() == 0
    assert store.settle(due, [opened()], {"tier": "WATCH"}, None, NOW) is True


def test_what_a_fault_says_holds_no_content(store: Store) -> None:
    with without(store, "resources"), pytest.raises(Unavailable) as fault:
        take(store, temperature("secret-id", "secret-patient"))
    assert "secret" not in str(fault.value)
    assert "secret" not in fault.value.message


def test_the_file_is_its_owners_only(sqlite_store: Store, tmp_path: Path) -> None:
    take(sqlite_store, temperature("1"))
    fresh = open_store(f"sqlite:///{tmp_path / 'deep' / 'er' / 'new.db'}")
    fresh.upgrade()
    for path in (*tmp_path.glob("deep/er/new.db*"), *tmp_path.glob("only.db*")):
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert (tmp_path / "deep" / "er").stat().st_mode & 0o077 == 0
    fresh.close()


def test_sqlite_is_durable_and_guarded(sqlite_store: Store) -> None:
    with sqlite_store._database.read() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert told == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 15000,
    }


FORKED = """
import os, sys
from datetime import UTC, datetime
from service.store import open_store
store = open_store(sys.argv[1])
now = datetime(2026, 3, 1, tzinfo=UTC)
store.use_once("k", "parent", now, now)
store._database._turn.acquire()  # as if another thread of the parent were writing
children = []
for n in range(3):
    pid = os.fork()
    if pid == 0:
        ok = all(store.use_once("k", f"{n}-{i}", now, now) for i in range(20))
        os._exit(0 if ok else 1)
    children.append(pid)
assert all(os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]) == 0 for p in children)
store._database._turn.release()
assert all(store.use_once("k", f"p-{i}", now, now) for i in range(20))
"""


def test_a_forked_child_uses_connections_of_its_own(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED, url], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
