"""Every drug of every row: class rows are expanded, each member sets its row off."""

import pytest

from alerts.knowledge import load
from alerts.knowledge.records import Row
from alerts.knowledge.rows import CONDITION, CULPRIT, ingredients_of, split
from alerts.statements import Channel, TierName
from tests.interactions.patients import chart, on_order

KNOWLEDGE = load()
ANTAGONISTS = frozenset(KNOWLEDGE.short_acting) | KNOWLEDGE.depot_ingredients
GIVEN = {
    "im": "im",
    "parenteral": "iv",
    "vial": "iv",
    "long_acting": "depot",
    "over_2_g_day": "oral 1 g x4",
    "infusion": "iv infusion 9 mg/h",
}


def drugs(members: tuple[str, ...]) -> dict[str, str]:
    """Ingredient -> how to write it so that its qualifier holds."""
    found: dict[str, str] = {}
    for member in members:
        way = GIVEN.get(split(member)[1], "oral")
        for ingredient in ingredients_of(member, KNOWLEDGE.classes, ANTAGONISTS):
            if member != CULPRIT:
                found[ingredient] = f"{ingredient.replace(' ', '_')} {way}"
    return found


def surroundings(row: Row) -> tuple[list[str], str]:
    facts = ["active parkinson_disease"] if "PD" in row.context else []
    if "REC" in row.context and not {"PRE", "TX", "SUS", "ANY"} & set(row.context):
        facts.append("old neuroleptic_malignant_syndrome 10d")
    return facts, row.tier_min if "SUS" in row.context else "NONE"


PAIRED = [
    pytest.param(row, marks=pytest.mark.rules(row.id), id=row.id)
    for row in KNOWLEDGE.interactions
    if drugs(row.a) and drugs(row.b) and row.direction != "inducer_stopped"
]


@pytest.mark.parametrize("row", PAIRED)
def test_each_member_of_each_side_meets_the_other(row: Row) -> None:
    facts, tier = surroundings(row)
    for side, other in ((row.a, row.b), (row.b, row.a)):
        first, said = sorted(drugs(side).items())[0]
        others = {
            key: words
            for key, words in drugs(other).items()
            if KNOWLEDGE.substance(key) != KNOWLEDGE.substance(first)
        }
        found = on_order([said], chart(list(others.values()), facts), tier)
        met = {d for i in found if i.id == row.id for d in i.drugs}
        assert met >= set(others), sorted(set(others) - met)
        rank = TierName[tier].rank
        mode = row.mode_sus if row.mode_sus and rank >= TierName[row.tier_min].rank else row.mode
        loud = mode == "interruptive" and row.basis != "U"
        wanted = Channel.INTERRUPTIVE if loud else Channel.PASSIVE
        assert {i.mode for i in found if i.id == row.id} == {wanted}


@pytest.mark.parametrize("row", PAIRED)
def test_a_drug_that_the_row_does_not_name_never_sets_it_off(row: Row) -> None:
    facts, tier = surroundings(row)
    named = set(drugs(row.a)) | set(drugs(row.b))
    alien = sorted(KNOWLEDGE.ingredients - named)[::7]
    running = [f"{key.replace(' ', '_')} oral" for key in alien]
    for side in (row.a, row.b):
        said = sorted(drugs(side).values())[0]
        found = on_order([said], chart(running, facts), tier)
        assert not [i for i in found if i.id == row.id and len(i.drugs) == 2]


def test_every_condition_of_a_row_is_known_and_every_row_names_something() -> None:
    for row in KNOWLEDGE.interactions:
        for member in (*row.a, *row.b):
            if member.startswith(CONDITION):
                assert member.removeprefix(CONDITION) in KNOWLEDGE.states
            elif member != CULPRIT:
                assert ingredients_of(member, KNOWLEDGE.classes, ANTAGONISTS), (row.id, member)
