"""The revision of a patient: asked by every hook call, past SQLAlchemy's transactions."""

import threading

import pytest
from sqlalchemy import text

from service.errors import Unavailable
from service.store import Store
from tests.store.made import TENANT, take, temperature


def test_it_rises_with_what_comes_in_and_is_none_for_a_stranger(store: Store) -> None:
    assert store.revision(TENANT, "p1") is None
    take(store, temperature("1"))
    first = store.revision(TENANT, "p1")
    take(store, temperature("2"))
    second = store.revision(TENANT, "p1")
    assert first is not None
    assert second is not None
    assert first < second
    assert store.revision("another", "p1") is None
    assert store.revision(TENANT, "p1' OR '1'='1") is None


def test_a_fault_is_told_as_any_other_and_costs_no_connection(store: Store) -> None:
    """Many more times than the pool has connections; afterwards all goes on."""
    take(store, temperature("1"))
    known = store.revision(TENANT, "p1")
    with store._database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE due RENAME TO elsewhere"))
    for _ in range(50):
        with pytest.raises(Unavailable) as fault:
            store.revision(TENANT, "p1")
        assert fault.value.code == "store-not-upgraded"
    with store._database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO due"))
    assert store.revision(TENANT, "p1") == known


def test_it_is_asked_from_many_threads_and_keeps_no_writer_waiting(store: Store) -> None:
    take(store, temperature("0"))
    seen: list[int | None] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            seen.append(store.revision(TENANT, "p1"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    try:
        for number in range(1, 9):
            assert take(store, temperature(str(number))) == ["accepted"]
    finally:
        stop.set()
        for one in threads:
            one.join()
    assert seen
    assert None not in seen
    assert store.revision(TENANT, "p1") >= max(one or 0 for one in seen)  # type: ignore[operator]
