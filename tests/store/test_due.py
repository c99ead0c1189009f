"""The due list: coalesced, leased to one, guarded by its revision, poison put aside."""

import threading
from dataclasses import replace

import pytest

from alerts.lifecycle import claim
from service.store import Due, Evaluated, Store, open_store
from tests.store.made import (
    NOW,
    TENANT,
    due_now,
    later,
    moved,
    opened,
    raised,
    take,
    temperature,
)


def names(claimed: list[Due]) -> list[str]:
    return [due.patient for due in claimed]


def test_many_bodies_make_one_patient_due_once(store: Store) -> None:
    for n in range(5):
        take(store, temperature(str(n)), correlation=f"c{n}")
    claimed = store.claim_due(NOW)
    assert names(claimed) == ["p1"]
    assert claimed[0].reasons == ("new-data",)
    assert claimed[0].correlation == "c4"  # of the newest call
    assert claimed[0].due_at == NOW


def test_tenants_are_those_of_whom_patients_are_kept(store: Store) -> None:
    assert store.tenants() == []
    for name in ("south", "north", "south"):
        take(store, temperature(f"of-{name}", tenant=name), tenant=name)
    assert store.tenants() == ["north", "south"]
    (due,) = [held for held in store.claim_due(NOW) if held.tenant == "south"]
    assert store.settle(due, [], None, None, NOW)
    assert store.tenants() == ["north", "south"]  # with nothing to wait for as well
    store.note_event("east", "vitals", 3, NOW)
    assert store.tenants() == ["east", "north", "south"]  # by what it was heard to send, as well


def test_the_earliest_time_stays_and_reasons_add_up(store: Store) -> None:
    store.make_due(TENANT, "p1", later(hours=2), "review")
    store.make_due(TENANT, "p1", later(hours=1), "snooze-ended")
    store.make_due(TENANT, "p1", later(hours=3), "review")
    assert store.claim_due(NOW) == []
    (due,) = store.claim_due(later(hours=1))
    assert due.due_at == later(hours=1)
    assert due.reasons == ("review", "snooze-ended")


def test_a_leased_patient_is_nobody_elses_until_the_lease_ends(store: Store) -> None:
    take(store, temperature("1"))
    (first,) = store.claim_due(NOW, lease_s=60, worker="one")
    assert store.claim_due(later(seconds=59), worker="two") == []
    (second,) = store.claim_due(later(seconds=61), worker="two")
    assert second.revision > first.revision
    assert store.settle(first, [], None, None, later(seconds=62)) is False
    assert store.settle(second, [], None, None, later(seconds=62)) is True
    assert store.claim_due(later(hours=1)) == []


def test_the_longest_waiting_come_first_and_no_more_than_asked(store: Store) -> None:
    for n in range(5):
        store.make_due(TENANT, f"p{n}", later(minutes=-n), "new-data")
    assert names(store.claim_due(NOW, limit=2)) == ["p4", "p3"]
    assert names(store.claim_due(NOW, limit=9)) == ["p2", "p1", "p0"]


def test_newer_data_during_an_evaluation_keeps_the_patient_due(store: Store) -> None:
    take(store, temperature("1"))
    (due,) = store.claim_due(NOW)
    take(store, temperature("2"), correlation="second")
    assert store.claim_due(NOW) == []  # still leased
    assert store.settle(due, [opened()], {"tier": "WATCH"}, None, NOW) is False
    assert store.alerts(TENANT) == []  # nothing of it was written
    assert store.assessment(TENANT, "p1") is None
    (again,) = store.claim_due(NOW)  # at once: the lease was given back
    assert again.correlation == "second"
    assert store.settle(again, [opened()], {"tier": "WATCH"}, None, NOW)


def test_settling_sets_the_next_time(store: Store) -> None:
    take(store, temperature("1"))
    (due,) = store.claim_due(NOW)
    assert store.settle(due, [], None, later(hours=6), NOW)
    assert store.claim_due(later(hours=5)) == []
    (review,) = store.claim_due(later(hours=6))
    assert review.reasons == ()
    assert store.settle(review, [], None, None, later(hours=6))
    assert store.claim_due(later(days=1000)) == []


def test_settling_twice_with_one_claim_counts_once(store: Store) -> None:
    take(store, temperature("1"))
    (due,) = store.claim_due(NOW)
    assert store.settle(due, [opened()], None, None, NOW)
    assert store.settle(due, [opened("a2")], None, None, NOW) is False
    assert [a.id for a in store.alerts(TENANT)] == ["a1"]


