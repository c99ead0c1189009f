"""A worker that dies takes nobody down with it: the try counts for who was being evaluated."""

from datetime import datetime

from service.store import Evaluated, Store
from service.store.evaluation.due import TRIES_MAX
from tests.store.made import NOW, TENANT, later, take, temperature

LEASE_S = 20.0


def crowd(store: Store, number: int = 12) -> None:
    take(store, *(temperature(f"o{n}", f"p{n:02}") for n in range(number)))


def settle(store: Store, *dues: object, at: datetime = NOW) -> None:
    found = [Evaluated(due, (), None, None, at) for due in dues]  # type: ignore[arg-type]
    assert all(store.settle_many(found))


def test_who_was_not_begun_is_claimed_as_before(store: Store) -> None:
    crowd(store)
    assert len(store.claim_due(NOW, lease_s=LEASE_S, begin=4)) == 12
    again = store.claim_due(later(seconds=21), lease_s=LEASE_S, begin=4)
    assert [due.suspect for due in again] == [True]  # the longest waiting is one of the four
    for _ in range(3):
        (alone,) = store.claim_due(later(seconds=21), lease_s=LEASE_S, begin=4)
        assert alone.suspect
        assert alone.tries == 0
    rest = store.claim_due(later(seconds=21), lease_s=LEASE_S, begin=4)
    assert [due.patient for due in rest] == [f"p{n:02}" for n in range(4, 12)]
    assert not any(due.suspect for due in rest)


def test_a_patient_who_kills_every_worker_is_set_aside_and_nobody_else(store: Store) -> None:
    crowd(store, 8)
    turns, deaths, tries = 0, 0, {}
    while not store.quarantined(TENANT):
        turns += 1
        assert turns < 30
        at = later(seconds=200 * turns)  # leases and pauses are over
        for due in store.claim_due(at, lease_s=LEASE_S, begin=4):
            tries[due.patient] = max(due.tries, tries.get(due.patient, 0))
            if due.patient == "p02":
                deaths += 1
                break
            settle(store, due, at=at)
    assert [(q.patient, q.code, q.tries) for q in store.quarantined(TENANT)] == [
        ("p02", "worker-lost", TRIES_MAX)
    ]
    assert deaths == 1 + TRIES_MAX  # the first death told only that it was one of four
    assert all(count == 0 for patient, count in tries.items() if patient != "p02")


def test_settling_one_chunk_marks_the_next(store: Store) -> None:
    crowd(store, 8)
    claimed = store.claim_due(NOW, lease_s=LEASE_S, begin=4)
    found = [Evaluated(due, (), None, None, NOW) for due in claimed[:4]]
    assert store.settle_many(found, claimed[4:6]) == [True] * 4
    after = later(seconds=21)
    suspects = [store.claim_due(after, lease_s=LEASE_S, begin=4) for _ in range(2)]
    assert [[due.patient for due in one] for one in suspects] == [["p04"], ["p05"]]
    assert [d.patient for d in store.claim_due(after, begin=4)] == ["p06", "p07"]


def test_a_settled_suspect_is_one_no_longer(store: Store) -> None:
    crowd(store, 1)
    store.claim_due(NOW, lease_s=LEASE_S, begin=4)
    (suspect,) = store.claim_due(later(seconds=21), lease_s=LEASE_S, begin=4)
    assert suspect.suspect
    settle(store, suspect)
    store.make_due(TENANT, "p00", NOW, "new-data")
    (due,) = store.claim_due(later(seconds=22), begin=4)
    assert not due.suspect


def test_a_worker_that_comes_back_late_settles_nothing(store: Store) -> None:
    crowd(store, 2)
    slow = store.claim_due(NOW, lease_s=LEASE_S, begin=2)
    (taken,) = store.claim_due(later(seconds=21), lease_s=LEASE_S, begin=2)
    late = [Evaluated(due, (), None, None, NOW) for due in slow]
    done = dict(zip((due.patient for due in slow), store.settle_many(late), strict=True))
    assert not done[taken.patient]
