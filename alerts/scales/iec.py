"""International Expert Consensus criteria (gurrera2011): points as an interval (LOG-03)."""

from collections.abc import Mapping, Sequence
from operator import itemgetter

from alerts.knowledge import Knowledge
from alerts.statements import Interval
from alerts.truth import FALSE, TRUE, Truth

ITEMS = ("EXP", "HYP", "RIG", "MS", "CK", "SNS", "MET", "NEG")
POINTS = {item: f"iec.{item}" for item in ITEMS}
States = Mapping[str, Truth]
_NOTED = dict.fromkeys(POINTS.values())
_ASKED = {exposure: itemgetter(exposure, *ITEMS[1:]) for exposure in ("EXP", "EXP72")}


def iec(states: States, knowledge: Knowledge, *, exposure: str = "EXP") -> Interval:
    """Points of true items to points of true and unknown items (gurrera2011).

    `exposure`: EXP (pharmacokinetic reading) or EXP72 (the literal one, SPEC 1.4).
    """
    told = _ASKED[exposure](states)
    knowledge.note(_NOTED)
    scores: dict[tuple[Truth, ...], Interval] = knowledge.memo.setdefault("iec", {})
    score = scores.get(told)
    if score is None:
        points = [int(knowledge[parameter]) for parameter in POINTS.values()]
        score = scores[told] = _counted(told, points)
    return score


def _counted(told: Sequence[Truth], points: Sequence[int]) -> Interval:
    counted = list(zip(told, points, strict=True))
    return Interval(
        sum(p for state, p in counted if state is TRUE),
        sum(p for state, p in counted if state is not FALSE),
    )
