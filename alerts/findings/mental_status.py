"""MS: reduced or fluctuating level of consciousness; MSB: the broader change (MS-01, MS-02)."""

from datetime import datetime, timedelta

from alerts.baseline import Baseline, baseline
from alerts.chart import Measurement, Sign, SignKind
from alerts.moment import Moment, caveats, datum, sign_caveats, sign_datum, use_datum
from alerts.statements import Datum, Finding
from alerts.truth import FALSE, TRUE, UNKNOWN


def _reduced(now: Moment) -> tuple[SignKind, ...]:
    return tuple(SignKind(k) for k in sorted(now.knowledge.reduced_mental_status))


def mental_status(now: Moment, onset: datetime | None) -> Finding:
    """MS by ACVPU, delirium screen, RASS, GCS or a coded new state (SPEC 1.2)."""
    signs = _positive_signs(now)
    if signs:
        clean = [s for s in signs if not s.preliminary] or signs
        return Finding(
            "MS",
            TRUE,
            "reduced or changed consciousness recorded",
            tuple(sign_datum(s) for s in clean[-2:]),
            signs[0].at,
            sign_caveats(clean),
        )
    sedated = _low_rass(now)
    if sedated:
        return Finding(
            "MS",
            TRUE,
            "RASS -2 or lower without a sedative in 6 h",
            (datum(sedated[-1]),),
            sedated[0].at,
            caveats(sedated[-1:]),
        )
    normal = baseline(now, "gcs_total", onset)
    low = _low_gcs(now, normal)
    if len(low) >= 2:
        held = set(caveats(low)) | (set() if normal.measured else {"assumed_baseline"})
        evidence = (*(datum(m) for m in low[-2:]), normal.datum())
        reason = "GCS 14 or lower and below baseline, twice"
        return Finding("MS", TRUE, reason, evidence, low[0].at, tuple(sorted(held)))
    return _absent(now, low, normal)


def _positive_signs(now: Moment) -> list[Sign]:
    day = now.hours("ms.true_h")
    found = now.present(day, SignKind.DELIRIUM_SCREEN)
    found += [s for s in now.signs(day, SignKind.ACVPU) if s.detail in {"C", "V", "P", "U"}]
    coded = now.present(now.hours("ms.coded_h"), *_reduced(now))
    found += [s for s in coded if s.new is not FALSE]
    return sorted(found, key=lambda s: (s.at, s.kind, s.source.reference))


def _low_rass(now: Moment) -> list[Measurement]:
    window = now.hours("ms.sedative_h")
    low = [
        m
        for m in now.within("rass", now.hours("ms.true_h"))
        if m.value <= now.knowledge["ms.rass_max"]
    ]
    return [m for m in low if not _sedated(now, m.at, window)]


def _sedated(now: Moment, at: datetime, window: timedelta) -> bool:
    members = now.knowledge.classes["sedative"] | now.knowledge.classes["neuromuscular_blocker"]
    for use in now.chart.medications:
        begun = use.start or use.authored
        if not set(use.ingredients) & members or begun is None or begun > at:
            continue
        ended = use.end or (begun if use.evidence.value == "administration" else at)
        if ended >= at - window:
            return True
    return False


def _low_gcs(now: Moment, normal: Baseline) -> list[Measurement]:
    ceiling = min(now.knowledge["ms.gcs_max"], normal.value - 1)
    return [m for m in now.within("gcs_total", now.hours("ms.true_h")) if m.value <= ceiling]


def _absent(now: Moment, low: list[Measurement], normal: Baseline) -> Finding:
    if low:
        reason = "one GCS below baseline: repeat or note"
        return Finding("MS", UNKNOWN, reason, (datum(low[-1]), normal.datum()))
    window = now.hours("ms.false_h")
    proof: list[Datum] = [
        datum(m)
        for m in now.within("gcs_total", window)
        if m.value >= min(now.knowledge["baseline.assumed.gcs_total"], normal.value)
    ]
    proof += [sign_datum(s) for s in now.signs(window, SignKind.ACVPU) if s.detail == "A"]
    if not proof:
        return Finding("MS", UNKNOWN, "consciousness not charted in 12 h")
    masked = _masking(now)
    if masked:
        reason = f"normal record masked by {masked[0].what.replace('_', ' ')} (MS-02)"
        return Finding("MS", UNKNOWN, reason, (*masked[:1], proof[-1]))
    reason = "alert or GCS at baseline in 12 h, no positive delirium screen in 24 h"
    return Finding("MS", FALSE, reason, tuple(proof[-1:]))


def _masking(now: Moment) -> list[Datum]:
    window = now.hours("ms.sedative_h")
    drugs = [u for u in now.given("sedative", window) if u.route == "iv"]
    drugs += now.given("neuromuscular_blocker", window)
    fits = now.present(now.hours("ms.postictal_h"), SignKind.SEIZURE)
    return [*(use_datum(u) for u in drugs), *(sign_datum(s) for s in fits)]


def broad_mental_status(now: Moment, strict: Finding) -> Finding:
    """MSB: MS, RASS +2 or more, or new agitation, mutism or catatonia (MS-01)."""
    if strict.state is TRUE:
        return Finding("MSB", TRUE, strict.reason, strict.evidence, strict.since, strict.caveats)
    kinds = tuple(SignKind(k) for k in sorted(now.knowledge.broad_mental_status))
    signs = [s for s in now.present(now.hours("ms.coded_h"), *kinds) if s.new is not FALSE]
    agitated = [
        m
        for m in now.within("rass", now.hours("ms.true_h"))
        if m.value >= now.knowledge["msb.rass_min"]
    ]
    if signs:
        evidence = tuple(sign_datum(s) for s in signs[-2:])
        reason = "new agitation or catatonia recorded"
        return Finding("MSB", TRUE, reason, evidence, signs[0].at, sign_caveats(signs))
    if agitated:
        return Finding("MSB", TRUE, "RASS +2 or higher", (datum(agitated[-1]),), agitated[0].at)
    return Finding("MSB", strict.state, strict.reason, strict.evidence)


def mental_times(now: Moment) -> list[datetime]:
    """Times at which consciousness was found changed, over the whole chart."""
    times = [
        s.at for s in now.chart.signs_of(*_reduced(now)) if s.present is TRUE and s.new is not FALSE
    ]
    times += [s.at for s in now.chart.signs_of(SignKind.DELIRIUM_SCREEN) if s.present is TRUE]
    times += [s.at for s in now.chart.signs_of(SignKind.ACVPU) if s.detail in {"C", "V", "P", "U"}]
    ceiling = now.knowledge["ms.gcs_max"]
    low = [m.at for m in now.readings("gcs_total") if m.value <= ceiling]
    return times + (low if len(low) >= 2 else [])
