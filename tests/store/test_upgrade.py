"""Migrations: up, down, with data, at once from several processes; the same tables as the code."""

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from service.errors import SettingsFault, Unavailable
from service.store import RULES, AuditEntry, Evaluated, open_store
from service.store.alerting.alerts import write_moves
from service.store.database.schema import metadata
from service.store.database.upgrade import NEWEST, newest_version
from tests.store.made import NOW, TENANT, later, opened, take, temperature


def test_the_migrations_make_the_tables_that_the_code_uses(empty_url: str) -> None:
    store = open_store(empty_url)
    store.upgrade()
    assert store.schema_version() == newest_version()
    with store._database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    store.close()


def test_a_start_with_nothing_to_migrate_imports_no_alembic(empty_url: str) -> None:
    assert newest_version() == NEWEST
    program = (
        "import sys; from service.store import open_store; store = open_store(sys.argv[1]);"
        " store.upgrade(); print(store.schema_version(), 'alembic' in sys.modules)"
    )

    def started() -> list[str]:
        run = subprocess.run(
            [sys.executable, "-c", program, empty_url],
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        )
        return run.stdout.split()

    assert started() == [NEWEST, "True"]
    assert started() == [NEWEST, "False"]


def test_down_to_nothing_and_up_again(empty_url: str) -> None:
    store = open_store(empty_url)
    store.upgrade()
    store.downgrade("base")
    with store._database.read() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    store.upgrade()
    assert take(store, temperature("1")) == ["accepted"]
    store.record_audit(TENANT, [AuditEntry(NOW, "ann", "patient.read")])
    assert store.verify_audit(TENANT).sound
    store.close()


def test_what_an_older_version_wrote_is_read_after_the_upgrade_and_the_rollback(
    empty_url: str,
) -> None:
    store = open_store(empty_url)
    store.upgrade("0001")
    assert store.schema_version() == "0001"
    take(store, temperature("1"))
    move = opened()
    with store._database.write() as connection:  # as the older program wrote it
        write_moves(connection, [move], "c", NOW)
    alert = move.alert
    for _ in range(2):
        store.upgrade()
        assert store.schema_version() == newest_version()
        assert store.alert(TENANT, "a1") == alert
        assert len(store.history(TENANT, "a1")) == 1
        newer = store.chart(TENANT, "p1")
        store.downgrade("0001")
        chart = store.chart(TENANT, "p1")
        assert chart is not None
        assert len(chart.measurements) == 1
        assert chart == newer  # so that it is judged alike
    store.close()


def test_after_a_rollback_everybody_is_judged_anew(empty_url: str) -> None:
    """What the older program judged meanwhile nobody knows; facts, alerts and due list stay."""
    store = open_store(empty_url)
    store.upgrade()
    take(store, temperature("1"), temperature("2", "p2"))
    found = [Evaluated(due, [], None, later(days=1), NOW) for due in store.claim_due(NOW)]
    assert store.settle_many(found, rules="2026.1 aaaa") == [True, True]
    store.note_person([TENANT], "Ann", (), NOW)
    store.put_in_force(RULES, "2026.1 aaaa", NOW)
    before = store.chart(TENANT, "p1")
    assert store.judged_otherwise("2026.1 aaaa") == 0
    store.downgrade("0005")
    assert store.chart(TENANT, "p1") == before
    store.upgrade()
    assert store.chart(TENANT, "p1") == before
    assert (store.people(TENANT), store.in_force(RULES)) == ([], None)
    assert store.judged_otherwise("2026.1 aaaa") == 2
    assert {due.patient for due in store.claim_due(later(days=1))} == {"p1", "p2"}
    store.close()


START = """
import sys
from service.store import open_store
store = open_store(sys.argv[1])
store.upgrade()
store.ping()
print(store.schema_version())
"""


def test_processes_that_start_together_all_succeed(empty_url: str) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", START, empty_url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    told = [process.communicate(timeout=100) for process in started]
    assert [out.strip() for out, _ in told] == [newest_version()] * 4, told


def test_an_upgrade_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    store = open_store(empty_url)
    with store._database.write() as connection:
        connection.execute(text("CREATE TABLE feedback (x INTEGER)"))  # in the way of 0001
    with pytest.raises(Unavailable):
        store.upgrade()
    assert store.schema_version() is None
    with store._database.read() as connection:
        assert "resources" not in inspect(connection).get_table_names()
    store.close()


def test_a_store_of_a_newer_program_is_left_alone(empty_url: str) -> None:
    store = open_store(empty_url)
    store.upgrade()
    with store._database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable) as fault:
        store.upgrade()
    assert fault.value.code == "store-newer"
    store.close()


def test_a_store_that_was_never_upgraded_says_so(empty_url: str) -> None:
    store = open_store(empty_url)
    for use in (store.ping, lambda: store.patients(TENANT), lambda: take(store, temperature("1"))):
        with pytest.raises(Unavailable) as fault:
            use()
        assert fault.value.code == "store-not-upgraded"
    store.close()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_is_no_store_is_a_fault_of_the_settings(url: str) -> None:
    with pytest.raises(SettingsFault) as fault:
        open_store(url)
    assert fault.value.code == "database-url"
