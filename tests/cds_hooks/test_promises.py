""" "Will monitor" from the card to the worker: the promised value is looked for in the chart that
the reader has made, in the store that the worker evaluates."""

from pathlib import Path
from typing import Any

import pytest

from alerts.lifecycle import Alert, AlertKind, Attention, attention
from tests.cds_hooks.served import (
    CLINICIAN,
    PATIENT,
    SICK,
    TENANT,
    Hooks,
    marks,
    order,
    reading,
    request,
)
from tests.cds_hooks.test_feedback import arrive, entry, evaluate

LITHIUM = (order("haloperidol 5 mg", "m1", 2000), order("lithium carbonate 300 mg", "m2", 48))
VERAPAMIL = (order("dantrolene 25 mg", "m1", 48), order("verapamil 80 mg", "m2", 48))
LEVEL, POTASSIUM, QTC = ("14334-7", 0.7, "mmol/L"), ("2823-3", 4.4, "mmol/L"), ("8636-3", 430, "ms")


@pytest.fixture
def hooks(tmp_path: Path) -> Hooks:
    return Hooks(tmp_path)


def promise(hooks: Hooks, pair: tuple[dict[str, Any], ...], rule: str) -> None:
    """The pair runs, its card is answered "will monitor" through the hook."""
    arrive(hooks, *pair)
    hooks.clock.wait(minutes=1)
    cards = hooks.cards("patient-view", request("patient-view", chart=pair))
    card = next(c for c in cards if marks(c)["rule"] == rule)
    assert hooks.tell("patient-view", entry(card, hooks, "will-monitor")).status_code == 200
    assert attention(alert(hooks, rule), hooks.clock()) is Attention.SNOOZED


def alert(hooks: Hooks, rule: str) -> Alert:
    return next(
        a
        for a in hooks.store.alerts(TENANT, PATIENT)
        if a.kind is AlertKind.INTERACTION and a.machine.rule == rule
    )


def sent(test: tuple[str, float, str], hours: float, **changes: Any) -> dict[str, Any]:
    """A result; `hours` from the start of the test."""
    return reading(*test, -hours, id=f"r{test[0]}", **changes)


def after(hooks: Hooks, rule: str) -> tuple[Attention, list[str]]:
    """A day and an hour after the promise: how the alert stands, and what its history says."""
    hooks.clock.wait(hours=25)
    evaluate(hooks)
    found = alert(hooks, rule)
    told = hooks.store.history(TENANT, found.id)
    return attention(found, hooks.clock()), [f"{h.what.value} {h.why.value}" for h in told]


def bring(hooks: Hooks, hours: float, *resources: dict[str, Any]) -> None:
    hooks.clock.wait(hours=hours)
    arrive(hooks, *resources)


KEPT = "monitored promised-value-arrived"
BROKEN = "reopened promised-value-did-not-arrive"


@pytest.mark.rules("ALR-07")
def test_a_level_that_arrives_closes_the_promise(hooks: Hooks) -> None:
    promise(hooks, LITHIUM, "INT-AP-LI")
    bring(hooks, 6, sent(LEVEL, 5))
    stands, said = after(hooks, "INT-AP-LI")
    assert stands is Attention.RESOLVED
    assert said[-2:] == ["snoozed will-monitor", KEPT]
    who = [h.who for h in hooks.store.history(TENANT, alert(hooks, "INT-AP-LI").id)]
    assert who[-2:] == [CLINICIAN, "rules"]


@pytest.mark.rules("ALR-07")
def test_a_level_that_does_not_arrive_brings_it_back_and_says_so(hooks: Hooks) -> None:
    promise(hooks, LITHIUM, "INT-AP-LI")
    stands, said = after(hooks, "INT-AP-LI")
    assert (stands, said[-1]) == (Attention.WAITING, BROKEN)
    detail = hooks.store.history(TENANT, alert(hooks, "INT-AP-LI").id)[-1].detail
    assert detail == "lithium_level"


