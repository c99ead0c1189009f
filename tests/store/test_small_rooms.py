"""Cards and feedback, keys that count once, subscriptions, saved filters."""

import threading
from datetime import timedelta

import pytest

from service.store import Heard, Store, open_store
from tests.store.made import NOW, TENANT, later

CARD = {
    "uuid": "u1",
    "service": "nms-patient-view",
    "hook": "patient-view",
    "hook_instance": "h1",
    "rule": "TIER-3",
    "rule_version": "2026.1",
    "tier": "PROBABLE",
    "indicator": "warning",
    "suggestions": ["s1"],
}


def said(outcome: str, card: str = "u1", minutes: int = 0) -> dict[str, object]:
    return {
        "card": card,
        "outcome": outcome,
        "at": later(minutes=minutes),
        "accepted": ["s1"],
        "reason_code": "not-exposed",
        "reason_system": "urn:x",
        "comment": "no",
    }


def test_feedback_counts_once_and_joins_the_rule_of_its_card(store: Store) -> None:
    store.record_cards(TENANT, "p1", [CARD, {**CARD, "uuid": "u2"}, {**CARD, "uuid": "u3"}], NOW)
    store.record_cards(TENANT, "p1", [CARD], NOW)  # told twice
    assert store.record_feedback(TENANT, "nms-patient-view", [said("overridden")], NOW) == 1
    both = [said("overridden"), said("accepted", "u2")]
    assert store.record_feedback(TENANT, "nms-patient-view", both, NOW) == 1
    assert store.record_feedback(TENANT, "nms-patient-view", both, NOW) == 0
    (told,) = store.reception(TENANT)
    assert (told.rule, told.rule_version) == ("TIER-3", "2026.1")
    assert (told.shown, told.accepted, told.overridden, told.unanswered) == (3, 1, 1, 1)
    assert store.reception("elsewhere") == []
    assert store.reception(TENANT, since=later(days=1)) == []


def test_the_last_outcome_of_a_card_counts(store: Store) -> None:
    store.record_cards(TENANT, "p1", [CARD], NOW)
    store.record_feedback(TENANT, "s", [said("overridden"), said("accepted", minutes=5)], NOW)
    (told,) = store.reception(TENANT)
    assert (told.accepted, told.overridden) == (1, 0)


def test_feedback_on_a_card_that_is_not_on_record_is_kept(store: Store) -> None:
    assert store.record_feedback(TENANT, "s", [said("accepted", "unknown")], NOW) == 1
    store.record_cards(TENANT, "p1", [{**CARD, "uuid": "unknown"}], NOW)
    assert store.reception(TENANT)[0].accepted == 1


def test_a_key_counts_once_until_it_expires(store: Store) -> None:
    until = later(minutes=5)
    assert store.use_once("jti", "k1", until, NOW) is True
    assert store.use_once("jti", "k1", until, later(minutes=1)) is False
    assert store.use_once("link", "k1", until, NOW) is True
    assert store.use_once("jti", "k2", until, NOW) is True
    assert store.use_once("jti", "k1", later(minutes=15), until) is True
    assert store.use_once("jti", "k1", later(minutes=15), later(minutes=6)) is False


def test_a_key_used_by_many_at_once_and_after_a_restart_counts_once(store: Store, url: str) -> None:
    counted: list[bool] = []

    def use() -> None:
        mine = open_store(url, pool=1)
        counted.extend(mine.use_once("jti", "k", later(minutes=5), NOW) for _ in range(10))
        mine.close()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(counted), sum(counted)) == (40, 1)
    again = open_store(url)
    assert again.use_once("jti", "k", later(minutes=5), NOW) is False
    again.close()


EVENT, BEAT = "event", "beat"


@pytest.mark.parametrize(
    ("heard", "told", "last", "missing"),
    [
        ([(EVENT, 1), (EVENT, 2), (EVENT, 3)], "next", 3, ()),
        ([(EVENT, 1), (EVENT, 1)], "repeat", 1, ()),
        ([(EVENT, 1), (EVENT, 4)], "gap", 4, ((2, 3),)),
        ([(EVENT, 1), (EVENT, 4), (EVENT, 2)], "late", 4, ((3, 3),)),
        ([(EVENT, 1), (EVENT, 5), (EVENT, 3)], "late", 5, ((2, 2), (4, 4))),
        ([(EVENT, 1), (EVENT, 3), (EVENT, 2), (EVENT, 2)], "repeat", 3, ()),
        ([(EVENT, 1), (EVENT, 3), (EVENT, 6)], "gap", 6, ((2, 2), (4, 5))),
        ([(EVENT, 1), (BEAT, 1)], "still", 1, ()),
        ([(EVENT, 1), (BEAT, 3)], "gap", 3, ((2, 3),)),
        ([(EVENT, 5), (BEAT, 2)], "restarted", 2, ()),
        ([(BEAT, 0)], "first", 0, ()),
        ([(BEAT, 0), (EVENT, 1)], "next", 1, ()),
        ([(EVENT, 3)], "first", 3, ((1, 2),)),
        ([(BEAT, 2)], "first", 2, ((1, 2),)),
    ],
)
def test_event_numbers_tell_what_is_missing(
    store: Store,
    heard: list[tuple[str, int]],
    told: str,
    last: int,
    missing: tuple[tuple[int, int], ...],
) -> None:
    for minute, (kind, number) in enumerate(heard):
        note = store.note_event if kind == EVENT else store.note_heartbeat
        answer = note(TENANT, "sub-1", number, later(minutes=minute))
    assert answer is Heard(told)
    known = store.subscription(TENANT, "sub-1")
    assert known is not None
    assert (known.last_event, known.missing) == (last, missing)
    assert known.heard_at == later(minutes=len(heard) - 1)
    assert known.restarts == (1 if told == "restarted" else 0)
    assert store.subscriptions(TENANT) == [known]
    assert store.subscription("elsewhere", "sub-1") is None


def test_gaps_that_were_fetched_another_way_are_closed(store: Store) -> None:
    for number in (1, 4, 9):
        store.note_event(TENANT, "sub-1", number, NOW)
    assert store.close_gaps(TENANT, "sub-1", 6) == ((2, 3), (5, 6))
    assert store.close_gaps(TENANT, "sub-1", 6) == ()
    assert store.close_gaps(TENANT, "unknown", 6) == ()
    assert store.close_gaps("elsewhere", "sub-1", 6) == ()
    known = store.subscription(TENANT, "sub-1")
    assert known is not None
    assert known.missing == ((7, 8),)
    assert (known.last_event, known.heard_at) == (9, NOW)


def test_a_source_that_says_nothing_for_two_periods_is_silent(store: Store) -> None:
    store.note_heartbeat(TENANT, "sub-1", 0, NOW)
    known = store.subscription(TENANT, "sub-1")
    assert known is not None
    period = timedelta(minutes=5)
    assert not known.silent(later(minutes=10), period)
    assert known.silent(later(minutes=10, seconds=1), period)


def test_filters_are_saved_by_user_and_name(store: Store) -> None:
    store.save_filters(TENANT, "ann", "", "ward=7B", NOW)
    store.save_filters(TENANT, "ann", "mine", "mine=1", NOW)
    store.save_filters(TENANT, "ann", "", "ward=8", later(hours=1))
    assert store.saved_filters(TENANT, "ann") == {"": "ward=8", "mine": "mine=1"}
    assert store.saved_filters(TENANT, "bob") == {}
    assert store.drop_filters(TENANT, "ann", "mine") is True
    assert store.drop_filters(TENANT, "ann", "mine") is False
    assert store.saved_filters(TENANT, "ann") == {"": "ward=8"}
