"""What an interaction carries: facts with sources, suggestions that fit, words that are safe."""

import csv
from pathlib import Path

import pytest

from alerts.knowledge import load
from alerts.statements import Channel, Interaction
from tests.interactions.patients import NOW, chart, on_list, on_order
from tests.interactions.test_cases import CASES, words

KNOWLEDGE = load()


def one(found: tuple[Interaction, ...], rule: str) -> Interaction:
    (row,) = (i for i in found if i.id == rule)
    return row


def everything() -> list[Interaction]:
    said: list[Interaction] = []
    for case in CASES:
        patient, orders = chart(words(case["taking"]), words(case["chart"])), words(case["ordered"])
        tier = case["tier"]
        said += on_order(orders, patient, tier) if orders else on_list(patient, tier)
    return said


@pytest.mark.rules("INT-DAN-VER", "INT-DAN-DHP")
def test_dantrolene_with_verapamil_and_with_amlodipine() -> None:
    """Verapamil interrupts; amlodipine never holds dantrolene up, its own next dose may be held."""
    found = on_order(
        ["dantrolene iv"],
        chart(["verapamil oral", "amlodipine oral"], ["potassium 5.1"]),
        "PROBABLE",
    )
    bad, mild = one(found, "INT-DAN-VER"), one(found, "INT-DAN-DHP")
    assert (bad.severity, bad.mode) == ("contraindicated", Channel.INTERRUPTIVE)
    assert (mild.severity, mild.mode) == ("moderate", Channel.PASSIVE)
    assert mild.management.startswith("Do not withhold life-saving dantrolene")
    assert "remove-draft" not in mild.suggest
    assert mild.suggest == ("hold:amlodipine", "monitor:potassium", "monitor:ecg")
    potassium = next(f for f in bad.facts if f.what == "potassium")
    assert (potassium.value, potassium.source) == ("5.1", "Observation/value-0")
    assert [i.id for i in found].index("INT-DAN-VER") < [i.id for i in found].index("INT-DAN-DHP")


def test_what_is_not_recorded_is_named_among_the_factors() -> None:
    row = one(on_order(["dantrolene iv"], chart(["verapamil oral"], [])), "INT-DAN-VER")
    potassium = next(f for f in row.facts if f.what == "potassium")
    assert (potassium.value, potassium.label) == ("not recorded", "nothing in the last 72 h")


def test_of_two_drafts_the_one_to_remove_is_the_one_that_the_row_prefers() -> None:
    row = one(on_order(["dantrolene iv", "verapamil oral"], chart([], [])), "INT-DAN-VER")
    assert row.order == "MedicationRequest/draft-1"
    assert row.suggest[0] == "remove-draft"


def test_the_treatment_of_nms_is_not_the_draft_to_remove() -> None:
    row = one(on_order(["bromocriptine oral"], chart(["haloperidol oral"], [])), "INT-BRO-AP")
    assert row.suggest == ("hold:haloperidol",)
    row = one(on_order(["haloperidol oral"], chart(["bromocriptine oral"], [])), "INT-BRO-AP")
    assert row.suggest == ("remove-draft",)


@pytest.mark.rules("INT-LEVO-STOP")
def test_a_stop_order_is_never_offered_for_removal_and_nil_by_mouth_offers_a_route() -> None:
    stop = on_order(["stop levodopa id order-0"], chart(["levodopa oral"], []))
    assert one(stop, "INT-LEVO-STOP").suggest == ()
    nil = on_order(["levodopa oral"], chart([], ["sign nil_by_mouth"]))
    assert one(nil, "INT-LEVO-STOP").suggest == ("change-route:enteral",)


def test_an_uncertain_context_offers_only_what_would_settle_it() -> None:
    row = one(on_order(["amantadine oral"], chart([], [])), "INT-AMA-REN")
    assert row.mode is Channel.PASSIVE
    assert row.unknown == ("GFR of the last 3 days",)
    assert row.suggest == ("monitor:creatinine",)


def test_several_conditions_of_a_row_are_one_message_with_all_their_facts() -> None:
    facts = ["active coronary_artery_disease", "old intracranial_haemorrhage_stroke 90d"]
    row = one(on_order(["bromocriptine oral"], chart([], facts)), "INT-BRO-CV")
    assert {f.what for f in row.facts} >= {
        "coronary_artery_disease",
        "intracranial_haemorrhage_stroke",
    }


def test_a_combination_product_brings_each_of_its_drugs() -> None:
    found = on_order(["perphenazine+amitriptyline oral"], chart(["phenelzine oral"], []))
    assert one(found, "INT-SER-MAOI").drugs == ("phenelzine", "amitriptyline")
    found = on_order(["perphenazine+amitriptyline oral"], chart(["levodopa oral"], []))
    assert one(found, "INT-LEVO-AP").drugs == ("levodopa", "perphenazine")


def test_one_message_per_rule_and_pair_however_often_a_drug_is_recorded() -> None:
    taking = ["verapamil oral", "given verapamil oral 3h", "given verapamil iv 5h"]
    found = on_order(["dantrolene iv", "dantrolene oral"], chart(taking, []), "PROBABLE")
    assert len([i for i in found if i.id == "INT-DAN-VER"]) == 1


def test_every_message_says_where_it_comes_from() -> None:
    rows = {row.id: row for row in KNOWLEDGE.interactions}
    for said in everything():
        row = rows[said.id]
        assert said.facts, said.id
        for fact in said.facts:
            recorded = fact.source or fact.value == "not recorded"
            assert recorded, (said.id, fact)
            assert fact.at is None or fact.at <= NOW
        assert said.basis in "VSUD"
        assert all(key in KNOWLEDGE.references for key in said.cite)
        assert said.cite or said.basis in "UD"
        assert set(said.context) & set(row.context)
        offered = {s.split(":")[0] for s in said.suggest}
        assert offered <= {s.split(":")[0] for s in row.suggest}
        assert bool(said.order) or "remove-draft" not in offered


@pytest.mark.rules("SAF-08")
def test_under_suspicion_no_dopamine_antagonist_is_named_as_an_alternative() -> None:
    """Texts that name one say that it must not be given, or only outside NMS."""
    antagonists = set(KNOWLEDGE.short_acting) | KNOWLEDGE.depot_ingredients
    refusing = ("must not", "not while", "no dopamine antagonist", "is stopped", "is to be stopped")
    for said in everything():
        if "SUS" not in said.context and not any("tier" in c for c in said.context):
            continue
        text = said.management.lower()
        named = [a for a in antagonists if a in text]
        assert not named or any(word in text for word in refusing), (said.id, named)
    calm = on_order(["metoclopramide iv"], chart([], ["active parkinson_disease"]))
    open_ = on_order(["metoclopramide iv"], chart([], ["active parkinson_disease"]), "WATCH")
    assert "Domperidone" in one(calm, "INT-ANTIEM-PD").management
    assert "omperidone" not in one(open_, "INT-ANTIEM-PD").management


def test_the_table_is_well_formed() -> None:
    path = Path(__file__).parent / "cases.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert {len(row) for row in rows} == {7}
    assert {row[5] for row in rows[1:]} == {"interruptive", "passive", "unknown", "none"}
    assert len({tuple(row[:5]) for row in rows}) == len(rows)