@pytest.mark.parametrize(
    ("results", "ends"),
    [
        ((POTASSIUM, QTC), Attention.RESOLVED),
        ((POTASSIUM,), Attention.WAITING),
        ((QTC,), Attention.WAITING),
    ],
    ids=["both", "potassium only", "QTc only"],
)
def test_two_values_are_promised_and_both_are_awaited(
    hooks: Hooks, results: tuple[Any, ...], ends: Attention
) -> None:
    promise(hooks, VERAPAMIL, "INT-DAN-VER")
    bring(hooks, 6, *(sent(test, 5) for test in results))
    assert after(hooks, "INT-DAN-VER")[0] is ends


def test_a_value_of_another_patient_keeps_nothing(hooks: Hooks) -> None:
    promise(hooks, LITHIUM, "INT-AP-LI")
    bring(hooks, 6, sent(LEVEL, 5, subject={"reference": "Patient/other"}))
    assert after(hooks, "INT-AP-LI")[1][-1] == BROKEN


def test_a_value_entered_in_error_keeps_nothing(hooks: Hooks) -> None:
    promise(hooks, LITHIUM, "INT-AP-LI")
    bring(hooks, 6, sent(LEVEL, 5))
    bring(hooks, 1, sent(LEVEL, 5, status="entered-in-error", meta={"versionId": "2"}))
    stands, said = after(hooks, "INT-AP-LI")
    assert stands is Attention.WAITING
    assert said[-3:] == [KEPT, "corrected promised-value-taken-back", BROKEN]


def test_a_value_from_before_the_promise_keeps_nothing(hooks: Hooks) -> None:
    """It is sent afterwards, and was taken before: when it took effect is what counts."""
    promise(hooks, LITHIUM, "INT-AP-LI")
    bring(hooks, 6, sent(LEVEL, -3))
    assert after(hooks, "INT-AP-LI")[1][-1] == BROKEN


def test_a_value_taken_in_time_and_sent_late_is_in_time(hooks: Hooks) -> None:
    """The laboratory is slow: the worker looks only when the value is there."""
    promise(hooks, LITHIUM, "INT-AP-LI")
    hooks.clock.wait(hours=30)
    arrive(hooks, sent(LEVEL, 20))
    found = alert(hooks, "INT-AP-LI")
    assert attention(found, hooks.clock()) is Attention.RESOLVED


def test_the_due_entry_alone_wakes_the_worker(hooks: Hooks) -> None:
    """Nobody sends anything: the entry that the feedback started is due at its time."""
    promise(hooks, LITHIUM, "INT-AP-LI")
    hooks.clock.wait(hours=23)
    evaluate(hooks)  # a review of its own
    assert hooks.store.due_age(hooks.clock()) == 0
    hooks.clock.wait(hours=1, minutes=1)
    assert hooks.store.due_age(hooks.clock()) > 0


def test_a_value_that_makes_the_row_worse_calls_at_once(hooks: Hooks) -> None:
    """GFR falls: what was not certain under amantadine now is."""
    pair = (order("amantadine 100 mg", "m1", 48),)
    promise(hooks, pair, "INT-AMA-REN")
    bring(hooks, 3, sent(("33914-3", 22, "mL/min/{1.73_m2}"), 2))
    found = alert(hooks, "INT-AMA-REN")
    assert attention(found, hooks.clock()) is Attention.WAITING
    told = [h.why.value for h in hooks.store.history(TENANT, found.id)]
    assert told[-2:] == ["promised-value-arrived", "new-context"]


def sign_and_send(hooks: Hooks, reason: str = "will-monitor", hours: float = 0.5) -> None:
    """Lithium is ordered beside haloperidol, the card answered at signing; then the order comes."""
    arrive(hooks, LITHIUM[0])
    drafted = {**LITHIUM[1], "status": "draft"}
    cards = hooks.cards("order-sign", request("order-sign", drafted, chart=LITHIUM[:1]))
    card = next(c for c in cards if marks(c)["rule"] == "INT-AP-LI")
    hooks.tell("order-sign", entry(card, hooks, reason))
    bring(hooks, hours, LITHIUM[1])


