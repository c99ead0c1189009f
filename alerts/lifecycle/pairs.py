"""Interaction alerts: one for a rule and its drugs, quiet for 24 h, closed with the pair."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from alerts.lifecycle.circumstances import Circumstances
from alerts.lifecycle.episode import correct
from alerts.lifecycle.policy import Policy
from alerts.lifecycle.promises import kept
from alerts.lifecycle.quiet import answered, quiet_ends, worsening
from alerts.lifecycle.states import Alert, AlertKind, Audience, MachineState, Mark, Move, What, Why
from alerts.lifecycle.telling import Draft, opened
from alerts.lifecycle.view import View, joined, mark_of, pair_view, rank
from alerts.statements import Assessment, Channel, Interaction


def subject_of(interaction: Interaction) -> str:
    """ "INT-DAN-VER:dantrolene+verapamil": which side the rule names first is no difference."""
    return f"{interaction.id}:{'+'.join(sorted(interaction.drugs))}"


def follow_pairs(
    known: Sequence[Alert],
    assessment: Assessment,
    around: Circumstances,
    tenant: str,
    now: datetime,
    new_id: Callable[[], str],
    policy: Policy,
) -> list[Move]:
    """The moves of all interaction alerts of a patient, in the order of their subjects."""
    found = {} if around.deceased else _found(assessment)
    moves: list[Move | None] = []
    for alert in sorted(known, key=lambda a: a.subject):
        interaction = found.pop(alert.subject, None)
        if interaction is not None:
            view = pair_view(interaction, assessment, around)
            moves.append(_step(alert, view, around, now, policy))
        elif alert.machine.ended_at is None:
            moves.append(_close(alert, around, now, policy))
        else:
            moves.append(correct(alert, around, now, policy))
    for subject, interaction in sorted(found.items()):
        moves.append(_open(subject, interaction, assessment, around, tenant, now, new_id))
    return [move for move in moves if move is not None]


def _found(assessment: Assessment) -> dict[str, Interaction]:
    """Running pairs by subject, the worst of each. Drafts of a hook call are not on record."""
    worst: dict[str, Interaction] = {}
    for interaction in assessment.interactions:
        subject = subject_of(interaction)
        held = worst.get(subject)
        if not interaction.order and (
            held is None or rank(interaction.severity) > rank(held.severity)
        ):
            worst[subject] = interaction
    return worst


def _open(
    subject: str,
    interaction: Interaction,
    assessment: Assessment,
    around: Circumstances,
    tenant: str,
    now: datetime,
    new_id: Callable[[], str],
) -> Move:
    view = pair_view(interaction, assessment, around)
    machine = MachineState(
        level=view.level,
        stated=view.level,
        channel=view.channel,
        opened_at=now,
        changed_at=now,
        as_of=view.as_of,
        called_at=now,
        drugs=tuple(sorted(interaction.drugs)),
        rule=interaction.id,
        support=view.support,
    )
    alert = Alert(
        new_id(),
        tenant,
        assessment.patient,
        AlertKind.INTERACTION,
        subject,
        joined(machine, view),
    )
    return opened(alert, Why.PAIR_FOUND, now, silent=False, detail=view.level)


def _step(
    alert: Alert, view: View, around: Circumstances, now: datetime, policy: Policy
) -> Move | None:
    before = alert.machine
    draft = Draft(alert, joined(before, view), now)
    missing = _watch(draft, around, view)
    reasons = list(worsening(_known(alert), before, view, policy))
    if before.ended_at is not None:
        _return(draft, view, policy, worse=bool(reasons))
    elif reasons:
        what = What.CALLED_AGAIN if answered(before, alert.human) else What.WORSENED
        draft.say(what, _pair_reason(reasons[0]), f"{before.stated} to {view.level}")
        draft.call(_pair_reason(reasons[0]), view.channel)
    elif draft.machine.calls == before.calls:
        _end_of_quiet(draft, view, policy, missing)
    return draft.move()


def _watch(draft: Draft, around: Circumstances, view: View) -> tuple[str, ...]:
    """A promise to monitor meets the chart: said once when kept, and again when a value that kept
    it is taken back; a value outside its limits calls. What is still missing of it."""
    alert, human = draft.was, draft.was.human
    if around.arrivals is None or human.snoozed_at is None or not human.promised:
        return ()
    if not answered(alert.machine, human):
        return ()
    asked = (human.promised, human.snoozed_at, human.snoozed_until)
    missing, outside = around.arrivals.missing(*asked), around.arrivals.outside(*asked)
    was_kept = kept(alert.machine, human)
    if outside:
        draft.say(What.CALLED_AGAIN, Why.VALUE_OUT_OF_RANGE, ", ".join(outside))
        draft.call(Why.VALUE_OUT_OF_RANGE, view.channel)
        return missing
    if not missing and not was_kept:
        draft.machine = replace(draft.machine, monitored=human.snoozed_at)
        draft.say(What.MONITORED, Why.VALUE_ARRIVED, ", ".join(human.promised))
    elif missing and was_kept:
        draft.machine = replace(draft.machine, monitored=None)
        draft.say(What.CORRECTED, Why.VALUE_TAKEN_BACK, ", ".join(missing))
    return missing


def _end_of_quiet(draft: Draft, view: View, policy: Policy, missing: Sequence[str]) -> None:
    """The time that a person asked for is over: what was promised arrived, or it calls again."""
    end = quiet_ends(replace(draft.was, machine=draft.machine), policy)
    if end is None or end > draft.now:
        return
    if missing:
        draft.say(What.REOPENED, Why.VALUE_DID_NOT_ARRIVE, ", ".join(missing))
        draft.call(Why.VALUE_DID_NOT_ARRIVE, view.channel)
        return
    why = Why.QUIET_ENDED if draft.was.human.resolved_at else Why.SNOOZE_ENDED
    draft.say(What.CALLED_AGAIN, why)
    draft.call(why, view.channel)


def _known(alert: Alert) -> Mark:
    if answered(alert.machine, alert.human) and alert.human.mark is not None:
        return alert.human.mark
    return mark_of(alert.machine)


def _pair_reason(why: Why) -> Why:
    return Why.SEVERITY_ROSE if why is Why.TIER_ROSE else why


def _return(draft: Draft, view: View, policy: Policy, *, worse: bool) -> None:
    """The pair holds again: the same alert. Within 24 h of the last call it only comes back."""
    draft.machine = replace(draft.machine, ended_at=None, end_reason=None)
    draft.say(What.REOPENED, Why.PAIR_RETURNED)
    quiet_until = quiet_ends(draft.was, policy) or draft.was.machine.called_at + policy.pair_quiet
    if worse or draft.now >= quiet_until:
        draft.call(Why.PAIR_RETURNED, view.channel)
    else:
        draft.post(Why.PAIR_RETURNED, Channel.PASSIVE, Audience.WORKLIST)


def _close(alert: Alert, around: Circumstances, now: datetime, policy: Policy) -> Move | None:
    reason = Why.DIED if around.deceased else Why.PAIR_GONE
    corrected = correct(alert, around, now, policy)
    base = corrected.alert if corrected else alert
    draft = Draft(alert, base.machine, now)
    if corrected:
        draft.history.extend(corrected.history)
        draft.notices.update({n.audience: n for n in corrected.notices})
    draft.machine = replace(draft.machine, ended_at=now, end_reason=reason)
    draft.say(What.ENDED, reason)
    draft.post(reason, Channel.PASSIVE, Audience.WORKLIST)
    return draft.move()
