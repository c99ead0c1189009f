"""MS: reduced or fluctuating level of consciousness; MSB: the broader change (MS-01, MS-02)."""

from datetime import datetime, timedelta
from functools import lru_cache

from alerts.baseline import Baseline, baseline, impaired_before
from alerts.chart import Measurement, Sign, SignKind
from alerts.moment import Moment, caveats, datum, sign_caveats, sign_datum, sure, taken, use_datum
from alerts.statements import Datum, Finding
from alerts.truth import FALSE, TRUE, UNKNOWN

NOT_ALERT = frozenset({"C", "V", "P", "U"})
# a clinician's word that makes one low GCS count (SPEC 1.2)
NOTES = (
    SignKind.ALTERED_MENTAL_STATUS,
    SignKind.CONFUSION,
    SignKind.DROWSINESS,
    SignKind.AGITATION,
    SignKind.CATATONIA,
)


def _reduced(now: Moment) -> tuple[SignKind, ...]:
    return _kinds(now.knowledge.reduced_mental_status)


def _changed(now: Moment) -> tuple[SignKind, ...]:
    """The reduced states, and a positive screen for delirium."""
    return _kinds(now.knowledge.reduced_mental_status, SignKind.DELIRIUM_SCREEN)


@lru_cache(maxsize=16)
def _kinds(names: frozenset[str], *more: SignKind) -> tuple[SignKind, ...]:
    return (*(SignKind(name) for name in sorted(names)), *more)


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
    for read in (_by_scale, _by_rass):
        found = read(now)
        if found is not None:
            return found
    normal = baseline(now, "gcs_total", onset)
    low = _low_gcs(now, normal)
    twice = len({m.at for m in low}) > 1  # two records of one instant are one reading
    noted = now.present(now.hours("ms.true_h"), *NOTES) if low and not twice else []
    if twice or noted:
        held = set(caveats(low)) | _assumed(normal)
        evidence = (*(datum(m) for m in low[-2:]), *(sign_datum(s) for s in noted[-1:]))
        below = now.knowledge.says("GCS {ms.gcs_max} or lower and below baseline")
        reason = f"{below}, {'once with a note' if noted else 'twice'}"
        shown = (*evidence, normal.datum())
        return Finding("MS", TRUE, reason, shown, low[0].at, tuple(sorted(held)))
    return _absent(now, low, normal)


def _assumed(normal: Baseline) -> set[str]:
    """A full score is assumed unless an impairment from before is known (BASE-05, BASE-07)."""
    return set() if normal.measured else {"assumed_baseline"}


def _positive_signs(now: Moment) -> list[Sign]:
    day = now.hours("ms.true_h")
    found = now.present(day, SignKind.DELIRIUM_SCREEN)
    found += [s for s in now.signs(day, SignKind.ACVPU) if s.detail in NOT_ALERT]
    coded = now.present(now.hours("ms.coded_h"), *_reduced(now))
    found += [s for s in coded if s.new is not FALSE]
    return sorted(found, key=_order) if len(found) > 1 else found


def _order(sign: Sign) -> tuple[datetime, SignKind, str]:
    return sign.at, sign.kind, sign.source.reference


def _by_scale(now: Moment) -> Finding | None:
    """A 4AT total at its cut-off or above."""
    cutoff = now.knowledge["ms.four_at"]
    totals = now.recent("four_at", "ms.true_h")
    high = [m for m in totals if m.value >= cutoff] if totals else totals
    return _from(high, f"4AT {cutoff:g} or higher") if high else None


def _by_rass(now: Moment) -> Finding | None:
    window, ceiling = now.hours("ms.sedative_h"), now.knowledge["ms.rass_max"]
    totals = now.recent("rass", "ms.true_h")
    if not totals:
        return None
    low = [m for m in totals if m.value <= ceiling]
    clear = [m for m in low if not _sedated(now, m.at, window)]
    reason = now.knowledge.says(
        "RASS {ms.rass_max} or lower without a sedative in {ms.sedative_h} h"
    )
    return _from(clear, reason) if clear else None


def _from(hits: list[Measurement], reason: str) -> Finding:
    clean = sure(hits) or hits
    return Finding("MS", TRUE, reason, (datum(clean[-1]),), hits[0].at, caveats(clean[-1:]))


def _sedated(now: Moment, at: datetime, window: timedelta) -> bool:
    """Was a sedative or a neuromuscular blocker at work at this time, or in the 6 h before?"""
    classes = now.knowledge.classes
    members = now.on_chart(classes["sedative"] | classes["neuromuscular_blocker"])
    return any(
        taken(use, members, at, window)
        for ingredient in members
        for use in (
            *now.recent_doses(ingredient, at - window),
            *now.chart.orders.get(ingredient, ()),
        )
    )


def _low_gcs(now: Moment, normal: Baseline) -> list[Measurement]:
    ceiling = min(now.knowledge["ms.gcs_max"], normal.value - 1)
    readings = now.recent("gcs_total", "ms.true_h")
    if not readings:
        return readings
    return [m for m in readings if m.value <= ceiling and m.comparator not in {">", ">="}]


def lowered_score(now: Moment, onset: datetime | None) -> Finding | None:
    """The newest GCS, where it is below baseline and nobody charted the patient alert since: too
    little for MS, enough beside a core temperature above 41.1 °C (ALR-04)."""
    normal = baseline(now, "gcs_total", onset)
    scores, low = now.recent("gcs_total", "ms.true_h"), _low_gcs(now, normal)
    if not low or low[-1] is not scores[-1]:
        return None
    charted = now.signs(now.hours("ms.true_h"), SignKind.ACVPU)
    if any(s.detail == "A" and s.at > low[-1].at for s in charted):
        return None
    held = set(caveats(low[-1:])) | _assumed(normal)
    shown = (datum(low[-1]), normal.datum())
    reason = "the newest GCS is below baseline"
    return Finding("MS", TRUE, reason, shown, low[-1].at, tuple(sorted(held)))


