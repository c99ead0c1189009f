"""HYP and what derives from temperature (TEMP-01 to TEMP-05)."""

from collections.abc import Callable
from datetime import datetime

from alerts.artefacts import to_verify
from alerts.chart import Measurement, SignKind
from alerts.moment import (
    BY_VALUE,
    Moment,
    above,
    any_above,
    apart,
    caveats,
    certain,
    datum,
    latest,
    sign_datum,
    sure,
    trusted_sites,
    use_datum,
)
from alerts.statements import Datum, Finding
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

COOLING = (
    SignKind.ACTIVE_COOLING,
    SignKind.TARGETED_TEMPERATURE,
    SignKind.RENAL_REPLACEMENT,
    SignKind.EXTRACORPOREAL,
)


def hyperthermia(now: Moment) -> Finding:
    """HYP: above 38.0 °C on two occasions, 30 min to 24 h apart, within 72 h."""
    readings = now.recent("body_temperature", "hyp.lookback_h")
    threshold = now.knowledge["hyp.threshold_c"]
    hot = now.above(readings, threshold)
    pair = _pair(now, hot)
    if pair:
        return Finding(
            "HYP",
            TRUE,
            now.knowledge.says(
                "two readings above {hyp.threshold_c} °C, "
                "{hyp.separation_min} min to {hyp.span_h} h apart"
            ),
            tuple(_shown(now, m) for m in pair),
            pair[0].at,
            caveats(pair),
        )
    recent = [m for m in hot if not now.older(latest(m), now.hours("hyp.false_window_h"))]
    if recent:
        reason = now.knowledge.says(
            "one reading above {hyp.threshold_c} °C"
            if len(hot) == 1
            else "occasions less than {hyp.separation_min} min apart"
        )
        shown = tuple(_shown(now, m) for m in recent[-2:])
        return Finding("HYP", UNKNOWN, reason, shown, recent[0].at)
    return _absent(now, readings)


def _shown(now: Moment, reading: Measurement) -> Datum:
    odd = to_verify(reading, now.knowledge.criteria["plausible"])
    return datum(reading, "to be verified: repeat" if odd else "")


def _pair(now: Moment, hot: list[Measurement]) -> tuple[Measurement, Measurement] | None:
    """The newest pair of occasions, of sure ones if there are; the wait for a second one starts
    at any first."""
    least, span = now.minutes("hyp.separation_min"), now.hours("hyp.span_h")
    if len(hot) < 2:
        return None
    for chosen in (sure(hot), hot):
        for i in range(len(chosen) - 1, 0, -1):
            later = chosen[i]
            for earlier in chosen[:i]:
                near = latest(later) - earlier.at <= span or later.at - latest(earlier) <= span
                if near and apart(earlier, later) >= least:
                    return earlier, later
    return None


def _absent(now: Moment, readings: list[Measurement]) -> Finding:
    if not readings:
        return Finding("HYP", UNKNOWN, now.knowledge.says("no temperature in {hyp.lookback_h} h"))
    trusted, threshold = trusted_sites(now.knowledge), now.knowledge["hyp.threshold_c"]
    proof = [
        m
        for m in now.recent("body_temperature", "hyp.false_window_h")
        if m.site in trusted and certain(m) and above(m, threshold, strict=True) is FALSE
    ]
    if len(proof) < now.knowledge["hyp.occasions"]:
        reason = now.knowledge.says(
            "fewer than {hyp.occasions:word} oral or core readings in {hyp.false_window_h} h"
        )
        return Finding("HYP", UNKNOWN, reason, (datum(readings[-1]),))
    if now.older(proof[-1].at, now.hours("hyp.false_newest_h")):
        reason = now.knowledge.says("newest oral or core reading older than {hyp.false_newest_h} h")
        return Finding("HYP", UNKNOWN, reason, (datum(proof[-1]),))
    masked = masking(now)
    if masked:
        reason = f"absence masked by {masked[0].what.replace('_', ' ')} (TEMP-04)"
        return Finding("HYP", UNKNOWN, reason, (*masked, datum(proof[-1])))
    evidence = tuple(datum(m) for m in proof[-2:])
    reason = now.knowledge.says(
        "oral or core readings in {hyp.false_window_h} h, none above {hyp.threshold_c} °C"
    )
    return Finding("HYP", FALSE, reason, evidence)


def masking(now: Moment) -> tuple[Datum, ...]:
    """TEMP-04: what may hide a fever."""
    window = now.hours("hyp.antipyretic_h")
    signs = now.present(now.hours("hyp.false_window_h"), *COOLING)
    drugs = now.given("antipyretic", window) + now.given("neuromuscular_blocker", window)
    if not signs and not drugs:
        return ()
    return (*[sign_datum(s) for s in signs], *[use_datum(u) for u in drugs])


