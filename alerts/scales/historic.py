"""Pope 1986 and Adityanjee 1999: read for comparison, too slow or too loose to alert (SPEC 1.7)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from itertools import groupby

from alerts.baseline import baseline
from alerts.chart import Measurement, SignKind
from alerts.moment import TICK, Moment, any_above, trusted_sites
from alerts.scales.items import Texts, extremes, feature, interval, own, reached, worded
from alerts.statements import Exposure, Scale, Withdrawal
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, at_least, both, either

# beside rigidity
EXTRAPYRAMIDAL = (
    SignKind.TREMOR,
    SignKind.DYSTONIA,
    SignKind.SIALORRHOEA,
    SignKind.DYSPHAGIA,
    SignKind.MUTISM,
)


def pope(now: Moment, state: Mapping[str, Truth], signs: Mapping[SignKind, Truth]) -> Scale:
    """Above 37.5 °C, two extrapyramidal and two autonomic signs; `signs` as charted."""
    trusted = trusted_sites(now.knowledge)
    readings = now.recent("body_temperature", "temp1.window_h")
    limit = now.knowledge["pope.temperature_c"]
    proof = [m for m in readings if m.site in trusted]
    hot = any_above(proof, limit, strict=True) if proof else UNKNOWN
    # what nobody charted is unknown: akinesia has no code of its own here
    motor = at_least(
        int(now.knowledge["pope.extrapyramidal"]),
        (state["RIG"], *[signs[kind] for kind in EXTRAPYRAMIDAL], UNKNOWN),
    )
    autonomic = (
        _rise(now, "diastolic_bp", "pope.diastolic_rise"),
        _rise(now, "heart_rate", "pope.hr_rise"),
        reached(now, "respiratory_rate", "pope.rr", "met.window_h", strict=True),
        state["DIAPH"],
        state["INCONT"],
    )
    minimum, window = int(now.knowledge["pope.autonomic"]), "ck.lookback_h"
    texts = worded(now.knowledge, _POPE_TEXTS)
    support = (
        state["MS"],
        reached(now, "wbc", "pope.wbc", window, strict=True),
        reached(now, "creatine_kinase", "pope.ck_u_l", window, strict=True),
    )
    return _pope_said(texts, (hot, motor), autonomic, support, minimum)


# as `others`: said once for each picture of the states
@lru_cache(maxsize=4096)
def _pope_said(
    texts: Texts,
    needed: tuple[Truth, ...],
    autonomic: tuple[Truth, ...],
    support: tuple[Truth, ...],
    minimum: int,
) -> Scale:
    named = len(_POPE)
    found = zip(texts[named:], support, strict=True)
    told = ", ".join([f"{text} {truth.value}" for text, truth in found])
    items = zip(texts[:named], (*needed, *autonomic), strict=True)
    return Scale(
        "POPE",
        "Pope, Keck & McElroy 1986",
        both((*needed, at_least(minimum, autonomic))),
        tuple([feature(text, text, state) for text, state in items]),
        interval(autonomic),
        f"retrospective support: {told}",
        "S",
        ("pope1986", "tse2015"),
    )


_POPE = (
    "oral or core temperature above {pope.temperature_c} °C",
    "{pope.extrapyramidal:word} extrapyramidal signs",
    "diastolic rise of {pope.diastolic_rise} mmHg",
    "heart rate rise of {pope.hr_rise}/min",
    "respiratory rate above {pope.rr}",
    "diaphoresis",
    "incontinence",
)
_POPE_SUPPORT = (
    "clouded consciousness",
    "leucocytes above {pope.wbc}",
    "CK above {pope.ck_u_l} U/L",
)
_POPE_TEXTS = (*_POPE, *_POPE_SUPPORT)


def _rise(now: Moment, kind: str, parameter: str) -> Truth:
    readings = own(now, kind, "met.window_h")
    base = baseline(now, kind, now.onset)
    if not readings or not base.measured:
        return UNKNOWN
    if kind in now.chart.plain:
        _, top = extremes(now, kind, "met.window_h", readings)
    else:
        top = max([m.value for m in readings])
    return TRUE if top >= base.value + now.knowledge[parameter] else FALSE


def adityanjee(
    now: Moment,
    state: Mapping[str, Truth],
    exposures: Sequence[Exposure],
    withdrawals: Sequence[Withdrawal],
) -> Scale:
    """Above 38.5 °C for 48 h, exposure, two of five autonomic signs."""
    k, window = now.knowledge, "bpfl.window_h"
    autonomic = (
        reached(now, "heart_rate", "adityanjee.hr", window, strict=True),
        reached(now, "respiratory_rate", "adityanjee.rr", window, strict=True),
        _swing(now, window),
        state["DIAPH"],
        state["INCONT"],
    )
    exposed = [_exposed(e, k["adityanjee.depot_d"], k["adityanjee.oral_d"]) for e in exposures]
    exposed += [TRUE for w in withdrawals if w.reading in {"full", "extended"}]
    needed = (_lasting(now), either(exposed or [UNKNOWN]))
    texts = worded(k, _ADITYANJEE)
    return _adityanjee_said(texts, needed, autonomic, int(k["adityanjee.autonomic"]))


@lru_cache(maxsize=4096)
def _adityanjee_said(
    texts: Texts, needed: tuple[Truth, ...], autonomic: tuple[Truth, ...], minimum: int
) -> Scale:
    note, *named = texts
    items = zip(named, (*needed, *autonomic), strict=True)
    return Scale(
        "ADITYANJEE",
        "Adityanjee 1999",
        both((*needed, at_least(minimum, autonomic))),
        tuple([feature(text, text, state) for text, state in items]),
        interval(autonomic),
        note,
        "S",
        ("adityanjee1999",),
    )


# the note, then the items
_ADITYANJEE = (
    "source of exposure windows; the {adityanjee.duration_h} h fever rule is too slow for an alert",
    "above {adityanjee.temperature_c} °C, oral or core, for {adityanjee.duration_h} h",
    "exposure within {adityanjee.oral_d:weeks} weeks ({adityanjee.depot_d:weeks} for a depot)",
    "heart rate above {adityanjee.hr}",
    "respiratory rate above {adityanjee.rr}",
    "blood pressure swing {adityanjee.systolic_swing}/{adityanjee.diastolic_swing} mmHg",
    "sweating",
    "incontinence",
)


def _exposed(exposure: Exposure, depot_d: float, oral_d: float) -> Truth:
    if exposure.reading == "possible" or exposure.days_before is None:
        return UNKNOWN
    days = depot_d if exposure.long_acting else oral_d
    return TRUE if exposure.days_before <= days else FALSE


def _swing(now: Moment, window: str) -> Truth:
    states = []
    for kind, parameter in (
        ("systolic_bp", "adityanjee.systolic_swing"),
        ("diastolic_bp", "adityanjee.diastolic_swing"),
    ):
        values = [m.value for m in own(now, kind, window) if not m.comparator]
        change = max(values) - min(values) if len(values) > 1 else None
        limit = now.knowledge[parameter]
        states.append(UNKNOWN if change is None else TRUE if change >= limit else FALSE)
    return both(states)


def _lasting(now: Moment) -> Truth:
    """Four consecutive oral or core readings above 38.5 °C that span 48 h, none below between."""
    trusted = trusted_sites(now.knowledge)
    limit, span = now.knowledge["adityanjee.temperature_c"], now.hours("adityanjee.duration_h")
    taken = now.recent("body_temperature", "hyp.lookback_h")
    readings = [m for m in taken if m.site in trusted]
    if not readings:
        return UNKNOWN
    least = now.knowledge["adityanjee.readings"]
    hot = [m for m in now.above(taken, limit) if m.site in trusted]
    if len(hot) >= least and hot[-1].at - hot[0].at >= span:
        for run in _runs(readings, hot):
            if len(run) >= least and run[-1].at - run[0].at >= span:
                return TRUE
    if hot and hot[-1] is readings[-1]:
        lasting = list(_runs(readings, hot))[-1]
        now.until(lasting[0].at + span)
        return UNKNOWN
    recent = now.as_of - readings[-1].at <= timedelta(hours=24)
    now.until(readings[-1].at + timedelta(hours=24) + TICK)
    return FALSE if recent else UNKNOWN


def _runs(readings: list[Measurement], hot: list[Measurement]) -> Iterator[list[Measurement]]:
    """The hot ones of the readings, those together that have no other between them."""
    marks = set(map(id, hot))
    for is_hot, run in groupby(readings, lambda reading: id(reading) in marks):
        if is_hot:
            yield list(run)
