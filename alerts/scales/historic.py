"""Pope 1986 and Adityanjee 1999: read for comparison, too slow or too loose to alert (SPEC 1.7)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from alerts.baseline import baseline
from alerts.chart import Measurement, SignKind
from alerts.moment import TICK, Moment, above, trusted_sites
from alerts.scales.items import charted, feature, interval, own, reached
from alerts.statements import Exposure, Scale, Withdrawal
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, at_least, both, either

EXTRAPYRAMIDAL = (
    SignKind.RIGIDITY,
    SignKind.TREMOR,
    SignKind.DYSTONIA,
    SignKind.SIALORRHOEA,
    SignKind.DYSPHAGIA,
    SignKind.MUTISM,
)


def pope(now: Moment, state: Mapping[str, Truth]) -> Scale:
    """Above 37.5 °C, two extrapyramidal and two autonomic signs."""
    trusted = trusted_sites(now.knowledge)
    readings = now.within("body_temperature", now.hours("temp1.window_h"))
    limit = now.knowledge["pope.temperature_c"]
    hot = either([above(m, limit, strict=True) for m in readings if m.site in trusted] or [UNKNOWN])
    # what nobody charted is unknown: akinesia has no code of its own here
    signs = [state["RIG"] if k is SignKind.RIGIDITY else charted(now, k) for k in EXTRAPYRAMIDAL]
    motor = at_least(int(now.knowledge["pope.extrapyramidal"]), [*signs, UNKNOWN])
    autonomic = {
        "diastolic rise of 20 mmHg": _rise(now, "diastolic_bp", "pope.diastolic_rise"),
        "heart rate rise of 30/min": _rise(now, "heart_rate", "pope.hr_rise"),
        "respiratory rate above 25": reached(
            now, "respiratory_rate", "pope.rr", "met.window_h", strict=True
        ),
        "diaphoresis": state["DIAPH"],
        "incontinence": state["INCONT"],
    }
    two = at_least(int(now.knowledge["pope.autonomic"]), autonomic.values())
    items = {"oral or core temperature above 37.5 °C": hot, "two extrapyramidal signs": motor}
    texts, states = (*items, *autonomic), (*items.values(), *autonomic.values())
    support = _support(now, state)
    return Scale(
        "POPE",
        "Pope, Keck & McElroy 1986",
        both((hot, motor, two)),
        tuple([feature(t, t, s) for t, s in zip(texts, states, strict=True)]),
        interval(autonomic.values()),
        f"retrospective support: {support}",
        "S",
        ("pope1986", "tse2015"),
    )


def _support(now: Moment, state: Mapping[str, Truth]) -> str:
    window = "ck.lookback_h"
    found = {
        "clouded consciousness": state["MS"],
        "leucocytes above 15": reached(now, "wbc", "pope.wbc", window, strict=True),
        "CK above 300 U/L": reached(now, "creatine_kinase", "pope.ck_u_l", window, strict=True),
    }
    return ", ".join(f"{text} {truth.value}" for text, truth in found.items())


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
    autonomic = {
        "heart rate above 100": reached(now, "heart_rate", "adityanjee.hr", window, strict=True),
        "respiratory rate above 25": reached(
            now, "respiratory_rate", "adityanjee.rr", window, strict=True
        ),
        "blood pressure swing 30/15 mmHg": _swing(now, window),
        "sweating": state["DIAPH"],
        "incontinence": state["INCONT"],
    }
    exposed = [_exposed(e, k["adityanjee.depot_d"], k["adityanjee.oral_d"]) for e in exposures]
    exposed += [TRUE for w in withdrawals if w.reading in {"full", "extended"}]
    items = {
        "above 38.5 °C, oral or core, for 48 h": _lasting(now),
        "exposure within 2 weeks (8 for a depot)": either(exposed or [UNKNOWN]),
    }
    two = at_least(int(k["adityanjee.autonomic"]), autonomic.values())
    texts, states = (*items, *autonomic), (*items.values(), *autonomic.values())
    return Scale(
        "ADITYANJEE",
        "Adityanjee 1999",
        both((*items.values(), two)),
        tuple([feature(t, t, s) for t, s in zip(texts, states, strict=True)]),
        interval(autonomic.values()),
        "source of exposure windows; the 48 h fever rule is too slow for an alert",
        "S",
        ("adityanjee1999",),
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
    run: list[Measurement] = []
    for reading in readings:
        if above(reading, limit, strict=True) is TRUE:
            run.append(reading)
        else:
            run = []
        if len(run) >= now.knowledge["adityanjee.readings"] and run[-1].at - run[0].at >= span:
            return TRUE
    if run:
        now.until(run[0].at + span)
        return UNKNOWN
    recent = now.as_of - readings[-1].at <= timedelta(hours=24)
    now.until(readings[-1].at + timedelta(hours=24) + TICK)
    return FALSE if recent else UNKNOWN
