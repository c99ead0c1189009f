"""SNS: at least two of BP elevation, BP fluctuation, diaphoresis, urinary incontinence.

The literal reading of fluctuation feeds the displayed score; the robust one feeds anything that
interrupts, because well inpatients meet the literal one (SNS-01).
"""

from datetime import datetime, timedelta
from itertools import chain, pairwise
from operator import sub
from statistics import median

from alerts.artefacts import lone_jump
from alerts.baseline import Baseline, baseline
from alerts.chart import Measurement, Sign, SignKind
from alerts.moment import (
    BY_VALUE,
    Moment,
    apart,
    caveats,
    datum,
    latest,
    sign_caveats,
    sign_datum,
    sure,
)
from alerts.statements import Datum, Finding
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

LIMBS = ("systolic_bp", "diastolic_bp")


def components(now: Moment, bases: dict[str, Baseline]) -> dict[str, Finding]:
    """BPUP, BPFL (literal), BPFL_ROBUST, DIAPH, INCONT."""
    found = [
        elevation(now, bases),
        fluctuation(now),
        robust_fluctuation(now),
        diaphoresis(now),
        incontinence(now),
    ]
    return {f.id: f for f in found}


def bp_baselines(now: Moment, onset: datetime | None) -> dict[str, Baseline]:
    return {kind: baseline(now, kind, onset) for kind in LIMBS}


def elevation(now: Moment, bases: dict[str, Baseline]) -> Finding:
    """BPUP: two readings in 12 h, not within 5 min, ≥ 25 % above baseline (SNS-02)."""
    ratio = now.knowledge["bpup.ratio"]
    states: list[Truth] = []
    found: list[Finding] = []
    for kind in LIMBS:
        base = bases[kind]
        readings = _usable(now, kind, "bpup.window_h")
        limit = ratio * base.value
        hits = [m for m in readings if m.value >= limit]
        pair = _two(now, hits)
        if pair:
            held = set(caveats(pair)) | (set() if base.measured else {"assumed_baseline"})
            more = now.knowledge.says(
                "{bpup.ratio:percent} % or more above baseline, twice in {bpup.window_h} h"
            )
            reason = f"{kind.replace('_', ' ')} {more}"
            shown = (*(_shown(now, m) for m in pair), base.datum())
            finding = Finding("BPUP", TRUE, reason, shown, pair[0].at, tuple(sorted(held)))
            found.append(finding)
            continue
        firm = readings if kind in now.chart.plain else sure(readings)
        enough = len(firm) >= now.knowledge["bpup.false_readings"]
        states.append(FALSE if base.measured and enough and not hits else UNKNOWN)
    if found:
        return min(found, key=lambda f: len(f.caveats))
    state = UNKNOWN if UNKNOWN in states else FALSE
    reason = (
        "no reading above the measured baseline"
        if state is FALSE
        else "too few readings or no measured baseline"
    )
    return Finding("BPUP", state, reason)


def _two(now: Moment, hits: list[Measurement]) -> tuple[Measurement, Measurement] | None:
    """The newest hit and the oldest one more than 5 min before it, of sure ones if there are."""
    least = now.minutes("bpup.apart_min")
    if len(hits) < 2:
        return None
    for chosen in (sure(hits), hits):
        for later in reversed(chosen[1:]):
            if apart(chosen[0], later) > least:
                return chosen[0], later
    return None


def _usable(now: Moment, kind: str, window: str) -> list[Measurement]:
    """Readings of the hours of a parameter that are a number, not a bound of one."""
    readings = now.recent(kind, window)
    return readings if kind in now.chart.plain else [m for m in readings if not m.comparator]


def _shown(now: Moment, pressure: Measurement) -> Datum:
    """A pressure as evidence; one that only a missing neighbour keeps says so (SPEC 2.3)."""
    return datum(pressure, "to be verified: repeat" if lone_jump(now, pressure) else "")


