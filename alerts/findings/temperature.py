"""HYP and what derives from temperature (TEMP-01 to TEMP-05)."""

from datetime import datetime

from alerts.chart import Measurement, SignKind
from alerts.moment import (
    Moment,
    above,
    apart,
    caveats,
    datum,
    latest,
    sign_datum,
    site_trusted,
    use_datum,
)
from alerts.statements import Datum, Finding
from alerts.truth import FALSE, TRUE, UNKNOWN

COOLING = (
    SignKind.ACTIVE_COOLING,
    SignKind.TARGETED_TEMPERATURE,
    SignKind.RENAL_REPLACEMENT,
    SignKind.EXTRACORPOREAL,
)


def hyperthermia(now: Moment) -> Finding:
    """HYP: above 38.0 °C on two occasions, 30 min to 24 h apart, within 72 h."""
    readings = now.within("body_temperature", now.hours("hyp.lookback_h"))
    hot = [m for m in readings if _hot(now, m)]
    pair = _pair(now, [m for m in hot if not caveats([m])]) or _pair(now, hot)
    if pair:
        return Finding(
            "HYP",
            TRUE,
            "two readings above 38.0 °C, 30 min to 24 h apart",
            tuple(datum(m) for m in pair),
            pair[0].at,
            caveats(pair),
        )
    if hot:
        reason = (
            "one reading above 38.0 °C" if len(hot) == 1 else "occasions less than 30 min apart"
        )
        return Finding("HYP", UNKNOWN, reason, tuple(datum(m) for m in hot[-2:]), hot[0].at)
    return _absent(now, readings)


def _hot(now: Moment, reading: Measurement) -> bool:
    return above(reading, now.knowledge["hyp.threshold_c"], strict=True) is TRUE


def _pair(now: Moment, hot: list[Measurement]) -> tuple[Measurement, Measurement] | None:
    """The newest pair of occasions; the wait for a second one starts at any first."""
    least, span = now.minutes("hyp.separation_min"), now.hours("hyp.span_h")
    for later in reversed(hot):
        for earlier in hot:
            if earlier is not later and apart(earlier, later) >= least:
                if latest(later) - earlier.at <= span or later.at - latest(earlier) <= span:
                    return earlier, later
    return None


def _absent(now: Moment, readings: list[Measurement]) -> Finding:
    trusted = site_trusted(now.knowledge)
    start = now.as_of - now.hours("hyp.false_window_h")
    proof = [
        m
        for m in readings
        if trusted(m) and m.at >= start and not m.comparator and not caveats([m])
    ]
    if not readings:
        return Finding("HYP", UNKNOWN, "no temperature in 72 h")
    if len(proof) < now.knowledge["hyp.occasions"]:
        reason = "fewer than two oral or core readings in 24 h"
        return Finding("HYP", UNKNOWN, reason, (datum(readings[-1]),))
    if now.as_of - proof[-1].at > now.hours("hyp.false_newest_h"):
        return Finding(
            "HYP", UNKNOWN, "newest oral or core reading older than 6 h", (datum(proof[-1]),)
        )
    masked = masking(now)
    if masked:
        reason = f"absence masked by {masked[0].what.replace('_', ' ')} (TEMP-04)"
        return Finding("HYP", UNKNOWN, reason, (*masked, datum(proof[-1])))
    evidence = tuple(datum(m) for m in proof[-2:])
    return Finding("HYP", FALSE, "oral or core readings in 24 h, none above 38.0 °C", evidence)


def masking(now: Moment) -> tuple[Datum, ...]:
    """TEMP-04: what may hide a fever."""
    window = now.hours("hyp.antipyretic_h")
    signs = now.present(now.hours("hyp.false_window_h"), *COOLING)
    drugs = [*now.given("antipyretic", window), *now.given("neuromuscular_blocker", window)]
    return (*(sign_datum(s) for s in signs), *(use_datum(u) for u in drugs))


def first_fever(now: Moment) -> Finding:
    """TEMP1: one reading above 38.0 °C within 24 h: early warning only (TEMP-05)."""
    readings = now.within("body_temperature", now.hours("temp1.window_h"))
    hot = [m for m in readings if _hot(now, m)]
    if not hot:
        state = UNKNOWN if not readings else FALSE
        reason = "no temperature in 24 h" if not readings else "no reading above 38.0 °C in 24 h"
        return Finding("TEMP1", state, reason, tuple(datum(m) for m in readings[-1:]))
    clean = [m for m in hot if not caveats([m])] or hot
    return Finding(
        "TEMP1",
        TRUE,
        "a reading above 38.0 °C in 24 h",
        (datum(clean[-1]),),
        hot[0].at,
        caveats(clean[-1:]),
    )


def _peak(now: Moment, finding: str, parameter: str, *, core: bool, strict: bool) -> Finding:
    limit = now.knowledge[parameter]
    sites = now.knowledge.sites["core"]
    readings = [
        m
        for m in now.within("body_temperature", now.hours("temp1.window_h"))
        if not core or m.site in sites
    ]
    hits = [m for m in readings if above(m, limit, strict=strict) is TRUE]
    if hits:
        top = max(hits, key=lambda m: (m.value, m.at))
        reason = f"{'core ' if core else ''}temperature {'above' if strict else 'at or above'} {limit:g} °C"
        return Finding(finding, TRUE, reason, (datum(top),), hits[0].at, caveats([top]))
    state = FALSE if readings else UNKNOWN
    return Finding(finding, state, "not reached" if readings else "no reading in 24 h")


def forty(now: Moment) -> Finding:
    """TEMP40: any reading at or above 40.0 °C (TEMP-05)."""
    return _peak(now, "TEMP40", "temp40.threshold_c", core=False, strict=False)


def critical(now: Moment, mental: Finding) -> Finding:
    """TEMP411: core above 41.1 °C with altered mental status, whatever the cause (ALR-04)."""
    peak = _peak(now, "TEMP411", "temp411.threshold_c", core=True, strict=True)
    if peak.state is TRUE and mental.state is not TRUE:
        return Finding(
            "TEMP411", mental.state, "mental status not altered or unknown", peak.evidence
        )
    return peak


def fever_times(now: Moment) -> list[datetime]:
    """Times of all readings above 38.0 °C (each may begin an episode)."""
    return [m.at for m in now.readings("body_temperature") if _hot(now, m)]
