"""How cards were received: by day, rule, version, indicator and reason; silent ones apart."""

from datetime import timedelta

from service.store import Store
from tests.store.made import NOW, TENANT, later
from tests.store.test_small_rooms import CARD, said


def test_cards_are_counted_by_day_and_their_last_outcome(store: Store) -> None:
    store.record_cards(TENANT, "p1", [CARD, {**CARD, "uuid": "u2"}], NOW)
    store.record_cards(TENANT, "p1", [{**CARD, "uuid": "u3"}], later(days=1))
    store.record_feedback(TENANT, "s", [said("overridden"), said("accepted", "u2")], NOW)
    store.record_feedback(TENANT, "s", [said("accepted", "u2", 5)], NOW)
    first, second = store.reception(TENANT)
    assert (first.day, second.day) == (NOW.date(), NOW.date() + timedelta(days=1))
    assert (first.shown, first.accepted, first.overridden, first.unanswered) == (2, 1, 1, 0)
    assert first.reasons == {"not-exposed": 1}
    assert (second.shown, second.unanswered) == (1, 1)
    assert [r.day for r in store.reception(TENANT, since=later(days=1))] == [second.day]
    assert [r.day for r in store.reception(TENANT, until=later(hours=1))] == [first.day]
    assert store.reception("elsewhere") == []


def test_what_was_hidden_is_counted_apart_and_can_have_no_feedback(store: Store) -> None:
    store.record_cards(TENANT, "p1", [{**CARD, "shown": False}], NOW)
    (told,) = store.reception(TENANT)
    assert (told.shown, told.hidden) == (0, 1)
    assert store.handles(TENANT, ["u1"]) == []


def test_a_card_s_handle_tells_what_it_was_about(store: Store) -> None:
    about = {"subject": "INT-X:a+b", "clinician": "Practitioner/7"}
    store.record_cards(TENANT, "p1", [{**CARD, **about}], NOW)
    (handle,) = store.handles(TENANT, ["u1", "unknown"])
    assert (handle.patient, handle.subject, handle.clinician) == ("p1", *about.values())
    assert store.handles("elsewhere", ["u1"]) == []


def test_a_used_key_is_known_until_it_expires(store: Store) -> None:
    assert store.use_once("shown", "k", later(hours=1), NOW)
    assert store.was_used("shown", ["k", "other"], NOW) == {"k"}
    assert store.was_used("jti", ["k"], NOW) == frozenset()
    assert store.was_used("shown", ["k"], later(hours=2)) == frozenset()
