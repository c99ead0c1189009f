"""The table of cases: drugs ordered, what the patient takes, the chart, what is to be said.

Kept in cases.csv, so that a pharmacist can read and extend it. An empty `ordered` asks the list.
`unknown` is passive with words for what is not known.
"""

import csv
from pathlib import Path

import pytest

from alerts.knowledge import load
from alerts.statements import Channel, Interaction
from tests.interactions.patients import chart, on_list, on_order

with (Path(__file__).parent / "cases.csv").open(encoding="utf-8", newline="") as file:
    CASES = list(csv.DictReader(file))


def words(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def heard(found: tuple[Interaction, ...], rule: str) -> str:
    """What was said of a rule, in the words of the table."""
    rows = [row for row in found if row.id == rule]
    if not rows:
        return "none"
    if any(row.mode is Channel.INTERRUPTIVE for row in rows):
        return "interruptive"
    assert all(row.mode is Channel.PASSIVE for row in rows)
    if all(row.unknown for row in rows):
        assert all("context not certain" in row.label for row in rows)
        return "unknown"
    return "passive"


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            marks=pytest.mark.rules(case["rule"]),
            id=f"{case['rule']}: {case['ordered'] or 'list'} | {case['taking']} | {case['chart']}"
            f" | {case['tier']}",
        )
        for case in CASES
    ],
)
def test_a_case_of_the_table(case: dict[str, str]) -> None:
    patient = chart(words(case["taking"]), words(case["chart"]))
    orders = words(case["ordered"])
    found = on_order(orders, patient, case["tier"]) if orders else on_list(patient, case["tier"])
    assert heard(found, case["rule"]) == case["expected"], case["why"]


def test_every_row_of_the_knowledge_has_a_case_that_fires() -> None:
    fired = {case["rule"] for case in CASES if case["expected"] != "none"}
    assert {row.id for row in load().interactions} == fired


def test_every_row_with_a_context_or_condition_has_a_case_that_stays_still() -> None:
    still = {case["rule"] for case in CASES if case["expected"] == "none"}
    knowledge = load()
    needs = {
        row.id
        for row in knowledge.interactions
        if any(knowledge.index.states[row.id]) or row.tier_min != "POSSIBLE"
    }
    assert needs - still == {"INT-K-SUP", "INT-DA-SUS"} - still


def test_every_basis_u_row_stays_passive_in_every_case() -> None:
    unconfirmed = {row.id for row in load().interactions if row.basis == "U"}
    assert len(unconfirmed) == 17
    loud = {c["rule"] for c in CASES if c["expected"] == "interruptive"} & unconfirmed
    assert not loud
