"""order-select and order-sign coordinated: only when asked, never for what must be seen."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from service.cds_hooks.coordination import remembered
from service.cds_hooks.request import read_call
from service.cds_hooks.services import SERVICES
from service.cds_hooks.validator import faults
from tests.cds_hooks.served import SICK, Hooks, draft, marks, order, request

REMEMBER = {"pddi-configuration-items": {"cache-for-order-sign-filtering": True}}
FILTER = {"pddi-configuration-items": {"filter-out-repeated-alerts": True}}
LITHIUM = draft("lithium carbonate 300 mg")
HALOPERIDOL = order("haloperidol 5 mg", "m1", hours=2000)
RULE = "INT-AP-LI"
SELECT = next(one for one in SERVICES if one.hook == "order-select")


@pytest.fixture
def hooks(tmp_path: Path) -> Hooks:
    return Hooks(tmp_path)


def shown(
    hooks: Hooks, hook: str, options: Any, *drafts: dict[str, Any], **changes: Any
) -> set[str]:
    chart = changes.pop("chart", [HALOPERIDOL])
    if options is not None:
        changes["extension"] = options
    body = request(hook, *(drafts or (LITHIUM,)), chart=chart, **changes)
    answer = hooks.call(hook, body)
    assert faults(answer.json()) == []
    return {marks(card)["rule"] for card in answer.json()["cards"]}


def test_discovery_offers_the_options(hooks: Hooks) -> None:
    listed = hooks.ask("GET", "/cds-services").json()["services"]
    offered = {s["hook"]: s.get("extension") for s in listed}
    assert offered["patient-view"] is None
    for hook, code in (("order-select", REMEMBER), ("order-sign", FILTER)):
        (item,) = offered[hook]["pddi-configuration-items"]
        assert item["code"] in code["pddi-configuration-items"]
        assert item["type"] == "boolean"
        assert item["name"]
        assert item["description"]


def test_what_was_shown_is_not_repeated_and_that_is_said(hooks: Hooks) -> None:
    assert RULE in shown(hooks, "order-select", REMEMBER)
    told = shown(hooks, "order-sign", FILTER)
    assert RULE not in told
    assert "REPEATED" in told


@pytest.mark.parametrize(
    ("first", "second"),
    [(None, None), (None, FILTER), (REMEMBER, None), ({}, FILTER), (REMEMBER, REMEMBER)],
)
def test_by_default_nothing_is_left_out(hooks: Hooks, first: Any, second: Any) -> None:
    shown(hooks, "order-select", first)
    assert RULE in shown(hooks, "order-sign", second)


@pytest.mark.parametrize("value", ["true", 1, None, [True], {"on": True}])
def test_only_true_switches_an_option_on(hooks: Hooks, value: Any) -> None:
    shown(hooks, "order-select", REMEMBER)
    extension = {"pddi-configuration-items": {"filter-out-repeated-alerts": value}}
    assert RULE in shown(hooks, "order-sign", extension)


@pytest.mark.parametrize(
    "context",
    [
        {"userId": "Practitioner/8"},
        {"encounterId": "e2"},
        {"userId": ""},
    ],
)
def test_another_clinician_or_encounter_is_shown_it_again(
    hooks: Hooks, context: dict[str, Any]
) -> None:
    shown(hooks, "order-select", REMEMBER)
    assert RULE in shown(hooks, "order-sign", FILTER, context=context)


@pytest.mark.parametrize(
    "changed",
    [
        draft("lithium citrate 509 mg"),
        draft("lithium carbonate 300 mg", dosageInstruction=[{"text": "900 mg twice daily"}]),
    ],
)
def test_an_order_that_was_changed_is_judged_afresh(hooks: Hooks, changed: dict[str, Any]) -> None:
    shown(hooks, "order-select", REMEMBER)
    assert RULE in shown(hooks, "order-sign", FILTER, changed)


@pytest.mark.rules("ALR-05")
def test_after_a_day_it_is_shown_again(hooks: Hooks) -> None:
    shown(hooks, "order-select", REMEMBER)
    hooks.clock.wait(hours=25)
    assert RULE in shown(hooks, "order-sign", FILTER)


def test_a_contraindicated_pair_is_never_left_out(hooks: Hooks) -> None:
    pair = (draft("dantrolene", dosageInstruction=[{"route": {"text": "intravenous"}}]),)
    chart = [order("verapamil 80 mg", "m2")]
    assert "INT-DAN-VER" in shown(hooks, "order-select", REMEMBER, *pair, chart=chart)
    assert "INT-DAN-VER" in shown(hooks, "order-sign", FILTER, *pair, chart=chart)


def test_while_nms_is_suspected_nothing_is_left_out(hooks: Hooks) -> None:
    first = shown(hooks, "order-select", REMEMBER, chart=SICK)
    second = shown(hooks, "order-sign", FILTER, chart=SICK)
    assert "NMS" in second
    assert RULE in first & second
    assert "REPEATED" not in second


def test_a_silent_tenant_remembers_nothing(tmp_path: Path) -> None:
    """What nobody saw must not be called repeated when silent mode ends."""
    silent = Hooks(tmp_path, silent=True)
    shown(silent, "order-select", REMEMBER)
    assert RULE in shown(Hooks(tmp_path), "order-sign", FILTER)


def test_a_rule_told_beside_the_first_since_then_is_another_message(hooks: Hooks) -> None:
    """One card speaks for several rules of the same drugs: one more of them was not seen yet."""
    body = request("order-select", LITHIUM, chart=[HALOPERIDOL], extension=REMEMBER)
    (card,) = (c for c in hooks.cards("order-select", body) if marks(c)["rule"] == RULE)
    more = json.loads(json.dumps(card))
    marks(more)["also"] = ["INT-AP-QT"]
    call = read_call(orjson.dumps(body), SELECT)
    keys = [remembered([one], call, {})[one["uuid"]] for one in (card, more)]
    assert keys[0] != keys[1]