def test_several_settle_together_and_an_overtaken_one_takes_nothing_from_the_others(
    store: Store,
) -> None:
    take(store, temperature("1"), temperature("2", "p2"), temperature("3", "p3"))
    claimed = store.claim_due(NOW)
    take(store, temperature("4", "p2"))
    found = [
        Evaluated(due, [opened(f"a-{due.patient}", due.patient)], {"tier": "WATCH"}, None, NOW)
        for due in reversed(claimed)
    ]
    assert store.settle_many(found) == [True, False, True]
    assert {a.id for a in store.alerts(TENANT)} == {"a-p1", "a-p3"}
    assert store.assessments(TENANT, ["p1", "p2", "p3"]).keys() == {"p1", "p3"}
    assert len(store.changes(0)[1]) == 2
    assert names(store.claim_due(NOW)) == ["p2"]
    assert store.settle_many([]) == []


def test_what_was_written_of_one_who_is_overtaken_late_goes_and_the_others_stay(
    store: Store,
) -> None:
    """At an alert: the row in the due list is settled by then, and a new alert is written."""
    old = raised(store, "a1", "p2")
    take(store, temperature("1"), temperature("2", "p2"), temperature("3", "p3"))
    claimed = {due.patient: due for due in store.claim_due(NOW)}
    assert store.act(TENANT, "a1", lambda alert: claim(alert, "ann", NOW), NOW).version == 2
    moves = {
        "p1": [opened("a-p1", "p1")],
        "p2": [opened("a-p2", "p2", "episode-2"), moved(old, "POSSIBLE", NOW)],
        "p3": [],
    }
    found = [
        Evaluated(claimed[who], moves[who], {"tier": who}, later(hours=1), NOW)
        for who in ("p1", "p2", "p3")
    ]
    # a person's step makes the patient due; the claim is brought up to it, the alert is not
    found[1] = replace(found[1], due=due_again(store, claimed["p2"]))
    assert store.settle_many(found) == [True, False, True]
    assert {a.id for a in store.alerts(TENANT)} == {"a1", "a-p1"}
    assert (store.alert(TENANT, "a1").level, store.alert(TENANT, "a1").human.owner) == (
        old.level,
        "ann",
    )
    assert store.assessments(TENANT, ["p1", "p2", "p3"]) == {
        "p1": {"tier": "p1"},
        "p2": {"tier": "WATCH"},
        "p3": {"tier": "p3"},
    }
    assert names(store.claim_due(NOW)) == ["p2"]


def due_again(store: Store, due: Due) -> Due:
    """The same patient, claimed anew."""
    store.give_back(due)
    (again,) = (d for d in store.claim_due(NOW) if d.patient == due.patient)
    return again


def test_of_several_that_settle_together_each_keeps_its_own_promise(store: Store) -> None:
    """Kept ones go, the next of the others counts when it is sooner than the review."""
    store.make_due(TENANT, "p1", NOW, "re-check")
    store.make_due(TENANT, "p2", later(hours=2), "re-check")
    store.make_due(TENANT, "p3", later(hours=8), "re-check")
    take(store, temperature("1"), temperature("2", "p2"), temperature("3", "p3"))
    found = [
        Evaluated(due, [], {"tier": "WATCH"}, later(hours=6), NOW) for due in store.claim_due(NOW)
    ]
    assert store.settle_many(found) == [True] * 3
    assert store.claim_due(later(hours=1)) == []
    (kept,) = store.claim_due(later(hours=2))
    assert kept.patient == "p2"
    assert store.settle(kept, [], None, None, later(hours=2))
    assert names(store.claim_due(later(hours=6))) == ["p1", "p3"]


def test_open_alerts_change_with_what_is_said_of_their_own_patient(store: Store) -> None:
    """A row shows the newest assessment: news of one patient among several are no other's."""
    for name, patient in (("a1", "p1"), ("a2", "p2")):
        raised(store, name, patient)
    take(store, temperature("1"), temperature("2", "p2"))
    before, said = store.cursor(), {"p1": "WATCH", "p2": "POSSIBLE"}
    found = [
        Evaluated(due, [], {"tier": said[due.patient]}, None, NOW) for due in store.claim_due(NOW)
    ]
    assert store.settle_many(found) == [True, True]
    assert store.changes(before)[1] == ["a2"]


def test_a_lease_given_back_is_free_at_once(store: Store) -> None:
    take(store, temperature("1"))
    (due,) = store.claim_due(NOW)
    store.give_back(due)
    (again,) = store.claim_due(NOW)
    store.give_back(due)  # no longer the holder: no effect
    assert store.claim_due(NOW) == []
    assert store.settle(again, [], None, None, NOW)


def test_a_promised_check_survives_an_evaluation_before_it(store: Store) -> None:
    store.make_due(TENANT, "p1", later(hours=2), "re-check")
    take(store, temperature("1"))
    (due,) = store.claim_due(NOW)
    assert store.settle(due, [], None, later(hours=6), NOW)
    assert store.claim_due(later(hours=1)) == []
    (kept,) = store.claim_due(later(hours=2))
    assert store.settle(kept, [], None, later(hours=6), later(hours=2))
    assert store.claim_due(later(hours=5)) == []
    assert len(store.claim_due(later(hours=6))) == 1


