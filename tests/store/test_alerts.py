"""Alerts: one identity, one winner, a history that is only added to, a change log without gaps."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from alerts.lifecycle import Alert, Move, Refused, claim, release, resolve, snooze
from service.errors import NotFound, Unavailable
from service.store import Stale, Store, open_store
from service.store.alerting.changes import note_changes
from service.store.database.engine import Database
from service.store.database.schema import history
from tests.store.made import (
    NOW,
    TENANT,
    due_now,
    ended,
    later,
    machine,
    moved,
    opened,
    raised,
    take,
    temperature,
)


def claimed_by(user: str) -> Callable[[Alert], Move]:
    return lambda alert: claim(alert, user, NOW)


def test_an_alert_comes_back_as_it_was_written(store: Store) -> None:
    state = replace(
        machine(),
        domains=("HYP", "RIG"),
        temperature=39.4,
        ck=1200.0,
        onset=later(hours=-3),
        drugs=("haloperidol",),
    )
    full = replace(opened().alert, machine=state)
    assert store.settle(due_now(store), [replace(opened(), alert=full)], None, None, NOW)
    assert store.alerts(TENANT) == [full]
    assert store.alert(TENANT, "a1") == full
    acted = store.act(
        TENANT,
        "a1",
        lambda a: snooze(
            a, "ann", later(minutes=1), "will-monitor", later(hours=1), "see her again"
        ),
        later(minutes=1),
    )
    assert store.alert(TENANT, "a1") == acted
    assert acted.human.mark is not None
    assert acted.version == 2


def test_an_alert_is_found_by_tenant_and_patient_only(store: Store) -> None:
    raised(store)
    assert [a.id for a in store.alerts(TENANT, "p1")] == ["a1"]
    assert store.alerts(TENANT, "p2") == []
    assert store.alerts("elsewhere") == []
    with pytest.raises(NotFound):
        store.alert("elsewhere", "a1")
    with pytest.raises(NotFound):
        store.act("elsewhere", "a1", claimed_by("ann"), NOW)


def test_ended_alerts_are_shown_only_when_asked_for(store: Store) -> None:
    alert = raised(store)
    assert store.settle(due_now(store), [ended(alert, NOW)], None, None, NOW)
    assert store.alerts(TENANT) == []
    assert [a.id for a in store.alerts(TENANT, open_only=False)] == ["a1"]


def test_one_identity_is_one_alert_whatever_its_id(store: Store) -> None:
    """Two evaluations that both open episode 1 of a patient: the second is refused whole."""
    raised(store)
    due = due_now(store)
    twice = [opened("a2", subject="episode-2"), opened("a3", subject="episode-1")]
    assert store.settle(due, twice, {"tier": "PROBABLE"}, None, NOW) is False
    assert [a.id for a in store.alerts(TENANT)] == ["a1"]
    assert store.history(TENANT, "a2") == []
    assert store.assessment(TENANT, "p1") == {"tier": "WATCH"}
    assert len(store.notices(TENANT, "a2")) == 0
    assert [d.patient for d in store.claim_due(NOW)] == ["p1"]  # still due, and free at once


def test_a_move_from_an_old_version_writes_nothing(store: Store) -> None:
    alert = raised(store)
    assert store.settle(due_now(store), [moved(alert, "POSSIBLE", NOW)], None, None, NOW)
    assert store.settle(due_now(store), [moved(alert, "PROBABLE", NOW)], None, None, NOW) is False
    assert store.alert(TENANT, "a1").level == "POSSIBLE"
    assert [h.what.value for h in store.history(TENANT, "a1")] == ["opened", "rose"]


def test_a_move_that_changes_nothing_is_no_change(store: Store) -> None:
    alert = raised(store)
    before = store.cursor()
    assert store.settle(due_now(store), [Move(alert)], None, None, NOW)
    assert store.alert(TENANT, "a1") == alert
    assert store.cursor() == before


def test_a_person_who_acts_during_an_evaluation_is_not_overwritten(store: Store) -> None:
    alert = raised(store)
    due = due_now(store)
    store.act(TENANT, "a1", claimed_by("ann"), NOW)
    assert store.settle(due, [moved(alert, "POSSIBLE", NOW)], None, None, NOW) is False
    held = store.alert(TENANT, "a1")
    assert (held.human.owner, held.level) == ("ann", "WATCH")


def test_a_step_is_tried_again_when_only_the_rules_moved_meanwhile(store: Store) -> None:
    alert = raised(store)
    seen: list[int] = []

    def step(current: Alert) -> Move:
        if not seen:  # an evaluation is written between reading and writing
            assert store.settle(due_now(store), [moved(alert, "POSSIBLE", NOW)], None, None, NOW)
        seen.append(current.version)
        return claim(current, "ann", NOW)

    acted = store.act(TENANT, "a1", step, NOW)
    assert seen == [1, 2]
    assert (acted.human.owner, acted.level, acted.version) == ("ann", "POSSIBLE", 3)


def test_of_two_who_saw_the_same_one_wins_and_the_other_is_told(store: Store) -> None:
    raised(store)

    def slow(current: Alert) -> Move:
        if current.human.owner is None:
            store.act(TENANT, "a1", claimed_by("bob"), NOW)
        return claim(current, "ann", NOW)

    with pytest.raises(Stale) as late:
        store.act(TENANT, "a1", slow, NOW)
    assert (late.value.status, late.value.code) == (409, "stale")
    assert store.alert(TENANT, "a1").human.owner == "bob"


@pytest.mark.parametrize("people", [2, 6])
def test_people_who_claim_at_once_have_exactly_one_winner(
    store: Store, url: str, people: int
) -> None:
    for round_ in range(8):
        raised(store, f"a{round_}", f"p{round_}")
        won: list[str] = []
        lost: list[str] = []
        faults: list[BaseException] = []
        start = threading.Barrier(people)

        def act(
            name: str,
            alert: str = f"a{round_}",
            start: threading.Barrier = start,
            won: list[str] = won,
            lost: list[str] = lost,
            faults: list[BaseException] = faults,
        ) -> None:
            mine = open_store(url, pool=1)
            try:
                start.wait()
                mine.act(TENANT, alert, lambda a: claim(a, name, NOW), NOW)
                won.append(name)
            except (Stale, Refused):
                lost.append(name)
            except BaseException as fault:
                faults.append(fault)
            finally:
                mine.close()

        threads = [threading.Thread(target=act, args=(f"u{n}",)) for n in range(people)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert faults == []
        assert len(won) == 1
        assert len(lost) == people - 1
        assert store.alert(TENANT, f"a{round_}").human.owner == won[0]
        assert len(store.history(TENANT, f"a{round_}")) == 2


def test_what_a_step_refuses_comes_out_and_nothing_is_written(store: Store) -> None:
    raised(store)
    before = store.cursor()
    with pytest.raises(Refused):
        store.act(TENANT, "a1", lambda a: release(a, "ann", NOW), NOW)
    assert store.cursor() == before
    assert len(store.history(TENANT, "a1")) == 1


def test_doing_again_what_is_so_writes_nothing(store: Store) -> None:
    raised(store)
    store.act(TENANT, "a1", claimed_by("ann"), NOW)
    before = store.cursor()
    assert store.act(TENANT, "a1", claimed_by("ann"), NOW).version == 2
    assert store.cursor() == before


def test_a_persons_step_makes_the_patient_due_so_that_its_end_is_timed(store: Store) -> None:
    raised(store)
    store.act(TENANT, "a1", lambda a: resolve(a, "ann", NOW, "acted-on"), NOW)
    (due,) = store.claim_due(NOW)
    assert due.reasons == ("acted",)


def test_the_history_tells_who_did_what_and_why_in_order(store: Store) -> None:
    raised(store)
    raised(store, "b1", "p2")
    store.act(TENANT, "a1", claimed_by("ann"), NOW)
    store.act(TENANT, "a1", lambda a: release(a, "bob", NOW), NOW)
    told = [(h.what.value, h.who, h.why.value, h.detail) for h in store.history(TENANT, "a1")]
    assert told == [
        ("opened", "rules", "tier-reached", ""),
        ("claimed", "ann", "taken", ""),
        ("released", "bob", "given-back", "was ann's"),
    ]
    assert store.patient_history(TENANT, "p1") == store.history(TENANT, "a1")
    assert store.history("elsewhere", "a1") == []


def test_nobody_can_rewrite_the_history(store: Store) -> None:
    raised(store)
    with pytest.raises(Unavailable), store._database.write() as connection:
        connection.execute(update(history).values(who="somebody else"))
    assert [h.who for h in store.history(TENANT, "a1")] == ["rules"]


def test_a_note_with_odd_characters_is_kept(store: Store) -> None:
    raised(store)
    note = "naïve ☃ \u2028 nul\0 half\ud800"
    store.act(TENANT, "a1", lambda a: resolve(a, "ann", NOW, "acted-on", note), NOW)
    assert store.history(TENANT, "a1")[-1].detail == "naïve ☃ \u2028 nul half?"


def test_the_newest_assessment_is_kept_and_its_change_is_told(store: Store) -> None:
    raised(store)
    assert store.assessment(TENANT, "p1") == {"tier": "WATCH"}
    cursor = store.cursor()
    same = {"as_of": "later", "tier": "WATCH"}
    assert store.settle(due_now(store), [], same, None, NOW)
    assert store.assessment(TENANT, "p1") == same
    assert store.changes(cursor) == (cursor, [])  # only its clock is other
    assert store.settle(due_now(store), [], b'{"tier":"POSSIBLE"}', None, NOW)
    assert store.assessments(TENANT, ["p1", "p2"]) == {"p1": {"tier": "POSSIBLE"}}
    assert store.changes(cursor)[1] == ["a1"]


def test_changes_since_a_cursor_come_once_each_in_order(store: Store) -> None:
    assert store.cursor() == 0
    assert store.changes(0) == (0, [])
    raised(store)
    raised(store, "b1", "p2")
    since = store.cursor()
    store.act(TENANT, "b1", claimed_by("ann"), NOW)
    store.act(TENANT, "a1", claimed_by("ann"), NOW)
    store.act(TENANT, "b1", lambda a: release(a, "ann", NOW), NOW)
    newest, told = store.changes(since)
    assert told == ["a1", "b1"]
    assert newest == store.cursor() == since + 3
    assert store.changes(newest) == (newest, [])
    assert store.changes(since, "elsewhere") == (newest, [])


def test_a_cursor_from_another_life_gets_every_open_alert(store: Store) -> None:
    raised(store)
    raised(store, "b1", "p2")
    assert store.changes(10**9) == (store.cursor(), ["a1", "b1"])  # the store was restored
    with store._database.write() as connection:
        connection.execute(text("DELETE FROM changes WHERE seq = 1"))
    assert store.changes(0) == (store.cursor(), ["a1", "b1"])  # the log was pruned


def test_a_change_is_not_seen_before_those_with_smaller_numbers(store: Store, url: str) -> None:
    """One writer has its number and is slow to commit: no other may overtake it."""
    raised(store, "slow", "p1")
    raised(store, "fast", "p2")
    start = store.cursor()
    numbered, commit = threading.Event(), threading.Event()

    def write_slowly() -> None:
        mine = Database(url, pool=1)
        with mine.write() as connection:
            note_changes(connection, TENANT, ["slow"], NOW)
            numbered.set()
            commit.wait(30)
        mine.close()

    def write_fast() -> None:
        mine = open_store(url, pool=1)
        mine.act(TENANT, "fast", claimed_by("ann"), NOW)
        mine.close()

    slow, fast = threading.Thread(target=write_slowly), threading.Thread(target=write_fast)
    slow.start()
    assert numbered.wait(30)
    fast.start()
    fast.join(1.0)
    seen_meanwhile = store.changes(start)
    commit.set()
    slow.join(30)
    fast.join(30)
    assert seen_meanwhile == (start, [])
    assert store.changes(start)[1] == ["slow", "fast"]


@pytest.mark.parametrize("writers", [4])
def test_a_reader_of_changes_misses_none_of_concurrent_writers(
    store: Store, url: str, writers: int
) -> None:
    """On PostgreSQL a smaller number may commit after a greater one unless it is guarded."""
    rounds = 15
    for n in range(writers):
        raised(store, f"a{n}", f"p{n}")
    start = store.cursor()
    done = threading.Event()
    seen: list[int] = []
    faults: list[BaseException] = []

    def read() -> None:
        mine = open_store(url, pool=1)
        cursor = start
        try:
            while True:
                last_look = done.is_set()
                with mine._database.read() as connection:
                    rows = (
                        connection.execute(
                            text("SELECT seq FROM changes WHERE seq > :since ORDER BY seq"),
                            {"since": cursor},
                        )
                        .scalars()
                        .all()
                    )
                seen.extend(rows)
                cursor = rows[-1] if rows else cursor
                if last_look:
                    return
                time.sleep(0)
        except BaseException as fault:
            faults.append(fault)
        finally:
            mine.close()

    def write(n: int) -> None:
        mine = open_store(url, pool=1)
        try:
            for turn in range(rounds):
                step = claim if turn % 2 == 0 else release
                mine.act(TENANT, f"a{n}", lambda a, step=step: step(a, "ann", NOW), NOW)
        except BaseException as fault:
            faults.append(fault)
        finally:
            mine.close()

    reader = threading.Thread(target=read)
    threads = [threading.Thread(target=write, args=(n,)) for n in range(writers)]
    for thread in (reader, *threads):
        thread.start()
    for thread in threads:
        thread.join(60)
    done.set()
    reader.join(60)
    assert faults == []
    with store._database.read() as connection:
        every = (
            connection.execute(
                text("SELECT seq FROM changes WHERE seq > :since ORDER BY seq"), {"since": start}
            )
            .scalars()
            .all()
        )
    assert len(every) == writers * rounds
    assert seen == list(every)


def test_accepting_and_claiming_at_once_loses_no_change(store: Store, url: str) -> None:
    """The last accepted reading is always in a chart that a settled evaluation has seen."""
    bodies = 60
    settled_with: list[int] = []
    faults: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        mine = open_store(url, pool=1)
        try:
            while True:
                finished = done.is_set()
                for due in mine.claim_due(later(days=1), lease_s=600):
                    chart = mine.chart(TENANT, "p1")
                    assert chart is not None
                    count = len(chart.measurements)
                    if mine.settle(due, [], None, None, later(days=1)):
                        settled_with.append(count)
                if finished and not mine.due_age(later(days=1)):
                    return
        except BaseException as fault:
            faults.append(fault)
        finally:
            mine.close()

    worker = threading.Thread(target=work)
    worker.start()
    for n in range(bodies):
        take(store, temperature(str(n), at=NOW + timedelta(minutes=n)))
    done.set()
    worker.join(60)
    assert faults == []
    assert not worker.is_alive()
    assert settled_with[-1] == bodies
    assert settled_with == sorted(settled_with)
