"""The patient's own normal (SPEC 2.1): measured, measured early, historical or assumed.

Frozen at onset (BASE-06), so that a sustained abnormality never becomes the new normal.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime
from statistics import median

from alerts.chart import Measurement, SignKind, begun, goes_on
from alerts.moment import AT, TICK, Moment
from alerts.record import record
from alerts.statements import Datum
from alerts.truth import FALSE

DISTURBING = (SignKind.SEIZURE, SignKind.RESTRAINT, SignKind.SURGERY)
UNITS = {
    "heart_rate": "/min",
    "respiratory_rate": "/min",
    "systolic_bp": "mm[Hg]",
    "diastolic_bp": "mm[Hg]",
    "gcs_total": "{score}",
}
_ACCOUNTS = {kind: f"baseline {kind}" for kind in UNITS}
LOW_FROM_BEFORE = frozenset({"dementia", "lewy_body_dementia", "intellectual_disability"})


@record
class Baseline:
    """`quality`: measured, measured_early, historical or assumed (ranks 1 to 4)."""

    kind: str
    value: float
    quality: str
    readings: int

    @property
    def measured(self) -> bool:
        return self.quality != "assumed"

    def datum(self) -> Datum:
        label = f"{self.quality.replace('_', ' ')} baseline"
        return Datum(f"baseline {self.kind}", f"{self.value:g}", UNITS[self.kind], None, "", label)


def baseline(now: Moment, kind: str, onset: datetime | None) -> Baseline:
    """The baseline of a vital sign before `onset` (or before now when there is none)."""
    known: Baseline | None = now.answers.get(("baseline", kind, onset))
    if known is None:
        known = now.answers["baseline", kind, onset] = _read(now, kind, onset)
    return known


def _read(now: Moment, kind: str, onset: datetime | None) -> Baseline:
    with now.account(_ACCOUNTS[kind]):
        reference = onset or now.as_of
        if onset is None:
            _drift(now, kind)
        least = now.knowledge["baseline.readings"]
        for quality, window in _RANKS:
            chosen = window(now, kind, reference)
            if len(chosen) >= least:
                value = float(median([m.value for m in chosen]))
                return Baseline(kind, value, quality, len(chosen))
        return Baseline(kind, now.knowledge[f"baseline.assumed.{kind}"], "assumed", 0)


def impaired_before(now: Moment) -> bool:
    """Dementia or intellectual disability: the own score is normal, not 15 (BASE-07)."""
    return any(c.kind in LOW_FROM_BEFORE and c.active is not FALSE for c in now.chart.conditions)


def _drift(now: Moment, kind: str) -> None:
    """Without an onset the windows move with the clock."""
    week = now.days("baseline.from_d")
    now.drifting(kind, week, now.hours("baseline.to_h"))
    now.drifting(kind, now.days("baseline.historical_d"), week)


def _recent(now: Moment, kind: str, reference: datetime) -> list[Measurement]:
    """BASE-01: 7 d to 24 h before, spanning 12 h; from before the exposure where possible."""
    start = reference - now.days("baseline.from_d")
    end = reference - now.hours("baseline.to_h")
    chosen = _quiet(now, kind, now.between(kind, start, end), start)
    exposed = _exposure_began(now, start) if chosen else None
    if exposed is not None and reference == now.as_of:  # the window moves with the clock
        now.until(exposed + now.hours("baseline.to_h"))
        now.until(exposed + now.days("baseline.from_d") + TICK)
    if exposed is not None and exposed <= end:
        before = chosen[: bisect_left(chosen, exposed, key=AT)]
        if _spans(now, before):
            return before
    return chosen if _spans(now, chosen) else []


def _spans(now: Moment, chosen: Sequence[Measurement]) -> bool:
    if len(chosen) < now.knowledge["baseline.readings"]:
        return False
    return chosen[-1].at - chosen[0].at >= now.hours("baseline.span_h")


def _exposure_began(now: Moment, start: datetime) -> datetime | None:
    """The first start of a dopamine antagonist in the window or after it."""
    mark = ("exposure began", start)
    if mark not in now.answers:
        now.answers[mark] = _first_dose(now, start)
    first: datetime | None = now.answers[mark]
    return first


def _first_dose(now: Moment, start: datetime) -> datetime | None:
    orders = now.chart.orders
    starts = [
        at
        for ingredient in orders
        if now.knowledge.antagonist(ingredient)
        for use in orders[ingredient]
        if (at := begun(use)) is not None and start <= at
    ]
    for ingredient in now.chart.doses:
        if now.knowledge.antagonist(ingredient):
            doses = now.recent_doses(ingredient, start)
            starts += [at for use in doses if (at := begun(use)) is not None and start <= at]
    return min(starts, default=None)


def _early(now: Moment, kind: str, reference: datetime) -> list[Measurement]:
    """BASE-02: afebrile readings of the first 24 h of the encounter, before onset."""
    if not now.chart.stays:
        return []
    starts = [s.start for s in now.chart.stays if s.start and s.start <= reference]
    if not starts:
        return []
    begin = max(starts)
    end = min(begin + now.hours("baseline.early_h"), reference)
    readings = now.between(kind, begin, end)
    if readings and readings[-1].at == end == now.as_of:
        now.until(end + TICK)  # it was before now as soon as the clock moves
    return [m for m in _quiet(now, kind, readings, begin) if m.at < end]


def _historical(now: Moment, kind: str, reference: datetime) -> list[Measurement]:
    """BASE-02: 12 months to 7 d before."""
    start = reference - now.days("baseline.historical_d")
    end = reference - now.days("baseline.from_d")
    return [m for m in _quiet(now, kind, now.between(kind, start, end), start) if m.at < end]


# best first
_RANKS = (("measured", _recent), ("measured_early", _early), ("historical", _historical))


def _quiet(
    now: Moment, kind: str, readings: list[Measurement], start: datetime
) -> list[Measurement]:
    """BASE-04: not in fever, agitation, seizure, restraint, procedure or under a vasopressor.

    `start`: where the window of the readings begins, so that all kinds share what disturbs them.
    """
    if not readings:
        return readings
    own = readings
    if kind not in now.chart.plain:
        own = [
            m for m in readings if not (m.preliminary or m.comparator or m.unit_inferred or m.flags)
        ]
    if not own:
        return own
    first, last = own[0].at, own[-1].at
    spans = [span for span in _disturbed(now, start) if span[0] <= last and span[1] >= first]
    if not spans:
        return own
    disturbed: set[int] = set()
    for begin, end in spans:
        left = bisect_left(own, begin, key=AT)
        disturbed.update(range(left, bisect_right(own, end, key=AT)))
    return [m for i, m in enumerate(own) if i not in disturbed]


def _disturbed(now: Moment, start: datetime) -> list[tuple[datetime, datetime]]:
    """Spans from `start` on whose readings are nobody's normal, worked out once."""
    hour, event = now.hours("baseline.disturbed_h"), now.hours("baseline.event_h")
    fever, agitated = now.knowledge["hyp.threshold_c"], now.knowledge["msb.rass_min"]
    known: list[tuple[datetime, datetime]] | None = now.answers.get(("disturbed", start))
    if known is None:
        since = start - event
        hot = now.above(now.between("body_temperature", since, now.as_of), fever)
        restless = [m for m in now.between("rass", since, now.as_of) if m.value >= agitated]
        known = [(m.at - hour, m.at + hour) for m in (*hot, *restless)]
        known += [(s.at - event, s.at + event) for s in now.ever(*DISTURBING, since=since)]
        known += _vasopressor_spans(now, since)
        now.answers["disturbed", start] = known
    return known


def _vasopressor_spans(now: Moment, first: datetime) -> list[tuple[datetime, datetime]]:
    spans = []
    for ingredient in now.on_chart(now.knowledge.classes["vasopressor"]):
        uses = [*now.recent_doses(ingredient, first), *now.chart.orders.get(ingredient, ())]
        for use in uses:
            if use.start is not None and not use.do_not_perform:
                done = use.evidence.value == "administration" and not goes_on(use)
                spans.append((use.start, use.end or (use.start if done else now.as_of)))
    return spans
