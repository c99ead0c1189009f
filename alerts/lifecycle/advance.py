"""The machine's door: a patient's alerts meet a new assessment; and when they are due again."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from alerts.knowledge import Knowledge
from alerts.lifecycle.circumstances import Circumstances
from alerts.lifecycle.episode import follow
from alerts.lifecycle.pairs import follow_pairs
from alerts.lifecycle.policy import Policy, policy
from alerts.lifecycle.quiet import quiet_ends, waiting_since
from alerts.lifecycle.states import Alert, AlertKind, Audience, Move
from alerts.lifecycle.view import nms_view
from alerts.statements import Assessment, TierName

# an episode whose evidence is old and whose tier still holds: seen to, whatever the review says
LOOK_AGAIN = timedelta(hours=1)


def advance(
    existing: Sequence[Alert],
    assessment: Assessment,
    tenant: str,
    now: datetime,
    new_id: Callable[[], str],
    *,
    around: Circumstances | None = None,
    knowledge: Knowledge | None = None,
) -> tuple[Move, ...]:
    """The moves that bring a patient's alerts up to an assessment.

    `existing`: all alerts of the patient, ended and resolved ones too (an identity is never
    given twice). `around`: what else the chart says, from `circumstances`; without it nothing is
    suppressed, ended by an event or taken for retracted. Running it twice on its own result
    gives no second move. The moves hold new alerts and new versions of existing ones.
    """
    numbers = policy(knowledge)
    known = around or Circumstances()
    episodes = [a for a in existing if a.kind is AlertKind.NMS]
    pairs = [a for a in existing if a.kind is AlertKind.INTERACTION]
    identity = (tenant, assessment.patient)
    view = nms_view(assessment, known)
    moves = follow(episodes, view, known, identity, now, new_id, numbers)
    moves += follow_pairs(pairs, assessment, known, tenant, now, new_id, numbers)
    return tuple(moves)


def next_due(
    alerts: Sequence[Alert],
    assessment: Assessment,
    now: datetime,
    *,
    knowledge: Knowledge | None = None,
) -> datetime | None:
    """When the patient must be looked at again with no new data: the earliest of the
    assessment's review, the end of a snooze or silence, an escalation and an episode's end.

    `alerts`: the patient's alerts as `advance` left them. None: only new data.
    """
    numbers = policy(knowledge)
    times = [assessment.next_review_at] if assessment.next_review_at else []
    for alert in alerts:
        times.extend(_wakings(alert, numbers, now))
    return min((at for at in times if at > now), default=None)


def _wakings(alert: Alert, numbers: Policy, now: datetime) -> Iterator[datetime]:
    machine = alert.machine
    if machine.ended_at is not None:
        return
    quiet = quiet_ends(alert, numbers)
    if quiet is not None:
        yield quiet
    if alert.kind is AlertKind.NMS:
        over = (machine.last_true or machine.opened_at) + numbers.episode_gap
        yield over if over > now else now + LOOK_AGAIN
    if machine.level == TierName.HIGHLY_PROBABLE.value and alert.human.owner is None:
        since = waiting_since(alert)
        done = machine.escalations if machine.escalated_from == since else ()
        if Audience.SECOND_ON_CALL not in done:
            yield since + numbers.second_on_call
        if Audience.CRITICAL_CARE not in done:
            yield since + numbers.critical_care
