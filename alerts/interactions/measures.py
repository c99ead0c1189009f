"""Conditions read from measurements: kidney function, QTc, CK, temperature; stale is unknown."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from alerts.chart import Measurement, SignKind
from alerts.evidence import above, any_above, caveats, datum, sign_datum, those_above
from alerts.interactions.situation import NOT_HELD, Held, Situation, undecided
from alerts.statements import Datum
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

_STALE = timedelta(days=3650)


def gfr_low(situation: Situation) -> Held:
    """GFR below 50 mL/min (amantadine_renal). Injury makes a normal GFR untrustworthy."""
    now = situation.now
    limit, window = now.knowledge["interaction.gfr_low"], now.days("interaction.gfr_age_d")
    dialysis = now.present(now.hours("interaction.factor_h"), SignKind.RENAL_REPLACEMENT)
    if dialysis:
        return Held(TRUE, (sign_datum(dialysis[-1]),), "renal replacement")
    recent = now.within("egfr", window)
    if not recent:
        earlier = now.within("egfr", _STALE)[-1:]
        others = [*earlier, *now.within("creatinine", window)[-1:]]
        return undecided(f"GFR of the last {window.days} days", *map(_old, others))
    newest = recent[-1]
    below = _below(newest, limit)
    fact, said = datum(newest), f"GFR {newest.comparator or ''}{newest.value:g} mL/min"
    if below is TRUE and not caveats([newest]):
        return Held(TRUE, (fact,), said)
    if below is not FALSE:
        return undecided(f"{said}: not certain", fact)
    injured = [
        c
        for c in now.chart.conditions
        if c.kind == "acute_kidney_injury" and c.active is not FALSE and c.abated is None
    ]
    if injured:
        return undecided(f"{said}, but acute kidney injury is recorded", fact)
    if now.older(newest.at, now.hours("dose.gfr_age_h")):
        return undecided(now.knowledge.says("GFR of the last {dose.gfr_age_h} h"), _old(newest))
    return Held(FALSE, (fact,))


def _old(reading: Measurement) -> Datum:
    return datum(reading, "not enough to decide")


def _below(reading: Measurement, limit: float) -> Truth:
    """Strictly below; "< x" can prove it and "> x" can refute it."""
    if reading.comparator in {"<", "<="}:
        return TRUE if reading.value <= limit else UNKNOWN
    if reading.comparator in {">", ">="}:
        return FALSE if reading.value >= limit else UNKNOWN
    return TRUE if reading.value < limit else FALSE


def qtc_high(situation: Situation) -> Held:
    """QTc above 500 ms [U]. Most charts hold no QTc: then it is unknown, and said."""
    now = situation.now
    window = now.hours("interaction.qtc_age_h")
    recent = now.within("qtc", window)
    if not recent:
        return undecided(now.knowledge.says("QTc of the last {interaction.qtc_age_h} h"))
    limit = now.knowledge["interaction.qtc_high_ms"]
    return _latest_above(recent, lambda r: above(r, limit, strict=True), "QTc")


def ck_high(situation: Situation) -> Held:
    """CK above 5 × the upper limit, or above 1000 U/L without one (kodadek2022)."""
    now = situation.now
    window = now.hours("interaction.ck_age_h")
    recent = now.within("creatine_kinase", window)
    if not recent:
        return undecided(now.knowledge.says("CK of the last {interaction.ck_age_h} h"))
    multiple = now.knowledge["interaction.ck_multiple"]
    bare = now.knowledge["interaction.ck_no_range_u_l"]

    def high(reading: Measurement) -> Truth:
        top = reading.reference_high
        return above(reading, multiple * top if top else bare, strict=True)

    return _latest_above(recent, high, "CK")


def _latest_above(
    recent: Sequence[Measurement], test: Callable[[Measurement], Truth], name: str
) -> Held:
    newest = recent[-1]
    state, fact = test(newest), datum(newest)
    said = f"{name} {newest.comparator or ''}{newest.value:g} {newest.unit}"
    if state is TRUE and not caveats([newest]):
        return Held(TRUE, (fact,), said)
    return Held(FALSE, (fact,)) if state is FALSE else undecided(f"{said}: not certain", fact)


def hyperthermia(situation: Situation) -> Held:
    """Any temperature above 38.0 °C in 24 h (TEMP-01, TEMP-05)."""
    now = situation.now
    window = now.hours("temp1.window_h")
    recent = now.within("body_temperature", window)
    if not recent:
        return undecided(now.knowledge.says("temperature of the last {temp1.window_h} h"))
    limit = now.knowledge["hyp.threshold_c"]
    hot = those_above(recent, limit)
    if hot:
        peak = max(hot, key=lambda r: (r.value, r.at))
        return Held(TRUE, (datum(peak),), f"temperature {peak.value:g} °C")
    state = any_above(recent, limit, strict=True)
    newest = datum(recent[-1])
    return undecided("temperature: not certain", newest) if state is UNKNOWN else NOT_HELD


def factor(situation: Situation, kind: str) -> Datum:
    """An individual contextual factor of a row, or that it is not recorded (PDDI-CDS)."""
    if kind in _PERSONAL:
        return _PERSONAL[kind](situation) or Datum(kind, "not recorded", "", None, "")
    now = situation.now
    window = now.hours("interaction.factor_h")
    names = ("egfr", "creatinine") if kind == "gfr" else (kind,)
    for name in names:
        recent = now.within(name, window)
        if recent:
            return datum(recent[-1])
    label = now.knowledge.says("nothing in the last {interaction.factor_h} h")
    return Datum(names[0], "not recorded", "", None, "", label)


def _age(situation: Situation) -> Datum | None:
    details, today = situation.now.chart.details, situation.now.as_of.date()
    if details is None or details.birth_date is None:
        return None
    born = details.birth_date
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return Datum("age", str(years), "a", None, details.source.reference)


def _sex(situation: Situation) -> Datum | None:
    details = situation.now.chart.details
    if details is None or details.sex is None:
        return None
    return Datum("sex", details.sex, "", None, details.source.reference)


def _ventilated(situation: Situation) -> Datum | None:
    now = situation.now
    signs = now.signs(now.hours("interaction.sign_h"), SignKind.VENTILATED)
    return sign_datum(signs[-1]) if signs else None


_PERSONAL: dict[str, Callable[[Situation], Datum | None]] = {
    "age": _age,
    "sex": _sex,
    "ventilated": _ventilated,
}