def fluctuation(now: Moment) -> Finding:
    """BPFL, read literally: highest minus lowest in 24 h."""
    states: list[Truth] = []
    found: list[Finding] = []
    for kind, parameter in zip(LIMBS, ("bpfl.systolic_mmhg", "bpfl.diastolic_mmhg"), strict=True):
        readings = _usable(now, kind, "bpfl.window_h")
        pair = _extremes(now, readings, parameter)
        if pair:
            change = abs(pair[0].value - pair[1].value)
            reason = f"{kind.replace('_', ' ')} changed by {change:g} mmHg {_in_window(now)}"
            shown = tuple(_shown(now, m) for m in pair)
            found.append(Finding("BPFL", TRUE, reason, shown, pair[1].at, caveats(pair)))
        states.append(FALSE if len(readings) >= 2 else UNKNOWN)
    if found:
        return min(found, key=lambda f: len(f.caveats))
    if UNKNOWN in states:
        return Finding("BPFL", UNKNOWN, f"fewer than two blood pressures {_in_window(now)}")
    return Finding("BPFL", FALSE, f"blood pressure steady {_in_window(now)}")


def _extremes(
    now: Moment, readings: list[Measurement], parameter: str
) -> tuple[Measurement, Measurement] | None:
    """The lowest and the highest reading, in order of time, if far enough apart: of those that
    nothing holds down, else of all."""
    if len(readings) < 2:
        return None
    least = now.knowledge[parameter]
    if _spread(readings) < least:
        return None
    firm = sure(readings)
    chosen = firm if len(firm) > 1 and _spread(firm) >= least else readings
    low, high = min(chosen, key=BY_VALUE), max(chosen, key=BY_VALUE)
    return (low, high) if latest(low) <= latest(high) else (high, low)


def _spread(readings: list[Measurement]) -> float:
    values = [m.value for m in readings]
    return max(values) - min(values)


def robust_fluctuation(now: Moment) -> Finding:
    """BPFL, robust (SNS-01): second-highest minus second-lowest of ≥ 6 collapsed readings."""
    states: list[Truth] = []
    for kind, parameter in zip(LIMBS, ("bpfl.systolic_mmhg", "bpfl.diastolic_mmhg"), strict=True):
        readings = _usable(now, kind, "bpfl.window_h")
        values = sorted(_collapsed(now, readings))
        least = now.knowledge["bpfl.robust_readings"]
        if len(values) < least:
            states.append(UNKNOWN)
            continue
        change = values[-2] - values[1]
        if change >= now.knowledge[parameter]:
            ranked = sorted(readings, key=BY_VALUE)
            shown = (_shown(now, ranked[1]), _shown(now, ranked[-2]))
            said = f"varied robustly by {change:g} mmHg {_in_window(now)}"
            reason = f"{kind.replace('_', ' ')} {said}"
            firm = sorted(_collapsed(now, sure(readings)))
            firmly = len(firm) >= least and firm[-2] - firm[1] >= now.knowledge[parameter]
            held = () if firmly else caveats(readings)
            return Finding("BPFL_ROBUST", TRUE, reason, shown, readings[-1].at, held)
        states.append(FALSE)
    state = UNKNOWN if UNKNOWN in states else FALSE
    few = now.knowledge.says("fewer than {bpfl.robust_readings:word} separate readings")
    reason = "steady" if state is FALSE else f"{few} {_in_window(now)}"
    return Finding("BPFL_ROBUST", state, reason)


def _in_window(now: Moment) -> str:
    return now.knowledge.says("in {bpfl.window_h} h")


def _collapsed(now: Moment, readings: list[Measurement]) -> list[float]:
    """Readings closer than 5 min to the one before become their median."""
    if len(readings) < 2:
        return [float(m.value) for m in readings]
    least, times = now.minutes("bpup.apart_min"), [m.at for m in readings]
    if min(map(sub, times[1:], times)) >= least:  # as nearly always
        return [float(m.value) for m in readings]
    groups = [[readings[0].value]]
    for before, reading in pairwise(readings):
        if reading.at - before.at < least:
            groups[-1].append(reading.value)
        else:
            groups.append([reading.value])
    return [float(group[0] if len(group) == 1 else median(group)) for group in groups]


