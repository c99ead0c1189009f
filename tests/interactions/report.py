"""Write docs/INTERACTIONS.md: what each row was shown to do, and how loud a ward's day is.

python -m tests.interactions.report
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from alerts.knowledge import load
from alerts.statements import Channel
from tests.interactions.evidence import SHOWN, all_rows
from tests.interactions.patients import chart, on_order

FILE = Path(__file__).parents[2] / "docs" / "INTERACTIONS.md"
SEED, PATIENTS, ORDERS = 20261125, 125, 8
WELL = (
    "egfr 80",
    "body_temperature 36.9",
    "creatine_kinase 90/200",
    "qtc 420",
    "heart_rate 80",
    "potassium 4.2",
)
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
HEAD = """# Interaction rows: evidence and noise

Written by `python -m tests.interactions.report`; a test keeps it fresh.
"""


@dataclass
class Day:
    """A day of ordinary orders: how many, which rows spoke, which interrupted."""

    orders: int = 0
    cards: Counter[str] = field(default_factory=Counter)
    loud: Counter[str] = field(default_factory=Counter)

    def per_1000(self, told: Counter[str]) -> float:
        return 1000 * told.total() / self.orders


def ordinary_day() -> Day:
    """Inpatients without NMS, eight drugs at home and eight orders each, drawn by frequency."""
    chance, day = random.Random(SEED), Day()
    names, weights = list(FREQUENT), list(FREQUENT.values())
    for _ in range(PATIENTS):
        home = dict.fromkeys(chance.choices(names, weights, k=ORDERS))
        patient = chart([f"{name} oral" for name in home], list(WELL))
        for name in chance.choices(names, weights, k=ORDERS):
            day.orders += 1
            for row in on_order([f"{name} oral"], patient):
                day.cards[row.id] += 1
                if row.mode is Channel.INTERRUPTIVE:
                    day.loud[row.id] += 1
    return day


def written() -> str:
    return "\n".join([HEAD, *_ward(ordinary_day()), "", *_rows(), ""])


def _ward(day: Day) -> list[str]:
    return [
        "## A day of ordinary orders in a simulated ward",
        "",
        f"{PATIENTS} inpatients without signs of NMS, {day.orders} orders by mouth, drugs drawn by"
        f" rough frequency (a shape, not a measurement; seed {SEED}).",
        "",
        f"- **{day.per_1000(day.cards):.0f} cards per 1000 orders**",
        f"- **{day.per_1000(day.loud):.0f} interruptive per 1000 orders**",
        "",
        "| row | cards | interruptive |",
        "|---|---:|---:|",
        *(f"| {rule} | {n} | {day.loud[rule]} |" for rule, n in sorted(day.cards.items())),
    ]


def _rows() -> list[str]:
    shown = all_rows()
    complete = sum(all(s.cases.values()) and not s.faults for s in shown.values())
    return [
        "## Evidence for each row",
        "",
        f"{complete} of {len(load().interactions)} rows have all seven. The figures are cases of"
        " `tests/interactions/cases.csv`; the cards are those that the hooks make of them. No"
        " suggestion is right for a row that has none (basis U offers nothing, ALR-13).",
        "",
        f"| row | {' | '.join(SHOWN)} | offers at most |",
        f"|---|{'---:|' * (len(SHOWN) + 1)}",
        *(
            f"| {rule} | {' | '.join(str(n) for n in s.cases.values())} | {s.offers} |"
            for rule, s in sorted(shown.items())
        ),
    ]


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
