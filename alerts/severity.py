"""Severity and stage (SPEC 5.1, 1.9). The levels are [U]: labelled, driving no interruption."""

from collections.abc import Iterator, Mapping

from alerts.artefacts import lone_jump
from alerts.chart import Measurement, SignKind
from alerts.coagulation import coagulation
from alerts.moment import Moment
from alerts.record import record
from alerts.scales.items import extremes
from alerts.statements import Finding, Severity, TierName
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
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
    if readings and readings[-1].comparator:
        readings = [m for m in readings if not m.comparator]
    return readings[-1] if readings else None


def _consciousness(now: Moment) -> _Override:
    gcs = _newest(now, "gcs_total")
    if gcs is not None and gcs.value <= now.knowledge["severity.gcs"]:
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
    elif spo2.value < k["severity.spo2"]:
        yield _low_saturation(now, spo2, at_risk)
    pco2, ph = _newest(now, "pco2"), _newest(now, "ph_blood")
    if pco2 is not None and pco2.value > k["severity.pco2"]:
        if ph is None:
            yield _Override(UNKNOWN, f"PaCO2 {pco2.value:g} mmHg, pH not recorded", at_risk)
        elif ph.value < k["severity.ph"]:
            yield _Override(TRUE, f"PaCO2 {pco2.value:g} mmHg with pH {ph.value:.2f}", at_risk)


def _low_saturation(now: Moment, spo2: Measurement, at_risk: str) -> _Override:
    said = f"SpO2 {spo2.value:g} %"
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
    if potassium.value < now.knowledge["severity.potassium"]:
        return _Override(FALSE, "")
    said = f"potassium {potassium.value:g} mmol/L"
    if "haemolysed" in potassium.flags:
        return _Override(UNKNOWN, f"{said}, haemolysed: repeat now")
    return _Override(TRUE, said, f"severe hyperkalaemia ({said})")


def _kidney(now: Moment) -> _Override:
    """Creatinine at twice the lowest on record [U]."""
    readings = [m for m in now.readings("creatinine") if not m.comparator]
    if len(readings) < 2:
        return _Override(UNKNOWN, "creatinine against its baseline not known")
    newest, lowest = readings[-1], min(m.value for m in readings)
    times = now.knowledge["severity.creatinine_ratio"]
    if now.older(newest.at, now.hours("dic.window_h")):
        return _Override(UNKNOWN, now.knowledge.says("creatinine older than {dic.window_h} h"))
    if newest.value < times * lowest:
        return _Override(FALSE, "")
    times_lowest = f"{newest.value / lowest:.1f} × the lowest on record"
    said = f"creatinine {figure(newest.value)} µmol/L, {times_lowest}"
    return _Override(TRUE, said, f"{RENAL_FAILURE} ({said})")


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
    low = sbp.value < now.knowledge["severity.sbp"]
    doubt = ", to be verified: repeat" if lone_jump(now, sbp) else ""
    return _Override(TRUE if low else FALSE, f"systolic pressure {sbp.value:g} mmHg{doubt}")


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
