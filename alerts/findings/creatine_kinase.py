"""CK: creatine kinase at least four times the upper limit of normal (CK-01 to CK-04)."""

from datetime import datetime, timedelta

from alerts.artefacts import to_verify
from alerts.chart import Evidence, Measurement, MedicationUse, SignKind, UseStatus, ended, goes_on
from alerts.moment import TICK, Moment, above, caveats, datum, sign_datum, sure, use_datum
from alerts.statements import Datum, Finding
from alerts.truth import FALSE, TRUE, UNKNOWN

CONFOUNDING = (
    SignKind.RESTRAINT,
    SignKind.SEIZURE,
    SignKind.FALL,
    SignKind.SURGERY,
    SignKind.EXERCISE,
)
CONFOUNDING_CONDITIONS = frozenset(
    {"chronic_kidney_disease", "acute_kidney_injury", "myopathy", "restraint"}
)

BELOW = "below {ck.multiple} × ULN"


def threshold(now: Moment, reading: Measurement) -> tuple[float, tuple[str, ...]]:
    """Four times the result's own limit; without one the usual NMS level, labelled (CK-01)."""
    if reading.reference_high:
        return reading.reference_high * now.knowledge["ck.multiple"], ()
    return now.knowledge["ck.no_range_u_l"], ("no_laboratory_range",)


def creatine_kinase(now: Moment, onset: datetime | None) -> Finding:
    readings = now.recent("creatine_kinase", "ck.lookback_h")
    high: list[tuple[Measurement, tuple[str, ...]]] = []
    for reading in readings:
        limit, labels = threshold(now, reading)
        if above(reading, limit) is TRUE:
            high.append((reading, tuple(sorted({*labels, *caveats([reading])}))))
    if high:
        reading, held = min(high, key=lambda h: (len(h[1]), -h[0].value, h[0].at))
        return Finding(
            "CK",
            TRUE,
            _reason(now, reading),
            (_shown(now, reading), *confounders(now)),
            min(r.at for r, _ in high),
            held,
        )
    return _absent(now, readings, onset)


def _reason(now: Moment, reading: Measurement) -> str:
    if reading.reference_high:
        times = reading.value / reading.reference_high
        return f"{times:.1f} times the laboratory's upper limit of {reading.reference_high:g} U/L"
    return f"at or above {now.knowledge['ck.no_range_u_l']:g} U/L, no laboratory range"


def _shown(now: Moment, reading: Measurement) -> Datum:
    label = f"upper limit {reading.reference_high:g}" if reading.reference_high else "no range"
    if to_verify(reading, now.knowledge.criteria["plausible"]):
        label += ", to be verified: repeat"
    return datum(reading, label)


def _absent(now: Moment, readings: list[Measurement], onset: datetime | None) -> Finding:
    if not readings:
        return Finding("CK", UNKNOWN, now.knowledge.says("no CK in {ck.lookback_h} h"))
    newest = readings[-1]
    evidence = (_shown(now, newest),)
    limit, labels = threshold(now, newest)
    say = now.knowledge.says
    if labels:
        reason = say("below {ck.no_range_u_l} U/L, no laboratory range (CK-01)")
        return Finding("CK", UNKNOWN, reason, evidence)
    if above(newest, limit) is not FALSE or caveats([newest]):
        return Finding("CK", UNKNOWN, "value bounded on one side, or provisional", evidence)
    if now.older(newest.at, now.hours("ck.false_newest_h")):
        reason = say("newest CK older than {ck.false_newest_h} h")
        return Finding("CK", UNKNOWN, reason, evidence)
    wait = now.hours("ck.early_negative_h")
    if onset is None:
        reason = say(f"{BELOW}, no onset to count {{ck.early_negative_h}} h from")
        return Finding("CK", UNKNOWN, reason, evidence)
    if newest.at - onset < wait:
        now.until(newest.at + wait)
        reason = say(
            f"{BELOW}, drawn less than {{ck.early_negative_h}} h after onset: "
            "repeat in {ck.early_negative_h} h (CK-02)"
        )
        return Finding("CK", UNKNOWN, reason, evidence)
    reason = say(f"{BELOW}, drawn {{ck.early_negative_h}} h or more after onset")
    return Finding("CK", FALSE, reason, evidence)


def confounders(now: Moment) -> tuple[Datum, ...]:
    """CK-03: innocent causes in 72 h; shown, they remove no points."""
    window = now.hours("ck.confounder_h")
    known: tuple[Datum, ...] | None = now.answers.get("confounders")
    if known is None:
        known = now.answers["confounders"] = _confounders(now, window)
    return known


def _confounders(now: Moment, window: timedelta) -> tuple[Datum, ...]:
    muscular = _injections(now, window)
    statins = now.given("statin", window)
    signs = now.present(window, *CONFOUNDING)
    coded = [
        Datum(c.kind, "recorded", "", c.onset or c.recorded, c.source.reference)
        for c in now.chart.conditions
        if c.kind in CONFOUNDING_CONDITIONS and c.active is not FALSE
    ]
    shown = [use_datum(u) for u in (*muscular[-1:], *statins[-1:])]
    return (*shown, *[sign_datum(s) for s in signs], *coded)


def _injections(now: Moment, window: timedelta) -> list[MedicationUse]:
    """Intramuscular doses given in the window, oldest first."""
    if not now.chart.doses:
        return []
    found = {
        id(use): use
        for ingredient in now.chart.doses
        for use in now.recent_doses(ingredient, now.as_of - window)
        if use.evidence is Evidence.ADMINISTRATION and use.route in {"im", "depot"}
        if use.status in {UseStatus.COMPLETED, UseStatus.IN_PROGRESS}
    }
    for use in found.values():
        if not goes_on(use):
            now.until(ended(use) + window + TICK)
    return sorted(found.values(), key=lambda u: (ended(u), u.source.reference))


def above_normal(now: Moment) -> Finding:
    """CK above the laboratory's own limit: for the atypical tier only (TIER-3b)."""
    readings = now.recent("creatine_kinase", "ck.lookback_h")
    ranged = [m for m in readings if m.reference_high]
    raised = [
        m for m in ranged if m.value > (m.reference_high or 0) and m.comparator not in {"<", "<="}
    ]
    if raised:
        clean = sure(raised) or raised
        shown = (_shown(now, clean[-1]),)
        held = caveats(clean[-1:])
        return Finding("CK_ULN", TRUE, "above the upper limit", shown, raised[0].at, held)
    return Finding("CK_ULN", FALSE if ranged else UNKNOWN, "not above" if ranged else "no range")


def ck_times(now: Moment, start: datetime, end: datetime) -> list[datetime]:
    """Times of results at four times the limit or above."""
    # both are read whatever is there: what a window of the clock holds may not change the trace
    multiple, flat = now.knowledge["ck.multiple"], now.knowledge["ck.no_range_u_l"]
    readings, found = now.between("creatine_kinase", start, end), []
    for reading in readings:
        high = reading.reference_high
        if above(reading, high * multiple if high else flat) is TRUE:
            found.append(reading.at)
    return found
