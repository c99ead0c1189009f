"""The chart as it stood at a moment: nothing from the future, artefacts set aside.

Every rule reads the patient through a Moment, so that `as_of` means the same everywhere.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.chart import Chart, Measurement, MedicationUse, Sign, SignKind, TimeBasis
from alerts.knowledge import Knowledge
from alerts.statements import Datum
from alerts.truth import TRUE, Truth


@dataclass(slots=True)
class Moment:
    """`chart` holds only what had happened by `as_of`."""

    chart: Chart
    knowledge: Knowledge
    as_of: datetime
    _valid: dict[str, tuple[Measurement, ...]] = field(default_factory=dict)

    def hours(self, parameter: str) -> timedelta:
        return timedelta(hours=self.knowledge[parameter])

    def days(self, parameter: str) -> timedelta:
        return timedelta(days=self.knowledge[parameter])

    def minutes(self, parameter: str) -> timedelta:
        return timedelta(minutes=self.knowledge[parameter])

    def readings(self, kind: str) -> tuple[Measurement, ...]:
        """Usable readings of a kind, oldest first: dated, not artefacts (SPEC 2.3)."""
        if kind not in self._valid:
            self._valid[kind] = _without_artefacts(kind, self.chart, self)
        return self._valid[kind]

    def within(self, kind: str, window: timedelta) -> list[Measurement]:
        """Readings whose whole time lies in the window that ends now."""
        start = self.as_of - window
        return [m for m in self.readings(kind) if m.at >= start]

    def signs(self, window: timedelta, *kinds: SignKind) -> list[Sign]:
        """Signs of the last `window`, oldest first."""
        start = self.as_of - window
        return [s for s in self.chart.signs if s.kind in kinds and s.at >= start]

    def present(self, window: timedelta, *kinds: SignKind) -> list[Sign]:
        return [s for s in self.signs(window, *kinds) if s.present is TRUE]

    def given(self, name: str, window: timedelta) -> list[MedicationUse]:
        """Drugs of a class given or presumed running in the last `window`."""
        members = self.knowledge.classes[name]
        return [u for u in self.chart.medications if taken(u, members, self.as_of, window)]


def moment(chart: Chart, knowledge: Knowledge, as_of: datetime) -> Moment:
    """Clip a chart to what had happened by `as_of`; a later stop has not happened yet."""
    measurements = tuple(m for m in chart.measurements if m.at <= as_of and _dated(m.time_basis))
    by_kind: dict[str, list[Measurement]] = {}
    for reading in measurements:
        by_kind.setdefault(reading.kind, []).append(reading)
    clipped = replace(
        chart,
        measurements=measurements,
        signs=tuple(s for s in chart.signs if s.at <= as_of and _dated(s.time_basis)),
        medications=tuple(u for u in chart.medications if _begun(u, as_of)),
        conditions=tuple(c for c in chart.conditions if (c.onset or c.recorded or as_of) <= as_of),
        stays=tuple(s for s in chart.stays if (s.start or as_of) <= as_of),
        by_kind={kind: tuple(readings) for kind, readings in by_kind.items()},
    )
    return Moment(clipped, knowledge, as_of)


def _dated(basis: TimeBasis) -> bool:
    return basis is not TimeBasis.UNDATED


def _begun(use: MedicationUse, as_of: datetime) -> bool:
    begun = use.start or use.authored
    return begun is None or begun <= as_of


def latest(fact: Measurement | Sign) -> datetime:
    """The latest instant that the fact may stand for (a date is a day long)."""
    return fact.until or fact.at


def apart(earlier: Measurement, later: Measurement) -> timedelta:
    """The least time that can lie between two readings: 0 for two of one undivided day."""
    return max(later.at - latest(earlier), timedelta(0))


def taken(use: MedicationUse, members: Iterable[str], as_of: datetime, window: timedelta) -> bool:
    """Was one of these drugs given, or is it presumed running, in the window?"""
    if not set(use.ingredients) & set(members) or use.do_not_perform:
        return False
    if use.status.value in {"cancelled", "draft", "not-done", "not-taken", "intended", "declined"}:
        return False
    begun = use.start or use.authored
    if begun is None or begun > as_of:
        return False
    end = use.end or (begun if use.evidence.value == "administration" else as_of)
    return end >= as_of - window


def datum(reading: Measurement, label: str = "") -> Datum:
    """A reading as shown: value, unit, time, source (promise 3)."""
    marks = [label] if label else []
    marks += [reading.site] if reading.site else []
    marks += ["preliminary"] if reading.preliminary else []
    marks += ["unit inferred"] if reading.unit_inferred else []
    value = f"{reading.comparator or ''}{reading.value:g}"
    return Datum(
        reading.kind, value, reading.unit, reading.at, reading.source.reference, ", ".join(marks)
    )


def sign_datum(sign: Sign) -> Datum:
    state = {"true": "present", "false": "absent", "unknown": "unknown"}[sign.present]
    value = sign.detail or state
    label = "preliminary" if sign.preliminary else ""
    return Datum(sign.kind.value, value, "", sign.at, sign.source.reference, label)


def use_datum(use: MedicationUse, at: datetime | None = None) -> Datum:
    name = ", ".join(use.ingredients) or use.text
    return Datum(
        name,
        use.evidence.value,
        "",
        at or use.start or use.authored,
        use.source.reference,
        use.status.value,
    )


def caveats(readings: Iterable[Measurement]) -> tuple[str, ...]:
    """TIER-05: what holds a finding that rests on these readings to passive tiers."""
    found = set()
    for reading in readings:
        if reading.preliminary:
            found.add("preliminary")
        if reading.unit_inferred:
            found.add("unit_inferred")
    return tuple(sorted(found))


def sign_caveats(signs: Iterable[Sign]) -> tuple[str, ...]:
    return ("preliminary",) if any(s.preliminary for s in signs) else ()


def above(reading: Measurement, threshold: float, *, strict: bool = False) -> Truth:
    """Is the value above the threshold? "< x" may be false, never true (UNIT-02)."""
    meets = reading.value > threshold if strict else reading.value >= threshold
    if reading.comparator in {"<", "<="}:
        return Truth.UNKNOWN if meets else Truth.FALSE
    if reading.comparator in {">", ">="}:
        return Truth.TRUE if reading.value >= threshold else Truth.UNKNOWN
    return Truth.TRUE if meets else Truth.FALSE


def _without_artefacts(kind: str, chart: Chart, now: Moment) -> tuple[Measurement, ...]:
    readings = chart.of(kind)
    if kind == "body_temperature":
        return _site_jumps(readings, now)
    if kind == "heart_rate":
        return _spikes(
            readings, now.knowledge["artefact.heart_rate"], now.minutes("artefact.heart_rate_min")
        )
    if kind in {"systolic_bp", "diastolic_bp"}:
        return _spikes(readings, now.knowledge["artefact.bp_mmhg"], now.minutes("artefact.bp_min"))
    return readings


def _spikes(
    readings: Sequence[Measurement], size: float, near: timedelta
) -> tuple[Measurement, ...]:
    """Drop one reading that differs from both close neighbours by more than `size`."""

    def spike(i: int) -> bool:
        if i in {0, len(readings) - 1}:
            return False
        before, this, after = readings[i - 1], readings[i], readings[i + 1]
        return (
            this.at - before.at <= near
            and after.at - this.at <= near
            and abs(this.value - before.value) > size
            and abs(this.value - after.value) > size
        )

    return tuple(reading for i, reading in enumerate(readings) if not spike(i))


def _site_jumps(readings: Sequence[Measurement], now: Moment) -> tuple[Measurement, ...]:
    """Between sites, a jump in a quarter of an hour: keep the core or oral value."""
    limit = now.knowledge["artefact.temperature_c"]
    near = now.minutes("artefact.temperature_min")
    trusted = site_trusted(now.knowledge)
    kept = []
    for i, reading in enumerate(readings):
        neighbours = [*readings[max(0, i - 1) : i], *readings[i + 1 : i + 2]]
        overruled = not trusted(reading) and any(
            trusted(other)
            and abs(other.value - reading.value) > limit
            and abs(other.at - reading.at) < near
            for other in neighbours
        )
        if not overruled:
            kept.append(reading)
    return tuple(kept)


def site_trusted(knowledge: Knowledge) -> Callable[[Measurement], bool]:
    """Oral and core readings can prove absence; others cannot (TEMP-02)."""
    sites = knowledge.sites["core"] | knowledge.sites["oral"]
    return lambda reading: reading.site in sites
