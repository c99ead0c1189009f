"""Which recorded numbers are not the patient's: implausible values and jumps (SPEC 2.3)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from alerts.chart import Measurement
from alerts.evidence import site_trusted

if TYPE_CHECKING:
    from alerts.moment import Moment

PRESSURES = frozenset({"systolic_bp", "diastolic_bp"})


def sound(now: "Moment", kind: str, series: Sequence[Measurement], i: int) -> bool:
    """Is reading `i` of a kind usable? Neighbours decide on jumps."""
    reading = series[i]
    if not plausible(reading, now.knowledge.criteria["plausible"]):
        return False
    if kind == "heart_rate":
        return not _spike(now, series, i, "artefact.heart_rate", "artefact.heart_rate_min")
    if kind in PRESSURES:
        if _pulse_pressure_lost(now, reading):
            return False
        return not _spike(now, series, i, "artefact.bp_mmhg", "artefact.bp_min")
    if kind == "body_temperature":
        return not _overruled(now, series, i)
    return True


def plausible(reading: Measurement, ranges: Mapping[str, Any]) -> bool:
    """Inside the accepted range of its kind; a whole number where the scale has only those."""
    known = ranges.get(reading.kind)
    if known is None:
        return True
    if not known["low"] <= reading.value <= known["high"]:
        return False
    return not known.get("whole") or reading.value == int(reading.value)


def to_verify(reading: Measurement, ranges: Mapping[str, Any]) -> bool:
    """Kept and shown, with a request to repeat it (42.5 °C has been survived)."""
    known = ranges.get(reading.kind, {})
    return bool(
        reading.value < known.get("verify_below", float("-inf"))
        or reading.value > known.get("verify_above", float("inf"))
    )


def _spike(
    now: "Moment", series: Sequence[Measurement], i: int, size_id: str, near_id: str
) -> bool:
    """One reading that differs from both close neighbours by more than the size."""
    if i in {0, len(series) - 1}:
        return False
    before, this, after = series[i - 1], series[i], series[i + 1]
    values = now.knowledge.parameters
    size, near = values[size_id].value, timedelta(minutes=values[near_id].value)
    return (
        abs(this.value - before.value) > size
        and abs(this.value - after.value) > size
        and this.at - before.at <= near
        and after.at - this.at <= near
    )


def _pulse_pressure_lost(now: "Moment", reading: Measurement) -> bool:
    """Systolic less than 5 mmHg above the diastolic of the same time: the pair is refused."""
    least = now.knowledge.parameters["artefact.pulse_pressure"].value
    other = "diastolic_bp" if reading.kind == "systolic_bp" else "systolic_bp"
    for mate in now.at_instant(other, reading.at):
        if reading.source == mate.source:
            gap = reading.value - mate.value
            return (gap if reading.kind == "systolic_bp" else -gap) < least
    return False


def _overruled(now: "Moment", series: Sequence[Measurement], i: int) -> bool:
    """Between sites, a jump in a quarter of an hour: the core or oral value is kept."""
    reading = series[i]
    trusted = site_trusted(now.knowledge)
    if trusted(reading):
        return False
    values = now.knowledge.parameters
    size = values["artefact.temperature_c"].value
    near = timedelta(minutes=values["artefact.temperature_min"].value)
    for other in (*series[max(0, i - 1) : i], *series[i + 1 : i + 2]):
        jumped = abs(other.value - reading.value) > size and abs(other.at - reading.at) < near
        if jumped and trusted(other):
            return True
    return False