def first_fever(now: Moment) -> Finding:
    """TEMP1: one reading above 38.0 °C within 24 h: early warning only (TEMP-05)."""
    readings = now.recent("body_temperature", "temp1.window_h")
    threshold = now.knowledge["hyp.threshold_c"]
    hot = now.above(readings, threshold)
    if not hot:
        state = _none_above(now, readings, threshold, strict=True)
        said = "no temperature in" if not readings else "no reading above {hyp.threshold_c} °C in"
        reason = now.knowledge.says(f"{said} {{temp1.window_h}} h")
        return Finding("TEMP1", state, reason, tuple(datum(m) for m in readings[-1:]))
    clean = sure(hot) or hot
    return Finding(
        "TEMP1",
        TRUE,
        now.knowledge.says("a reading above {hyp.threshold_c} °C in {temp1.window_h} h"),
        (_shown(now, clean[-1]),),
        hot[0].at,
        caveats(clean[-1:]),
    )


def _peak(now: Moment, finding: str, parameter: str, *, core: bool, strict: bool) -> Finding:
    limit = now.knowledge[parameter]
    readings = now.recent("body_temperature", "temp1.window_h")
    if core:
        sites = now.knowledge.sites["core"]
        readings = [m for m in readings if m.site in sites]
    hits = _at_least(readings, limit, strict=strict)
    if hits:
        clean = sure(hits) or hits
        top = max(clean, key=BY_VALUE)
        said = "above" if strict else "at or above"
        reason = f"{'core ' if core else ''}temperature {said} {limit:g} °C"
        return Finding(finding, TRUE, reason, (_shown(now, top),), hits[0].at, caveats([top]))
    state = _none_above(now, readings, limit, strict=strict)
    kind = "core reading" if core else "reading"
    none = now.knowledge.says(f"no {kind} in {{temp1.window_h}} h")
    reason = none if not readings else "not reached" if state is FALSE else "a bound, no number"
    return Finding(finding, state, reason)


def _none_above(now: Moment, readings: list[Measurement], limit: float, *, strict: bool) -> Truth:
    """What readings say of which none is above the limit beyond doubt: "< 39" leaves it open."""
    if not readings:
        return UNKNOWN
    plain = "body_temperature" in now.chart.plain
    return FALSE if plain else any_above(readings, limit, strict=strict)


def _at_least(readings: list[Measurement], limit: float, *, strict: bool) -> list[Measurement]:
    """The readings at the limit or above beyond doubt; above it only where `strict`."""
    near = [m for m in readings if m.value >= limit or m.comparator]
    return [m for m in near if above(m, limit, strict=strict) is TRUE] if near else near


def forty(now: Moment) -> Finding:
    """TEMP40: any reading at or above 40.0 °C (TEMP-05)."""
    return _peak(now, "TEMP40", "temp40.threshold_c", core=False, strict=False)


def critical(
    now: Moment, strict: Finding, broad: Finding, score: Callable[[], Finding | None]
) -> Finding:
    """TEMP411: core above 41.1 °C with altered mental status, whatever the cause (ALR-04).

    Altered is MS or MSB, or one lowered score (`score`): MS waits for a second one, and a message
    that is time-critical cannot.
    """
    peak = _peak(now, "TEMP411", "temp411.threshold_c", core=True, strict=True)
    if peak.state is not TRUE:
        return peak
    altered = [f for f in (strict, broad) if f.state is TRUE]
    mental = min(altered, key=_doubts, default=None) or score() or strict
    if mental.state is not TRUE:
        reason = now.knowledge.says(
            "core temperature above {temp411.threshold_c} °C, mental status not altered or unknown"
        )
        return Finding("TEMP411", mental.state, reason, peak.evidence)
    held = tuple(sorted({*peak.caveats, *mental.caveats}))
    evidence = (*peak.evidence, *mental.evidence)
    return Finding("TEMP411", TRUE, peak.reason, evidence, peak.since, held)


def _doubts(mental: Finding) -> int:
    """How much holds a finding down, an assumed baseline apart (ALR-04)."""
    return len(set(mental.caveats) - {"assumed_baseline"})


def fever_times(now: Moment, start: datetime, end: datetime) -> list[datetime]:
    """Times of readings above 38.0 °C (each may begin an episode)."""
    threshold = now.knowledge["hyp.threshold_c"]
    readings = now.between("body_temperature", start, end)
    return [m.at for m in now.above(readings, threshold)]
