"""Items that several criteria sets share, each true, false or unknown.

False needs a record: a reading below the limit, a sign charted absent. Silence is unknown (LOG-01).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache

from alerts.chart import Measurement, SignKind
from alerts.evidence import above
from alerts.knowledge import Knowledge
from alerts.knowledge.sentences import named
from alerts.moment import Moment, any_above, sure
from alerts.statements import Feature, Finding, Interval
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, both, either, negated


def reached(
    now: Moment,
    kind: str,
    parameter: str,
    window: str,
    *,
    strict: bool = False,
    firm: bool = False,
) -> Truth:
    """Any reading of the window at or above the limit; false only when some were read.

    `firm`: preliminary values and inferred units are left out (TIER-05).
    """
    chosen = own(now, kind, window, firm=firm)
    limit = now.knowledge[parameter]
    if not chosen:
        return UNKNOWN
    if kind in now.chart.plain:
        _, top = extremes(now, kind, window, chosen)
        return TRUE if top > limit or (top == limit and not strict) else FALSE
    mark = (kind, parameter, window, strict, firm)
    known: Truth | None = now.answers.get(mark)
    if known is None:
        known = now.answers[mark] = any_above(chosen, limit, strict=strict)
    return known


def extremes(
    now: Moment, kind: str, window: str, readings: Sequence[Measurement]
) -> tuple[float, float]:
    """The lowest and the highest value of the readings of a window, of which there are some: what
    `Moment.recent` has found in it."""
    known: tuple[float, float] | None = now.answers.get(("extremes", kind, window))
    if known is None:
        values = [m.value for m in readings]
        known = now.answers["extremes", kind, window] = (min(values), max(values))
    return known


def own(now: Moment, kind: str, window: str, *, firm: bool = False) -> list[Measurement]:
    """The patient's own readings: no ventilator rate, no pacemaker."""
    readings = now.recent(kind, window)
    if not readings or kind in now.chart.plain:
        return readings
    mark = ("own", kind, window, firm)
    kept: list[Measurement] | None = now.answers.get(mark)
    if kept is None:
        kept = [m for m in readings if not m.flags]
        kept = now.answers[mark] = sure(kept) if firm else kept
    return kept


def below(now: Moment, kind: str, parameter: str, window: str, *, firm: bool = False) -> Truth:
    """Any reading of the window below the limit; false only when some were read."""
    readings = own(now, kind, window, firm=firm)
    if not readings:
        return UNKNOWN
    limit = now.knowledge[parameter]
    if kind in now.chart.plain:
        lowest, _ = extremes(now, kind, window, readings)
        return TRUE if lowest < limit else FALSE
    return either([negated(above(m, limit)) for m in readings])


def charted(now: Moment, *kinds: SignKind, window: timedelta | None = None) -> Truth:
    """Present in 24 h; absent when a structured entry says so; unknown when nobody charted it."""
    span = window or now.hours("ddx.sign_h")
    if now.chart.by_sign.keys().isdisjoint(kinds):  # as for most signs of most patients
        return UNKNOWN
    known: Truth | None = now.answers.get((kinds, span))
    if known is None:
        known = now.answers[kinds, span] = _charted(now, span, kinds)
    return known


def _charted(now: Moment, span: timedelta, kinds: tuple[SignKind, ...]) -> Truth:
    found = UNKNOWN
    for sign in now.signs(span, *kinds):
        if sign.present is TRUE:
            return TRUE
        if sign.present is FALSE and sign.structured:
            found = FALSE
    return found


Texts = tuple[str, ...]


def worded(knowledge: Knowledge, texts: Texts) -> Texts:
    """Texts of a criteria set with the numbers of these rules in them, made once.

    What is said of a number stands in the trace, as what is read does.
    """
    known: tuple[Texts, dict[str, None]] | None = knowledge.memo.get(texts)
    if known is None:
        numbers = dict.fromkeys(key for text in texts for key in named(text))
        said = tuple([knowledge.says(text) for text in texts])
        known = knowledge.memo[texts] = (said, numbers)
    knowledge.note(known[1])
    return known[0]


@lru_cache(maxsize=2048)
def feature(item: str, text: str, state: Truth) -> Feature:
    """An item of a criteria set in one of its three states: the same for every patient."""
    return Feature(item, text, state)


def interval(states: Collection[Truth]) -> Interval:
    """True items to true and unknown items."""
    told = list(states)
    true = told.count(TRUE)
    return Interval(true, true + told.count(UNKNOWN))


def states_of(findings: Mapping[str, Finding]) -> dict[str, Truth]:
    return {key: finding.state for key, finding in findings.items()}


def abnormal_pressure(now: Moment, state: Mapping[str, Truth], *, firm: bool = False) -> Truth:
    """BP elevation, robust fluctuation, or systolic below 90 (LEV-01)."""
    return either((state["BPUP"], state["BPFL_ROBUST"], low_pressure(now, firm=firm)))


def low_pressure(now: Moment, *, firm: bool = False) -> Truth:
    return below(now, "systolic_bp", "levenson.low_sbp", "met.window_h", firm=firm)


def leucocytosis(now: Moment, *, firm: bool = False) -> Truth:
    return reached(now, "wbc", "levenson.wbc", "ck.lookback_h", firm=firm)


def acidosis(now: Moment) -> Truth:
    """pH below 7.35 and bicarbonate below 18 (CAROFF)."""
    low_ph = below(now, "ph_blood", "caroff.ph", "ck.lookback_h")
    return both((low_ph, below(now, "bicarbonate", "caroff.bicarbonate", "ck.lookback_h")))


def myoglobinuria(now: Moment) -> Truth:
    """Urine myoglobin positive, or urine haem positive with fewer than 5 red cells (CAROFF)."""
    window = now.hours("ck.lookback_h")
    urine = {_positive(m) for m in now.within("myoglobin_urine", window)}
    haem = [m for m in now.within("urinalysis_blood", window) if not m.comparator]
    cells = now.within("urine_red_cells", window)
    few = [m for m in cells if m.value < now.knowledge["caroff.red_cells"]]
    if TRUE in urine or (any(m.value > 0 for m in haem) and few):
        return TRUE
    return FALSE if FALSE in urine or (haem and cells) else UNKNOWN


def _positive(myoglobin: Measurement) -> Truth:
    """As told (1 is there, 0 is not), or a number above the upper limit that came with it."""
    if myoglobin.unit == "{score}":
        return TRUE if myoglobin.value > 0 else FALSE
    high = myoglobin.reference_high
    return UNKNOWN if high is None else above(myoglobin, high, strict=True)
