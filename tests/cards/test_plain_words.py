"""A card speaks as a ward does: no key, no rule and no code of ours where somebody has to act."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from alerts.assessment import assess
from alerts.chart import Fact
from alerts.knowledge import load
from tests.cards.deal import dealt, of
from tests.management.charts import (
    assessed,
    calm_before,
    dose_given,
    order,
    person,
    picture,
    problem,
    reading,
)
from tests.management.examples import EXAMPLES, haloperidol
from tests.medicine.ward import NOW, chart

ADULT = "patient male 1980-01-01"
LEVODOPA_STOPPED = (
    "condition parkinson_disease -900d", "-90d order levodopa oral 100 mg x5 to -30h stopped",
)  # fmt: skip
STIFF = ("-5h temp 39 oral", "-3h temp 39 oral", "-1h rigidity present", "-1h acvpu V")
PATIENTS = {
    "baclofen stopped": ("-90d order baclofen oral 10 mg x3 to -30h stopped", *STIFF),
    "levodopa stopped": (*LEVODOPA_STOPPED, *STIFF),
    "levodopa on hold, nil by mouth": (
        "condition parkinson_disease -900d", "-90d order levodopa oral 100 mg x5 to -20h on-hold",
        "-21h nil_by_mouth present", *STIFF),
    "the stimulator failed": (
        "condition parkinson_disease -900d", "-24h stimulator_failure present",
        "-1h rigidity present"),
    "a CK taken early": ("-30d order clozapine oral", *STIFF, "-1h CK 300 uln 200"),
    "an antipyretic": ("-30d order haloperidol oral", "-2h given paracetamol oral 1000 mg",
                       "-3h temp 37 oral", "-1h temp 37 oral", "-1h rigidity present"),
    "drugs not reconciled": ("-3h temp 39 oral", "-1h temp 39 oral", "-1h rigidity present"),
}  # fmt: skip
# an id of a rule, a key with its underscore, a tier or a state by its key
OURS = re.compile(
    r"\b(?:DDX|INT|DAW|MGT|NEXT|TIER|SEV|TEMP|EXP|RISK|ALR|DRG|RECH|CK|STG|LOG)-[0-9A-Z]+"
    r"|\b[a-z0-9]+_[a-z0-9_]+|\bcondition:|UNVERIFIED|\bPROBABLE|\bPOSSIBLE\b|\bWATCH\b"
    r"|\bbasis [VSDU]\b|\bHYP\b|\bMET\b"
)
SOURCES = re.compile(r"\[[a-z0-9_, ]+\]|\w+/[\w.-]+")


def spoken(card: Mapping[str, Any]) -> str:
    """Summary and detail up to the basis, without citations and sources."""
    return SOURCES.sub("", f"{card['summary']}\n{card['detail'].split('**Basis**')[0]}")


def cards_of(*lines: str) -> list[dict[str, Any]]:
    return dealt(assess(chart(ADULT, *lines), load(), NOW), "order-sign")


@pytest.mark.rules("TIER-08")
@pytest.mark.parametrize("name", PATIENTS)
def test_no_key_of_ours_is_on_a_card(name: str) -> None:
    dealt_cards = cards_of(*PATIENTS[name])
    assert dealt_cards
    assert [OURS.findall(spoken(card)) for card in dealt_cards] == [[] for _ in dealt_cards]


@pytest.mark.parametrize("name", EXAMPLES)
def test_nor_on_one_of_the_example_patients(name: str) -> None:
    assert [OURS.findall(spoken(card)) for card in of(name, "order-sign")] == [
        [] for _ in of(name, "order-sign")
    ]


def words_of_rows() -> Iterator[tuple[str, str]]:
    for row in load().interactions:
        for text in (row.effect, row.mechanism, row.management, row.management_sus):
            yield row.id, text or ""


def test_no_row_of_the_knowledge_says_a_key_of_ours() -> None:
    assert {key: found for key, text in words_of_rows() if (found := OURS.findall(text))} == {}


def test_proper_names_are_written_as_such() -> None:
    cards = cards_of(*PATIENTS["the stimulator failed"])
    summaries = [card["summary"] for card in cards]
    assert any(said.startswith("DBS failure with Parkinson disease:") for said in summaries)
    assert not any("parkinson disease" in card["detail"] for card in cards)


def steps(card: Mapping[str, Any]) -> list[str]:
    told = card["detail"].split("**Do now**")[1].split("**Also fits**")[0]
    return [line for line in told.splitlines() if line]


def severe_with(*more: Fact) -> dict[str, Any]:
    facts = [person(), *calm_before(), *haloperidol(), *picture(40.2, 132), *more]
    return dealt(assessed(facts))[0]


@pytest.mark.rules("MGT-ELYTE")
def test_an_emergency_potassium_comes_right_after_the_cause() -> None:
    told = steps(severe_with(reading("potassium", 6.9, 1)))
    assert told[0].startswith("1. Stop haloperidol")
    assert told[1].startswith("2. Hyperkalaemia, emergency, correct now: potassium 6.9 mmol/L")
    assert told[2].startswith("3. Discuss with critical care now")
    assert told[3].startswith("4. Check clonus")


def test_below_the_emergency_it_keeps_its_place() -> None:
    told = steps(severe_with(reading("potassium", 6.4, 1)))
    assert told[1].startswith("2. Discuss with critical care now")
    assert any("Hyperkalaemia: potassium 6.4" in line for line in told[5:])


def test_a_line_is_whole_however_much_speaks_against_the_drug() -> None:
    card = severe_with(
        problem("respiratory_failure", 1), problem("myasthenia_gravis", 900),
        problem("chronic_kidney_disease", 900), problem("liver_disease", 900),
        problem("dysphagia", 3), order("metoclopramide", 20), dose_given("metoclopramide", 20, 10),
    )  # fmt: skip
    told = steps(card)
    assert not [line for line in told if "…" in line]
    assert all("maximum:" in line for line in told if "Load and repeat" in line)
    assert not [line for line in told if line.count("check before") > 0]


def test_many_drugs_are_given_back_in_one_sentence() -> None:
    (told,) = [
        line
        for line in steps(cards_of(
            *LEVODOPA_STOPPED, "-90d order rasagiline oral to -30h stopped",
            "-90d order pramipexole oral to -30h stopped", *STIFF)[0])
        if "Restart" in line
    ]  # fmt: skip
    assert told.count("Restart") == told.count("by tube if needed") == 1
    assert "levodopa (100 mg 5 times a day)" in told
    assert "; rasagiline and pramipexole (dose not recorded: ask" in told


def test_what_may_not_be_given_at_all_is_said_so() -> None:
    cards = cards_of("-6h given metoclopramide iv 10 mg", "-30d order metoclopramide iv", *STIFF)
    worse = [c["summary"] for c in cards if "suspected NMS" in c["summary"]]
    assert [said for said in worse if said.endswith("worse NMS. Do not give.")]
    assert not [said for said in worse if "Check before giving" in said]
