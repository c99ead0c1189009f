"""Further mapping cases in the style of `mapping_cases.csv`, with what a pharmacist would answer.

Written beside the data, not from it: orders as MIMIC, Epic, Cerner, dm+d and European systems print
them, generic names in other languages, look-alikes that must stay unread, units by habit, notes
with denials and relatives. None of them needs a SNOMED CT licence.
"""

from collections import Counter
from typing import Any

import pytest

from service.fhir.terminology import terminology
from tests.terminology.test_mapping_cases import Row, answer, same, table

CASES = table("further_cases.csv")
LEAST = {"medication_text": 500, "observation": 270, "finding_text": 220, "finding_coding": 50}


def wrong(row: Row, got: dict[str, Any]) -> str | None:
    """What is wrong with an answer; None when nothing is."""
    wanted = set(row["expected"].split("|"))
    if row["kind"] == "medication_text":
        if set(got["ingredients"] or ["none"]) != wanted:
            return f"ingredients {got['ingredients']}"
        told = row["expected_long_acting"]
        return f"long-acting {got['long_acting']}" if told not in ("", got["long_acting"]) else None
    if row["expected"] == "reject_or_flag":
        return None if got.get("reject") and got["value"] is None else "not rejected"
    if set((got["concept"] or "none").split("|")) != wanted:
        return f"concept {got['concept']}"
    if not row["expected_value"]:
        return None
    if got["value"] is None or not same(got["value"], row["expected_value"]):
        return f"value {got['value']}"
    return None if (got["unit"] or "") == row["expected_unit"] else f"unit {got['unit']}"


@pytest.mark.parametrize("kind", LEAST)
def test_every_further_case_is_right(kind: str) -> None:
    known = terminology()
    rows = [row for row in CASES if row["kind"] == kind]
    missed = [(row["case_id"], wrong(row, answer(row, known))) for row in rows]
    assert [miss for miss in missed if miss[1]] == []


def test_the_table_is_not_cut_short() -> None:
    kinds = Counter(row["kind"] for row in CASES)
    assert all(kinds[kind] >= least for kind, least in LEAST.items())
    assert len({row["case_id"] for row in CASES}) == len(CASES)


def test_a_wrong_answer_is_seen() -> None:
    row = {**CASES[0], "expected": "another drug"}
    assert wrong(row, answer(row, terminology()))


# Names of the substance register of the FDA (public domain) that once were read as another drug.
LOOK_ALIKES = (
    "cycloserine", "L-methylfolate", "clotiazepam", "carfentanil", "streptozocin", "Menest",
    "Promixin", "caramel", "trans-resveratrol", "Peritol 4 mg cyproheptadine", "profen",
)  # fmt: skip
BORNE = {"Peritol 4 mg cyproheptadine": ("cyproheptadine",)}


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_a_look_alike_of_the_substance_register_is_not_read(text: str) -> None:
    assert terminology().drug((), text).ingredients == BORNE.get(text, ())


@pytest.mark.parametrize("maker", ["Apo", "PMS", "Teva", "Gen", "Ava", "TAD", "Ratio", "Sandoz"])
def test_the_house_before_a_generic_name_is_no_drug(maker: str) -> None:
    for text in (
        f"{maker}-haloperidol 5 mg",
        f"{maker.upper()}-HALOPERIDOL",
        f"{maker} haloperidol",
    ):
        assert terminology().drug((), text).ingredients == ("haloperidol",)
