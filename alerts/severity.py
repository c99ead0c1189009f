"""Severity and stage (SPEC 5.1, 1.9). The levels are [U]: shown labelled, driving no interruption."""

from collections.abc import Iterator, Mapping

from alerts.chart import Measurement, SignKind
from alerts.moment import Moment
from alerts.statements import Finding, Severity, TierName
from alerts.truth import UNKNOWN

LEVELS = ("MILD", "MODERATE", "SEVERE")


def severity(now: Moment, findings: Mapping[str, Finding], tier: TierName) -> Severity:
    """The worst of temperature and heart rate in 24 h, and the overrides of SEV-02."""
    if tier.rank < TierName.POSSIBLE.rank:
        return Severity("NONE", None, ())
    temperature, pulse = _worst(now, "body_temperature"), _worst(now, "heart_rate")
    overrides = tuple(_overrides(now))
    reasons = [*overrides]
    level = "SEVERE" if overrides else None
    graded = []
    if temperature is not None:
        graded.append(_grade(now, temperature.value, "severity.moderate_c", "severity.severe_c"))
        reasons.append(f"highest temperature in 24 h {temperature.value:g} °C")
    if pulse is not None:
        graded.append(_grade(now, pulse.value, "severity.moderate_hr", "severity.severe_hr"))
        reasons.append(f"highest heart rate in 24 h {pulse.value:g}/min")
    if level is None:
        level = max(graded, key=LEVELS.index) if graded else "UNKNOWN"
    if not graded:
        reasons.append("no temperature and no heart rate in 24 h")
    stage = _stage(findings, graded)
    return Severity(level, stage, tuple(reasons), tuple(_critical_care(now, level, overrides)))


def _worst(now: Moment, kind: str) -> Measurement | None:
    readings = now.within(kind, now.hours("severity.window_h"))
    return max(readings, key=lambda m: (m.value, m.at), default=None)


def _grade(now: Moment, value: float, moderate: str, severe: str) -> str:
    if value >= now.knowledge[severe]:
        return "SEVERE"
    return "MODERATE" if value > now.knowledge[moderate] else "MILD"


def _stage(findings: Mapping[str, Finding], graded: list[str]) -> str | None:
    """Woodbury stage by the worse of the two (WOOD-01); below III only when examined."""
    if not graded:
        return None
    if findings["RIG"].state is UNKNOWN and findings["MSB"].state is UNKNOWN:
        return None
    return ("III", "IV", "V")[LEVELS.index(max(graded, key=LEVELS.index))]


def _overrides(now: Moment) -> Iterator[str]:
    """SEV-02: any of these makes it severe."""
    k, window = now.knowledge, now.hours("severity.window_h")

    def newest(kind: str) -> float | None:
        readings = [m for m in now.within(kind, window) if not m.comparator]
        return readings[-1].value if readings else None

    gcs, spo2, potassium = newest("gcs_total"), newest("spo2"), newest("potassium")
    pco2, ph, sbp = newest("pco2"), newest("ph_blood"), newest("systolic_bp")
    if gcs is not None and gcs <= k["severity.gcs"]:
        yield f"GCS {gcs:g}"
    if now.present(window, SignKind.VENTILATED):
        yield "mechanical ventilation"
    if spo2 is not None and spo2 < k["severity.spo2"] and now.present(window, SignKind.VENTILATED):
        yield f"SpO2 {spo2:g} %"
    if pco2 is not None and ph is not None and pco2 > k["severity.pco2"] and ph < k["severity.ph"]:
        yield f"PaCO2 {pco2:g} mmHg with pH {ph:g}"
    if potassium is not None and potassium >= k["severity.potassium"]:
        yield f"potassium {potassium:g} mmol/L"
    if now.present(window, SignKind.VENTRICULAR_ARRHYTHMIA):
        yield "new ventricular arrhythmia"
    if sbp is not None and sbp < k["severity.sbp"]:
        yield f"systolic pressure {sbp:g} mmHg"
    if now.given("vasopressor", window):
        yield "vasopressor running"
    yield from _kidney(now)


def _kidney(now: Moment) -> Iterator[str]:
    values = [m.value for m in now.readings("creatinine") if not m.comparator]
    if len(values) > 1 and values[-1] >= now.knowledge["severity.creatinine_ratio"] * min(values):
        yield f"creatinine {values[-1]:g} µmol/L, twice the lowest on record or more"


def _critical_care(now: Moment, level: str, overrides: tuple[str, ...]) -> Iterator[str]:
    """SEV-04 triggers (bmj_bp_nms)."""
    if level in {"MODERATE", "SEVERE"}:
        yield f"{level.lower()} severity"
    limit = now.knowledge["severity.cooling_c"]
    readings = now.within("body_temperature", now.hours("severity.window_h"))
    cooled = now.present(now.hours("severity.window_h"), SignKind.ACTIVE_COOLING)
    if len(readings) > 1 and readings[-1].value > limit and cooled:
        if readings[-1].value > readings[-2].value:
            yield "temperature above 38.5 °C and rising despite cooling"
    coma = now.present(now.hours("severity.window_h"), SignKind.COMA)
    if coma or any(s.detail == "U" for s in now.signs(now.hours("ms.true_h"), SignKind.ACVPU)):
        yield "coma"
    yield from (o for o in overrides if o.startswith(("potassium", "creatinine")))
