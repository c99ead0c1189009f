"""Dopaminergic withdrawal (SPEC 3.4): stop, cut, omission, lost route, failed device.

The watch starts at the trigger: onset has been seen 12 h after levodopa stopped (reutens1991).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from alerts.chart import (
    Evidence,
    MedicationUse,
    SignKind,
    UseStatus,
    begun,
    ended,
    goes_on,
)
from alerts.dosing import Certainty, Dosing, dosing
from alerts.moment import TICK, Moment
from alerts.statements import Withdrawal
from alerts.swallow import swallow_lost
from alerts.truth import TRUE

LEVODOPA = frozenset({"levodopa", "foslevodopa", "melevodopa", "etilevodopa"})
_STANDING = frozenset({Evidence.ORDER, Evidence.STATEMENT})
# routes that go on without a swallow
TUBELESS = frozenset({"td", "sc", "iv", "ng", "peg", "enteral", "tube", "intestinal"})


def withdrawals(now: Moment, events: Sequence[datetime]) -> tuple[Withdrawal, ...]:
    """Every trigger found, with what its window says at the event times (or now)."""
    times = tuple(events) or (now.as_of,)
    spans = _dopaminergic(now, times[0])
    found = list(_device(now, times))
    if spans:
        found += [
            *_stops(now, spans, times),
            *_cuts(now, spans, times),
            *_missed(now, spans, times),
            *_route_lost(now, spans, times),
            *_absorption(now, spans, times),
        ]
    if not events:
        for trigger in found:
            if trigger.at is not None:
                now.until(trigger.at + now.hours("withdrawal.full_h") + TICK)
                now.until(trigger.at + now.days("withdrawal.extended_d") + TICK)
    unique = {(w.trigger, w.drug, w.at, w.source): w for w in found}
    return tuple(sorted(unique.values(), key=lambda w: (w.at or now.as_of, w.trigger, w.source)))


def _dopaminergic(now: Moment, earliest: datetime) -> list[Dosing]:
    """Orders of dopaminergic drugs, and the doses of the two weeks before the first event."""
    reach = 2 * now.days("withdrawal.extended_d")
    uses: dict[int, MedicationUse] = {}
    for drug in now.on_chart(now.knowledge.dopaminergic):
        doses = now.recent_doses(drug, earliest - reach)
        # the reach moves with the clock
        if doses and earliest == now.as_of and not goes_on(doses[0]):
            now.until(ended(doses[0]) + reach + TICK)
        for use in (*now.chart.orders.get(drug, ()), *doses):
            uses[id(use)] = use
    ordered = sorted(
        uses.values(), key=lambda u: (begun(u) or now.as_of, u.source.reference, u.text)
    )
    return [dosing(use, now.as_of) for use in ordered]


def _name(now: Moment, use: MedicationUse) -> str:
    return next(i for i in use.ingredients if i in now.knowledge.dopaminergic)


def _reading(now: Moment, at: datetime | None, times: Sequence[datetime]) -> str:
    if at is None:
        return "possible"
    if any(at <= t <= at + now.hours("withdrawal.full_h") for t in times):
        return "full"
    if any(at <= t <= at + now.days("withdrawal.extended_d") for t in times):
        return "extended"
    return "ended"


def _say(
    now: Moment,
    trigger: str,
    use: MedicationUse,
    at: datetime | None,
    times: Sequence[datetime],
    reason: str,
) -> Withdrawal:
    drug = _name(now, use)
    if drug == "amantadine" and trigger in {"DAW-STOP", "DAW-REDUCE"}:
        trigger = "DAW-AMANT"
    dose = f"{use.dose:g} {use.dose_unit or ''}".strip() if use.dose else ""
    per_day = f" {use.times_per_day:g} times a day" if dose and use.times_per_day else ""
    reading = _reading(now, at, times)
    return Withdrawal(trigger, drug, at, reading, use.source.reference, dose + per_day, reason)


def _stops(now: Moment, spans: list[Dosing], times: Sequence[datetime]) -> Iterator[Withdrawal]:
    """DAW-STOP, and DAW-SWITCH when another dopaminergic took over within 12 h."""
    for span in spans:
        use = span.use
        if use.evidence not in _STANDING:
            continue
        if span.certainty is Certainty.NONE and not _cancelled_after_use(use, spans):
            continue
        stopped = use.status in {
            UseStatus.STOPPED,
            UseStatus.ON_HOLD,
            UseStatus.COMPLETED,
            UseStatus.ENDED,
            UseStatus.CANCELLED,
        }
        at = use.end
        if not stopped and (at is None or at > now.as_of):
            continue
        if at is not None and at > now.as_of:
            continue
        successor = _replacement(now, span, at, spans)
        if successor is None:
            reason = now.knowledge.says(
                "no dopaminergic replacement recorded within {withdrawal.replacement_h} h"
            )
            if at is None:
                reason = "stop time not recorded; " + reason
            elif not use.stop_certain:
                reason = "stop time uncertain; " + reason
            yield _say(now, "DAW-STOP", use, at, times, reason)
        else:
            yield from _succeeded(now, use, successor.use, at, times)


def _succeeded(
    now: Moment,
    use: MedicationUse,
    successor: MedicationUse,
    at: datetime | None,
    times: Sequence[datetime],
) -> Iterator[Withdrawal]:
    """DAW-SWITCH: another drug or form; DAW-REDUCE: the same drug, half a day's amount or less."""
    drug, other = _name(now, use), _name(now, successor)
    if other != drug:
        yield _say(now, "DAW-SWITCH", use, at, times, f"switched to {other}")
        return
    before, after = _daily(use), _daily(successor)
    keep = 1 - now.knowledge["withdrawal.reduce_ratio"]
    if before and after and use.dose_unit == successor.dose_unit and after <= before * keep:
        reason = f"ordered daily amount {after:g} against {before:g} {use.dose_unit or ''}"
        yield _say(now, "DAW-REDUCE", use, at, times, reason.strip())
    elif use.route and successor.route and use.route != successor.route:
        reason = f"route switched from {use.route} to {successor.route}"
        yield _say(now, "DAW-SWITCH", use, at, times, reason)


