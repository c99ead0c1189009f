"""Every drug of the terminology against an ordinary inpatient, and a day of ordinary orders.

The oracle reads interactions.yaml and classes.yaml itself: no row may speak without both its
sides being there, and ordinary prescribing must stay quiet.
"""

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.statements import Channel
from tests.interactions.patients import chart, on_order
from tests.interactions.report import FILE, WELL, ordinary_day

DATA = Path(__file__).parents[2] / "alerts" / "knowledge"
ROWS = yaml.safe_load((DATA / "interactions.yaml").read_text("utf-8"))["interactions"]
CLASSES = yaml.safe_load((DATA / "classes.yaml").read_text("utf-8"))["classes"]
with (Path(__file__).parents[1] / "knowledge" / "drug_classes.csv").open(encoding="utf-8") as file:
    DRUGS = [line["ingredient"] for line in csv.DictReader(file)]

TAKING = [
    "paracetamol oral 1 g x4",
    "ramipril oral 5 mg x1",
    "atorvastatin oral 20 mg x1",
    "omeprazole oral 20 mg x1",
    "lorazepam oral 1 mg x2",
    "haloperidol oral 2 mg x2",
    "amlodipine oral 5 mg x1",
    "furosemide oral 40 mg x1",
]


def stands_for(members: list[str]) -> set[str]:
    found: set[str] = set()
    for member in members:
        name = member.split("@")[0]
        if name.startswith("class:"):
            found |= set(CLASSES[name.removeprefix("class:")]["members"])
        elif ":" not in name:
            found.add(name)
    return found


@pytest.mark.parametrize("key", DRUGS)
def test_no_card_that_no_row_explains(key: str) -> None:
    taking = {said.split()[0] for said in TAKING}
    for row in on_order([f"{key.replace(' ', '_')} oral"], chart(TAKING, list(WELL))):
        a, b = stands_for(ROWS[row.id]["a"]), stands_for(ROWS[row.id]["b"])
        one, *rest = row.drugs
        if not rest:
            assert one == key
            assert one in a | b
            continue
        two = rest[0]
        assert key in row.drugs
        assert {one, two} - {key} <= taking
        assert (one in a and two in b) or (one in b and two in a)


def test_the_matrix_is_whole_and_not_trivial() -> None:
    """Every drug of the list is asked; many say something against these eight, most say nothing."""
    assert len(DRUGS) == len(set(DRUGS)) == 557
    spoke = {
        key: on_order([f"{key.replace(' ', '_')} oral"], chart(TAKING, list(WELL))) for key in DRUGS
    }
    loud = [key for key, rows in spoke.items() if any(r.mode is Channel.INTERRUPTIVE for r in rows)]
    said = [key for key, rows in spoke.items() if rows]
    assert {"dantrolene", "metoclopramide", "lithium", "morphine"} <= set(said)
    assert 150 < len(said) < 400
    assert 10 < len(loud) < 60


def test_the_oracle_can_be_wrong() -> None:
    """A row that named a drug of the chart that is not on its side would be seen."""
    (row,) = (
        r for r in on_order(["lithium oral"], chart(TAKING, list(WELL))) if r.id == "INT-AP-LI"
    )
    a, b = stands_for(ROWS["INT-AP-CHOL"]["a"]), stands_for(ROWS["INT-AP-CHOL"]["b"])
    one, two = row.drugs
    explained = (one in a and two in b) or (one in b and two in a)
    assert not explained


def test_a_day_of_ordinary_orders_stays_quiet(record_property: Any) -> None:
    """Cards per 1000 orders, and interruptive ones; the figures stand in docs/INTERACTIONS.md."""
    day = ordinary_day()
    shown, loud = day.per_1000(day.cards), day.per_1000(day.loud)
    record_property("cards per 1000 orders", shown)
    record_property("interruptive per 1000 orders", loud)
    assert day.orders == 1000
    assert 0 < loud <= shown <= 100
    assert loud <= 30
    report = FILE.read_text("utf-8")
    assert f"**{shown:.0f} cards per 1000 orders**" in report
    assert f"**{loud:.0f} interruptive per 1000 orders**" in report
