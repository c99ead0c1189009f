"""Copies of a running store, and the way back."""

import os
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from service.errors import BadInput
from service.store import AuditEntry, Store, open_store
from tests.store.made import NOW, TENANT, raised, take, temperature
from tests.store.postgres import Postgres


def filled(store: Store) -> None:
    take(store, temperature("1"), temperature("2", "p2"))
    raised(store)
    store.record_audit(TENANT, [AuditEntry(NOW, "ann", "patient.read", patient="p1")])


def test_a_backup_taken_under_load_is_whole_and_restores_into_an_empty_store(
    sqlite_store: Store, tmp_path: Path
) -> None:
    filled(sqlite_store)
    stop = threading.Event()

    def write() -> None:
        number = 10
        while not stop.is_set():
            take(sqlite_store, temperature(str(number)), temperature(f"{number}b"))
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        sqlite_store.backup(tmp_path / "copy.db")
    finally:
        stop.set()
        writer.join(30)
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob("*.part*")) == []

    again = open_store(f"sqlite:///{tmp_path / 'again.db'}")
    again.restore(tmp_path / "copy.db")
    again.ping()
    assert again.check() == []
    assert [a.id for a in again.alerts(TENANT)] == ["a1"]
    assert again.verify_audit(TENANT).sound
    chart = again.chart(TENANT, "p1")
    assert chart is not None
    counts = again.intake_counts(TENANT)
    assert counts["accepted"] == 2 + 2 * (counts["bundles"] - 1)  # no half of a body
    assert take(again, temperature("new")) == ["accepted"]
    again.close()


def test_a_restore_replaces_what_is_there_and_cursors_start_anew(
    sqlite_store: Store, tmp_path: Path
) -> None:
    filled(sqlite_store)
    sqlite_store.backup(tmp_path / "copy.db")
    ahead = sqlite_store.cursor()
    raised(sqlite_store, "a2", "p9")
    seen = sqlite_store.cursor()
    assert seen > ahead
    sqlite_store.restore(tmp_path / "copy.db")
    assert [a.id for a in sqlite_store.alerts(TENANT)] == ["a1"]
    assert sqlite_store.changes(seen) == (ahead, ["a1"])  # a page from before sees everything


def test_a_backup_never_overwrites(sqlite_store: Store, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(BadInput) as refused:
        sqlite_store.backup(tmp_path / "copy.db")
    assert refused.value.code == "backup-exists"
    assert (tmp_path / "copy.db").read_text() == "precious"


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(8192))


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE x (y)")


def newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")


@pytest.mark.parametrize("make", [garbage, foreign, newer, None])
def test_what_is_no_backup_is_refused_and_the_store_stays(
    sqlite_store: Store, tmp_path: Path, make: object
) -> None:
    filled(sqlite_store)
    if callable(make):
        make(tmp_path / "odd.db")
    with pytest.raises(BadInput):
        sqlite_store.restore(tmp_path / "odd.db")
    assert [a.id for a in sqlite_store.alerts(TENANT)] == ["a1"]


def test_the_check_finds_facts_that_cannot_be_read(store: Store) -> None:
    filled(store)
    assert store.check() == []
    with store._database.write() as connection:
        connection.execute(
            text("UPDATE resources SET facts = '{\"m\":[{}]}' WHERE resource_id = '2'")
        )
    assert store.check() == [f"facts: {TENANT} Observation/2 cannot be read"]


def test_the_check_finds_a_damaged_file(sqlite_store: Store, tmp_path: Path) -> None:
    take(sqlite_store, *(temperature(f"r{n}") for n in range(400)))
    sqlite_store.close()
    path = tmp_path / "only.db"
    with path.open("r+b") as held:
        held.seek(12 * 4096)
        held.write(b"\xff" * 4096 * 3)
    damaged = open_store(f"sqlite:///{path}")
    try:
        told = damaged.check()
    except Exception as fault:  # the damage may be worse than a report can be made of
        told = [getattr(fault, "code", "")]
        assert told == ["store-damaged"]
    assert told
    damaged.close()


def test_on_postgresql_its_own_tools_are_named(postgres_url: str, tmp_path: Path) -> None:
    store = open_store(postgres_url)
    for use in (store.backup, store.restore):
        with pytest.raises(BadInput) as refused:
            use(tmp_path / "copy.db")
        assert refused.value.code == "backup-postgresql"
        assert "pg_dump" in refused.value.message
    store.close()


def test_the_documented_commands_for_postgresql_work(postgres: Postgres, tmp_path: Path) -> None:
    source_url, target_url = postgres.fresh(), postgres.fresh()
    store = open_store(source_url)
    store.upgrade()
    filled(store)
    dump = tmp_path / "sentinel.dump"
    for command in (
        [postgres.binaries / "pg_dump", "--format=custom", f"--file={dump}", source_url],
        [
            postgres.binaries / "pg_restore",
            "--clean",
            "--if-exists",
            "--no-owner",
            f"--dbname={target_url}",
            dump,
        ],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
    restored = open_store(target_url)
    restored.upgrade()
    assert restored.alerts(TENANT) == store.alerts(TENANT)
    assert restored.verify_audit(TENANT, store.audit_head(TENANT)).sound
    assert take(restored, temperature("1")) == ["duplicate"]
    assert take(restored, temperature("new")) == ["accepted"]  # numbers go on where they were
    raised(restored, "a2", "p3")
    restored.close()
    store.close()
