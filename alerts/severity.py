"""Severity and stage (SPEC 5.1, 1.9). The levels are [U]: labelled, driving no interruption."""

from collections.abc import Iterator, Mapping, Sequence

from alerts.artefacts import lone_jump
from alerts.chart import Measurement, SignKind
from alerts.coagulation import coagulation
from alerts.moment import Moment, above
from alerts.record import record
from alerts.scales.items import extremes
from alerts.statements import Finding, Severity, TierName
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, negated
from alerts.wording import figure

LEVELS = ("MILD", "MODERATE", "SEVERE")
NOT_EXAMINED = (
    "Woodbury stage open: tone and mental state not examined, so stages I and II cannot be told"
    " from III to V (WOOD-01)"
)
RENAL_FAILURE = "acute renal failure"
COOLED = (SignKind.ACTIVE_COOLING, SignKind.TARGETED_TEMPERATURE)


@record
class _Override:
    """A fact of SEV-02: does it hold, in words; what it means for critical care (SEV-04)."""

    state: Truth
    said: str
    trigger: str = ""


def severity(now: Moment, findings: Mapping[str, Finding], tier: TierName) -> Severity:
    """The worst of temperature and heart rate in 24 h (SEV-01), and the overrides of SEV-02.

    Both missing and no override: UNKNOWN (SEV-03). One missing: the level is a minimum.
    """
    if tier.rank < TierName.POSSIBLE.rank:
        return Severity("NONE", None, ())
    with now.account("severity"):
        return _judged(now, findings)


def _judged(now: Moment, findings: Mapping[str, Finding]) -> Severity:
    overrides = list(_overrides(now))
    met = [o for o in overrides if o.state is TRUE]
    graded, reasons = _graded(now)
    level = "SEVERE" if met else max(graded, key=LEVELS.index, default="UNKNOWN")
    stage, stage_open = _stage(findings, graded)
    return Severity(
        level,
        stage,
        (*[o.said for o in met], *reasons),
        tuple(_critical_care(now, level, met, reasons)),
        tuple([o.said for o in overrides if o.state is UNKNOWN]),
        stage_open,
    )


def _graded(now: Moment) -> tuple[list[str], list[str]]:
    """SEV-01: the grade of each that was recorded, and the words for both."""
    temperature, pulse = _worst(now, "body_temperature"), _worst(now, "heart_rate")
    graded, reasons = [], []
    if temperature is not None:
        graded.append(_grade(now, temperature, "severity.moderate_c", "severity.severe_c"))
        reasons.append(f"temperature up to {temperature:g} °C {_in_window(now)}")
    if pulse is not None:
        graded.append(_grade(now, pulse, "severity.moderate_hr", "severity.severe_hr"))
        reasons.append(f"heart rate up to {pulse:g} /min {_in_window(now)}")
    if not graded:
        reasons.append(f"no temperature and no heart rate {_in_window(now)}")
    elif len(graded) == 1:
        missing = "heart rate" if pulse is None else "temperature"
        reasons.append(f"no {missing} {_in_window(now)}: the level is a minimum")
    if temperature is not None and now.present(now.hours("severity.window_h"), *COOLED):
        reasons.append("actively cooled: the temperature may understate")
    return graded, reasons


def _in_window(now: Moment) -> str:
    return now.knowledge.says("in {severity.window_h} h")


def _worst(now: Moment, kind: str) -> float | None:
    readings = now.recent(kind, "severity.window_h")
    if not readings:
        return None
    _, worst = extremes(now, kind, "severity.window_h", readings)
    return worst


def _grade(now: Moment, value: float, moderate: str, severe: str) -> str:
    if value >= now.knowledge[severe]:
        return "SEVERE"
    return "MODERATE" if value > now.knowledge[moderate] else "MILD"


