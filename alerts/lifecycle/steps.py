"""What people do with an alert: claim, release, hand over, snooze, resolve, re-open, undo.

Each step is pure and raises Refused with a coded reason. Doing again what is already so changes
nothing: the same person's second click is no fault. A store runs a step on the alert as it
stands and writes it over that version only, so that one of two pharmacists wins.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from alerts.knowledge import Knowledge, load
from alerts.lifecycle.policy import policy
from alerts.lifecycle.promises import promised
from alerts.lifecycle.quiet import Attention, answered, attention, is_open
from alerts.lifecycle.states import (
    RESOLVE_REASONS,
    SNOOZE_REASONS,
    Alert,
    AlertKind,
    Audience,
    HistoryEntry,
    HumanState,
    Intervention,
    Move,
    Notice,
    Refused,
    RefusedReason,
    What,
    Why,
)
from alerts.lifecycle.view import INTERACTION_LEVELS, mark_of
from alerts.statements import Channel


def claim(alert: Alert, user: str, now: datetime) -> Move:
    """I have it. Refused ALREADY_CLAIMED when somebody else has."""
    _must_be_open(alert)
    human = alert.human
    if human.owner == user:
        return Move(alert)
    if human.owner is not None:
        raise Refused(RefusedReason.ALREADY_CLAIMED)
    return _done(alert, What.CLAIMED, Why.TAKEN, user, now, owner=user, owner_since=now)


def release(alert: Alert, user: str, now: datetime) -> Move:
    """Nobody's again, and waiting from now. Anybody may: the owner may have gone home."""
    _must_be_open(alert)
    if alert.human.owner is None:
        raise Refused(RefusedReason.NOT_CLAIMED)
    detail = "" if alert.human.owner == user else f"was {alert.human.owner}'s"
    return _done(
        alert,
        What.RELEASED,
        Why.GIVEN_BACK,
        user,
        now,
        detail=detail,
        owner=None,
        owner_since=None,
        waiting_from=now,
    )


def hand_over(alert: Alert, user: str, now: datetime, to: str, note: str = "") -> Move:
    """To a named person, who is told. The note stands in the history."""
    _must_be_open(alert)
    if not to.strip():
        raise Refused(RefusedReason.NOBODY_NAMED)
    if alert.human.owner == to:
        return Move(alert)
    move = _done(
        alert,
        What.HANDED_OVER,
        Why.SHIFT,
        user,
        now,
        detail=f"to {to}: {note}" if note else f"to {to}",
        owner=to,
        owner_since=now,
    )
    told = Notice(alert.id, Channel.TASK, Why.SHIFT, Audience.OWNER, move.alert.version, now)
    return replace(move, notices=(told,))


def snooze(
    alert: Alert,
    user: str,
    now: datetime,
    reason: Why | str,
    until: datetime,
    note: str = "",
    *,
    knowledge: Knowledge | None = None,
) -> Move:
    """Hide it until then; any worsening shows it at once (quiet.py).

    "Will monitor" on an interaction promises the tests of its row: once they have arrived it stays
    hidden, and at its end it says which did not.
    """
    _must_be_open(alert)
    why = _reason(reason, SNOOZE_REASONS)
    if until <= now:
        raise Refused(RefusedReason.END_NOT_AHEAD)
    if until - now > policy(knowledge).snooze_longest:
        raise Refused(RefusedReason.TOO_LONG)
    said = f"until {until.isoformat()}"
    return _done(
        alert,
        What.SNOOZED,
        why,
        user,
        now,
        detail=f"{said}: {note}" if note else said,
        answered=alert.machine.calls,
        mark=mark_of(alert.machine),
        snoozed_at=now,
        snoozed_until=until,
        promised=_promised(alert, why, knowledge),
        resolved_at=None,
        reason=why,
    )


def opened_on_promise(
    move: Move, user: str, at: datetime, *, knowledge: Knowledge | None = None
) -> Move:
    """A pair that now runs, whose card was answered "will monitor" while it was a draft: it opens
    with that promise, made at `at`, and is hidden until its end (ALR-05, ALR-07).

    The move as it is when it opens nothing, when the promise is over, and for a contraindicated
    pair: that is never kept from a second pair of eyes.
    """
    alert, numbers = move.alert, policy(knowledge)
    now, until = alert.machine.opened_at, at + numbers.pair_quiet
    if alert.kind is not AlertKind.INTERACTION or alert.version != 1 or not at <= now < until:
        return move
    if alert.level == INTERACTION_LEVELS[-1]:
        return move
    hidden = snooze(alert, user, now, Why.WILL_MONITOR, until, knowledge=knowledge)
    human = replace(hidden.alert.human, snoozed_at=at)
    return replace(
        move, alert=replace(alert, human=human), history=(*move.history, *hidden.history)
    )


