"""Which recorded numbers are not the patient's: implausible values and jumps (SPEC 2.3)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from alerts.chart import Measurement
from alerts.evidence import site_trusted

if TYPE_CHECKING:
    from alerts.moment import Moment


def sound(
    now: "Moment", kind: str, series: Sequence[Measurement], first: int, end: int
) -> list[Measurement]:
    """The usable ones of readings `first` to `end` of a kind; neighbours decide on jumps."""
    known = now.knowledge.criteria["plausible"].get(kind)
    chosen: Iterable[int] = range(first, end)
    if known is not None:
        low, high, whole = known["low"], known["high"], known.get("whole", False)
        chosen = [
            i
            for i in chosen
            if low <= (value := series[i].value) <= high and not (whole and value % 1)
        ]
    jumps = _JUMPS.get(kind)
    if jumps is None:
        return [series[i] for i in chosen]
    odd = jumps(now, series, first, end)
    return [series[i] for i in chosen if i not in odd]


def to_verify(reading: Measurement, ranges: Mapping[str, Any]) -> bool:
    """Kept and shown, with a request to repeat it (42.5 °C has been survived)."""
    known = ranges.get(reading.kind, {})
    return bool(
        reading.value < known.get("verify_below", float("-inf"))
        or reading.value > known.get("verify_above", float("inf"))
    )


def _spikes(
    series: Sequence[Measurement], first: int, end: int, size: float, near: timedelta
) -> set[int]:
    """Readings that differ from both close neighbours by more than the size."""
    odd = set()
    for i in range(max(first, 1), min(end, len(series) - 1)):
        before, this, after = series[i - 1], series[i], series[i + 1]
        if (
            abs(this.value - before.value) > size
            and abs(this.value - after.value) > size
            and this.at - before.at <= near
            and after.at - this.at <= near
        ):
            odd.add(i)
    return odd


def _pulse_jumps(now: "Moment", series: Sequence[Measurement], first: int, end: int) -> set[int]:
    values = now.knowledge.parameters
    near = timedelta(minutes=values["artefact.heart_rate_min"].value)
    return _spikes(series, first, end, values["artefact.heart_rate"].value, near)


def _pressure_jumps(now: "Moment", series: Sequence[Measurement], first: int, end: int) -> set[int]:
    """Spikes, and what came in one reading with a spike, an implausible or too near a value."""
    values, ranges = now.knowledge.parameters, now.knowledge.criteria["plausible"]
    size = values["artefact.bp_mmhg"].value
    near = timedelta(minutes=values["artefact.bp_min"].value)
    odd = _spikes(series, first, end, size, near)
    if first == end:
        return odd
    least, sign, other = values["artefact.pulse_pressure"].value, 1, "diastolic_bp"
    if series[first].kind == other:
        sign, other = -1, "systolic_bp"
    mates = now.raw(other, series[first].at - near)
    spikes = _spikes(mates, 0, len(mates), size, near)
    low, high = ranges[other]["low"], ranges[other]["high"]
    refused = {i for i, m in enumerate(mates) if i in spikes or not low <= m.value <= high}
    beside = {(m.at, m.source): i for i, m in enumerate(mates)}
    for i in range(first, end):
        reading = series[i]
        j = beside.get((reading.at, reading.source))
        if j is not None and (j in refused or sign * (reading.value - mates[j].value) < least):
            odd.add(i)
    return odd


def _site_jumps(now: "Moment", series: Sequence[Measurement], first: int, end: int) -> set[int]:
    """Between sites, a jump in a quarter of an hour: the core or oral value is kept."""
    values = now.knowledge.parameters
    size = values["artefact.temperature_c"].value
    near = timedelta(minutes=values["artefact.temperature_min"].value)
    trusted = site_trusted(now.knowledge)
    odd = set()
    for i in range(first, end):
        reading = series[i]
        for j in (i - 1, i + 1):
            if 0 <= j < len(series):
                other = series[j]
                jumped = abs(other.value - reading.value) > size
                jumped = jumped and abs(other.at - reading.at) < near
                if jumped and trusted(other) and not trusted(reading):
                    odd.add(i)
    return odd


_JUMPS: dict[str, Callable[["Moment", Sequence[Measurement], int, int], set[int]]] = {
    "body_temperature": _site_jumps,
    "heart_rate": _pulse_jumps,
    "systolic_bp": _pressure_jumps,
    "diastolic_bp": _pressure_jumps,
}
