"""People's steps: one winner, coded reasons, notes kept, second clicks harmless."""

from typing import Any

import pytest

from alerts.lifecycle import (
    Attention,
    Refused,
    attention,
    claim,
    hand_over,
    human_of,
    machine_of,
    plain,
    release,
    reopen,
    resolve,
    snooze,
    undo,
)
from tests.lifecycle.patients import HOUR, T0, Ward, assessed


@pytest.fixture
def ward() -> Ward:
    ward = Ward()
    ward.see(assessed(T0))
    return ward


def refused(step: Any, *args: Any, **named: Any) -> str:
    with pytest.raises(Refused) as fault:
        step(*args, **named)
    return str(fault.value.reason)


def test_the_second_of_two_pharmacists_is_refused_and_a_second_click_is_nothing(ward: Ward) -> None:
    ward.keep(claim(ward.only, "ann", T0))
    assert refused(claim, ward.only, "bob", T0) == "already-claimed"
    again = claim(ward.only, "ann", T0 + HOUR)
    assert (again.alert, again.history) == (ward.only, ())


def test_hand_over_tells_the_new_owner_and_keeps_the_note(ward: Ward) -> None:
    ward.keep(claim(ward.only, "ann", T0))
    move = ward.keep(hand_over(ward.only, "ann", T0, "bob", "CK at 18:00"))
    assert ward.only.human.owner == "bob"
    assert move.history[0].detail == "to bob: CK at 18:00"
    assert [n.audience for n in move.notices] == ["owner"]
    assert refused(hand_over, ward.only, "bob", T0, " ") == "nobody-named"


def test_release_says_whose_it_was(ward: Ward) -> None:
    assert refused(release, ward.only, "ann", T0) == "not-claimed"
    ward.keep(claim(ward.only, "ann", T0))
    move = ward.keep(release(ward.only, "bob", T0 + HOUR))
    assert (move.history[0].detail, ward.only.human.owner) == ("was ann's", None)


@pytest.mark.parametrize(
    ("reason", "hours", "why"),
    [
        ("because", 1, "unknown-reason"),
        ("acted-on", 1, "unknown-reason"),  # a reason to resolve, not to snooze
        ("will-monitor", 0, "end-not-ahead"),
        ("will-monitor", 25, "too-long"),
    ],
)
def test_a_snooze_needs_a_coded_reason_and_an_end_within_a_day(
    ward: Ward, reason: Any, hours: Any, why: Any
) -> None:
    assert refused(snooze, ward.only, "ann", T0, reason, T0 + hours * HOUR) == why


def test_a_resolution_carries_reason_intervention_and_note(ward: Ward) -> None:
    move = ward.keep(resolve(ward.only, "ann", T0, "acted-on", "rang Dr N", "drug-stopped"))
    entry = move.history[0]
    assert (entry.what, entry.why, entry.detail) == (
        "resolved",
        "acted-on",
        "drug-stopped: rang Dr N",
    )
    assert attention(ward.only, T0) is Attention.RESOLVED
    assert refused(claim, ward.only, "bob", T0) == "resolved"
    assert refused(resolve, ward.only, "bob", T0, "acted-on") == "resolved"


@pytest.mark.parametrize("intervention", ["nonsense", "DRUG-STOPPED"])
def test_an_unknown_intervention_is_refused(ward: Ward, intervention: Any) -> None:
    why = refused(resolve, ward.only, "ann", T0, "acted-on", "", intervention)
    assert why == "unknown-reason"


def test_reopen_shows_what_was_hidden_and_undo_takes_back_ones_own_newest_step(ward: Ward) -> None:
    assert refused(reopen, ward.only, "ann", T0) == "not-hidden"
    assert refused(undo, ward.only, "ann", T0) == "nothing-to-undo"
    ward.keep(claim(ward.only, "ann", T0))
    ward.keep(resolve(ward.only, "ann", T0, "acted-on"))
    assert refused(undo, ward.only, "bob", T0) == "not-yours"
    ward.keep(undo(ward.only, "ann", T0))
    assert (attention(ward.only, T0), ward.only.human.owner) == (Attention.CLAIMED, "ann")
    assert refused(undo, ward.only, "ann", T0) == "nothing-to-undo"
    ward.keep(resolve(ward.only, "ann", T0, "acted-on"))
    ward.keep(reopen(ward.only, "bob", T0, "still rigid"))
    assert attention(ward.only, T0) is Attention.WAITING
    assert ward.moves[-1].history[0].detail == "still rigid"


def test_nothing_is_done_to_an_ended_episode(ward: Ward) -> None:
    ward.see(assessed(T0 + 168 * HOUR, "NONE"))
    for step in (claim, release, reopen, undo):
        assert refused(step, ward.only, "ann", T0) == "ended"


def test_states_survive_the_store_and_a_newer_version_s_keys_are_ignored(ward: Ward) -> None:
    ward.keep(claim(ward.only, "ann", T0))
    ward.keep(snooze(ward.only, "ann", T0, "will-monitor", T0 + HOUR, "note"))
    machine, human = plain(ward.only.machine), plain(ward.only.human)
    assert machine_of({**machine, "later": 1}) == ward.only.machine
    assert human_of({**human, "later": 1}) == ward.only.human