def _stage(findings: Mapping[str, Finding], graded: list[str]) -> tuple[str | None, str]:
    """Woodbury stage by the worse of the two (WOOD-01), from III, where suspicion begins.

    None, and why, where nothing grades it or where neither rigidity nor the mental state was
    examined: stages I and II are then open.
    """
    if not graded:
        return None, "Woodbury stage open: no temperature and no heart rate to stage by (WOOD-01)"
    if findings["RIG"].state is UNKNOWN and findings["MSB"].state is UNKNOWN:
        return None, NOT_EXAMINED
    return ("III", "IV", "V")[LEVELS.index(max(graded, key=LEVELS.index))], ""


def _overrides(now: Moment) -> Iterator[_Override]:
    """SEV-02: any of these makes it severe; what is not recorded is said, not assumed."""
    yield _consciousness(now)
    yield from _breathing(now)
    yield _potassium(now)
    if now.present(now.hours("severity.window_h"), SignKind.VENTRICULAR_ARRHYTHMIA):
        yield _Override(TRUE, "new ventricular arrhythmia")
    yield _kidney(now)
    yield _clotting(now)
    yield _pressure(now)


def _newest(now: Moment, kind: str) -> Measurement | None:
    readings = now.recent(kind, "severity.window_h")
    return readings[-1] if readings else None


def _below(reading: Measurement, limit: float) -> Truth:
    """Below the limit beyond doubt? A value bounded on one side may leave it open (UNIT-02)."""
    return negated(above(reading, limit))


def _figure(reading: Measurement) -> str:
    return f"{reading.comparator or ''}{reading.value:g}"


def _consciousness(now: Moment) -> _Override:
    gcs = _newest(now, "gcs_total")
    if gcs is not None and above(gcs, now.knowledge["severity.gcs"], strict=True) is FALSE:
        return _Override(TRUE, f"GCS {gcs.value:g} points", "coma")
    window = now.hours("severity.window_h")
    alert = now.signs(now.hours("ms.true_h"), SignKind.ACVPU)
    unresponsive = "U" in [s.detail for s in alert] if alert else False
    if now.present(window, SignKind.COMA) or unresponsive:
        return _Override(TRUE, "coma or unresponsive", "coma")
    if gcs is None and not now.signs(window, SignKind.ACVPU):
        return _Override(
            UNKNOWN, now.knowledge.says("GCS or ACVPU not recorded in {severity.window_h} h")
        )
    return _Override(FALSE, "")


def _breathing(now: Moment) -> Iterator[_Override]:
    k = now.knowledge
    at_risk = "ventilation at risk"
    if now.present(now.hours("severity.window_h"), SignKind.VENTILATED):
        yield _Override(TRUE, "mechanical ventilation", at_risk)
    spo2 = _newest(now, "spo2")
    if spo2 is None:
        yield _Override(UNKNOWN, now.knowledge.says("SpO2 not recorded in {severity.window_h} h"))
    elif _below(spo2, k["severity.spo2"]) is TRUE:
        yield _low_saturation(now, spo2, at_risk)
    pco2, ph = _newest(now, "pco2"), _newest(now, "ph_blood")
    if pco2 is not None and above(pco2, k["severity.pco2"], strict=True) is TRUE:
        retained = f"PaCO2 {_figure(pco2)} mmHg"
        if ph is None:
            yield _Override(UNKNOWN, f"{retained}, pH not recorded", at_risk)
        elif _below(ph, k["severity.ph"]) is TRUE:
            sour = f"{ph.comparator or ''}{ph.value:.2f}"
            yield _Override(TRUE, f"{retained} with pH {sour}", at_risk)


def _low_saturation(now: Moment, spo2: Measurement, at_risk: str) -> _Override:
    said = f"SpO2 {_figure(spo2)} %"
    if "room_air" in spo2.flags:
        return _Override(UNKNOWN, f"{said} on room air: give oxygen and repeat", at_risk)
    ventilated = now.present(now.hours("severity.window_h"), SignKind.VENTILATED)
    if ventilated or "on_oxygen" in spo2.flags:
        return _Override(TRUE, f"{said} on oxygen", at_risk)
    return _Override(UNKNOWN, f"{said}: severe if on oxygen, which is not recorded", at_risk)


