"""Every drug of the terminology against an ordinary inpatient, and a day of ordinary orders.

The oracle reads interactions.yaml and classes.yaml itself: no row may speak without both its
sides being there, and ordinary prescribing must stay quiet.
"""

import csv
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.statements import Channel
from tests.interactions.patients import chart, on_order

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
WELL = [
    "egfr 80",
    "body_temperature 36.9",
    "creatine_kinase 90/200",
    "qtc 420",
    "heart_rate 80",
    "potassium 4.2",
]
# a general ward: drug -> how often of 1000 orders, roughly; a shape, not a measurement
FREQUENT = {
    "paracetamol": 150, "enoxaparin": 80, "omeprazole": 80, "ondansetron": 50, "morphine": 45,
    "furosemide": 40, "amlodipine": 35, "ramipril": 35, "atorvastatin": 35, "bisoprolol": 35,
    "metoclopramide": 30, "salbutamol": 30, "metformin": 30, "insulin": 40, "ceftriaxone": 30,
    "prednisolone": 25, "aspirin": 35, "lactulose": 30, "lorazepam": 20, "haloperidol": 15,
    "quetiapine": 15, "sertraline": 20, "tramadol": 20, "ibuprofen": 20, "levothyroxine": 20,
    "clarithromycin": 10, "ciprofloxacin": 10, "gabapentin": 12, "olanzapine": 8,
    "levodopa": 5, "lithium": 3, "clozapine": 2,
}  # fmt: skip


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
    for row in on_order([f"{key.replace(' ', '_')} oral"], chart(TAKING, WELL)):
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


def test_a_day_of_ordinary_orders_stays_quiet(record_property: Any) -> None:
    """Cards per 1000 orders, and interruptive ones; the figures stand in the report."""
    chance = random.Random(20261125)
    names, weights = list(FREQUENT), list(FREQUENT.values())
    orders = shown = loud = 0
    for _ in range(125):
        home = dict.fromkeys(chance.choices(names, weights, k=8))
        patient = chart([f"{name} oral" for name in home], WELL)
        for name in chance.choices(names, weights, k=8):
            found = on_order([f"{name} oral"], patient)
            orders += 1
            shown += len(found)
            loud += sum(row.mode is Channel.INTERRUPTIVE for row in found)
    record_property("rows per 1000 orders", 1000 * shown / orders)
    record_property("interruptive per 1000 orders", 1000 * loud / orders)
    assert 0 < loud <= shown <= 0.1 * orders
    assert loud <= 0.03 * orders
