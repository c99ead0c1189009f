"""CK: creatine kinase at least four times the upper limit of normal (CK-01 to CK-04)."""

from datetime import datetime

from alerts.chart import Evidence, Measurement, SignKind
from alerts.moment import Moment, above, caveats, datum, sign_datum, use_datum
from alerts.statements import Datum, Finding
from alerts.truth import FALSE, TRUE, UNKNOWN

CONFOUNDING = (
    SignKind.RESTRAINT,
    SignKind.SEIZURE,
    SignKind.FALL,
    SignKind.SURGERY,
    SignKind.EXERCISE,
)


def threshold(now: Moment, reading: Measurement) -> tuple[float, tuple[str, ...]]:
    """Four times the result's own limit; without one the usual NMS level, labelled (CK-01)."""
    if reading.reference_high:
        return reading.reference_high * now.knowledge["ck.multiple"], ()
    return now.knowledge["ck.no_range_u_l"], ("no_laboratory_range",)


def creatine_kinase(now: Moment, onset: datetime | None) -> Finding:
    readings = now.within("creatine_kinase", now.hours("ck.lookback_h"))
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
            (_shown(reading), *confounders(now)),
            min(r.at for r, _ in high),
            held,
        )
    return _absent(now, readings, onset)


def _reason(now: Moment, reading: Measurement) -> str:
    if reading.reference_high:
        times = reading.value / reading.reference_high
        return f"{times:.1f} times the laboratory's upper limit of {reading.reference_high:g} U/L"
    return f"at or above {now.knowledge['ck.no_range_u_l']:g} U/L, no laboratory range"


def _shown(reading: Measurement) -> Datum:
    label = f"upper limit {reading.reference_high:g}" if reading.reference_high else "no range"
    return datum(reading, label)


def _absent(now: Moment, readings: list[Measurement], onset: datetime | None) -> Finding:
    if not readings:
        return Finding("CK", UNKNOWN, "no CK in 72 h")
    newest = readings[-1]
    evidence = (_shown(newest),)
    limit, labels = threshold(now, newest)
    if labels:
        return Finding("CK", UNKNOWN, "below 1000 U/L, no laboratory range (CK-01)", evidence)
    if above(newest, limit) is not FALSE or caveats([newest]):
        return Finding("CK", UNKNOWN, "value bounded on one side, or provisional", evidence)
    if now.as_of - newest.at > now.hours("ck.false_newest_h"):
        return Finding("CK", UNKNOWN, "newest CK older than 24 h", evidence)
    if onset is None:
        return Finding("CK", UNKNOWN, "below 4 × ULN, no onset to count 12 h from", evidence)
    if newest.at - onset < now.hours("ck.early_negative_h"):
        reason = "below 4 × ULN, drawn less than 12 h after onset: repeat in 12 h (CK-02)"
        return Finding("CK", UNKNOWN, reason, evidence)
    return Finding("CK", FALSE, "below 4 × ULN, drawn 12 h or more after onset", evidence)


def confounders(now: Moment) -> tuple[Datum, ...]:
    """CK-03: innocent causes in 72 h; shown, they remove no points."""
    window = now.hours("ck.confounder_h")
    injections = [
        u
        for u in now.chart.medications
        if u.evidence is Evidence.ADMINISTRATION
        and u.route == "im"
        and u.start is not None
        and u.start >= now.as_of - window
    ]
    statins = now.given("statin", window)
    signs = now.present(window, *CONFOUNDING)
    return (
        *(use_datum(u) for u in injections[-1:]),
        *(use_datum(u) for u in statins[-1:]),
        *(sign_datum(s) for s in signs),
    )


def above_normal(now: Moment) -> Finding:
    """CK above the laboratory's own limit: for the atypical tier only (TIER-3b)."""
    readings = now.within("creatine_kinase", now.hours("ck.lookback_h"))
    ranged = [m for m in readings if m.reference_high]
    raised = [
        m for m in ranged if m.value > (m.reference_high or 0) and m.comparator not in {"<", "<="}
    ]
    if raised:
        return Finding("CK_ULN", TRUE, "above the upper limit", (_shown(raised[-1]),), raised[0].at)
    return Finding("CK_ULN", FALSE if ranged else UNKNOWN, "not above" if ranged else "no range")


def ck_times(now: Moment) -> list[datetime]:
    return [m.at for m in now.readings("creatine_kinase") if above(m, threshold(now, m)[0]) is TRUE]
