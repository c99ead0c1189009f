"""What feedback sets off in the life of an alert: override reasons change behaviour (ALR-07).

The table is the rule; the steps are those of people on the worklist, taken in the clinician's
name. Feedback is late, repeated and batched: it counts only when the clinician answered after the
alert last called, so that an old answer never hides a newer picture. A step that the alert refuses
(somebody else has it, it has ended) changes nothing; the feedback is kept all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog

from alerts.lifecycle import (
    Alert,
    AlertKind,
    Move,
    Refused,
    Why,
    claim,
    is_open,
    resolve,
    snooze,
    waiting_since,
)
from service.cds_hooks.desk import Desk
from service.errors import SentinelError

log = structlog.get_logger(__name__)
UNNAMED = "clinician (record system)"
_REMINDER = "will-monitor"


class Step(StrEnum):
    CLAIM = "claim"  # somebody acts: no escalation
    RESOLVE = "resolve"  # silent for 24 h unless it worsens (TIER-07, ALR-05)
    REMIND = "remind"  # hidden, and shown again at its time unless it worsens before
    NOTHING = "nothing"  # counted only


@dataclass(frozen=True, slots=True)
class Consequence:
    """`about`: whose card ("NMS" or "INTERACTION"); `said`: a reason's code or "accepted"."""

    about: str
    said: str
    step: Step
    why: Why | None = None


CONSEQUENCES = (
    Consequence("NMS", "accepted", Step.CLAIM),
    Consequence("NMS", "agree", Step.CLAIM),
    Consequence("NMS", "already-acting", Step.CLAIM),
    Consequence("NMS", "alternative-cause", Step.RESOLVE, Why.ALTERNATIVE_CAUSE),
    Consequence("NMS", "not-exposed", Step.RESOLVE, Why.NOT_EXPOSED),
    Consequence("NMS", "data-error", Step.RESOLVE, Why.DATA_ERROR),
    Consequence("NMS", "comfort-care", Step.RESOLVE, Why.COMFORT_CARE),
    Consequence("INTERACTION", "accepted", Step.CLAIM),
    Consequence("INTERACTION", "agree", Step.CLAIM),
    Consequence("INTERACTION", "will-monitor", Step.REMIND, Why.WILL_MONITOR),
    Consequence("INTERACTION", "already-acting", Step.RESOLVE, Why.ALREADY_ACTING),
    Consequence("INTERACTION", "benefit-outweighs", Step.RESOLVE, Why.BENEFIT_OUTWEIGHS),
    Consequence("INTERACTION", "not-exposed", Step.RESOLVE, Why.NOT_EXPOSED),
    Consequence("INTERACTION", "data-error", Step.RESOLVE, Why.DATA_ERROR),
)
_BY_KEY = {(c.about, c.said): c for c in CONSEQUENCES}
_NONE = Consequence("", "", Step.NOTHING)


def consequence(rule: str, subject: str, entry: Mapping[str, Any]) -> Consequence:
    """The row for one entry of feedback on a card of this rule."""
    about = "INTERACTION" if subject else rule
    said = "accepted" if entry["outcome"] == "accepted" else str(entry["reason_code"])
    return _BY_KEY.get((about, said), _NONE)


def follow(entries: Sequence[Mapping[str, Any]], tenant: str, now: datetime, desk: Desk) -> int:
    """Take the steps that these entries set off; how many changed something. Never raises for
    one that cannot be taken: the feedback itself is stored already."""
    answered = {str(entry["card"]): entry for entry in sorted(entries, key=lambda e: e["at"])}
    taken = 0
    for handle in desk.ledger.handles(tenant, sorted(answered)):
        entry = answered[handle.uuid]
        row = consequence(handle.rule, handle.subject, entry)
        if row.step is Step.NOTHING:
            continue
        if row.step is Step.REMIND:
            desk.ledger.make_due(tenant, handle.patient, now + desk.repeats_after, _REMINDER)
        kind = AlertKind.INTERACTION if handle.subject else AlertKind.NMS
        who = handle.clinician or UNNAMED
        at = min(entry["at"], now)
        for alert in desk.ledger.alerts(tenant, handle.patient):
            if alert.kind is kind and (not handle.subject or alert.subject == handle.subject):
                taken += _taken(alert, _step(row, who, at, now, desk), tenant, now, desk)
    return taken


def _step(
    row: Consequence, who: str, at: datetime, now: datetime, desk: Desk
) -> Callable[[Alert], Move]:
    def step(alert: Alert) -> Move:
        if at < waiting_since(alert) or not is_open(alert):
            return Move(alert)  # it has called since: the answer was to an older picture
        if row.step is Step.CLAIM:
            return claim(alert, who, now)
        if row.step is Step.REMIND:
            until = now + desk.repeats_after
            return snooze(
                alert, who, now, row.why or Why.WILL_MONITOR, until, knowledge=desk.knowledge
            )
        return resolve(alert, who, now, row.why or Why.ACTED_ON)

    return step


def _taken(
    alert: Alert, step: Callable[[Alert], Move], tenant: str, now: datetime, desk: Desk
) -> int:
    try:
        return int(desk.ledger.act(tenant, alert.id, step, now).version != alert.version)
    except Refused as refusal:
        log.info("feedback.step-refused", reason=refusal.reason.value)
    except SentinelError as fault:
        log.warning("feedback.step-failed", code=fault.code)
    return 0
