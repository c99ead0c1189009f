"""The table of mapping cases: what an EHR sends, what it must become (each case names its basis).

As shipped, SNOMED CT identifiers that need a licence are off: misses.csv names every such case
with its code and reason, and docs/MAPPING.md says the same to people.
A licensed deployment (NMS_SENTINEL_SNOMED_LICENSED=1) has no miss.
"""

import csv
from pathlib import Path
from typing import Any

import pytest

from service.fhir.lookup import COLUMNS, batch_row
from service.fhir.terminology.licensed import all_rows
from service.fhir.terminology.terminology import Terminology, terminology, with_overlay

HERE = Path(__file__).parent
Row = dict[str, str]


def table(name: str) -> list[Row]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CASES = table("mapping_cases.csv")
EXPLAINED = {row["case_id"] for row in table("misses.csv")}


@pytest.fixture(scope="module")
def licensed() -> Terminology:
    return with_overlay(with_licensed=True)


def answer(row: Row, known: Terminology) -> dict[str, Any]:
    return batch_row({column: row[column] for column in COLUMNS}, known)


def wrong(row: Row, got: dict[str, Any]) -> str | None:
    """What is wrong with an answer; None when nothing is."""
    if row["kind"].startswith("medication"):
        return _wrong_drug(row, got)
    if row["expected"] == "reject_or_flag":
        return None if got.get("reject") and got["value"] is None else "not rejected"
    concepts = set((got["concept"] or "none").split("|"))
    if concepts != set(row["expected"].split("|")):
        return f"concept {got['concept']}"
    if not row["expected_value"]:
        return None
    if not same(got["value"], row["expected_value"]):
        return f"value {got['value']}"
    return None if (got["unit"] or "") == row["expected_unit"] else f"unit {got['unit']}"


def _wrong_drug(row: Row, got: dict[str, Any]) -> str | None:
    if set(got["ingredients"] or ["none"]) != set(row["expected"].split("|")):
        return f"ingredients {got['ingredients']}"
    if set(got["dopamine_role"] or ["none"]) != set(row["expected_dopamine_role"].split("|")):
        return f"roles {got['dopamine_role']}"
    told = row["expected_long_acting"]
    return f"long-acting {got['long_acting']}" if told and got["long_acting"] != told else None


def same(got: Any, wanted: str) -> bool:
    try:
        number = float(wanted)
    except ValueError:
        return got == wanted
    places = len(wanted.partition(".")[2])
    return abs(float(got) - number) <= 0.5 * 10**-places + 1e-9


@pytest.mark.parametrize("row", CASES, ids=lambda row: row["case_id"])
def test_a_case_in_a_licensed_deployment(row: Row, licensed: Terminology) -> None:
    assert wrong(row, answer(row, licensed)) is None


def test_as_shipped_only_the_explained_cases_are_missed() -> None:
    shipped = terminology()
    missed = {row["case_id"] for row in CASES if wrong(row, answer(row, shipped))}
    assert missed == EXPLAINED


def test_a_miss_is_an_unknown_never_another_drug() -> None:
    shipped = terminology()
    for row in CASES:
        if row["case_id"] in EXPLAINED:
            got = answer(row, shipped)
            assert not got.get("ingredients")
            assert got.get("concept") is None


def test_every_miss_is_a_bare_licensed_identifier() -> None:
    """The same codes that leave "a known drug as bare code without text" unmapped, and no other."""
    shut = {row["code"] for row in all_rows()}
    cases = {row["case_id"]: row for row in CASES}
    for miss in table("misses.csv"):
        case = cases[miss["case_id"]]
        assert case["input_code"] == miss["code"]
        assert not case["input_text"]
        assert miss["code"] in shut


@pytest.mark.parametrize("miss", table("misses.csv"), ids=lambda miss: miss["case_id"])
def test_with_words_beside_its_code_a_miss_is_read(miss: Row) -> None:
    """Which drug or concept it is; whether a depot, the name alone does not always tell."""
    case = next(row for row in CASES if row["case_id"] == miss["case_id"])
    got = answer({**case, "input_text": miss["meaning"]}, terminology())
    assert "|".join(got.get("ingredients") or [got.get("concept") or "none"]) == case["expected"]


def test_the_document_names_every_miss() -> None:
    told = (HERE.parents[1] / "docs" / "MAPPING.md").read_text("utf-8")
    right = len(CASES) - len(EXPLAINED)
    assert f"{right} of {len(CASES)} ({100 * right / len(CASES):.1f} %)" in told
    for miss in table("misses.csv"):
        assert f"| {miss['case_id']} | {miss['code']} | {miss['meaning']} |" in told


def test_every_answer_says_how() -> None:
    shipped = terminology()
    assert all(answer(row, shipped)["how"] for row in CASES)