def _absent(now: Moment, low: list[Measurement], normal: Baseline) -> Finding:
    if low:
        reason = "one GCS below baseline: repeat or note"
        return Finding("MS", UNKNOWN, reason, (datum(low[-1]), normal.datum()))
    window = now.hours("ms.false_h")
    full = min(now.knowledge["baseline.assumed.gcs_total"], normal.value)
    scores = now.recent("gcs_total", "ms.false_h")
    proof: list[Datum] = [datum(m) for m in scores if m.value >= full and not m.preliminary]
    alert = now.signs(window, SignKind.ACVPU)
    proof += [sign_datum(s) for s in alert if s.detail == "A" and not s.preliminary]
    if not proof:
        reason = now.knowledge.says("consciousness not charted in {ms.false_h} h")
        return Finding("MS", UNKNOWN, reason)
    screened = _screened_positive(now)
    if screened:
        reason = now.knowledge.says("alert, and a positive delirium screen in {ms.screen_h} h")
        return Finding("MS", UNKNOWN, reason, (screened[-1], proof[-1]))
    masked = _masking(now)
    if masked:
        reason = f"normal record masked by {masked[0].what.replace('_', ' ')} (MS-02)"
        return Finding("MS", UNKNOWN, reason, (*masked[:1], proof[-1]))
    reason = now.knowledge.says(
        "fully alert in {ms.false_h} h, no positive screen in {ms.screen_h} h"
    )
    return Finding("MS", FALSE, reason, (proof[-1],))


def _screened_positive(now: Moment) -> list[Datum]:
    """A delirium screen that forbids "false" (SPEC 1.2), also where it is too old for "true"."""
    window, cutoff = now.hours("ms.screen_h"), now.knowledge["ms.four_at"]
    totals = [datum(m) for m in now.within("four_at", window) if m.value >= cutoff]
    return totals + [sign_datum(s) for s in now.present(window, SignKind.DELIRIUM_SCREEN)]


def _masking(now: Moment) -> list[Datum]:
    window = now.hours("ms.sedative_h")
    drugs = [u for u in now.given("sedative", window) if u.route == "iv"]
    drugs += now.given("neuromuscular_blocker", window)
    fits = now.present(now.hours("ms.postictal_h"), SignKind.SEIZURE)
    return [*(use_datum(u) for u in drugs), *(sign_datum(s) for s in fits)]


def broad_mental_status(now: Moment, strict: Finding) -> Finding:
    """MSB: MS, RASS +2 or more, or new agitation, mutism or catatonia (MS-01)."""
    if strict.state is TRUE and not strict.caveats:
        return Finding("MSB", TRUE, strict.reason, strict.evidence, strict.since)
    kinds = _kinds(now.knowledge.broad_mental_status)
    signs = [s for s in now.present(now.hours("ms.coded_h"), *kinds) if s.new is not FALSE]
    limit = now.knowledge["msb.rass_min"]
    agitated = [m for m in now.recent("rass", "ms.true_h") if m.value >= limit]
    if signs:
        clean = [s for s in signs if not s.preliminary] or signs
        evidence = tuple(sign_datum(s) for s in clean[-2:])
        reason = "new agitation or catatonia recorded"
        return Finding("MSB", TRUE, reason, evidence, signs[0].at, sign_caveats(clean))
    if agitated:
        top = sure(agitated) or agitated
        shown, held = (datum(top[-1]),), caveats(top[-1:])
        return Finding(
            "MSB",
            TRUE,
            now.knowledge.says("RASS {msb.rass_min:signed} or higher"),
            shown,
            agitated[0].at,
            held,
        )
    since, held = strict.since, strict.caveats
    return Finding("MSB", strict.state, strict.reason, strict.evidence, since, held)


def mental_times(now: Moment, start: datetime, end: datetime) -> list[datetime]:
    """Times at which consciousness was found changed."""
    found = now.ever(*_changed(now), since=start)
    times = [s.at for s in found if s.at <= end and s.new is not FALSE]
    alert = now.chart.by_sign.get(SignKind.ACVPU)
    if alert:
        times += [s.at for s in alert if start <= s.at <= end and s.detail in NOT_ALERT]
    low = _repeated_low(now, start, end)
    return times + [at for at in low if start <= at <= end] if low else times


def _repeated_low(now: Moment, start: datetime, end: datetime) -> list[datetime]:
    """Times of low scores that another one confirms within the gap that would end an episode.

    The other may lie outside `start` to `end`: a window that moves with the clock may not take
    the earlier of two scores away and with it the later one, before its own time is over (TIER-10).
    """
    gap = now.hours("episode.gap_h")
    low = sorted({m.at for m in _low_between(now, start - gap, end + gap)})
    if not low:
        return low
    return [
        at
        for before, at, after in zip([None, *low], low, [*low[1:], None], strict=False)
        if (before is not None and at - before <= gap) or (after is not None and after - at <= gap)
    ]


def _low_between(now: Moment, start: datetime, end: datetime) -> list[Measurement]:
    ceiling = now.knowledge["ms.gcs_max"]
    if now.chart.conditions and impaired_before(now):
        ceiling = min(ceiling, baseline(now, "gcs_total", None).value - 1)
    readings = now.between("gcs_total", start, end)
    if not readings:
        return readings
    return [m for m in readings if m.value <= ceiling and m.comparator not in {">", ">="}]
