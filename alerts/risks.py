"""Published risk factors that no chart is read for (SPEC 3.6): named, with the reason."""

from alerts.knowledge.records import Knowledge
from alerts.record import record


@record
class UnreadRisk:
    """A risk factor with its published figure, and why it is not read from a chart."""

    id: str
    factor: str
    effect: str
    reason: str
    basis: str
    cite: tuple[str, ...]


def unread_risks(knowledge: Knowledge) -> tuple[UnreadRisk, ...]:
    """The same for every patient."""
    known: tuple[UnreadRisk, ...] | None = knowledge.memo.get("unread risks")
    if known is None:
        known = knowledge.memo["unread risks"] = tuple(
            UnreadRisk(
                key, raw["factor"], raw["effect"], raw["reason"], raw["basis"], tuple(raw["cite"])
            )
            for key, raw in knowledge.criteria.get("risk_factors_unread", {}).items()
        )
    return known
