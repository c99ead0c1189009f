"""Which recorded numbers are not the patient's: implausible values and jumps (SPEC 2.3)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from operator import sub
from typing import TYPE_CHECKING, Any

from alerts.chart import Measurement
from alerts.evidence import trusted_sites
from alerts.knowledge import Knowledge
from alerts.record import record

if TYPE_CHECKING:
    from alerts.moment import Moment


def sound(
    now: "Moment", kind: str, series: Sequence[Measurement], first: int, end: int
) -> list[Measurement]:
    """The usable ones of readings `first` to `end` of a kind; neighbours decide on jumps."""
    own = series[first:end]
    values = [m.value for m in own]
    jumps = _JUMPS.get(kind)
    odd: Collection[int] = ()
    if jumps is not None and own:
        odd = jumps(now, series, first, end, values)
    known = now.knowledge.criteria["plausible"].get(kind)
    if known is None or _all_plausible(known, values):
        return [m for i, m in enumerate(own, first) if i not in odd] if odd else list(own)
    return [m for i, m in enumerate(own, first) if _plausible(known, m.value) and i not in odd]


@record
class _Limits:
    """The numbers that decide on jumps, as the rules give them: `note_jumps` has told the trace."""

    temperature: float
    temperature_near: timedelta
    heart_rate: float
    heart_rate_near: timedelta
    pressure: float
    pressure_near: timedelta
    pulse_pressure: float


def _limits(knowledge: Knowledge) -> _Limits:
    known: _Limits | None = knowledge.memo.get("limits of jumps")
    if known is None:
        number = {key: p.value for key, p in knowledge.parameters.items()}
        known = knowledge.memo["limits of jumps"] = _Limits(
            number["artefact.temperature_c"],
            timedelta(minutes=number["artefact.temperature_min"]),
            number["artefact.heart_rate"],
            timedelta(minutes=number["artefact.heart_rate_min"]),
            number["artefact.bp_mmhg"],
            timedelta(minutes=number["artefact.bp_min"]),
            number["artefact.pulse_pressure"],
        )
    return known


def note_jumps(now: "Moment", kind: str, series: Sequence[Measurement]) -> None:
    """The numbers that decide on jumps stand in the trace of whoever has readings of the kind:
    which window the clock left them in may not change it."""
    if series and kind in _NUMBERS:
        now.account_of("artefacts").parameters.update(_NUMBERS[kind])


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
    low, high = known.get("verify_below"), known.get("verify_above")
    below = low is not None and reading.value < low
    return below or (high is not None and reading.value > high)


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
    series: Sequence[Measurement],
    first: int,
    end: int,
    own: list[float],
    size: float,
    near: timedelta,
) -> set[int]:
    """Readings that differ from both close neighbours by more than the size; `own` are the values
    of those from `first` to `end`."""
    odd: set[int] = set()
    begin = max(first, 1)
    values = own
    if first:
        values = [series[first - 1].value, *values]
    if end < len(series):
        values = [*values, series[end].value]
    if len(values) < 3 or max(values) - min(values) <= size:
        return odd
    for i in range(1, len(values) - 1):
        if abs(values[i] - values[i - 1]) > size and abs(values[i] - values[i + 1]) > size:
            before, this, after = series[begin + i - 2 : begin + i + 1]
            if this.at - before.at <= near and after.at - this.at <= near:
                odd.add(begin + i - 1)
    return odd


def _pulse_jumps(
    now: "Moment", series: Sequence[Measurement], first: int, end: int, values: list[float]
) -> set[int]:
    limits = _limits(now.knowledge)
    return _spikes(series, first, end, values, limits.heart_rate, limits.heart_rate_near)


def _pressure_jumps(
    now: "Moment", series: Sequence[Measurement], first: int, end: int, values: list[float]
) -> set[int]:
    """Spikes, and what came in one reading with a spike, an implausible or too near a value."""
    ranges, limits = now.knowledge.criteria["plausible"], _limits(now.knowledge)
    size, near = limits.pressure, limits.pressure_near
    odd = _spikes(series, first, end, values, size, near)
    if first == end:
        return odd
    least, sign, other = limits.pulse_pressure, 1, "diastolic_bp"
    if series[first].kind == other:
        sign, other = -1, "systolic_bp"
    mates = now.raw(other, series[first].at - near)
    others = [m.value for m in mates]
    if not mates or _far_apart(values, others, ranges[other], size, least, sign):
        return odd
    refused = _refused(mates, others, ranges[other], size, near)
    alone = {m.at: m.value for m in mates}
    if not refused and len(alone) == len(mates):  # as nearly always: one mate for a time, and sound
        for i in range(first, end):
            mate = alone.get(series[i].at)
            if mate is not None and sign * (series[i].value - mate) < least:
                odd.add(i)
        return odd
    return odd | _unpaired(series, first, end, mates, refused, least, sign)


def _far_apart(
    values: list[float],
    others: list[float],
    known: Mapping[str, Any],
    size: float,
    least: float,
    sign: int,
) -> bool:
    """Are the other halves steady, and all of them far enough from all of these, as nearly always?
    Then no pair needs a look."""
    lowest, highest = min(others), max(others)
    if lowest < known["low"] or highest > known["high"] or highest - lowest > size:
        return False
    gap = min(values) - highest if sign > 0 else lowest - max(values)
    return gap >= least


def _refused(
    mates: Sequence[Measurement],
    values: list[float],
    known: Mapping[str, Any],
    size: float,
    near: timedelta,
) -> set[int]:
    """Spikes and implausible values among the other halves of the pressures."""
    spikes = _spikes(mates, 0, len(mates), values, size, near)
    low, high = known["low"], known["high"]
    return spikes | {i for i, value in enumerate(values) if not low <= value <= high}


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


def _site_jumps(
    now: "Moment", series: Sequence[Measurement], first: int, end: int, own: list[float]
) -> set[int]:
    """Between sites, a jump in a quarter of an hour: the core or oral value is kept."""
    limits, trusted = _limits(now.knowledge), trusted_sites(now.knowledge)
    size, near = limits.temperature, limits.temperature_near
    odd: set[int] = set()
    begin = max(first - 1, 0)
    values = [series[begin].value, *own] if first else own
    if end < len(series):
        values = [*values, series[end].value]
    if max(values) - min(values) <= size:
        return odd
    steps = map(sub, values[1:], values)
    for i in [i for i, step in enumerate(steps, begin) if step > size or step < -size]:
        if series[i + 1].at - series[i].at >= near:
            continue
        for this, other in ((i, i + 1), (i + 1, i)):
            if series[other].site in trusted and series[this].site not in trusted:
                odd.add(this)
    return {i for i in odd if first <= i < end}


_Jumps = Callable[["Moment", Sequence[Measurement], int, int, list[float]], set[int]]
_JUMPS: dict[str, _Jumps] = {
    "body_temperature": _site_jumps,
    "heart_rate": _pulse_jumps,
    "systolic_bp": _pressure_jumps,
    "diastolic_bp": _pressure_jumps,
}
_OF_PRESSURE = dict.fromkeys(("artefact.bp_mmhg", "artefact.bp_min", "artefact.pulse_pressure"))
# what each of them reads
_NUMBERS: dict[str, dict[str, None]] = {
    "body_temperature": dict.fromkeys(("artefact.temperature_c", "artefact.temperature_min")),
    "heart_rate": dict.fromkeys(("artefact.heart_rate", "artefact.heart_rate_min")),
    "systolic_bp": _OF_PRESSURE,
    "diastolic_bp": _OF_PRESSURE,
}
