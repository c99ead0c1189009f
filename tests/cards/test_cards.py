"""What every card owes its reader: length, order, indicator, links, reasons, suggestions."""

from dataclasses import replace
from typing import Any

import pytest

from alerts.cards import EXTENSION
from alerts.cards.detail import SECTIONS
from alerts.cards.summary import nms_summary
from alerts.chart import UseStatus
from alerts.interactions import order_interactions
from alerts.statements import Channel, Request
from alerts.truth import Truth
from service.cds_hooks.validator import card_faults
from tests.cards.deal import BASE, dealt, of
from tests.management.charts import (
    NOW,
    assessed,
    chart,
    dose_given,
    knowledge,
    order,
    person,
    reading,
)
from tests.management.examples import EXAMPLES, severe

ALL = [(name, card) for name in EXAMPLES for card in of(name)]
IDS = [f"{name}-{card['extension'][EXTENSION]['rule']}" for name, card in ALL]


def nms(name: str) -> dict[str, Any]:
    return next(c for c in of(name) if c["extension"][EXTENSION]["rule"] == "NMS")


@pytest.mark.parametrize(("name", "card"), ALL, ids=IDS)
def test_a_card_keeps_the_rules_of_cds_hooks(name: str, card: dict[str, Any]) -> None:
    assert card_faults(card) == []
    assert len(card["summary"]) < 140
    assert not card["summary"].endswith("…")
    assert len(card["detail"]) < 5600
    assert len(card.get("suggestions", [])) <= 3
    assert 0 < len(card["overrideReasons"]) <= 6
    assert all(link["url"].startswith(f"{BASE}/") for link in card["links"])


@pytest.mark.rules("TIER-09")
@pytest.mark.parametrize(("name", "card"), ALL, ids=IDS)
def test_the_sections_come_in_one_order(name: str, card: dict[str, Any]) -> None:
    places = [card["detail"].index(f"**{head}**") for head in SECTIONS]
    assert places == sorted(places)


SUMMARIES = [
    ("watch-new-rigidity", "info",
     "Early signs seen: rigid on haloperidol. Next: check ACVPU, send CK and check clonus"),
    ("possible-fever-confusion", "warning",
     "NMS possible: 39.2 °C and new confusion on haloperidol. "
     "Tone not examined: check rigidity, send CK."),
    ("severe-two-antipsychotics", "critical",
     "Compatible with NMS: 40.2 °C, rigid, rousable by voice only, CK 4,200 U/L. "
     "Stop haloperidol, olanzapine and metoclopramide; critical care."),
    ("ck-not-sent", "critical", "CK not known. Stop haloperidol; critical care."),
    ("withdrawal-levodopa", "critical",
     "36 h after levodopa was stopped. Restart it now (was 100 mg 3 times a day), by tube"),
    ("depot-haloperidol", "critical", "Stop haloperidol decanoate and quetiapine; critical care."),
    ("core-above-41", "critical",
     "Core 41.4 °C, rousable by pain only: time-critical whatever the cause. NMS possible. "
     "Cool now; critical care."),
    ("cannot-assess", "warning",
     "Cannot assess NMS: no temperature, consciousness or CK on newly started haloperidol."),
]  # fmt: skip


@pytest.mark.rules("TIER-08")
@pytest.mark.parametrize(("name", "indicator", "words"), SUMMARIES)
def test_the_summary_is_state_facts_gap_and_act(name: str, indicator: str, words: str) -> None:
    card = of(name)[0]
    assert words in card["summary"]
    assert card["indicator"] == indicator


@pytest.mark.rules("TIER-09")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("possible-fever-confusion", "Fever: 39.2 °C (oral), 14:32 (60 min ago), Observation/"),
        ("possible-fever-confusion", "Tone not examined in 12 h. Examine tone"),
        ("possible-fever-confusion", "would lift the score from 51–100 to 68–100"),
        ("watch-new-rigidity", "Recorded absent: Temperature above 38.0 °C"),
        ("severe-two-antipsychotics", "On: haloperidol 5 mg IM, last dose 09:08 (6 h ago)"),
        ("severe-two-antipsychotics", "Consensus score 93–100 of 100 points"),
        ("severe-two-antipsychotics", "1. Stop haloperidol 5 mg IM, last dose 09:08"),
        ("severe-two-antipsychotics", "Discuss with critical care now: severe"),
        ("severe-on-verapamil", "Dantrolene: do not give, on the chart: verapamil"),
        ("depot-haloperidol", "cancel the next injection, acts until about"),
        ("withdrawal-levodopa", "1. Restart levodopa at its earlier dose, as recorded before"),
        ("pregnant", "take obstetric advice before this drug. "),
        ("age-unknown", "Age not recorded: doses are for adults only"),
        ("cannot-assess", "Evaluation incomplete: no temperature in 72 h"),
        ("five-days-after", "No antipsychotic before 3 Dec 2026"),
    ],
)
def test_the_detail_says(name: str, words: str) -> None:
    details = "\n".join(card["detail"] for card in of(name))
    assert words in details


