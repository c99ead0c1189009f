"""What must stand once in the audit stands once, whichever processes tell it, and never less."""

import threading
from datetime import datetime, timedelta

import pytest

from service.errors import Unavailable
from service.store import AuditEntry, Store, open_store
from tests.store.made import NOW, TENANT

PATIENTS = [f"p{n}" for n in range(12)]
KEYS = {f"ann {patient}": patient for patient in PATIENTS}
UNTIL = NOW + timedelta(minutes=15)


def tell(store: Store, keys: dict[str, str], at: datetime = NOW) -> list[str]:
    def line(told: list[str]) -> AuditEntry:
        return AuditEntry(at, "Ann", "worklist.read", detail={"patients": told})

    return store.record_first(TENANT, keys, at + timedelta(minutes=15), line)


def told(store: Store) -> list[str]:
    return [p for record in store.audit(TENANT) for p in record.entry.detail["patients"]]


def test_only_what_nobody_told_is_written(store: Store) -> None:
    assert tell(store, dict(list(KEYS.items())[:3])) == ["p0", "p1", "p2"]
    assert tell(store, dict(list(KEYS.items())[:5])) == ["p3", "p4"]
    assert tell(store, dict(list(KEYS.items())[:5])) == []
    assert tell(store, {}) == []
    assert told(store) == ["p0", "p1", "p2", "p3", "p4"]
    assert store.verify_audit(TENANT).sound


def test_after_its_time_it_is_told_anew(store: Store) -> None:
    tell(store, KEYS)
    assert tell(store, KEYS, UNTIL - timedelta(seconds=1)) == []
    assert tell(store, KEYS, UNTIL) == PATIENTS


def test_many_processes_at_once_tell_it_once(url: str) -> None:
    stores = [open_store(url) for _ in range(6)]
    start, faults = threading.Barrier(len(stores)), []

    def run(store: Store, keys: list[str]) -> None:
        start.wait()
        try:
            tell(store, {key: KEYS[key] for key in keys})
        except Exception as fault:
            faults.append(fault)

    # each in another order: whoever waits for another must not wait in a circle
    orders = [[*KEYS][n:] + [*KEYS][:n] for n in range(len(stores))]
    threads = [threading.Thread(target=run, args=pair) for pair in zip(stores, orders, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(told(stores[0])) == sorted(PATIENTS)
    for store in stores:
        store.close()


def test_what_could_not_be_written_is_not_taken_for_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Unavailable("away", code="store")

    with monkeypatch.context() as broken:
        broken.setattr("service.store.oversight.audit.append", fail)
        with pytest.raises(Unavailable):
            tell(store, KEYS)
    assert told(store) == []
    assert tell(store, KEYS) == PATIENTS
