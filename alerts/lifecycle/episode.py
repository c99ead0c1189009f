"""The NMS alert of a patient: opens with the first tier, follows the facts, ends by TIER-10."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from alerts.lifecycle.circumstances import Circumstances
from alerts.lifecycle.policy import Policy
from alerts.lifecycle.quiet import (
    Attention,
    answered,
    attention,
    quiet_ends,
    waiting_since,
    worsening,
)
from alerts.lifecycle.states import (
    Alert,
    AlertKind,
    Audience,
    MachineState,
    Move,
    Support,
    Suppression,
    What,
    Why,
)
from alerts.lifecycle.telling import Draft, opened
from alerts.lifecycle.view import View, joined, loudness, mark_of, rank
from alerts.statements import Channel, TierName

_SUBJECT = "episode-"
# an episode that ended so begins again only with evidence that is newer than its end
_ENDED_BY_EVENT = frozenset({Why.CLINICALLY_RESOLVED, Why.DISCHARGED})
_HIGHEST = TierName.HIGHLY_PROBABLE.value
_NONE = TierName.NONE.value


def follow(
    episodes: Sequence[Alert],
    view: View,
    around: Circumstances,
    identity: tuple[str, str],
    now: datetime,
    new_id: Callable[[], str],
    policy: Policy,
) -> list[Move]:
    """The moves of all NMS alerts of a patient. `identity`: (tenant, patient)."""
    running = [a for a in episodes if a.machine.ended_at is None]
    stands = frozenset(s.reference for s in view.support)
    over = [a for a in episodes if a.machine.ended_at is not None]
    moves = [correct(a, around, now, policy, stands) for a in over]
    moves += [_step(a, view, around, now, policy) for a in running]
    if not running and _begins(episodes, view, around):
        number = 1 + max((int(a.subject.removeprefix(_SUBJECT)) for a in episodes), default=0)
        moves.append(_open(f"{_SUBJECT}{number}", view, around, identity, now, new_id))
    return [move for move in moves if move is not None]


def _begins(episodes: Sequence[Alert], view: View, around: Circumstances) -> bool:
    """Does a (new) episode begin? Old evidence does not revive one that was closed by an event,
    unless it says more than that episode ever did."""
    if not view.calls or around.deceased:
        return False
    past = [a.machine for a in episodes if a.machine.end_reason in _ENDED_BY_EVENT]
    if not past:
        return True
    last = max(past, key=lambda m: m.opened_at)
    resolved = last.end_reason is Why.CLINICALLY_RESOLVED
    event = (around.resolved_at if resolved else around.discharged_at) or last.ended_at
    if view.last_true is not None and event is not None and view.last_true > event:
        return True
    return rank(view.level) > rank(last.level)


def _open(
    subject: str,
    view: View,
    around: Circumstances,
    identity: tuple[str, str],
    now: datetime,
    new_id: Callable[[], str],
) -> Move:
    machine = MachineState(
        level=view.level,
        stated=view.level,
        channel=view.channel,
        opened_at=now,
        changed_at=now,
        as_of=view.as_of,
        called_at=now,
        support=view.support,
        suppressed=_suppression(around, view, stated_by_person=False),
    )
    tenant, patient = identity
    alert = Alert(new_id(), tenant, patient, AlertKind.NMS, subject, joined(machine, view))
    why = Why.TIER_REACHED if view.level != _NONE else Why.CRITICAL_TEMPERATURE
    silent = machine.suppressed is not Suppression.NO
    return opened(alert, why, now, silent=silent, detail=view.level)


def _step(
    alert: Alert, view: View, around: Circumstances, now: datetime, policy: Policy
) -> Move | None:
    """One running episode meets a new view."""
    before = alert.machine
    draft = Draft(alert, joined(before, view), now)
    _note_corrections(draft, around, policy, frozenset(draft.machine.evidence))
    if _ends(draft, around, policy):
        return draft.move()
    called = _note_suppression(draft, around, view)
    if draft.machine.suppressed is not Suppression.NO:
        _note_course(draft, before)
        return draft.move()
    called = called or _call(draft, before, view, policy)
    _note_course(draft, before, called=called)
    _escalate(draft, policy)
    return draft.move()


def _ends(draft: Draft, around: Circumstances, policy: Policy) -> bool:
    """TIER-10, and a tier that only retracted evidence had given."""
    machine = draft.machine
    reason = _end_reason(machine, around, draft.now, policy)
    corrected = any(entry.what is What.CORRECTED for entry in draft.history)
    if reason is None and corrected and machine.level == _NONE and not machine.critical:
        reason = Why.EVIDENCE_RETRACTED
    if reason is None:
        return False
    draft.machine = replace(machine, ended_at=draft.now, end_reason=reason)
    draft.say(What.ENDED, reason)
    draft.post(reason, Channel.PASSIVE, Audience.WORKLIST)
    return True


def _end_reason(
    machine: MachineState, around: Circumstances, now: datetime, policy: Policy
) -> Why | None:
    if around.deceased:
        return Why.DIED
    newest = machine.last_true or machine.opened_at
    if around.resolved_at is not None and newest <= around.resolved_at:
        return Why.CLINICALLY_RESOLVED
    left = around.discharged_at
    if left is not None and machine.opened_at <= left and newest <= left:
        return Why.DISCHARGED
    over = not machine.holds and now - newest >= policy.episode_gap
    return Why.NO_TRUE_FINDING if over else None


def _suppression(around: Circumstances, view: View, *, stated_by_person: bool) -> Suppression:
    """ALR-12. ALR-04 pages whatever the tier: only comfort care stands above it."""
    if stated_by_person:
        return Suppression.COMFORT_CARE
    if view.critical and around.suppression is not Suppression.COMFORT_CARE:
        return Suppression.NO
    return around.suppression


def _note_suppression(draft: Draft, around: Circumstances, view: View) -> bool:
    """Begin or end a suppression; True when its end called for attention."""
    stated = draft.was.human.comfort_care
    found = _suppression(around, view, stated_by_person=stated)
    before = draft.was.machine.suppressed
    if found is before:
        return False
    draft.machine = replace(draft.machine, suppressed=found)
    if found is not Suppression.NO:
        draft.say(What.SUPPRESSED, Why(found.value))
        draft.post(Why(found.value), Channel.PASSIVE, Audience.WORKLIST)
        return False
    why = Why.CRITICAL_TEMPERATURE if view.critical else Why.SUPPRESSION_ENDED
    draft.say(What.UNSUPPRESSED, why)
    if not view.calls or answered(draft.machine, draft.was.human):
        return False
    draft.call(why, view.channel)
    return True


def _call(draft: Draft, before: MachineState, view: View, policy: Policy) -> bool:
    """Call for attention when something asks for it; True when it did."""
    if view.as_of < before.as_of and rank(view.level) <= rank(before.level):
        return False
    if answered(before, draft.was.human):
        return _break_quiet(draft, before, view, policy)
    reasons = list(worsening(mark_of(before), before, view, policy))
    if rank(view.level) > rank(before.level):
        draft.say(What.ROSE, Why.TIER_ROSE, f"{before.level} to {view.level}")
        draft.call(Why.TIER_ROSE, view.channel)
    elif Why.CRITICAL_TEMPERATURE in reasons:
        draft.say(What.WORSENED, Why.CRITICAL_TEMPERATURE)
        draft.call(Why.CRITICAL_TEMPERATURE, view.channel)
    elif loudness(view.channel) > loudness(before.channel):
        draft.say(What.WORSENED, Why.LOUDER, view.channel.value)
        draft.call(Why.LOUDER, view.channel)
    elif reasons:
        draft.say(What.WORSENED, reasons[0], ", ".join(reasons))
        draft.post(reasons[0], Channel.PASSIVE, Audience.WORKLIST)
        if draft.was.human.owner is not None:
            draft.post(reasons[0], Channel.TASK, Audience.OWNER)
        return False
    else:
        return False
    draft.machine = replace(draft.machine, support=_support(before.support, view.support))
    return True


def _break_quiet(draft: Draft, before: MachineState, view: View, policy: Policy) -> bool:
    """A person hid it: worsening shows it at once, the end of the quiet shows what still holds."""
    human = draft.was.human
    mark = human.mark or mark_of(before)
    reasons = list(worsening(mark, before, view, policy))
    snoozed = human.resolved_at is None
    if reasons:
        draft.say(What.CALLED_AGAIN, reasons[0], ", ".join(reasons))
    elif _quiet_over(draft, policy) and (snoozed or view.calls):
        reasons = [Why.SNOOZE_ENDED if snoozed else Why.QUIET_ENDED]
        draft.say(What.CALLED_AGAIN, reasons[0])
    if not reasons:
        return False
    draft.call(reasons[0], view.channel)
    draft.machine = replace(draft.machine, support=_support(before.support, view.support))
    return True


def _quiet_over(draft: Draft, policy: Policy) -> bool:
    end = quiet_ends(draft.was, policy)
    return end is not None and end <= draft.now


def _note_course(draft: Draft, before: MachineState, *, called: bool = False) -> None:
    """Easing, and a return below the standing level, are said and never hidden."""
    stated, was = draft.machine.stated, before.stated
    if rank(stated) < rank(was):
        draft.say(What.EASED, Why.FACTS_EASED, f"{was} to {stated}")
    elif rank(stated) > rank(was) and not called:
        draft.say(What.WORSENED, Why.TIER_ROSE, f"{was} to {stated}")


def _escalate(draft: Draft, policy: Policy) -> None:
    """ALR-06: nobody took a HIGHLY_PROBABLE: the second on-call, then critical-care outreach.

    The call is as loud as the alert's own channel, so that an unverified cut-off pages nobody
    through the back door (ALR-13).
    """
    alert = replace(draft.was, machine=draft.machine)
    since = waiting_since(alert)
    if draft.machine.escalated_from != since:
        done: tuple[Audience, ...] = ()
    else:
        done = draft.machine.escalations
    if draft.machine.level != _HIGHEST or attention(alert, draft.now) is not Attention.WAITING:
        return
    steps = (
        (policy.second_on_call, Audience.SECOND_ON_CALL),
        (policy.critical_care, Audience.CRITICAL_CARE),
    )
    due = [who for after, who in steps if draft.now >= since + after and who not in done]
    for audience in due:
        draft.say(What.ESCALATED, Why.UNACKNOWLEDGED, audience.value)
        draft.post(Why.UNACKNOWLEDGED, draft.machine.channel, audience)
    if due:
        draft.machine = replace(draft.machine, escalations=(*done, *due), escalated_from=since)


def correct(
    alert: Alert,
    around: Circumstances,
    now: datetime,
    policy: Policy,
    stands: frozenset[str] = frozenset(),
) -> Move | None:
    """The correction alone, for an alert that is over: its readers are owed it as well."""
    draft = Draft(alert, alert.machine, now)
    _note_corrections(draft, around, policy, stands)
    return draft.move()


def _note_corrections(
    draft: Draft, around: Circumstances, policy: Policy, stands: frozenset[str]
) -> None:
    """OBS-02: evidence that was told is gone from the chart, or says something else under the
    same id and no longer supports: every recipient hears of it. `stands`: references that do.

    The standing level falls with it only when the newest assessment had rested on that evidence.
    """
    if around.present is None:
        return
    was = draft.was.machine
    oldest = draft.now - policy.correction_window
    recent = [s for s in draft.machine.support if s.at is None or s.at >= oldest]
    gone = [s for s in recent if s.reference not in around.present]
    changed = [s for s in recent if _changed(s, around) and s.reference not in stands]
    kept = {_as_it_says(s, around) for s in recent}
    lost = {(s.reference, s.at) for s in (*gone, *changed)}
    draft.machine = replace(
        draft.machine, support=_support(tuple(s for s in kept if (s.reference, s.at) not in lost))
    )
    for taken, why in ((gone, Why.EVIDENCE_RETRACTED), (changed, Why.EVIDENCE_CORRECTED)):
        if not taken:
            continue
        draft.say(What.CORRECTED, why, ", ".join(sorted({s.reference for s in taken})))
        for audience in was.told:
            draft.post(why, Channel.TASK, audience)
    rested = {reference for reference, _ in lost} & set(was.evidence)
    if rested and was.ended_at is None and rank(draft.machine.stated) < rank(was.stated):
        draft.machine = replace(draft.machine, level=draft.machine.stated)


def _as_it_says(support: Support, around: Circumstances) -> Support:
    said = around.said(support.reference, support.at)
    return replace(support, said=said) if said and said != support.said else support


def _changed(support: Support, around: Circumstances) -> bool:
    """Another value under the same id and time. A record that moved on to a later time is a new
    reading, and one that was told before prints were kept is not judged."""
    said = around.said(support.reference, support.at)
    return bool(support.said and said and said != support.said)


def _support(*groups: tuple[Support, ...]) -> tuple[Support, ...]:
    """What was told rests on all of these; an hour's monitor readings are each a fact."""
    merged = {s for group in groups for s in group}
    return tuple(sorted(merged, key=lambda s: (s.reference, s.at.isoformat() if s.at else "")))