@pytest.mark.rules("TIER-08")
def test_the_cut_off_comes_from_the_knowledge() -> None:
    found = assessed(EXAMPLES["possible-fever-confusion"]())
    assert found.cutoff == knowledge()["iec.cutoff"]
    moved = dealt(replace(found, cutoff=61))[0]["detail"]
    assert "Published cut-off 61 points, not confirmed" in moved
    assert "cut-off" not in dealt(replace(found, cutoff=0))[0]["detail"]


@pytest.mark.rules("ALR-01", "ALR-02", "ALR-13")
@pytest.mark.parametrize(
    ("channel", "indicator"),
    [
        (Channel.INTERRUPTIVE, "critical"),
        (Channel.URGENT_TASK, "warning"),
        (Channel.TASK, "warning"),
    ],
)
def test_only_what_may_interrupt_is_critical(channel: Channel, indicator: str) -> None:
    found = assessed(severe())
    quiet = replace(found, tier=replace(found.tier, channel=channel), interactions=())
    assert dealt(quiet)[0]["indicator"] == indicator


@pytest.mark.rules("ALR-07")
def test_each_reason_has_its_own_code_and_none_is_a_catch_all() -> None:
    for _, card in ALL:
        codes = [r["code"] for r in card["overrideReasons"]]
        assert len(codes) == len(set(codes))
        assert "other" not in codes


def test_every_uuid_is_new() -> None:
    ids = [c["uuid"] for c in of("severe-on-verapamil")]
    ids += [s["uuid"] for c in of("severe-on-verapamil") for s in c.get("suggestions", [])]
    assert len(ids) >= 2
    assert len(ids) == len(set(ids))


def test_the_rule_key_is_stable() -> None:
    first, second = nms("severe-on-verapamil"), nms("severe-on-verapamil")
    assert first["extension"][EXTENSION] == second["extension"][EXTENSION]
    assert first["extension"][EXTENSION]["ruleVersion"] == knowledge().version


def test_what_the_tier_card_says_is_not_said_again_beside_it() -> None:
    rules = [c["extension"][EXTENSION]["rule"] for c in of("severe-two-antipsychotics")]
    assert rules[0] == "NMS"
    assert "INT-DA-SUS" not in rules


def test_at_ordering_the_same_drug_is_said_again() -> None:
    facts = severe()
    found = assessed(facts)
    draft = order("haloperidol", 0, UseStatus.DRAFT, dose=5)
    rows = order_interactions([draft], chart(facts), found, knowledge(), NOW)
    hooked = dealt(replace(found, interactions=tuple(rows)), "order-sign")
    drugs = [c["extension"][EXTENSION].get("drugs", []) for c in hooked]
    assert ["haloperidol"] in drugs


def test_dantrolene_ordered_on_verapamil_names_both_the_last_dose_and_the_harm() -> None:
    facts = [person(), dose_given("verapamil", 6.4, 80)]
    found = assessed(facts)
    draft = order("dantrolene", 0, UseStatus.DRAFT, route="iv")
    rows = order_interactions([draft], chart(facts), found, knowledge(), NOW)
    card = next(
        c
        for c in dealt(replace(found, interactions=tuple(rows)), "order-sign")
        if c["extension"][EXTENSION]["rule"] == "INT-DAN-VER"
    )
    assert card["indicator"] == "critical"
    assert card["summary"].startswith("Dantrolene with verapamil (last dose 09:08): ")


@pytest.mark.rules("SAF-02")
def test_a_draft_that_can_be_removed_is_offered_for_removal_and_others_are_not() -> None:
    facts = [person(), dose_given("verapamil", 6.4, 80)]
    found = assessed(facts)
    draft = order("dantrolene", 0, UseStatus.DRAFT, route="iv")
    rows = tuple(order_interactions([draft], chart(facts), found, knowledge(), NOW))
    shown = replace(found, interactions=rows)
    offered = dealt(shown, "order-sign", removable={draft.source.reference})
    deletes = [a for c in offered for s in c.get("suggestions", []) for a in s["actions"]]
    assert {a["resourceId"] for a in deletes if a["type"] == "delete"} == {draft.source.reference}
    kept = [
        a
        for c in dealt(shown, "order-sign")
        for s in c.get("suggestions", ())
        for a in s["actions"]
    ]
    assert kept
    assert {a["type"] for a in kept} == {"create"}


