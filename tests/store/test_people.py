"""Who has signed in, for each tenant, with the wards of the newest sign-in."""

from datetime import timedelta

from service.store import Person, Store
from tests.store.made import NOW, TENANT, later


def test_a_person_is_known_where_they_may_look_and_as_of_the_newest_sign_in(store: Store) -> None:
    assert store.people(TENANT) == []
    store.note_person([TENANT, "north"], "Bob", ("8", "7B"), NOW)
    store.note_person([TENANT], "Ann", (), NOW)
    store.note_person([TENANT, TENANT], "Bob", (), later(days=1))
    assert store.people(TENANT) == [Person("Ann", (), NOW), Person("Bob", (), later(days=1))]
    assert store.people("north") == [Person("Bob", ("7B", "8"), NOW)]


def test_nobody_without_a_name_or_a_tenant(store: Store) -> None:
    store.note_person([TENANT], "", (), NOW)
    store.note_person([], "Bob", (), NOW)
    assert store.people(TENANT) == []


def test_odd_names_are_kept_on_both_databases(store: Store) -> None:
    store.note_person([TENANT], "Zoë \U0001f642 O'Ne'il\0", ("Station Süd",), NOW)
    assert store.people(TENANT) == [Person("Zoë \U0001f642 O'Ne'il", ("Station Süd",), NOW)]


def test_who_has_not_come_for_a_year_is_forgotten(store: Store) -> None:
    store.note_person([TENANT], "old", (), NOW - timedelta(days=366))
    store.note_person([TENANT], "young", (), NOW - timedelta(days=364))
    assert store.prune(NOW)["people"] == 1
    assert [person.name for person in store.people(TENANT)] == ["young"]
