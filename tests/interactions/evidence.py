"""The seven things that issue of every row must be shown, collected from the table of cases and
from the cards that its cases give: each a set of the cases that show it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from alerts.cards import cards
from alerts.cards.text import named
from alerts.knowledge import load
from alerts.knowledge.records import Row
from alerts.statements import Assessment, Channel, Interaction
from service.cds_hooks.desk import evidence as addresses
from service.cds_hooks.validator import card_faults
from service.fhir.emit import validated
from tests.interactions.patients import assessed, chart, drug, on_list, on_order
from tests.interactions.test_cases import CASES, heard, words

KNOWLEDGE = load()
ADDRESSES = addresses(KNOWLEDGE)
BASE = "https://nms.example.org"
SHOWN = (
    "fires",
    "stays still",
    "says what is unknown",
    "indicator and channel",
    "suggestion valid",
    "summary",
    "citation",
)
LONGEST = 140
SERIOUS = ("contraindicated", "major")
Case = dict[str, str]


@dataclass
class Shown:
    """What the cases of one row have shown, and what they have shown to be wrong."""

    row: Row
    cases: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SHOWN, 0))
    faults: list[str] = field(default_factory=list)
    cards: list[dict[str, Any]] = field(default_factory=list)
    offers: int = 0

    def count(self, what: str, *, holds: bool, said: str) -> None:
        if holds:
            self.cases[what] += 1
        else:
            self.faults.append(f"{what}: {said}")


@cache
def all_rows() -> dict[str, Shown]:
    found = {row.id: Shown(row) for row in KNOWLEDGE.interactions}
    for case in CASES:
        _look(found[case["rule"]], case)
    return found


def _look(shown: Shown, case: Case) -> None:
    said, assessment = _said(case)
    expected = case["expected"]
    was = heard(said, shown.row.id)
    if was != expected:
        shown.faults.append(f"{case['why']}: {was}, not {expected}")
    elif expected != "unknown":  # counted by its card
        shown.cases["stays still" if expected == "none" else "fires"] += 1
    for one in (i for i in said if i.id == shown.row.id):
        orders = words(case["ordered"])
        _card(shown, one, _dealt(one, assessment, orders), expected)


def _said(case: Case) -> tuple[tuple[Interaction, ...], Assessment]:
    patient = chart(words(case["taking"]), words(case["chart"]))
    orders, tier = words(case["ordered"]), case["tier"]
    found = on_order(orders, patient, tier) if orders else on_list(patient, tier)
    return found, assessed(patient, tier, KNOWLEDGE)


def _dealt(one: Interaction, assessment: Assessment, orders: list[str]) -> dict[str, Any]:
    """The one card that a hook makes of this, with every draft unsigned."""
    sent = {
        use.source.reference: order_of(use.source.resource_id, use.text)
        for use in (drug(said, n, draft=True) for n, said in enumerate(orders))
    }
    ids = count(1)
    alone = replace(assessment, incomplete=())
    made = cards(
        alone, "order-sign", (one,), lambda: f"id-{next(ids)}", BASE, ZoneInfo("UTC"),
        removable=sent.keys(), sent=sent, references=ADDRESSES,
    )  # fmt: skip
    (card,) = (c for c in made if c["extension"]["org.nms-sentinel.card"]["rule"] == one.id)
    return card


def order_of(name: str, text: str) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"text": text},
        "subject": {"reference": "Patient/p"},
    }


def _card(shown: Shown, one: Interaction, card: dict[str, Any], expected: str) -> None:
    row = shown.row
    shown.cards.append(card)
    if expected == "unknown":
        said = all(f"{part}" in one.label for part in one.unknown) and bool(one.unknown)
        quiet = one.mode is Channel.PASSIVE and card["indicator"] != "critical"
        shown.count("says what is unknown", holds=said and quiet, said=one.label)
        return
    shown.count(
        "indicator and channel",
        holds=card["indicator"] == indicator(row, expected)
        and _channel(one) == expected
        and one.severity == row.severity,
        said=f"{card['indicator']} for {expected}, {row.severity}",
    )
    names = [named(d).removeprefix("condition:").lower() for d in one.drugs[:2]]
    summary = card["summary"]
    shown.count(
        "summary",
        holds=len(summary) < LONGEST and all(name in summary.lower() for name in names),
        said=f"{len(summary)}: {summary}",
    )
    _suggestions(shown, row, card)
    _citation(shown, row, card)


def indicator(row: Row, expected: str) -> str:
    """By the action that is needed now (part e of the hooks' design; basis U is never critical)."""
    if expected == "interruptive":
        return "critical"
    return "warning" if row.severity in SERIOUS else "info"


def _channel(one: Interaction) -> str:
    return "interruptive" if one.mode is Channel.INTERRUPTIVE else "passive"


def _suggestions(shown: Shown, row: Row, card: dict[str, Any]) -> None:
    offered = card.get("suggestions", [])
    faults = card_faults(card)
    faults += [fault for fault in _each(offered, _fault) if fault]
    if row.basis == "U" and offered:
        faults.append("a rule of basis U offers something")
    if len(offered) > 3:
        faults.append(f"{len(offered)} suggestions")
    shown.offers = max(shown.offers, len(offered))
    shown.count("suggestion valid", holds=not faults, said=", ".join(faults))


def _each(offered: list[dict[str, Any]], look: Callable[[dict[str, Any]], str]) -> Iterator[str]:
    yield from (look(action) for one in offered for action in one["actions"])


def _fault(action: dict[str, Any]) -> str:
    if action["type"] == "delete":
        known = action["resourceId"].startswith("MedicationRequest/draft-")
        return "" if known else f"removes {action['resourceId']}"
    resource = validated(action["resource"])
    draft = resource["status"] == "draft"
    return "" if draft else f"{action['type']} of {resource['status']}"


def _citation(shown: Shown, row: Row, card: dict[str, Any]) -> None:
    """Every key is in the bibliography; the card leads to one where an address is known, and names
    the rest; a row of opinion without a source says its basis."""
    known = [key for key in row.cite if key in KNOWLEDGE.references]
    wanted = [ADDRESSES[key] for key in row.cite if key in ADDRESSES]
    url = card["source"]["url"]
    leads = url in wanted if wanted else url == f"{BASE}/"
    told = all(key.replace("_", " ") in card["detail"].replace("\\", "").replace("_", " ")
               for key in row.cite)  # fmt: skip
    opinion = row.cite or row.basis in "UD"
    shown.count(
        "citation",
        holds=len(known) == len(row.cite) and leads and told and bool(opinion),
        said=f"{row.cite} and {url}",
    )
