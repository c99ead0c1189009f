"""Quiet: how an alert stands, and what breaks a snooze or a dismissal's silence (TIER-07)."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from alerts.lifecycle.policy import Policy
from alerts.lifecycle.promises import kept
from alerts.lifecycle.states import (
    Alert,
    AlertKind,
    HumanState,
    MachineState,
    Mark,
    Suppression,
    Why,
)
from alerts.lifecycle.view import CERTAIN, SEVERITIES, View, rank


class Attention(StrEnum):
    """How an alert stands at a moment: the named reason why it is, or is not, before people."""

    WAITING = "waiting"  # nobody has it
    CLAIMED = "claimed"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    SUPPRESSED = "suppressed"
    ENDED = "ended"

    @property
    def hidden(self) -> bool:
        return self not in {Attention.WAITING, Attention.CLAIMED}


def attention(alert: Alert, now: datetime) -> Attention:
    """How the alert stands now. A snooze whose end has passed hides nothing."""
    machine, human = alert.machine, alert.human
    if machine.ended_at is not None:
        return Attention.ENDED
    if answered(machine, human):
        if human.resolved_at is not None or kept(machine, human):
            return Attention.RESOLVED
        if human.snoozed_until is not None and human.snoozed_until > now:
            return Attention.SNOOZED
    if machine.suppressed in {Suppression.COMFORT_CARE, Suppression.THEATRE}:
        return Attention.SUPPRESSED
    return Attention.CLAIMED if human.owner is not None else Attention.WAITING


def answered(machine: MachineState, human: HumanState) -> bool:
    """Has a person hidden the alert since it last called?"""
    hidden = human.resolved_at is not None or human.snoozed_until is not None
    return hidden and human.answered >= machine.calls


def is_open(alert: Alert) -> bool:
    """Not ended, and since its last call neither resolved nor monitored as promised."""
    machine, human = alert.machine, alert.human
    done = human.resolved_at is not None or kept(machine, human)
    return machine.ended_at is None and not (done and answered(machine, human))


def waiting_since(alert: Alert) -> datetime:
    """Since when somebody should look: the last call, or when it became nobody's again."""
    return max(alert.machine.called_at, alert.human.waiting_from or alert.machine.called_at)


def quiet_ends(alert: Alert, policy: Policy) -> datetime | None:
    """When the silence that a person asked for ends; None when nobody hid it, or when what they
    promised to watch has arrived: then only a worsening ends it."""
    human = alert.human
    if not answered(alert.machine, human) or kept(alert.machine, human):
        return None
    if human.resolved_at is not None:
        nms = alert.kind is AlertKind.NMS
        return human.resolved_at + (policy.quiet if nms else policy.pair_quiet)
    return human.snoozed_until


def worsening(mark: Mark, before: MachineState, view: View, policy: Policy) -> Iterator[Why]:
    """What is worse than what a person knew (`mark`): each reason once, most telling first.

    "Reaches 39.0 °C" is a crossing, from below at the mark or in the view before: a fever that
    was known at the dismissal does not call again at every reading, one that comes back does.
    """
    if rank(view.level) > rank(mark.level):
        yield Why.TIER_ROSE
    if set(view.domains) - set(mark.domains):
        yield Why.NEW_DOMAIN
    if view.critical and not before.critical:
        yield Why.CRITICAL_TEMPERATURE
    if _reaches(policy.temperature, view.temperature, mark.temperature, before.temperature):
        yield Why.TEMPERATURE_REACHED
    if mark.ck and view.ck is not None and view.ck >= policy.ck_ratio * mark.ck:
        yield Why.CK_DOUBLED
    if _grade(view.severity) > _grade(mark.severity) and view.severity in {"MODERATE", "SEVERE"}:
        yield Why.SEVERITY_ROSE
    if CERTAIN in view.contexts and CERTAIN not in mark.contexts:
        yield Why.NEW_CONTEXT


def _reaches(limit: float, value: float | None, *before: float | None) -> bool:
    if value is None or value < limit:
        return False
    return any(earlier is None or earlier < limit for earlier in before)


def _grade(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else 0
