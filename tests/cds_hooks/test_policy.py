"""What a tenant's channel policy lets a hook show, and the links that launch us (SMART)."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alerts.statements import Channel
from service.cds_hooks.channels import permitted
from service.cds_hooks.validator import faults
from service.security.policy import NAMED, Policy
from tests.cds_hooks.served import BASE, SICK, TENANT, Hooks, draft, marks, order, request

HOOKS = ("patient-view", "order-select", "order-sign", "encounter-start", "encounter-discharge")
ANSWER = "org.nms-sentinel.answer"


def card(channel: str | None, indicator: str = "warning", **more: Any) -> dict[str, Any]:
    told = {"rule": "NMS", **({"channel": channel} if channel else {}), **more}
    return {"indicator": indicator, "extension": {"org.nms-sentinel.card": told}}


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("channel", [c.value for c in Channel if c is not Channel.NONE])
def test_without_a_policy_everything_is_seen_everywhere(channel: str, hook: str) -> None:
    assert permitted(card(channel), hook, Policy()) == card(channel)


@pytest.mark.parametrize("channel", NAMED)
def test_a_channel_is_seen_only_where_the_policy_says(channel: Channel) -> None:
    policy = Policy({channel: frozenset({"encounter-start"})})
    seen = {hook for hook in HOOKS if permitted(card(channel.value), hook, policy)}
    assert seen == {"encounter-start"}


NOWHERE = Policy(dict.fromkeys(NAMED, frozenset()), interrupt=False)


@pytest.mark.parametrize(
    ("what", "made"),
    [
        ("what interrupts", card("interruptive", "critical")),
        ("missing data", card(None)),
        ("a contraindicated pair", card("passive", severity="contraindicated")),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_no_policy_hides(what: str, made: dict[str, Any]) -> None:
    del what
    for hook in HOOKS:
        seen = permitted(made, hook, NOWHERE)
        assert seen is not None
        assert seen["indicator"] == "warning"  # and nothing interrupts


def test_comfort_care_is_shown_nowhere() -> None:
    assert permitted(card("none"), "patient-view", Policy()) is None


LITHIUM = (order("haloperidol 5 mg", "m1", hours=2000),)


def test_a_hidden_card_is_kept_as_hidden_and_the_answer_names_the_policy(tmp_path: Path) -> None:
    body = request("patient-view", chart=SICK)
    (shown, *_) = Hooks(tmp_path).cards("patient-view", body)
    channel = Channel(marks(shown)["channel"])
    louder = NAMED[: NAMED.index(channel) + 1]
    quiet = Hooks(tmp_path, policy=Policy(dict.fromkeys(louder, frozenset({"order-sign"}))))
    answer = quiet.call("patient-view", body).json()
    assert all(marks(c).get("channel") != channel.value for c in answer["cards"])
    assert answer["extension"][ANSWER]["channels"][channel.value] == "order-sign"
    (line,) = [r for r in quiet.store.reception(TENANT) if r.rule == "NMS"]
    assert (line.shown, line.hidden) == (1, 1)  # at the loud desk, and at the quiet one


def test_every_card_of_a_rule_names_its_channel(tmp_path: Path) -> None:
    body = request("order-sign", draft("lithium carbonate"), chart=[*LITHIUM, *SICK[1:]])
    found = Hooks(tmp_path).cards("order-sign", body)
    told = {marks(c)["rule"]: marks(c).get("channel") for c in found}
    assert {"NMS", "INT-AP-LI"} <= told.keys()
    assert all(
        Channel(str(c)) is not Channel.NONE for rule, c in told.items() if rule != "DATA-MISSING"
    )


def test_smart_links_stand_beside_the_absolute_ones(tmp_path: Path) -> None:
    body = request("patient-view", chart=SICK)
    plain = Hooks(tmp_path).cards("patient-view", body)
    assert all(link["type"] == "absolute" for c in plain for link in c["links"])
    found = Hooks(tmp_path, smart_links=True).cards("patient-view", body)
    assert faults({"cards": found}) == []
    for one, other in zip(found, plain, strict=True):
        *before, smart = one["links"]
        assert [link["url"] for link in before] == [link["url"] for link in other["links"]]
        assert (smart["type"], smart["url"]) == ("smart", f"{BASE}/launch")
        assert json.loads(smart["appContext"]) == {"card": one["uuid"], "view": "patient"}


def test_a_policy_cannot_raise_an_indicator() -> None:
    for indicator in ("info", "warning"):
        for policy in (Policy(), NOWHERE, replace(NOWHERE, places={})):
            seen = permitted(card("interruptive", indicator), "order-sign", policy)
            assert seen is not None
            assert seen["indicator"] == indicator
