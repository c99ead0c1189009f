"""Who was judged by other rules is made due again: a handful at a time, nobody twice."""

from service.store import RULES, Again, Due, Evaluated, Store
from tests.store.made import NOW, TENANT, later, take, temperature

OLD, NEW = "2026.1 aaaa", "2026.1-north bbbb"


def judged(store: Store, rules: str, *patients: str, at: int = 0) -> None:
    """Everybody of these taken in and settled by these rules, with a next time in a week."""
    for patient in patients:
        take(store, temperature(f"{patient}-{at}", patient), at=later(seconds=at))
    due = store.claim_due(later(seconds=at), limit=1000)
    assert {one.patient for one in due} == set(patients)
    found = [Evaluated(one, [], None, later(days=7), later(seconds=at)) for one in due]
    assert all(store.settle_many(found, rules=rules))


def claimed(store: Store, seconds: int) -> list[Due]:
    return store.claim_due(later(seconds=seconds))


def test_with_the_same_rules_nobody_is_due(store: Store) -> None:
    judged(store, NEW, "p1", "p2")
    assert store.judged_otherwise(NEW) == 0
    assert store.due_again(NEW, later(seconds=9)) == Again(0, None)
    assert claimed(store, 10) == []


def test_with_other_rules_each_is_due_once_a_handful_at_a_time(store: Store) -> None:
    judged(store, OLD, *(f"p{n}" for n in range(5)))
    assert store.judged_otherwise(NEW) == 5
    told: list[str] = []
    found = store.due_again(NEW, later(seconds=9), limit=2)
    while found.after is not None:
        due = claimed(store, 10)
        assert len(due) == found.patients <= 2
        assert {one.reasons for one in due} == {("rules-changed",)}
        told += [one.patient for one in due]
        assert all(
            store.settle_many([Evaluated(one, [], None, None, NOW) for one in due], rules=NEW)
        )
        found = store.due_again(NEW, later(seconds=9), found.after, limit=2)
    assert sorted(told) == [f"p{n}" for n in range(5)]
    assert store.judged_otherwise(NEW) == 0


def test_one_tenant_after_the_other(store: Store) -> None:
    judged(store, OLD, "p1")
    take(store, temperature("x", "p1", tenant="north"), tenant="north")
    (due,) = store.claim_due(NOW)
    store.settle(due, [], None, None, NOW)
    assert store.due_again(NEW, NOW) == Again(2, (TENANT, "p1"))
    assert {(due.tenant, due.patient) for due in claimed(store, 1)} == {
        ("north", "p1"),
        (TENANT, "p1"),
    }


def test_who_is_due_at_work_or_failing_is_left_alone(store: Store) -> None:
    """A patient at work would be overtaken for nothing, one who fails would lose all tries at
    once, and one set aside would be tried for ever."""
    judged(store, OLD, "aside", "fails", "works", "waits")
    for patient in ("aside", "fails", "works"):
        store.make_due(TENANT, patient, later(seconds=1), "x")
    held = {one.patient: one for one in claimed(store, 2)}
    for _ in range(5):
        store.fail(held["aside"], "x", later(seconds=2))
        held.update({one.patient: one for one in store.claim_due(later(hours=1), lease_s=1)})
    assert store.quarantined(TENANT)[0].patient == "aside"
    store.fail(held["fails"], "x", later(hours=2))
    store.make_due(TENANT, "works", later(hours=2), "x")
    (working,) = store.claim_due(later(hours=2), limit=1)
    assert working.patient == "works"
    assert store.due_again(NEW, later(hours=2)) == Again(1, (TENANT, "waits"))
    assert store.settle(working, [], None, None, later(hours=2))


def test_what_is_in_force_is_what_was_told_last(store: Store) -> None:
    assert store.in_force(RULES) is None
    store.put_in_force(RULES, OLD, NOW)
    store.put_in_force(RULES, NEW, later(seconds=1))
    assert store.in_force(RULES) == NEW
    assert store.in_force("other") is None
