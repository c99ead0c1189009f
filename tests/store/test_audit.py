"""The audit cannot be changed unseen: not a word, not a row, not the order, not the end."""

import random
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, delete, select, text, update

from service.errors import Unavailable
from service.store import AuditEntry, AuditHead, Retention, Store, open_store
from service.store.database.schema import audit, audit_chain
from service.store.oversight.audit import _hash, _verify
from tests.store.made import NOW, TENANT, later

ROWS = 60


def entry(number: int) -> AuditEntry:
    return AuditEntry(
        at=NOW + timedelta(minutes=number),
        who=f"user-{number % 7}",
        action="patient.read",
        role="pharmacist",
        patient=f"p{number % 5}",
        subject=f"Alert/{number}",
        why="review",
        correlation=f"c{number}",
        detail={"b": [1, None], "a": "ü"},
    )


@pytest.fixture
def written(store: Store) -> Store:
    store.record_audit(TENANT, [entry(n) for n in range(1, ROWS + 1)])
    return store


def test_an_entry_comes_back_as_written_with_its_number(written: Store) -> None:
    records = written.audit(TENANT)
    assert [r.seq for r in records] == list(range(1, ROWS + 1))
    assert [r.entry for r in records] == [entry(n) for n in range(1, ROWS + 1)]
    assert [r.seq for r in written.audit(TENANT, after=10, limit=2)] == [11, 12]
    assert {r.entry.patient for r in written.audit(TENANT, patient="p3")} == {"p3"}
    assert written.audit("elsewhere") == []
    assert written.audit_head(TENANT) == AuditHead(ROWS, records[-1].hash)
    assert written.audited_tenants() == [TENANT]


def test_an_untouched_chain_is_sound_also_against_an_earlier_head(written: Store) -> None:
    verdict = written.verify_audit(TENANT)
    assert (verdict.sound, verdict.checked, verdict.fault) == (True, ROWS, "")
    earlier = written.audit(TENANT, after=29, limit=1)[0]
    assert written.verify_audit(TENANT, AuditHead(30, earlier.hash)).sound
    assert written.verify_audit("never-seen").sound


def test_chains_of_tenants_are_apart(written: Store) -> None:
    written.record_audit("other", [entry(1)])
    first, other = written.audit(TENANT, limit=1)[0], written.audit("other")[0]
    assert other.seq == 1
    assert other.hash != first.hash  # the tenant is part of what is hashed
    assert written.verify_audit("other").checked == 1


def test_the_database_refuses_changes_and_removals(written: Store) -> None:
    for forbidden in (update(audit).values(who="me"), delete(audit).where(audit.c.seq == 3)):
        with pytest.raises(Unavailable), written._database.write() as connection:
            connection.execute(forbidden)
    assert written.verify_audit(TENANT).sound


def unguarded(store: Store, connection: Connection) -> None:
    """What somebody with the rights of the owner could do."""
    if not store.on_sqlite:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    for trigger in ("audit_no_update", "audit_no_delete"):
        connection.execute(text(f"DROP TRIGGER {trigger}"))


COLUMNS = [
    "at",
    "who",
    "role",
    "action",
    "patient",
    "subject",
    "outcome",
    "why",
    "correlation",
    "detail",
    "hash",
]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_word_is_found_in_any_column(written: Store, column: str) -> None:
    at = random.Random(column).randint(1, ROWS)
    value = later(days=400) if column == "at" else "{}" if column == "detail" else "x"
    with written._database.write() as connection:
        unguarded(written, connection)
        connection.execute(update(audit).where(audit.c.seq == at).values({column: value}))
    verdict = written.verify_audit(TENANT)
    assert (verdict.sound, verdict.fault, verdict.at) == (False, "changed", at)


def test_a_row_that_was_forged_with_its_own_hash_breaks_the_next(written: Store) -> None:
    with written._database.write() as connection:
        unguarded(written, connection)
        rows = connection.execute(select(audit).where(audit.c.seq.in_([19, 20]))).all()
        before, row = sorted(rows, key=lambda r: r.seq)
        forged = {**row._asdict(), "who": "somebody else"}
        forged["hash"] = _hash(before.hash, forged)
        connection.execute(update(audit).where(audit.c.seq == 20).values(forged))
    verdict = written.verify_audit(TENANT)
    assert (verdict.sound, verdict.fault, verdict.at) == (False, "changed", 21)


def remove(connection: Connection, *numbers: int) -> None:
    connection.execute(delete(audit).where(audit.c.seq.in_(numbers)))


def renumber(connection: Connection, old: int, new: int) -> None:
    connection.execute(update(audit).where(audit.c.seq == old).values(seq=new))


