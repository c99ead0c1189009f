"""Which recorded numbers are not the patient's: implausible values and jumps (SPEC 2.3)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from alerts.chart import Measurement
from alerts.evidence import trusted_sites

if TYPE_CHECKING:
    from alerts.moment import Moment


def sound(
    now: "Moment", kind: str, series: Sequence[Measurement], first: int, end: int
) -> list[Measurement]:
    """The usable ones of readings `first` to `end` of a kind; neighbours decide on jumps."""
    own = series[first:end]
    odd: Collection[int] = ()
    jumps = _JUMPS.get(kind)
    if jumps is not None and own:
        with now.account("artefacts"):
            odd = jumps(now, series, first, end)
    known = now.knowledge.criteria["plausible"].get(kind)
    if known is None or _all_plausible(known, [m.value for m in own]):
        return [m for i, m in enumerate(own, first) if i not in odd] if odd else list(own)
    return [m for i, m in enumerate(own, first) if _plausible(known, m.value) and i not in odd]


def note_jumps(now: "Moment", kind: str, series: Sequence[Measurement]) -> None:
    """The numbers that decide on jumps stand in the trace of whoever has readings of the kind:
    which window the clock left them in may not change it."""
    if series and kind in _NUMBERS:
        with now.account("artefacts"):
            for number in _NUMBERS[kind]:
                now.knowledge[number]


def _plausible(known: Mapping[str, Any], value: float) -> bool:
    in_range: bool = known["low"] <= value <= known["high"]
    return in_range and not (known.get("whole", False) and value % 1)


def _all_plausible(known: Mapping[str, Any], values: list[float]) -> bool:
    if not values or known.get("whole", False):
        return not values
    in_range: bool = min(values) >= known["low"] and max(values) <= known["high"]
    return in_range


def to_verify(reading: Measurement, ranges: Mapping[str, Any]) -> bool:
    """Kept and shown, with a request to repeat it (42.5 °C has been survived)."""
    known = ranges.get(reading.kind, {})
    return bool(
        reading.value < known.get("verify_below", float("-inf"))
        or reading.value > known.get("verify_above", float("inf"))
    )


def lone_jump(now: "Moment", pressure: Measurement) -> bool:
    """A blood pressure with one neighbour only, and far from it: kept, and to be verified.

    With both neighbours there and both as far, it is an artefact (`_pressure_jumps`).
    """
    with now.account("artefacts"):
        size, near = now.knowledge["artefact.bp_mmhg"], now.minutes("artefact.bp_min")
    about = now.raw(pressure.kind, pressure.at - near)
    before = [m for m in about if m.at < pressure.at]
    after = [m for m in about if pressure.at < m.at <= pressure.at + near]
    if bool(before) is bool(after):
        return False
    neighbour = before[-1] if before else after[0]
    return abs(neighbour.value - pressure.value) > size


def _spikes(
    series: Sequence[Measurement], first: int, end: int, size: float, near: timedelta
) -> set[int]:
    """Readings that differ from both close neighbours by more than the size."""
    odd: set[int] = set()
    begin = max(first, 1)
    values = [m.value for m in series[begin - 1 : min(end, len(series) - 1) + 1]]
    if len(values) < 3 or max(values) - min(values) <= size:
        return odd
    for i in range(1, len(values) - 1):
        if abs(values[i] - values[i - 1]) > size and abs(values[i] - values[i + 1]) > size:
            before, this, after = series[begin + i - 2 : begin + i + 1]
            if this.at - before.at <= near and after.at - this.at <= near:
                odd.add(begin + i - 1)
    return odd


def _pulse_jumps(now: "Moment", series: Sequence[Measurement], first: int, end: int) -> set[int]:
    size, near = now.knowledge["artefact.heart_rate"], now.minutes("artefact.heart_rate_min")
    return _spikes(series, first, end, size, near)


def _pressure_jumps(now: "Moment", series: Sequence[Measurement], first: int, end: int) -> set[int]:
    """Spikes, and what came in one reading with a spike, an implausible or too near a value."""
    knowledge, ranges = now.knowledge, now.knowledge.criteria["plausible"]
    size, near = knowledge["artefact.bp_mmhg"], now.minutes("artefact.bp_min")
    odd = _spikes(series, first, end, size, near)
    if first == end:
        return odd
    least, sign, other = knowledge["artefact.pulse_pressure"], 1, "diastolic_bp"
    if series[first].kind == other:
        sign, other = -1, "systolic_bp"
    mates = now.raw(other, series[first].at - near)
    refused = _refused(mates, ranges[other], size, near)
    alone = {m.at: m.value for m in mates}
    if not refused and len(alone) == len(mates):  # as nearly always: one mate for a time, and sound
        for i in range(first, end):
            mate = alone.get(series[i].at)
            if mate is not None and sign * (series[i].value - mate) < least:
                odd.add(i)
        return odd
    return odd | _unpaired(series, first, end, mates, refused, least, sign)


def _refused(
    mates: Sequence[Measurement], known: Mapping[str, Any], size: float, near: timedelta
) -> set[int]:
    """Spikes and implausible values among the other halves of the pressures."""
    spikes = _spikes(mates, 0, len(mates), size, near)
    low, high = known["low"], known["high"]
    return spikes | {i for i, m in enumerate(mates) if not low <= m.value <= high}


def _unpaired(
    series: Sequence[Measurement],
    first: int,
    end: int,
    mates: Sequence[Measurement],
    refused: set[int],
    least: float,
    sign: int,
) -> set[int]:
    """Pressures that came with a refused one, or fit none of the others of their time."""
    odd: set[int] = set()
    beside: dict[datetime, list[int]] = {}
    for j, mate in enumerate(mates):
        beside.setdefault(mate.at, []).append(j)
    for i in range(first, end):
        reading = series[i]
        near_by = beside.get(reading.at, ())
        own = [j for j in near_by if mates[j].source == reading.source]
        if any(j in refused for j in own):
            odd.add(i)
            continue
        # two records of one time are a pair too, if no mate of that time fits
        fits = [sign * (reading.value - mates[j].value) >= least for j in own or near_by]
        if fits and not any(fits):
            odd.add(i)
    return odd


def _site_jumps(now: "Moment", series: Sequence[Measurement], first: int, end: int) -> set[int]:
    """Between sites, a jump in a quarter of an hour: the core or oral value is kept."""
    size, near = now.knowledge["artefact.temperature_c"], now.minutes("artefact.temperature_min")
    trusted = trusted_sites(now.knowledge)
    odd: set[int] = set()
    near_by = [m.value for m in series[max(first - 1, 0) : end + 1]]
    if max(near_by) - min(near_by) <= size:
        return odd
    for i in range(first, end):
        reading = series[i]
        for j in (i - 1, i + 1):
            if 0 <= j < len(series):
                other = series[j]
                jumped = abs(other.value - reading.value) > size
                jumped = jumped and abs(other.at - reading.at) < near
                if jumped and other.site in trusted and reading.site not in trusted:
                    odd.add(i)
    return odd


_JUMPS: dict[str, Callable[["Moment", Sequence[Measurement], int, int], set[int]]] = {
    "body_temperature": _site_jumps,
    "heart_rate": _pulse_jumps,
    "systolic_bp": _pressure_jumps,
    "diastolic_bp": _pressure_jumps,
}
_OF_PRESSURE = ("artefact.bp_mmhg", "artefact.bp_min", "artefact.pulse_pressure")
# what each of them reads
_NUMBERS = {
    "body_temperature": ("artefact.temperature_c", "artefact.temperature_min"),
    "heart_rate": ("artefact.heart_rate", "artefact.heart_rate_min"),
    "systolic_bp": _OF_PRESSURE,
    "diastolic_bp": _OF_PRESSURE,
}
