"""Feedback changes behaviour: late, batched, repeated, in the clinician's name."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from alerts.cards.actions import INTERACTION_REASONS, NMS_REASONS
from alerts.lifecycle import Alert, AlertKind, Attention, attention
from service.cds_hooks.consequences import CONSEQUENCES, Step
from service.fhir.reader import ReadContext, read_body
from service.monitoring.evaluation import Evaluator
from tests.cds_hooks.served import (
    CLINICIAN,
    PATIENT,
    SICK,
    TENANT,
    UTC_ZONE,
    Hooks,
    marks,
    of_rule,
    order,
    reading,
    request,
)

PAIR = (order("haloperidol 5 mg", "m1", 2000), order("lithium carbonate 300 mg", "m2", 48))
RULE = "INT-AP-LI"


@pytest.fixture
def hooks(tmp_path: Path) -> Hooks:
    return Hooks(tmp_path)


def arrive(hooks: Hooks, *resources: dict[str, Any]) -> None:
    """Through the reader into the store, and evaluated as a worker does."""
    entries = [{"resource": one} for one in resources]
    body = orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    now = hooks.clock()
    context = ReadContext(TENANT, now, UTC_ZONE)
    hooks.store.accept(read_body(body, context), TENANT, now, "test")
    evaluate(hooks)


def evaluate(hooks: Hooks) -> None:
    new_id = lambda: uuid.uuid4().hex  # noqa: E731 - one word
    Evaluator(hooks.store, hooks.desk.knowledge, hooks.clock, new_id).drain()


def alert(hooks: Hooks, kind: AlertKind = AlertKind.NMS) -> Alert:
    return next(a for a in hooks.store.alerts(TENANT, PATIENT) if a.kind is kind)


def stands(hooks: Hooks, kind: AlertKind = AlertKind.NMS) -> Attention:
    return attention(alert(hooks, kind), hooks.clock())


def entry(card: dict[str, Any], hooks: Hooks, reason: str = "", **changes: Any) -> dict[str, Any]:
    held: dict[str, Any] = {
        "card": card["uuid"],
        "outcome": "overridden" if reason else "accepted",
        "outcomeTimestamp": hooks.clock().isoformat().replace("+00:00", "Z"),
    }
    if reason:
        held["overrideReason"] = {"reason": {"code": reason, "system": "urn:x"}}
    return {**held, **changes}


def nms_card(hooks: Hooks) -> dict[str, Any]:
    hooks.clock.wait(minutes=1)
    return of_rule(hooks.cards("patient-view", request("patient-view", chart=SICK)), "NMS")


def test_every_reason_that_a_card_offers_has_a_consequence() -> None:
    told = {(c.about, c.said) for c in CONSEQUENCES}
    offered = {("NMS", code) for code, _ in NMS_REASONS}
    offered |= {("INTERACTION", code) for code, _ in INTERACTION_REASONS}
    assert told == offered | {("NMS", "accepted"), ("INTERACTION", "accepted")}
    assert all((c.why is None) == (c.step is Step.CLAIM) for c in CONSEQUENCES)


@pytest.mark.rules("ALR-07", "TIER-07")
@pytest.mark.parametrize(
    ("reason", "after"),
    [
        ("agree", Attention.CLAIMED),
        ("already-acting", Attention.CLAIMED),
        ("alternative-cause", Attention.RESOLVED),
        ("not-exposed", Attention.RESOLVED),
        ("data-error", Attention.RESOLVED),
        ("comfort-care", Attention.RESOLVED),
        ("something-else", Attention.WAITING),
    ],
)
def test_a_reason_changes_how_the_alert_stands(hooks: Hooks, reason: str, after: Attention) -> None:
    arrive(hooks, *SICK)
    assert stands(hooks) is Attention.WAITING
    assert hooks.tell("patient-view", entry(nms_card(hooks), hooks, reason)).status_code == 200
    assert stands(hooks) is after
    if after is not Attention.WAITING:
        assert hooks.store.history(TENANT, alert(hooks).id)[-1].who == CLINICIAN


def test_an_accepted_suggestion_claims_the_alert(hooks: Hooks) -> None:
    arrive(hooks, *SICK)
    hooks.tell("patient-view", entry(nms_card(hooks), hooks))
    assert stands(hooks) is Attention.CLAIMED


def test_a_worsening_breaks_the_silence(hooks: Hooks) -> None:
    arrive(hooks, *SICK)
    hooks.tell("patient-view", entry(nms_card(hooks), hooks, "alternative-cause"))
    hooks.clock.wait(minutes=5)
    arrive(hooks, reading("2157-6", 12000, "U/L", -0.1, id="ck-new"))
    assert stands(hooks) is Attention.WAITING


def test_an_answer_to_an_older_picture_hides_nothing(hooks: Hooks) -> None:
    """The card was answered before the alert called again: that answer comes late."""
    arrive(hooks, *SICK)
    late = entry(nms_card(hooks), hooks, "alternative-cause")
    hooks.clock.wait(minutes=30)
    hooks.tell("patient-view", entry(nms_card(hooks), hooks, "not-exposed"))
    hooks.clock.wait(minutes=5)
    arrive(hooks, reading("2157-6", 12000, "U/L", -0.5, id="ck-new"))
    assert stands(hooks) is Attention.WAITING
    assert hooks.tell("patient-view", late).status_code == 200
    assert stands(hooks) is Attention.WAITING


def test_repeated_feedback_changes_nothing_more(hooks: Hooks) -> None:
    arrive(hooks, *SICK)
    told = entry(nms_card(hooks), hooks, "alternative-cause")
    for _ in range(3):
        assert hooks.tell("patient-view", told, told).status_code == 200
    assert len([h for h in hooks.store.history(TENANT, alert(hooks).id) if h.who == CLINICIAN]) == 1


def test_the_last_answer_of_a_batch_counts(hooks: Hooks) -> None:
    arrive(hooks, *SICK)
    card = nms_card(hooks)
    first = entry(card, hooks, "alternative-cause")
    hooks.clock.wait(minutes=1)
    hooks.tell("patient-view", entry(card, hooks, "agree"), first)
    assert stands(hooks) is Attention.CLAIMED


def test_feedback_about_an_unknown_card_is_kept_and_changes_nothing(hooks: Hooks) -> None:
    arrive(hooks, *SICK)
    unknown = {"uuid": str(uuid.uuid4())}
    assert hooks.tell("patient-view", entry(unknown, hooks, "comfort-care")).status_code == 200
    assert stands(hooks) is Attention.WAITING


def test_the_other_tenants_alerts_are_out_of_reach(hooks: Hooks) -> None:
    arrive(hooks, *SICK)
    card = nms_card(hooks)
    assert hooks.store.handles("elsewhere", [card["uuid"]]) == []


def pair_card(hooks: Hooks) -> dict[str, Any]:
    hooks.clock.wait(minutes=1)
    found = hooks.cards("patient-view", request("patient-view", chart=PAIR))
    return next(c for c in found if marks(c)["rule"] == RULE)


def test_will_monitor_hides_the_pair_and_brings_it_back_when_nothing_has_arrived(
    hooks: Hooks,
) -> None:
    arrive(hooks, *PAIR)
    hooks.tell("patient-view", entry(pair_card(hooks), hooks, "will-monitor"))
    assert stands(hooks, AlertKind.INTERACTION) is Attention.SNOOZED
    hooks.clock.wait(hours=24, minutes=1)
    assert hooks.store.due_age(hooks.clock()) > 0, "a due entry was started"
    evaluate(hooks)
    assert stands(hooks, AlertKind.INTERACTION) is Attention.WAITING


def test_will_monitor_on_a_draft_starts_a_due_entry_though_no_alert_exists(hooks: Hooks) -> None:
    arrive(hooks, reading("8331-1", 36.8, "Cel", 1))
    before = hooks.clock() + timedelta(hours=24, minutes=1)
    drafted = {**PAIR[1], "status": "draft"}
    found = hooks.cards("order-sign", request("order-sign", drafted, chart=PAIR[:1]))
    hooks.tell("order-sign", entry(of_rule(found, RULE), hooks, "will-monitor"))
    assert hooks.store.due_age(before) > 0


@pytest.mark.parametrize("reason", ["already-acting", "benefit-outweighs", "not-exposed"])
def test_a_pair_that_was_answered_is_silent(hooks: Hooks, reason: str) -> None:
    arrive(hooks, *PAIR)
    hooks.tell("patient-view", entry(pair_card(hooks), hooks, reason))
    assert stands(hooks, AlertKind.INTERACTION) is Attention.RESOLVED
