"""The price of an order: 30 running drugs and 3 drafts, beside other work of the same run."""

from collections.abc import Callable

from alerts.chart import Chart
from alerts.interactions import order_interactions
from alerts.knowledge import load
from tests.costs import costs
from tests.interactions.patients import NOW, assessed, chart, drug

TAKING = (
    "haloperidol lorazepam morphine amlodipine ramipril furosemide paracetamol atorvastatin"
    " bisoprolol omeprazole sertraline metformin insulin enoxaparin salbutamol ondansetron"
    " lactulose senna levothyroxine gabapentin ceftriaxone prednisolone allopurinol clopidogrel"
    " simvastatin tamsulosin folic_acid thiamine vitamin_d warfarin"
)


def test_an_order_costs_no_more_than_a_few_assessments() -> None:
    """About 0.4 ms, and an assessment 0.5 ms: the bar stands at about 2 ms."""
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
    order, assessment = costs(
        lambda: order_interactions(drafts, patient, found, knowledge, NOW),
        lambda: assessed(patient, "NONE", knowledge),
        turns=20,
    )
    assert order < 4 * assessment


def test_doses_long_past_cost_next_to_nothing() -> None:
    knowledge = load()
    short = chart([f"given haloperidol oral {h}h" for h in range(6, 100, 12)], [])
    long = chart([f"given haloperidol oral {h}h" for h in range(6, 20000, 12)], [])
    drafts = [drug("metoclopramide iv", 0, draft=True)]

    def ordered(patient: Chart) -> Callable[[], object]:
        found = assessed(patient, "NONE", knowledge)
        return lambda: order_interactions(drafts, patient, found, knowledge, NOW)

    many, few = costs(ordered(long), ordered(short), turns=40)
    assert many < 4 * few
