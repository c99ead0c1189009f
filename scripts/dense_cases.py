"""Dense courses: readings, signs, doses and orders drawn at random over the ranges that matter.

No patient is like this. They hold every threshold to account: whatever number of the rules is
moved, some reading of some course falls on the other side. What is expected is only that the gate
opens; the recorded verdict (fixtures/verdicts.json) holds the rest.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import synthetic as s

Json = dict[str, Any]
COURSES = 10
HOURS = 24 * 12
RANGES: dict[str, tuple[float, float, int]] = {
    "temperature": (36.0, 41.6, 1), "pulse": (60, 150, 0), "breaths": (10, 40, 0),
    "spo2": (84, 100, 0), "wbc": (3, 19, 1), "neutrophils": (0.8, 9, 1),
    "creatinine": (60, 260, 0), "potassium": (3.2, 7.2, 1), "iron": (3, 20, 0), "gcs": (6, 15, 0),
    "rass": (-4, 4, 0), "ph": (7.1, 7.5, 2), "pco2": (30, 70, 0), "etco2": (30, 75, 0),
    "bicarbonate": (10, 30, 0), "red_cells": (0, 12, 0),
}  # fmt: skip
SIGNS = (
    ("52613005", "Excessive sweating"), ("165232002", "Urinary incontinence"),
    ("26079004", "Tremor"), ("40739000", "Dysphagia"), ("17450006", "Myoclonus"),
    ("86854008", "Hyperreflexia"), ("24199005", "Feeling agitated"), ("91175000", "Seizure"),
    ("130987000", "Acute confusion"), ("371632003", "Coma"), ("267060006", "Diarrhea symptom"),
    ("267064002", "Retention of urine"), ("53827007", "Excessive salivation"),
)  # fmt: skip
DRUGS = (
    ("5093", "haloperidol"), ("2626", "clozapine"), ("61381", "olanzapine"),
    ("6448", "lithium"), ("4493", "fluoxetine"), ("10689", "tramadol"), ("1424", "benztropine"),
    ("6470", "lorazepam"), ("1292", "baclofen"), ("36567", "simvastatin"),
    ("36453", "sevoflurane"), ("161", "acetaminophen"), ("10154", "succinylcholine"),
    ("8782", "propofol"), ("6901", "methylphenidate"), ("3105", "dantrolene"),
)  # fmt: skip


def course(seed: int) -> dict[str, Json]:
    chance = random.Random(f"dense-{seed}")
    named: dict[str, Json] = {"patient": s.person(age=17 if seed % 8 == 0 else 30 + seed)}
    named["stay"] = s.stay(-80)
    found = list(_baseline(chance)) if seed % 4 else []
    found += list(_drugs(chance))
    start = 0.0
    while start < HOURS:
        found += list(_spell(chance, start))
        start += chance.choice((6, 12, 30, 60, 90))
    for number, resource in enumerate(found):
        named[f"r{number:04d}"] = resource
    return s.with_ids(named)


def _baseline(chance: random.Random) -> Iterator[Json]:
    for at in range(-78, 0, chance.choice((6, 9, 14))):
        yield s.measured("temperature", at, round(chance.uniform(36.4, 37.2), 1))
        yield s.measured("pulse", at, chance.randrange(66, 92))
        yield s.measured("breaths", at, chance.randrange(12, 19))
        yield s.pressure(at, chance.randrange(110, 136), chance.randrange(66, 84))
    yield s.measured("creatinine", -70, chance.randrange(60, 100))
    yield s.tone(-60, "normal tone")
    yield s.alertness(-60, "A")


def _drugs(chance: random.Random) -> Iterator[Json]:
    for code, name in chance.sample(DRUGS, 7):
        begun = chance.choice((-1400, -700, -300, -100, -30, 0, 10, 40))
        each = chance.choice((8, 12, 24))
        until = min(begun + chance.choice((12, 60, 200, 400)), HOURS)
        way = chance.choice(("im", "oral", "iv"))
        for at in range(begun, until, each)[:40]:
            yield s.dose(
                at + chance.random(), s.drug(code, name), chance.choice((2, 5, 10, 15)), way
            )
    levodopa = s.drug("103990", "levodopa / carbidopa")
    begun = chance.choice((-200, -60))
    for at in range(begun, begun + chance.choice((60, 150, 240)), 6):
        if chance.random() < 0.85:
            yield s.dose(at, levodopa, 100, "oral")


def _spell(chance: random.Random, start: float) -> Iterator[Json]:
    """A few hours in which much is measured."""
    for _ in range(chance.randrange(4, 14)):
        at = start + chance.uniform(0, 8)
        for key in chance.sample(sorted(RANGES), 3):
            low, high, digits = RANGES[key]
            value = round(chance.uniform(low, high), digits)
            yield s.measured(key, at, int(value) if digits == 0 else value)
        if chance.random() < 0.6:
            systolic = chance.randrange(76, 200)
            yield s.pressure(at, systolic, systolic - chance.choice((4, 20, 40, 60)))
        if chance.random() < 0.4:
            yield s.ck(at, round(10 ** chance.uniform(1.8, 4.6)), chance.choice((None, 180.0)))
        if chance.random() < 0.4:
            yield s.tone(
                at, chance.choice(("normal tone", "lead-pipe rigidity", "cogwheel rigidity"))
            )
        if chance.random() < 0.4:
            yield s.alertness(at, chance.choice("AACV"))
        if chance.random() < 0.5:
            code, display = chance.choice(SIGNS)
            yield s.sign(at, code, display, present=chance.random() < 0.7)


def write(folder: Path) -> None:
    for seed in range(COURSES):
        named = course(seed)
        expected = {
            "case": f"dense-{seed:02d}",
            "kind": "synthetic",
            "group": "dense",
            "label": "readings at random across every threshold",
            "expect": {"never_interactions": ["INT-AP-BDOPA"]},
            "why": "Holds every threshold to account through its recorded verdict; no patient.",
        }
        s.write(
            folder / f"{seed:02d}", {"bundle.json": s.bundle(named.values(), at=HOURS)}, expected
        )