def test_a_poison_patient_is_put_aside_after_five_tries(store: Store) -> None:
    take(store, temperature("1"))
    at = NOW
    for attempt in range(1, 6):
        (due,) = store.claim_due(at)
        assert due.tries == attempt - 1
        assert store.fail(due, "rules raised: Boom!", at) is (attempt == 5)
        assert store.claim_due(at) == []  # not again at once
        at = later(hours=attempt)
    assert store.claim_due(later(days=9)) == []
    (put_aside,) = store.quarantined(TENANT)
    assert (put_aside.patient, put_aside.code, put_aside.tries) == ("p1", "rules-raised-boom", 5)
    assert put_aside.since == later(hours=4)
    assert store.quarantined("elsewhere") == []


def poisoned(store: Store) -> None:
    take(store, temperature("1"))
    for attempt in range(5):
        (due,) = store.claim_due(later(hours=attempt))
        store.fail(due, "boom", later(hours=attempt))


def test_new_data_give_a_poison_patient_one_more_try(store: Store) -> None:
    poisoned(store)
    take(store, temperature("2"), at=later(days=1))
    (due,) = store.claim_due(later(days=1))
    assert len(store.quarantined(TENANT)) == 1  # shown until it has worked
    assert store.fail(due, "boom", later(days=1)) is True
    take(store, temperature("3"), at=later(days=2))
    (due,) = store.claim_due(later(days=2))
    assert store.settle(due, [], None, None, later(days=2))
    assert store.quarantined(TENANT) == []


def test_a_person_can_release_a_poison_patient(store: Store) -> None:
    poisoned(store)
    assert store.release_quarantine(TENANT, "p1", later(days=1)) is True
    assert store.release_quarantine(TENANT, "p1", later(days=1)) is False
    (due,) = store.claim_due(later(days=1))
    assert due.tries == 0


def test_a_poison_patient_with_steady_data_still_runs_out_of_tries(store: Store) -> None:
    for attempt in range(5):
        take(store, temperature(str(attempt)), at=later(hours=attempt))
        (due,) = store.claim_due(later(hours=attempt))
        take(store, temperature(f"during-{attempt}"), at=later(hours=attempt))
        last = store.fail(due, "boom", later(hours=attempt))
    assert last is True


def test_a_failure_after_the_lease_was_lost_counts_nothing(store: Store) -> None:
    take(store, temperature("1"))
    (lost,) = store.claim_due(NOW, lease_s=1)
    (held,) = store.claim_due(later(seconds=5))
    assert store.fail(lost, "boom", later(seconds=6)) is False
    assert held.tries == 0
    assert store.settle(held, [], None, None, later(seconds=6))


def test_the_age_of_the_list_is_that_of_the_longest_waiting(store: Store) -> None:
    assert store.due_age(NOW) == 0.0
    store.make_due(TENANT, "p1", NOW, "new-data")
    store.make_due(TENANT, "p2", later(seconds=20), "new-data")
    assert store.due_age(later(seconds=30)) == 30.0
    assert store.due_age(later(seconds=-30)) == 0.0  # a clock that went back: never negative
    due_now(store, "p1", later(seconds=30))
    assert store.due_age(later(seconds=40)) == 40.0  # claimed is not done


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_that_claim_at_once_never_share_a_patient(
    store: Store, url: str, workers: int
) -> None:
    """Each worker has its own store, as a process would; bodies come in meanwhile."""
    for n in range(120):
        store.make_due(TENANT, f"p{n:03}", NOW, "new-data")
    settled: list[str] = []
    faults: list[BaseException] = []
    start = threading.Barrier(workers + 1)

    def work() -> None:
        mine = open_store(url, pool=2)
        try:
            start.wait()
            while claimed := mine.claim_due(NOW, limit=7, lease_s=600):
                for due in claimed:
                    if mine.settle(due, [], None, None, NOW):
                        settled.append(due.patient)
        except BaseException as fault:
            faults.append(fault)
        finally:
            mine.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    start.wait()
    for n in range(20):
        take(store, temperature(f"late-{n}", "late"))
    for thread in threads:
        thread.join(60)
    while claimed := store.claim_due(later(hours=1)):  # what came after the workers had left
        settled += [d.patient for d in claimed if store.settle(d, [], None, None, NOW)]
    assert faults == []
    once = [name for name in settled if name != "late"]
    assert sorted(once) == sorted({f"p{n:03}" for n in range(120)})
    assert len(once) == 120
    assert "late" in settled