def _daily(use: MedicationUse) -> float | None:
    return use.dose * use.times_per_day if use.dose and use.times_per_day else None


def _cancelled_after_use(use: MedicationUse, spans: list[Dosing]) -> bool:
    return use.status is UseStatus.CANCELLED and any(
        other.use.evidence is Evidence.ADMINISTRATION
        and other.certainty is Certainty.GIVEN
        and set(other.use.ingredients) & set(use.ingredients)
        for other in spans
    )


def _replacement(
    now: Moment, span: Dosing, at: datetime | None, spans: list[Dosing]
) -> Dosing | None:
    """The same drug going on, or another dopaminergic begun within 12 h of the stop.

    A second drug that merely runs on replaces nothing: less dopamine is still less.
    """
    moment = at or now.as_of
    hours = now.hours("withdrawal.replacement_h")
    for other in spans:
        first, last = other.first, other.last
        if other.use is span.use or first is None or first > moment + hours:
            continue
        sure = other.certainty in {Certainty.GIVEN, Certainty.PRESUMED}
        if not sure or other.use.evidence is Evidence.DISPENSE:  # a supply goes on after a stop
            continue
        if at is None:  # a stop at a time not told is read against the clock
            now.until(first + hours)
        begun = first > moment - hours and (first > moment or not _administered(other))
        same = set(other.use.ingredients) & set(span.use.ingredients)
        goes_on = other.running is TRUE or (last is not None and last > moment + hours)
        if (begun and (_administered(other) or goes_on)) or (same and goes_on):
            return other
    return None


def _administered(span: Dosing) -> bool:
    return span.use.evidence is Evidence.ADMINISTRATION


def _cuts(now: Moment, spans: list[Dosing], times: Sequence[datetime]) -> Iterator[Withdrawal]:
    """DAW-REDUCE: the 24 h amount given falls by half against the mean of the 7 days before."""
    given = _administrations(spans)
    for drug in sorted({_name(now, u) for u in given}):
        doses = [u for u in given if _name(now, u) == drug and u.dose and u.start]
        units = {u.dose_unit for u in doses}
        if len(doses) < 4 or len(units) != 1:
            continue
        day = timedelta(days=1)
        newest = doses[-1]
        for use in doses:
            if use.start is not None and now.as_of - use.start <= 8 * day:
                passed = (now.as_of - use.start) // day + 1
                now.until(use.start + passed * day)
                now.until(use.start + passed * day + TICK)
        recent = sum(u.dose or 0 for u in doses if u.start and now.as_of - day < u.start)
        week = [u for u in doses if u.start and now.as_of - 8 * day <= u.start <= now.as_of - day]
        covered = {int((now.as_of - u.start) / day) for u in week if u.start}
        if not recent or len(covered) < 2:
            continue
        mean = sum(u.dose or 0 for u in week) / len(covered)
        if recent <= mean * (1 - now.knowledge["withdrawal.reduce_ratio"]):
            at = min(u.start for u in doses if u.start and now.as_of - day < u.start)
            reason = (
                f"24 h amount {recent:g} against a daily mean of {mean:g} {newest.dose_unit or ''}"
            )
            yield _say(now, "DAW-REDUCE", newest, at, times, reason.strip())


def _administrations(spans: list[Dosing]) -> list[MedicationUse]:
    return [
        s.use
        for s in spans
        if s.use.evidence is Evidence.ADMINISTRATION and s.certainty is Certainty.GIVEN
    ]


def _missed(now: Moment, spans: list[Dosing], times: Sequence[datetime]) -> Iterator[Withdrawal]:
    """DAW-MISS: two doses in a row not given, or a levodopa gap above 8 h."""
    records = sorted(
        (s.use for s in spans if s.use.evidence is Evidence.ADMINISTRATION and s.use.start),
        key=lambda u: (u.start or now.as_of, u.source.reference),
    )
    for drug in sorted({_name(now, u) for u in records}):
        series = [u for u in records if _name(now, u) == drug]
        run: list[MedicationUse] = []
        for use in series:
            run = [*run, use] if use.status is UseStatus.NOT_DONE else []
            if len(run) == now.knowledge["withdrawal.missed_doses"]:
                yield _say(
                    now, "DAW-MISS", use, run[0].start, times, "two doses in a row not given"
                )
        if not any(goes_on(u) for u in series):
            gap = list(_levodopa_gap(now, drug, series, times))
            yield from gap or _unrecorded(now, spans, drug, series, times)