def resolve(
    alert: Alert,
    user: str,
    now: datetime,
    reason: Why | str,
    note: str = "",
    intervention: Intervention | str = Intervention.NONE,
) -> Move:
    """Done with, for a coded reason and what was done. Silent for 24 h unless it worsens."""
    _must_be_open(alert)
    why = _reason(reason, RESOLVE_REASONS)
    try:
        done = Intervention(intervention)
    except ValueError:
        raise Refused(RefusedReason.UNKNOWN_REASON) from None
    detail = f"{done.value}: {note}" if done and note else note or done.value
    return _done(
        alert,
        What.RESOLVED,
        why,
        user,
        now,
        detail=detail,
        answered=alert.machine.calls,
        mark=mark_of(alert.machine),
        snoozed_at=None,
        snoozed_until=None,
        promised=(),
        resolved_at=now,
        reason=why,
        intervention=done,
        comfort_care=alert.kind is AlertKind.NMS and why is Why.COMFORT_CARE,
        owner=None,
        owner_since=None,
    )


def reopen(alert: Alert, user: str, now: datetime, note: str = "") -> Move:
    """Show it again: a snooze or a resolution is taken back, and it waits from now."""
    stands = attention(alert, now)
    if stands is Attention.ENDED:
        raise Refused(RefusedReason.ENDED)
    if stands not in {Attention.SNOOZED, Attention.RESOLVED} and not alert.human.comfort_care:
        raise Refused(RefusedReason.NOT_HIDDEN)
    return _done(
        alert,
        What.REOPENED,
        Why.SECOND_THOUGHTS,
        user,
        now,
        detail=note,
        answered=0,
        mark=None,
        snoozed_at=None,
        snoozed_until=None,
        promised=(),
        resolved_at=None,
        reason=None,
        intervention=Intervention.NONE,
        comfort_care=False,
        waiting_from=now,
    )


def undo(alert: Alert, user: str, now: datetime) -> Move:
    """Take back one's own newest step, as long as nobody has done another since."""
    human = alert.human
    if alert.machine.ended_at is not None:
        raise Refused(RefusedReason.ENDED)
    if human.before is None or human.last_what is None:
        raise Refused(RefusedReason.NOTHING_TO_UNDO)
    if human.last_by != user:
        raise Refused(RefusedReason.NOT_YOURS)
    back = replace(human.before, last_by=user, last_what=What.UNDONE, before=None)
    if attention(alert, now).hidden or human.owner is not None:
        back = replace(back, waiting_from=now)
    entry = HistoryEntry(
        alert.id, now, What.UNDONE, user, Why.SECOND_THOUGHTS, human.last_what.value
    )
    return Move(replace(alert, human=back, version=alert.version + 1), (entry,))


def _promised(alert: Alert, why: Why, knowledge: Knowledge | None) -> tuple[str, ...]:
    if alert.kind is not AlertKind.INTERACTION or why is not Why.WILL_MONITOR:
        return ()
    return promised(alert.machine.rule, knowledge or load())


def _must_be_open(alert: Alert) -> None:
    if alert.machine.ended_at is not None:
        raise Refused(RefusedReason.ENDED)
    if not is_open(alert):
        raise Refused(RefusedReason.RESOLVED)


def _reason(given: Why | str, offered: frozenset[Why]) -> Why:
    try:
        why = Why(given)
    except ValueError:
        raise Refused(RefusedReason.UNKNOWN_REASON) from None
    if why not in offered:
        raise Refused(RefusedReason.UNKNOWN_REASON)
    return why


def _done(
    alert: Alert,
    what: What,
    why: Why,
    user: str,
    now: datetime,
    *,
    detail: str = "",
    **changes: Any,
) -> Move:
    before = replace(alert.human, before=None)
    human: HumanState = replace(
        _current(alert),
        **changes,
        last_by=user,
        last_what=what,
        before=before,
    )
    entry = HistoryEntry(alert.id, now, what, user, why, detail)
    return Move(replace(alert, human=human, version=alert.version + 1), (entry,))


def _current(alert: Alert) -> HumanState:
    """Without a snooze or resolution that a newer call has already broken."""
    human = alert.human
    if answered(alert.machine, human):
        return human
    return replace(
        human,
        snoozed_at=None,
        snoozed_until=None,
        promised=(),
        resolved_at=None,
        reason=None,
        mark=None,
    )
