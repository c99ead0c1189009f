"""Conditions of the NMS episode itself: suspected, past, how long over, and its culprits."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerts.chart import Condition, SignKind
from alerts.dosing import Certainty, dosing
from alerts.evidence import datum, sign_datum
from alerts.interactions.measures import hyperthermia
from alerts.interactions.situation import NOT_HELD, Held, Situation, undecided
from alerts.interactions.taken import Taken
from alerts.knowledge.records import Row
from alerts.moment import Moment
from alerts.statements import Datum, TierName
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from alerts.wording import day

NMS = "neuroleptic_malignant_syndrome"


def _recorded(now: Moment) -> list[Condition]:
    return [c for c in now.chart.conditions if c.kind == NMS]


def _fact(condition: Condition, value: str) -> Datum:
    at = condition.abated or condition.onset or condition.recorded
    return Datum(NMS, value, "", at, condition.source.reference)


def active_problem(now: Moment) -> Condition | None:
    """NMS as an active problem on the list."""
    found = (c for c in _recorded(now) if c.active is TRUE and c.abated is None)
    return next(found, None)


def nms_suspected(situation: Situation, row: Row) -> Held:
    """Findings at or above the row's tier, or NMS coded as an active problem."""
    if situation.tier.rank >= TierName[row.tier_min].rank:
        return Held(TRUE, note=f"tier {situation.tier.value}")
    problem = active_problem(situation.now)
    if problem is not None:
        return Held(TRUE, (_fact(problem, "active"),), "NMS recorded as an active problem")
    return NOT_HELD


def new_order_after_onset(situation: Situation, row: Row, taken: Taken) -> Held:
    """A new order after onset; at ordering every draft is new."""
    suspected = nms_suspected(situation, row)
    if suspected.state is not TRUE:
        return NOT_HELD
    begun = taken.begun
    if taken.draft or (situation.onset and begun and begun > situation.onset):
        return suspected
    return NOT_HELD


def nms_watch(situation: Situation) -> Held:
    """Any tier, WATCH included."""
    watched = situation.tier.rank >= TierName.WATCH.rank
    return Held(TRUE, note=f"tier {situation.tier.value}") if watched else NOT_HELD


def nms_hyperthermia(situation: Situation, row: Row) -> Held:
    """Hyperthermia while NMS is suspected."""
    if nms_suspected(situation, row).state is not TRUE:
        return NOT_HELD
    return hyperthermia(situation)


def past_nms(now: Moment) -> list[Datum]:
    """Records that NMS is over: a person's statement, or the problem as no longer active."""
    facts = [sign_datum(s) for s in now.ever(SignKind.RESOLVED)]
    return facts + [_fact(c, "past") for c in _recorded(now) if _over(c)]


def _over(condition: Condition) -> bool:
    return condition.abated is not None or condition.active is not TRUE


def nms_history(situation: Situation) -> Held:
    """NMS on record at any time, over or not."""
    problem = active_problem(situation.now)
    facts = past_nms(situation.now)
    facts += [_fact(problem, "active")] if problem else []
    return Held(TRUE, tuple(facts), "NMS on record") if facts else NOT_HELD


def nms_resolved(situation: Situation) -> Held:
    """Within 14 days of complete resolution (RECH-01)."""
    return _resolved_within(situation, situation.now.days("recurrence.wait_d"))


def nms_within_6_weeks(situation: Situation) -> Held:
    """Within six weeks of resolution, for a long-acting product [U]."""
    return _resolved_within(situation, situation.now.days("interaction.lai_wait_d"))


def _resolved_within(situation: Situation, wait: timedelta) -> Held:
    """Every recovery on record is looked at: one that is recent decides, an undated one is said."""
    now, unsure = situation.now, NOT_HELD
    course = now.days("interaction.nms_course_d")
    for at, fact, began in _resolutions(now):
        if at is not None:
            if at <= now.as_of and not now.older(at, wait - timedelta(microseconds=1)):
                # the date, not a count of days: that would read differently every day
                return Held(TRUE, (fact,), f"NMS resolved on {day(at, now)}")
        elif began is None or not now.older(began, course + wait):
            unsure = undecided("date of resolution of NMS", fact)
    return unsure


def _resolutions(now: Moment) -> Iterator[tuple[datetime | None, Datum, datetime | None]]:
    for sign in reversed(now.ever(SignKind.RESOLVED)):
        yield sign.at, sign_datum(sign), None
    for condition in _recorded(now):
        if _over(condition):
            known = condition.abated is not None and condition.abated <= now.as_of
            at = condition.abated if known else None
            yield at, _fact(condition, "resolved"), condition.onset or condition.recorded


def nms_present(situation: Situation, row: Row) -> Held:
    """NMS now, or so lately that muscle may not have healed: until CK is normal (gronert2001)."""
    suspected = nms_suspected(situation, row)
    if suspected.state is TRUE:
        return suspected
    now = situation.now
    recent = _resolved_within(situation, now.days("interaction.nms_course_d"))
    if recent.state is FALSE:
        return recent
    window = now.hours("interaction.ck_age_h")
    readings = now.within("creatine_kinase", window)
    newest = readings[-1] if readings else None
    if newest is not None and newest.reference_high and newest.value <= newest.reference_high:
        return Held(FALSE, (datum(newest),))
    return undecided("whether CK is normal again after NMS", *recent.facts)


def culprit(situation: Situation, ingredient: str) -> tuple[Truth, str]:
    """Was this drug taken when NMS began? Unknown when no antagonist of that time is on record."""
    now = situation.now
    begun = [at for at in (_began(c) for c in _recorded(now)) if at is not None]
    taken = {i for at in begun for i in _taken_at(now, at)}
    if ingredient in taken:
        return TRUE, ""
    if taken:
        return FALSE, ""
    return UNKNOWN, "the drug that set off NMS"


def _began(condition: Condition) -> datetime | None:
    return condition.onset or condition.recorded


def _taken_at(now: Moment, at: datetime) -> set[str]:
    """Dopamine antagonists whose full window covers the time."""
    found = set()
    for use in now.chart.medications:
        span = dosing(use, at)
        if span.certainty is Certainty.NONE or span.first is None or span.first > at:
            continue
        for ingredient in use.ingredients:
            if not now.knowledge.antagonist(ingredient):
                continue
            last = span.last or span.first
            product = now.knowledge.long_acting.get(use.product or "")
            short = now.knowledge.short_acting.get(ingredient)
            window = product or short
            if window and at <= last + timedelta(days=window.full_d):
                found.add(ingredient)
    return found