def swap(connection: Connection) -> None:
    renumber(connection, 20, 1000)
    renumber(connection, 21, 20)
    renumber(connection, 1000, 21)


def close_up(connection: Connection) -> None:
    remove(connection, 30)
    for number in range(31, ROWS + 1):
        renumber(connection, number, number - 1)


def cut_with_head_by_one(connection: Connection) -> None:
    remove(connection, ROWS)
    connection.execute(update(audit_chain).values(seq=ROWS - 1))


@pytest.mark.parametrize(
    ("tamper", "fault", "at"),
    [
        (lambda c: remove(c, 1), "missing", 1),
        (lambda c: remove(c, 40), "missing", 40),
        (lambda c: remove(c, ROWS), "cut", ROWS),
        (lambda c: remove(c, *range(50, ROWS + 1)), "cut", 50),
        (swap, "changed", 20),
        (close_up, "changed", 30),
        (cut_with_head_by_one, "cut", ROWS),
        (lambda c: c.execute(delete(audit_chain)), "head-missing", 0),
    ],
    ids=["first", "middle", "last", "tail", "swapped", "closed up", "tail and head", "no head"],
)
def test_removal_and_another_order_are_found(
    written: Store, tamper: Callable[[Connection], None], fault: str, at: int
) -> None:
    with written._database.write() as connection:
        unguarded(written, connection)
        tamper(connection)
    verdict = written.verify_audit(TENANT)
    assert (verdict.sound, verdict.fault, verdict.at) == (False, fault, at)


def test_a_chain_that_was_written_anew_is_found_by_a_head_kept_outside(written: Store) -> None:
    kept = written.audit_head(TENANT)
    with written._database.write() as connection:
        unguarded(written, connection)
        connection.execute(delete(audit))
        connection.execute(delete(audit_chain))
    forged = [replace(entry(n), who="nobody") for n in range(1, ROWS + 1)]
    written.record_audit(TENANT, forged)
    assert written.verify_audit(TENANT).sound  # by itself it looks right
    assert written.verify_audit(TENANT, kept).fault == "anchor"
    longer = AuditHead(ROWS + 1, kept.hash)
    assert written.verify_audit(TENANT, longer).fault == "anchor"


def test_writers_at_once_make_one_chain(store: Store, url: str) -> None:
    faults: list[BaseException] = []

    def write(n: int) -> None:
        mine = open_store(url, pool=1)
        try:
            for turn in range(10):
                mine.record_audit(TENANT, [entry(n), entry(turn)])
        except BaseException as fault:
            faults.append(fault)
        finally:
            mine.close()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert store.verify_audit(TENANT).checked == 80
    assert store.verify_audit(TENANT).sound


def test_a_pruned_chain_still_verifies_and_still_shows_a_missing_row(written: Store) -> None:
    gone = written.prune(later(minutes=31), Retention(audit=timedelta(minutes=11)))
    assert gone["audit"] == 19
    assert written.audit(TENANT, limit=1)[0].seq == 20
    assert written.verify_audit(TENANT).checked == ROWS - 19
    assert written.verify_audit(TENANT).sound
    written.record_audit(TENANT, [entry(99)])
    assert written.verify_audit(TENANT).sound
    with written._database.write() as connection:
        unguarded(written, connection)
        remove(connection, 20)
    assert written.verify_audit(TENANT).fault == "missing"


@pytest.mark.heavy
def test_any_tampering_with_any_of_many_rows_is_found(sqlite_store: Store) -> None:
    """10,000 rows; 200 random changes, removals and swaps, each undone by a rollback."""
    total, dice = 10_000, random.Random(7)
    for begin in range(0, total, 1000):
        sqlite_store.record_audit(TENANT, [entry(n) for n in range(begin, begin + 1000)])
    with sqlite_store._database.write() as connection:
        unguarded(sqlite_store, connection)
        assert _verify(connection, TENANT, None).checked == total
        for _ in range(200):
            undo = connection.begin_nested()
            at = dice.randint(2, total)
            how = dice.choice(["word", "row", "order"])
            if how == "word":
                column = dice.choice(COLUMNS[1:])
                held = audit.c[column] + "x"
                connection.execute(update(audit).where(audit.c.seq == at).values({column: held}))
            elif how == "row":
                remove(connection, at)
            else:
                renumber(connection, at, 10**6)
                renumber(connection, at - 1, at)
                renumber(connection, 10**6, at - 1)
            verdict = _verify(connection, TENANT, None)
            assert not verdict.sound, (how, at)
            undo.rollback()
        assert _verify(connection, TENANT, None).sound
