"""Pope 1986 and Adityanjee 1999: read for comparison, too slow or too loose to alert (SPEC 1.7)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache

from alerts.baseline import baseline
from alerts.chart import Measurement, SignKind
from alerts.moment import TICK, Moment, any_above, those_above, trusted_sites
from alerts.scales.items import feature, interval, own, reached
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
    readings = now.within("body_temperature", now.hours("temp1.window_h"))
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
    support = (
        state["MS"],
        reached(now, "wbc", "pope.wbc", window, strict=True),
        reached(now, "creatine_kinase", "pope.ck_u_l", window, strict=True),
    )
    return _pope_said((hot, motor), autonomic, support, minimum)


# as `others`: said once for each picture of the states
@lru_cache(maxsize=4096)
def _pope_said(
    needed: tuple[Truth, ...],
    autonomic: tuple[Truth, ...],
    support: tuple[Truth, ...],
    minimum: int,
) -> Scale:
    found = zip(_SUPPORT, support, strict=True)
    told = ", ".join([f"{text} {truth.value}" for text, truth in found])
    items = zip(_POPE, (*needed, *autonomic), strict=True)
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
    "oral or core temperature above 37.5 °C",
    "two extrapyramidal signs",
    "diastolic rise of 20 mmHg",
    "heart rate rise of 30/min",
    "respiratory rate above 25",
    "diaphoresis",
    "incontinence",
)
_SUPPORT = ("clouded consciousness", "leucocytes above 15", "CK above 300 U/L")


def _rise(now: Moment, kind: str, parameter: str) -> Truth:
    readings = own(now, kind, "met.window_h")
    base = baseline(now, kind, now.onset)
    if not readings or not base.measured:
        return UNKNOWN
    highest = max(m.value for m in readings)
    return TRUE if highest >= base.value + now.knowledge[parameter] else FALSE


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
    return _adityanjee_said(needed, autonomic, int(k["adityanjee.autonomic"]))


@lru_cache(maxsize=4096)
def _adityanjee_said(
    needed: tuple[Truth, ...], autonomic: tuple[Truth, ...], minimum: int
) -> Scale:
    items = zip(_ADITYANJEE, (*needed, *autonomic), strict=True)
    return Scale(
        "ADITYANJEE",
        "Adityanjee 1999",
        both((*needed, at_least(minimum, autonomic))),
        tuple([feature(text, text, state) for text, state in items]),
        interval(autonomic),
        "source of exposure windows; the 48 h fever rule is too slow for an alert",
        "S",
        ("adityanjee1999",),
    )


_ADITYANJEE = (
    "above 38.5 °C, oral or core, for 48 h",
    "exposure within 2 weeks (8 for a depot)",
    "heart rate above 100",
    "respiratory rate above 25",
    "blood pressure swing 30/15 mmHg",
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
    lookback = now.hours("hyp.lookback_h")
    readings = [m for m in now.within("body_temperature", lookback) if m.site in trusted]
    if not readings:
        return UNKNOWN
    least = now.knowledge["adityanjee.readings"]
    hot = set(map(id, those_above(readings, limit)))
    run: list[Measurement] = []
    for reading in readings:
        if id(reading) in hot:
            run.append(reading)
        else:
            run = []
        if len(run) >= least and run[-1].at - run[0].at >= span:
            return TRUE
    if run:
        now.until(run[0].at + span)
        return UNKNOWN
    recent = now.as_of - readings[-1].at <= timedelta(hours=24)
    now.until(readings[-1].at + timedelta(hours=24) + TICK)
    return FALSE if recent else UNKNOWN