def diaphoresis(now: Moment) -> Finding:
    """DIAPH: charted sweating in 24 h; dry or normal skin charted in 12 h (SNS-03)."""
    seen = now.present(now.hours("diaph.true_h"), SignKind.DIAPHORESIS)
    if seen:
        reason = now.knowledge.says("diaphoresis charted in {diaph.true_h} h")
        return _charted("DIAPH", TRUE, reason, seen)
    window = now.hours("diaph.false_h")
    charted = now.signs(window, SignKind.DIAPHORESIS)
    dry = [s for s in charted if s.present is FALSE and s.structured]
    dry += now.present(window, SignKind.DRY_SKIN)
    if dry:
        reason = now.knowledge.says("skin charted dry or normal in {diaph.false_h} h")
        return _charted("DIAPH", FALSE, reason, dry)
    return Finding("DIAPH", UNKNOWN, "sweating not charted")


def incontinence(now: Moment) -> Finding:
    """INCONT: new urinary incontinence in 24 h; a catheter makes it unknowable (SNS-03)."""
    window = now.hours("incont.window_h")
    catheter = _not_assessable(now, window)
    charted = now.signs(window, SignKind.URINARY_INCONTINENCE)
    if not charted and not catheter:
        return Finding("INCONT", UNKNOWN, "continence not charted")
    new = [s for s in charted if s.present is TRUE and s.new is not FALSE]
    if new:
        reason = now.knowledge.says("urinary incontinence charted in {incont.window_h} h")
        return _charted("INCONT", TRUE, reason, new)
    if catheter:
        reason = "indwelling catheter or renal replacement: cannot be told (SNS-03)"
        return _charted("INCONT", UNKNOWN, reason, catheter)
    old = [s for s in charted if s.present is TRUE]
    if old:
        return _charted("INCONT", UNKNOWN, "long-standing incontinence (SNS-03)", old)
    continent = [s for s in charted if s.present is FALSE and s.structured]
    if continent:
        reason = now.knowledge.says("continent in {incont.window_h} h")
        return _charted("INCONT", FALSE, reason, continent)
    return Finding("INCONT", UNKNOWN, "continence not charted")


def _not_assessable(now: Moment, window: timedelta) -> list[Sign]:
    """A catheter in place, or dialysis: charted once, it stays until charted absent."""
    found = now.present(window, SignKind.URINARY_CATHETER, SignKind.RENAL_REPLACEMENT)
    charted = now.chart.by_sign.get(SignKind.URINARY_CATHETER)
    if found or not charted:
        return found
    catheters = [s for s in charted if s.at <= now.as_of]
    return catheters[-1:] if catheters and catheters[-1].present is TRUE else found


def _charted(finding: str, state: Truth, reason: str, signs: list[Sign]) -> Finding:
    clean = [s for s in signs if not s.preliminary] or signs
    since = signs[0].at if state is TRUE else None
    return Finding(finding, state, reason, (sign_datum(clean[-1]),), since, sign_caveats(clean))


def lability(finding: str, parts: list[Finding], minimum: int) -> Finding:
    """SNS from its components: true, false or unknown by counting (SPEC 1.2)."""
    true = [p for p in parts if p.state is TRUE]
    unknown = [p.id for p in parts if p.state is UNKNOWN]
    names = ", ".join([p.id for p in true]) or "none"
    reason = f"components true: {names}; unknown: {', '.join(unknown) or 'none'}"
    if len(true) < minimum:
        state = UNKNOWN if len(true) + len(unknown) >= minimum else FALSE
        return Finding(finding, state, reason, _shown_by(parts))
    firm = [p for p in true if not p.caveats]
    held = {c for p in true for c in p.caveats} if len(firm) < minimum else set()
    since = sorted(p.since for p in true if p.since)[:minimum]
    begun = since[-1] if since else None
    return Finding(finding, TRUE, reason, _shown_by(true), begun, tuple(sorted(held)))


def _shown_by(parts: list[Finding]) -> tuple[Datum, ...]:
    return tuple(chain(*[p.evidence for p in parts]))
