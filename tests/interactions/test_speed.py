"""The price of an order: 30 running drugs and 3 drafts, CPU time, least of several runs.

About 0.4 to 0.6 ms on a quiet core; the bar leaves room for a crowded machine.
"""

import time
from collections.abc import Callable

from alerts.interactions import order_interactions
from alerts.knowledge import load
from tests.interactions.patients import NOW, assessed, chart, drug

TAKING = (
    "haloperidol lorazepam morphine amlodipine ramipril furosemide paracetamol atorvastatin"
    " bisoprolol omeprazole sertraline metformin insulin enoxaparin salbutamol ondansetron"
    " lactulose senna levothyroxine gabapentin ceftriaxone prednisolone allopurinol clopidogrel"
    " simvastatin tamsulosin folic_acid thiamine vitamin_d warfarin"
)


def least_ms(call: Callable[[], object]) -> float:
    spent = []
    for _ in range(7):
        start = time.process_time()
        for _ in range(20):
            call()
        spent.append((time.process_time() - start) / 20 * 1000)
    return min(spent)


def test_an_order_is_answered_in_about_a_millisecond() -> None:
    knowledge = load()
    patient = chart(
        [f"{name} oral" for name in TAKING.split()], ["egfr 75", "body_temperature 37.5"]
    )
    found = assessed(patient, "NONE", knowledge)
    drafts = [
        drug(said, n, draft=True)
        for n, said in enumerate(("dantrolene iv", "amantadine oral", "quetiapine oral"))
    ]
    assert order_interactions(drafts, patient, found, knowledge, NOW)
    assert least_ms(lambda: order_interactions(drafts, patient, found, knowledge, NOW)) < 2.5


def test_doses_long_past_cost_next_to_nothing() -> None:
    knowledge = load()
    short = chart([f"given haloperidol oral {h}h" for h in range(6, 100, 12)], [])
    long = chart([f"given haloperidol oral {h}h" for h in range(6, 20000, 12)], [])
    drafts = [drug("metoclopramide iv", 0, draft=True)]

    def cost(patient: object) -> float:
        found = assessed(patient, "NONE", knowledge)  # type: ignore[arg-type]
        return least_ms(
            lambda: order_interactions(drafts, patient, found, knowledge, NOW)  # type: ignore[arg-type]
        )

    assert cost(long) < 4 * cost(short) + 0.3