def _potassium(now: Moment) -> _Override:
    potassium = _newest(now, "potassium")
    if potassium is None:
        return _Override(
            UNKNOWN, now.knowledge.says("potassium not recorded in {severity.window_h} h")
        )
    limit = now.knowledge["severity.potassium"]
    high, said = above(potassium, limit), f"potassium {_figure(potassium)} mmol/L"
    if high is FALSE:
        return _Override(FALSE, "")
    if high is UNKNOWN:
        return _Override(UNKNOWN, f"{said}, may be {limit:g} mmol/L or more: repeat now")
    if "haemolysed" in potassium.flags:
        return _Override(UNKNOWN, f"{said}, haemolysed: repeat now")
    return _Override(TRUE, said, f"severe hyperkalaemia ({said})")


def _kidney(now: Moment) -> _Override:
    """Creatinine at twice the lowest of a year [U]."""
    readings = _of_a_year(now, now.readings("creatinine"))
    if len(readings) < 2:
        return _Override(UNKNOWN, "creatinine against its baseline not known")
    newest = readings[-1]
    lowest = min([m.value for m in readings if not m.comparator], default=newest.value)
    times = now.knowledge["severity.creatinine_ratio"]
    if now.older(newest.at, now.hours("dic.window_h")):
        return _Override(UNKNOWN, now.knowledge.says("creatinine older than {dic.window_h} h"))
    if above(newest, times * lowest) is not TRUE:
        if not newest.comparator:
            return _Override(FALSE, "")
        bounded = f"creatinine {newest.comparator}{figure(newest.value)} µmol/L"
        return _Override(UNKNOWN, f"{bounded}, against its baseline not known")
    least = now.knowledge.says("the lowest in {baseline.historical_d} d")
    times_lowest = f"{newest.value / lowest:.1f} × {least}"
    said = f"creatinine {newest.comparator or ''}{figure(newest.value)} µmol/L, {times_lowest}"
    return _Override(TRUE, said, f"{RENAL_FAILURE} ({said})")


def _of_a_year(now: Moment, readings: Sequence[Measurement]) -> Sequence[Measurement]:
    """Those of the year before the newest: no baseline reaches further back (BASE-02)."""
    if len(readings) < 2:
        return readings
    since = readings[-1].at - now.days("baseline.historical_d")
    return [m for m in readings if m.at >= since]


def _clotting(now: Moment) -> _Override:
    score = coagulation(now)
    said = f"ISTH DIC score {score.lower}–{score.upper} of 8 points"
    if score.overt is UNKNOWN and not score.parts:
        missing = "clotting screen for the ISTH DIC score not recorded in {dic.window_h} h"
        return _Override(UNKNOWN, now.knowledge.says(missing))
    return _Override(score.overt, said)


def _pressure(now: Moment) -> _Override:
    if now.given("vasopressor", now.hours("severity.window_h")):
        return _Override(TRUE, "vasopressor running")
    sbp = _newest(now, "systolic_bp")
    if sbp is None:
        return _Override(
            UNKNOWN, now.knowledge.says("blood pressure not recorded in {severity.window_h} h")
        )
    low = _below(sbp, now.knowledge["severity.sbp"])
    doubt = ", to be verified: repeat" if lone_jump(now, sbp) else ""
    return _Override(low, f"systolic pressure {_figure(sbp)} mmHg{doubt}")


def _critical_care(
    now: Moment, level: str, met: list[_Override], reasons: list[str]
) -> Iterator[str]:
    """SEV-04 triggers (bmj_bp_nms)."""
    if level in {"MODERATE", "SEVERE"}:
        yield f"{level.lower()} ({', '.join([*(o.said for o in met), *reasons])})"
    limit = now.knowledge["severity.cooling_c"]
    window = now.hours("severity.window_h")
    readings = now.within("body_temperature", window)
    rising = len(readings) > 1 and readings[-1].value > max(limit, readings[-2].value)
    if rising and now.present(window, SignKind.ACTIVE_COOLING):
        yield f"temperature {readings[-1].value:g} °C and rising despite cooling"
    yield from dict.fromkeys(o.trigger for o in met if o.trigger)
