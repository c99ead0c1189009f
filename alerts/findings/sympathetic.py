"""SNS: at least two of BP elevation, BP fluctuation, diaphoresis, urinary incontinence.

The literal reading of fluctuation feeds the displayed score; the robust one feeds anything that
interrupts, because well inpatients meet the literal one (SNS-01).
"""

from datetime import datetime
from statistics import median

from alerts.baseline import Baseline, baseline
from alerts.chart import Measurement, Sign, SignKind
from alerts.moment import Moment, apart, caveats, datum, latest, sign_caveats, sign_datum
from alerts.statements import Datum, Finding
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, at_least, either

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
    for kind in LIMBS:
        base = bases[kind]
        readings = _usable(now.within(kind, now.hours("bpup.window_h")))
        hits = [m for m in readings if m.value >= ratio * base.value]
        pair = _two(now, [m for m in hits if not caveats([m])]) or _two(now, hits)
        if pair:
            held = set(caveats(pair)) | (set() if base.measured else {"assumed_baseline"})
            return Finding(
                "BPUP",
                TRUE,
                f"{kind.replace('_', ' ')} 25 % or more above baseline, twice in 12 h",
                (*(datum(m) for m in pair), base.datum()),
                pair[0].at,
                tuple(sorted(held)),
            )
        enough = len(readings) >= now.knowledge["bpup.false_readings"]
        states.append(FALSE if base.measured and enough and not hits else UNKNOWN)
    state = either(states)
    reason = (
        "no reading above the measured baseline"
        if state is FALSE
        else "too few readings or no measured baseline"
    )
    return Finding("BPUP", state, reason)


def _two(now: Moment, hits: list[Measurement]) -> tuple[Measurement, Measurement] | None:
    least = now.minutes("bpup.apart_min")
    for later in reversed(hits):
        for earlier in hits:
            if earlier is not later and apart(earlier, later) > least:
                return earlier, later
    return None


def _usable(readings: list[Measurement]) -> list[Measurement]:
    return [m for m in readings if not m.comparator]


def fluctuation(now: Moment) -> Finding:
    """BPFL, read literally: highest minus lowest in 24 h."""
    measured = 0
    for kind, parameter in zip(LIMBS, ("bpfl.systolic_mmhg", "bpfl.diastolic_mmhg"), strict=True):
        readings = _usable(now.within(kind, now.hours("bpfl.window_h")))
        measured = max(measured, len(readings))
        if len(readings) < 2:
            continue
        low, high = min(readings, key=_by_value), max(readings, key=_by_value)
        if high.value - low.value >= now.knowledge[parameter]:
            pair = sorted((low, high), key=latest)
            return Finding(
                "BPFL",
                TRUE,
                f"{kind.replace('_', ' ')} changed by {high.value - low.value:g} mmHg in 24 h",
                tuple(datum(m) for m in pair),
                pair[1].at,
                caveats(pair),
            )
    if measured < 2:
        return Finding("BPFL", UNKNOWN, "fewer than two blood pressures in 24 h")
    return Finding("BPFL", FALSE, "blood pressure steady in 24 h")


def _by_value(reading: Measurement) -> tuple[float, str]:
    return (reading.value, reading.at.isoformat())


def robust_fluctuation(now: Moment) -> Finding:
    """BPFL, robust (SNS-01): second-highest minus second-lowest of ≥ 6 collapsed readings."""
    states: list[Truth] = []
    for kind, parameter in zip(LIMBS, ("bpfl.systolic_mmhg", "bpfl.diastolic_mmhg"), strict=True):
        readings = _usable(now.within(kind, now.hours("bpfl.window_h")))
        values = sorted(_collapsed(now, readings))
        if len(values) < now.knowledge["bpfl.robust_readings"]:
            states.append(UNKNOWN)
            continue
        change = values[-2] - values[1]
        if change >= now.knowledge[parameter]:
            shown = tuple(datum(m) for m in readings[-2:])
            reason = f"{kind.replace('_', ' ')} varied robustly by {change:g} mmHg in 24 h"
            return Finding("BPFL_ROBUST", TRUE, reason, shown, readings[-1].at, caveats(readings))
        states.append(FALSE)
    state = either(states)
    reason = "steady" if state is FALSE else "fewer than six separate readings in 24 h"
    return Finding("BPFL_ROBUST", state, reason)


def _collapsed(now: Moment, readings: list[Measurement]) -> list[float]:
    """Readings closer than 5 min to the one before become their median."""
    groups: list[list[Measurement]] = []
    for reading in readings:
        if groups and reading.at - groups[-1][-1].at < now.minutes("bpup.apart_min"):
            groups[-1].append(reading)
        else:
            groups.append([reading])
    return [float(median(m.value for m in group)) for group in groups]


def diaphoresis(now: Moment) -> Finding:
    """DIAPH: charted sweating in 24 h; dry or normal skin charted in 12 h (SNS-03)."""
    seen = now.present(now.hours("diaph.true_h"), SignKind.DIAPHORESIS)
    if seen:
        return _charted("DIAPH", TRUE, "diaphoresis charted in 24 h", seen)
    window = now.hours("diaph.false_h")
    dry = [s for s in now.signs(window, SignKind.DIAPHORESIS) if s.present is FALSE]
    dry += now.present(window, SignKind.DRY_SKIN)
    if dry:
        return _charted("DIAPH", FALSE, "skin charted dry or normal in 12 h", dry)
    return Finding("DIAPH", UNKNOWN, "sweating not charted")


def incontinence(now: Moment) -> Finding:
    """INCONT: new urinary incontinence in 24 h; a catheter makes it unknowable (SNS-03)."""
    window = now.hours("incont.window_h")
    catheter = now.present(window, SignKind.URINARY_CATHETER)
    charted = now.signs(window, SignKind.URINARY_INCONTINENCE)
    new = [s for s in charted if s.present is TRUE and s.new is not FALSE]
    if new:
        return _charted("INCONT", TRUE, "urinary incontinence charted in 24 h", new)
    if catheter:
        return _charted("INCONT", UNKNOWN, "indwelling catheter", catheter)
    continent = [s for s in charted if s.present is FALSE]
    if continent:
        return _charted("INCONT", FALSE, "continent in 24 h", continent)
    return Finding("INCONT", UNKNOWN, "continence not charted")


def _charted(finding: str, state: Truth, reason: str, signs: list[Sign]) -> Finding:
    clean = [s for s in signs if not s.preliminary] or signs
    since = signs[0].at if state is TRUE else None
    return Finding(finding, state, reason, (sign_datum(clean[-1]),), since, sign_caveats(clean))


def lability(finding: str, parts: list[Finding], minimum: int) -> Finding:
    """SNS from its components: true, false or unknown by counting (SPEC 1.2)."""
    state = at_least(minimum, (p.state for p in parts))
    true = [p for p in parts if p.state is TRUE]
    counted = true if state is TRUE else parts
    evidence: tuple[Datum, ...] = tuple(e for p in counted for e in p.evidence)
    clean = [p for p in true if not p.caveats]
    held: set[str] = set()
    if state is TRUE and len(clean) < minimum:
        held = {c for p in true for c in p.caveats}
    names = ", ".join(p.id for p in true) or "none"
    unknown = ", ".join(p.id for p in parts if p.state is UNKNOWN) or "none"
    since = sorted(p.since for p in true if p.since)[:minimum] if state is TRUE else []
    return Finding(
        finding,
        state,
        f"components true: {names}; unknown: {unknown}",
        evidence,
        since[-1] if since else None,
        tuple(sorted(held)),
    )