def _unrecorded(
    now: Moment,
    spans: list[Dosing],
    drug: str,
    series: list[MedicationUse],
    times: Sequence[datetime],
) -> Iterator[Withdrawal]:
    """DAW-MISS, perhaps: no dose on record for twice the longest usual pause, and no stop either.

    Nobody charted the doses as missed, so nobody knows (LOG-01): never true, and not false.
    """
    given = [u.start for u in series if u.status is not UseStatus.NOT_DONE and u.start]
    standing = [s for s in spans if s.use.evidence in _STANDING and drug in s.use.ingredients]
    if len(given) < 4 or (standing and not any(s.running is TRUE for s in standing)):
        return
    pause = max(later - earlier for earlier, later in pairwise(given))
    first, last = given[-1] + pause, given[-1] + pause * now.knowledge["withdrawal.missed_doses"]
    now.until(last + TICK)
    if now.as_of <= last or _reading(now, first, times) == "ended":
        return
    reason = f"no dose recorded since {given[-1]:%Y-%m-%d %H:%M %Z}"
    yield replace(_say(now, "DAW-MISS", series[-1], first, times, reason), reading="possible")


def _levodopa_gap(
    now: Moment, drug: str, series: list[MedicationUse], times: Sequence[datetime]
) -> Iterator[Withdrawal]:
    given = [u.start for u in series if u.status is not UseStatus.NOT_DONE and u.start]
    if drug not in LEVODOPA or len(given) < 4:
        return
    gaps = [later - earlier for earlier, later in pairwise(given)]
    usual = sorted(gaps)[len(gaps) // 2]
    limit = now.hours("withdrawal.levodopa_gap_h")
    now.until(given[-1] + limit + TICK)
    if usual <= now.hours("withdrawal.levodopa_interval_h") and now.as_of - given[-1] > limit:
        every = usual.total_seconds() / 3600
        reason = f"last dose {given[-1]:%Y-%m-%d %H:%M %Z}, usual interval {every:g} h"
        yield _say(now, "DAW-MISS", series[-1], given[-1] + limit, times, reason)


def _running(spans: list[Dosing]) -> list[Dosing]:
    return [s for s in spans if s.running is TRUE and s.certainty is Certainty.PRESUMED]


def _route_lost(
    now: Moment, spans: list[Dosing], times: Sequence[datetime]
) -> Iterator[Withdrawal]:
    """DAW-ROUTE: nil by mouth or a tube, and no dopaminergic that goes another way."""
    running, lost = _running(spans), swallow_lost(now)
    if not lost or any(s.use.route in TUBELESS for s in running):
        return
    at, why = min(lost, key=lambda found: (found[0] or now.as_of, found[1]))
    for span in running:
        yield _say(now, "DAW-ROUTE", span.use, at, times, f"{why}, no tube-compatible order")
    for span in _held(now, spans):
        # a hold that came first is the earlier loss: no later sign opens its window again
        since = min(at, span.use.end) if at and span.use.end else at
        yield _say(now, "DAW-ROUTE", span.use, since, times, f"{why}, no tube-compatible order")


def _held(now: Moment, spans: list[Dosing]) -> list[Dosing]:
    """Swallowed drugs on hold that nothing replaced: still to be given, but by which way?"""
    return [
        s
        for s in spans
        if s.use.status is UseStatus.ON_HOLD
        and s.use.evidence is Evidence.ORDER
        and s.certainty is Certainty.PRESUMED
        and s.use.route not in TUBELESS
        and (s.use.end is None or s.use.end <= now.as_of)
        and _replacement(now, s, s.use.end, spans) is None
    ]


def _absorption(
    now: Moment, spans: list[Dosing], times: Sequence[datetime]
) -> Iterator[Withdrawal]:
    """DAW-ABSORB: continuous high-protein feed with levodopa unchanged."""
    feeds = now.ever(SignKind.HIGH_PROTEIN_FEED)
    for span in _running(spans):
        if feeds and _name(now, span.use) in LEVODOPA:
            yield _say(now, "DAW-ABSORB", span.use, feeds[0].at, times, "high-protein enteral feed")


def _device(now: Moment, times: Sequence[datetime]) -> Iterator[Withdrawal]:
    """DAW-DBS: stimulator failure, switch-off or empty battery."""
    for sign in now.ever(SignKind.STIMULATOR_FAILURE):
        if sign.at <= now.as_of:
            reading, source = _reading(now, sign.at, times), sign.source.reference
            reason = "stimulator failure, switch-off or battery end"
            yield Withdrawal(
                "DAW-DBS", "deep brain stimulation", sign.at, reading, source, "", reason
            )
