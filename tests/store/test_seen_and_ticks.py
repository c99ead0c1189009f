"""What a user last saw of an alert, and the ticks of a plan: on both databases."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from service.store import Store
from service.store.people.seen import Sight
from service.store.people.ticks import Tick
from tests.store.made import NOW, TENANT, later, raised


def test_the_newest_look_of_each_reader_counts(store: Store) -> None:
    first, second = (
        Sight("a1", NOW, "1-x", {"tier": "WATCH"}),
        Sight("a1", later(hours=1), "2-y", {}),
    )
    store.mark_seen(TENANT, "ann", [first])
    store.mark_seen(TENANT, "ann", [second, Sight("a2", NOW, "1", {})])
    store.mark_seen(TENANT, "bob", [first])
    assert store.seen(TENANT, "ann")["a1"] == second
    assert set(store.seen(TENANT, "ann")) == {"a1", "a2"}
    assert store.seen(TENANT, "bob") == {"a1": first}
    assert store.seen("elsewhere", "ann") == {}
    store.mark_seen(TENANT, "ann", [])


def test_what_was_seen_goes_with_the_alert(store: Store) -> None:
    raised(store)
    store.mark_seen(TENANT, "ann", [Sight("a1", NOW, "1", {}), Sight("gone", NOW, "1", {})])
    assert store.prune(NOW)["seen"] == 1
    assert set(store.seen(TENANT, "ann")) == {"a1"}


def test_a_tick_and_its_taking_back_are_both_kept_and_never_changed(store: Store) -> None:
    ticks = [Tick("MGT-STOP", True, "ann", NOW), Tick("MGT-STOP", False, "bob", later(minutes=1))]
    for tick in ticks:
        store.tick(TENANT, "p1", tick)
    assert store.ticks(TENANT, "p1") == ticks
    assert store.ticks(TENANT, "p2") == []
    with pytest.raises(DatabaseError), store._database.engine.begin() as connection:
        connection.execute(text("UPDATE ticks SET who = 'eve'"))


def test_a_key_is_used_until_it_expires(store: Store) -> None:
    assert not store.is_used("signed-out", "j", NOW)
    assert store.use_once("signed-out", "j", later(hours=1), NOW)
    assert store.is_used("signed-out", "j", NOW)
    assert not store.is_used("signed-out", "j", later(hours=2))
