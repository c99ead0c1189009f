"""International Expert Consensus criteria (gurrera2011): points as an interval (LOG-03)."""

from collections.abc import Mapping

from alerts.knowledge import Knowledge
from alerts.statements import Interval
from alerts.truth import FALSE, TRUE, Truth

ITEMS = ("EXP", "HYP", "RIG", "MS", "CK", "SNS", "MET", "NEG")
POINTS = {item: f"iec.{item}" for item in ITEMS}
States = Mapping[str, Truth]


def iec(states: States, knowledge: Knowledge, *, exposure: str = "EXP") -> Interval:
    """Points of true items to points of true and unknown items (gurrera2011).

    `exposure`: EXP (pharmacokinetic reading) or EXP72 (the literal one, SPEC 1.4).
    """
    lower = upper = 0
    for item, parameter in POINTS.items():
        points = knowledge[parameter]
        state = states[exposure if item == "EXP" else item]
        if state is TRUE:
            lower += int(points)
        if state is not FALSE:
            upper += int(points)
    return Interval(lower, upper)