@pytest.mark.rules("SAF-10")
def test_what_could_not_be_read_is_on_the_card_and_in_its_extension() -> None:
    found = assessed(EXAMPLES["possible-fever-confusion"]())
    card = dealt(found, failures=("2 of the entries sent could not be read",))[0]
    assert "Evaluation incomplete: 2 of the entries sent could not be read" in card["detail"]
    assert card["extension"][EXTENSION]["incomplete"][0].startswith("2 of the entries")


def test_a_well_patient_gets_no_card() -> None:
    well = assessed([person(), reading("body_temperature", 36.8, 2, site="oral")])
    assert dealt(well) == []


@pytest.mark.rules("DDX-01")
def test_a_cause_whose_trigger_nobody_recorded_is_named_and_no_more() -> None:
    card = nms("mild-haloperidol")
    also = card["detail"].split("**Also fits**")[1].split("**Score**")[0]
    assert "Also consider, only general signs point there: Heat stroke." in also
    assert "Toward: altered consciousness" not in also


@pytest.mark.rules("DDX-01")
@pytest.mark.parametrize("name", EXAMPLES)
def test_no_possible_cause_is_lost_from_a_card(name: str) -> None:
    found = assessed(EXAMPLES[name]())
    for card in of(name):
        if card["extension"][EXTENSION]["rule"] == "NMS":
            for cause in found.differential:
                if cause.met is not Truth.FALSE and cause.toward:
                    assert cause.name in card["detail"], cause.id


def _again(**more: Any) -> list[dict[str, Any]]:
    """Haloperidol ordered again in a severe episode: several rows speak of it."""
    facts = severe()
    found = assessed(facts)
    draft = order("haloperidol", 0, UseStatus.DRAFT, dose=5)
    rows = order_interactions([draft], chart(facts), found, knowledge(), NOW)
    shown = replace(found, interactions=tuple(rows))
    made = dealt(shown, "order-sign", removable={draft.source.reference}, **more)
    return [c for c in made if c["extension"][EXTENSION].get("drugs") == ["haloperidol"]]


@pytest.mark.rules("ALR-05")
def test_one_drug_has_one_card_which_tells_every_rule_about_it() -> None:
    (card,) = _again()
    marks = card["extension"][EXTENSION]
    assert (marks["rule"], marks["severity"], card["indicator"]) == (
        "INT-DA-SUS", "contraindicated", "critical")  # fmt: skip
    assert {"INT-ANTIEM-NMS", "INT-HAL-DEL"} <= set(marks["also"])
    told = {row.id: row for row in knowledge().interactions}
    for rule in marks["also"]:
        assert rule in card["detail"]
        assert told[rule].management.split("(")[0].strip() in card["detail"]
    assert card["summary"].startswith("Haloperidol in suspected NMS: worse NMS, death. ")
    labels = [s["label"] for s in card["suggestions"]]
    assert len(labels) == len(set(labels))


def test_a_rule_that_a_site_hides_takes_no_other_with_it() -> None:
    rules = {c["extension"][EXTENSION]["rule"]: c for c in _again(apart={"INT-DA-SUS"})}
    assert "also" not in rules["INT-DA-SUS"]["extension"][EXTENSION]
    (other,) = (c for rule, c in rules.items() if rule != "INT-DA-SUS")
    assert other["indicator"] == "critical"
    assert "INT-DA-SUS" not in other["detail"]


@pytest.mark.parametrize(
    ("temperatures", "said", "not_said"),
    [
        ([39.4], "39.4 °C, rigid", "Temperature not certain"),
        ([39.4], "Fever not confirmed", "Temperature not certain"),
        ([], "Temperature not certain", "Fever not confirmed"),
    ],
)
def test_a_fever_that_is_shown_is_not_called_uncertain(
    temperatures: list[float], said: str, not_said: str
) -> None:
    facts = [f for f in severe() if getattr(f, "kind", "") != "body_temperature"]
    facts = [f for f in facts if getattr(f, "ingredients", ("haloperidol",)) == ("haloperidol",)]
    facts += [reading("body_temperature", value, 1, site="oral") for value in temperatures]
    found = assessed(facts)
    line = nms_summary(replace(found, ask_next=(Request("NEXT-TEMP", "again"), *found.ask_next)))
    assert said in line
    assert not_said not in line