@pytest.mark.rules("ALR-05", "ALR-07")
def test_a_promise_at_signing_opens_the_pair_hidden(hooks: Hooks) -> None:
    """The prescriber has been asked once: the pharmacist is asked when the level does not come."""
    sign_and_send(hooks)
    found = alert(hooks, "INT-AP-LI")
    assert attention(found, hooks.clock()) is Attention.SNOOZED
    told = hooks.store.history(TENANT, found.id)
    assert [(h.what.value, h.why.value, h.who) for h in told] == [
        ("opened", "pair-found", "rules"),
        ("snoozed", "will-monitor", CLINICIAN),
    ]
    stands, said = after(hooks, "INT-AP-LI")
    assert (stands, said[-1]) == (Attention.WAITING, BROKEN)


def test_a_level_after_signing_keeps_that_promise(hooks: Hooks) -> None:
    sign_and_send(hooks, hours=2)
    bring(hooks, 4, sent(LEVEL, 5))
    stands, said = after(hooks, "INT-AP-LI")
    assert (stands, said[-1]) == (Attention.RESOLVED, KEPT)


@pytest.mark.parametrize(
    ("reason", "hours"),
    [("agree", 0.5), ("benefit-outweighs", 0.5), ("will-monitor", 24.5)],
    ids=["agreed", "another reason", "a promise that is over"],
)
def test_any_other_answer_at_signing_leaves_the_pair_waiting(
    hooks: Hooks, reason: str, hours: float
) -> None:
    sign_and_send(hooks, reason, hours)
    assert attention(alert(hooks, "INT-AP-LI"), hooks.clock()) is Attention.WAITING


def test_the_newest_answer_counts(hooks: Hooks) -> None:
    """Promised at first, agreed afterwards: the pair that comes all the same is not hidden."""
    arrive(hooks, LITHIUM[0])
    drafted = {**LITHIUM[1], "status": "draft"}
    for reason in ("will-monitor", "agree"):
        hooks.clock.wait(minutes=1)
        cards = hooks.cards("order-sign", request("order-sign", drafted, chart=LITHIUM[:1]))
        card = next(c for c in cards if marks(c)["rule"] == "INT-AP-LI")
        hooks.tell("order-sign", entry(card, hooks, reason))
    bring(hooks, 1, LITHIUM[1])
    assert attention(alert(hooks, "INT-AP-LI"), hooks.clock()) is Attention.WAITING


def test_a_promise_about_another_patient_opens_nothing_hidden(hooks: Hooks) -> None:
    other = [{**one, "subject": {"reference": "Patient/other"}} for one in LITHIUM]
    sign_and_send(hooks)
    arrive(hooks, *({**one, "id": f"x{n}"} for n, one in enumerate(other)))
    (found,) = (a for a in hooks.store.alerts(TENANT, "other") if a.machine.rule == "INT-AP-LI")
    assert attention(found, hooks.clock()) is Attention.WAITING


@pytest.mark.rules("ALR-05", "ALR-07")
def test_a_promise_made_before_nms_was_suspected_hides_no_pair_after(hooks: Hooks) -> None:
    """Signed while nothing was wrong; when the order comes there is fever, rigidity and CK."""
    arrive(hooks, LITHIUM[0])
    drafted = {**LITHIUM[1], "status": "draft"}
    cards = hooks.cards("order-sign", request("order-sign", drafted, chart=LITHIUM[:1]))
    card = next(c for c in cards if marks(c)["rule"] == "INT-AP-LI")
    hooks.tell("order-sign", entry(card, hooks, "will-monitor"))
    bring(hooks, 0.5, LITHIUM[1], *SICK[1:])
    (episode,) = (a for a in hooks.store.alerts(TENANT, PATIENT) if a.kind is AlertKind.NMS)
    assert episode.level != marks(card)["tier"] == "NONE"
    assert attention(alert(hooks, "INT-AP-LI"), hooks.clock()) is Attention.WAITING


def test_a_contraindicated_pair_is_never_kept_from_the_pharmacist(hooks: Hooks) -> None:
    arrive(hooks, VERAPAMIL[0])
    drafted = {**VERAPAMIL[1], "status": "draft"}
    cards = hooks.cards("order-sign", request("order-sign", drafted, chart=VERAPAMIL[:1]))
    card = next(c for c in cards if marks(c)["rule"] == "INT-DAN-VER")
    hooks.tell("order-sign", entry(card, hooks, "will-monitor"))
    bring(hooks, 1, VERAPAMIL[1])
    assert attention(alert(hooks, "INT-DAN-VER"), hooks.clock()) is Attention.WAITING
