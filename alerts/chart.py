"""One patient's facts in order, indexed so that a rule reads its window and nothing else.

The facts themselves are in `alerts.facts`; they are named here too, for all who read a chart.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from operator import attrgetter, lt
from typing import Any, TypeVar

from alerts.facts import (
    Condition,
    Evidence,
    F,
    Fact,
    Measurement,
    MedicationUse,
    PatientDetails,
    Sign,
    SignKind,
    Source,
    Stay,
    TimeBasis,
    Unread,
    UseStatus,
)

__all__ = [
    "DAWN",
    "DUSK",
    "Chart",
    "Condition",
    "Evidence",
    "Fact",
    "Measurement",
    "MedicationUse",
    "PatientDetails",
    "Sign",
    "SignKind",
    "Source",
    "Stay",
    "TimeBasis",
    "Unread",
    "UseStatus",
    "begun",
    "chart_of",
    "ended",
    "goes_on",
]

AT = attrgetter("at")
_READING = attrgetter("at", "kind", "value")
DAWN = datetime.min.replace(tzinfo=UTC)
DUSK = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Chart:
    """One patient's facts, in time order and each once, whatever order they came in.

    The indexes (`by_kind` ... `ends`) hold the same facts, sorted, so that a rule reads its window
    and nothing else: a long history costs nothing.
    """

    patient: str
    details: PatientDetails | None = None
    measurements: tuple[Measurement, ...] = ()
    signs: tuple[Sign, ...] = ()
    medications: tuple[MedicationUse, ...] = ()
    conditions: tuple[Condition, ...] = ()
    stays: tuple[Stay, ...] = ()
    unread: tuple[Unread, ...] = ()
    # dated readings and signs of each kind, oldest first
    by_kind: dict[str, tuple[Measurement, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )
    by_sign: dict[SignKind, tuple[Sign, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )
    # doses given or dispensed by ingredient, by the time they ended; orders and statements
    doses: dict[str, tuple[MedicationUse, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )
    orders: dict[str, tuple[MedicationUse, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )
    # kinds of which every reading stands as it is: final, in its own unit, without a comparator or
    # a flag; whoever adds to `by_kind` says it anew, or of none (which is only slower)
    plain: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    # times at which something told beforehand begins or ends
    changes: tuple[datetime, ...] = field(default=(), compare=False, repr=False)

    def of(self, kind: str) -> tuple[Measurement, ...]:
        """All measurements of one kind, oldest first."""
        return self.by_kind.get(kind, ())

    def signs_of(self, *kinds: SignKind) -> tuple[Sign, ...]:
        """All signs of these kinds, oldest first."""
        if len(kinds) == 1:
            return self.by_sign.get(kinds[0], ())
        found = [s for kind in kinds for s in self.by_sign.get(kind, ())]
        return tuple(sorted(found, key=_sign_key))


def chart_of(patient: str, facts: Iterable[Fact]) -> Chart:
    """Build a chart. Order and duplicates of `facts` change nothing.

    The same reading under two resource ids is one occasion (field fact 82): kind, time, value
    and site make it; the smallest source is kept.
    """
    kept: dict[type, list[Any]] = {}
    for fact in facts:
        kept.setdefault(type(fact), []).append(fact)
    measurements = _measurements(kept.get(Measurement, []))
    signs = _once(kept.get(Sign, []), _sign_key)
    medications = _once(kept.get(MedicationUse, []), _use_key)
    details = sorted(kept.get(PatientDetails, []), key=lambda d: _source_rank(d.source))
    doses, orders = _by_ingredient(medications)
    by_kind = _grouped(_dated(measurements))
    return Chart(
        patient=patient,
        details=details[-1] if details else None,
        measurements=measurements,
        signs=signs,
        medications=medications,
        conditions=_once(
            kept.get(Condition, []), lambda c: (c.kind, _instant(c.onset), _source_rank(c.source))
        ),
        stays=_once(kept.get(Stay, []), lambda s: (_instant(s.start), _source_rank(s.source))),
        unread=_once(
            kept.get(Unread, []), lambda u: (u.what, u.text, u.reason, _source_rank(u.source))
        ),
        by_kind=by_kind,
        plain=frozenset(by_kind.keys() - _qualified(measurements)),
        by_sign=_grouped(_dated(signs)),
        doses=doses,
        orders=orders,
        changes=_changes(kept),
    )


D = TypeVar("D", Measurement, Sign)


def _dated(facts: Iterable[D]) -> list[D]:
    """An undated fact can meet no time window."""
    return [f for f in facts if f.time_basis is not TimeBasis.UNDATED]


def _qualified(readings: Iterable[Measurement]) -> set[str]:
    """Kinds with a reading that holds something down or that is not just its number."""
    return {m.kind for m in readings if m.comparator or m.flags or m.preliminary or m.unit_inferred}


def _grouped(facts: Iterable[Any]) -> dict[Any, tuple[Any, ...]]:
    groups: dict[Any, list[Any]] = {}
    for fact in facts:
        groups.setdefault(fact.kind, []).append(fact)
    return {kind: tuple(members) for kind, members in groups.items()}


def begun(use: MedicationUse) -> datetime | None:
    """When a medication record begins to say something: its start, else when it was written."""
    return use.start or use.authored


def goes_on(use: MedicationUse) -> bool:
    """Is it an infusion being given, whose end nobody told? It is over only once somebody says so
    (SPEC 3.5, fhir_medadmin_status)."""
    return (
        use.status is UseStatus.IN_PROGRESS
        and use.evidence is Evidence.ADMINISTRATION
        and use.end is None
        and begun(use) is not None
    )


def ended(use: MedicationUse) -> datetime:
    """When a dose was over: its end, else its start; the dusk of time for one that goes on, the
    dawn of time when nothing is told."""
    return DUSK if goes_on(use) else use.end or use.start or use.authored or DAWN


def _by_ingredient(
    uses: Iterable[MedicationUse],
) -> tuple[dict[str, tuple[MedicationUse, ...]], dict[str, tuple[MedicationUse, ...]]]:
    doses: dict[str, list[MedicationUse]] = {}
    orders: dict[str, list[MedicationUse]] = {}
    for use in uses:
        given = use.evidence in {Evidence.ADMINISTRATION, Evidence.DISPENSE}
        index = doses if given else orders
        for ingredient in use.ingredients:
            index.setdefault(ingredient, []).append(use)
    return (
        {key: tuple(sorted(found, key=ended)) for key, found in doses.items()},
        {key: tuple(found) for key, found in orders.items()},
    )


def _changes(kept: dict[type, list[Any]]) -> tuple[datetime, ...]:
    told: set[datetime] = set()
    for use in kept.get(MedicationUse, []):
        told.update(at for at in (use.start, use.authored, use.end) if at)
    for kind in (Measurement, Sign):
        told.update(map(AT, kept.get(kind, ())))
    told.update(unread.at for unread in kept.get(Unread, ()) if unread.at)
    for condition in kept.get(Condition, []):
        told.update(at for at in (condition.onset, condition.recorded, condition.abated) if at)
    for stay in kept.get(Stay, []):
        told.update(at for at in (stay.start, stay.end) if at)
    return tuple(sorted(told))


def _measurements(readings: list[Measurement]) -> tuple[Measurement, ...]:
    """Each reading once, oldest first. Nearly always all of them differ in time, kind and value,
    and then neither the rest of the key nor a second look is needed."""
    ordered = sorted(readings, key=_READING)
    marks = list(map(_READING, ordered))
    if all(map(lt, marks, islice(marks, 1, None))):
        return tuple(ordered)
    return _once(readings, _measurement_key)


def _measurement_key(reading: Measurement) -> tuple[Any, ...]:
    return (
        reading.at,
        reading.kind,
        reading.value,
        reading.site or "",
        reading.comparator or "",
    )


def _sign_key(sign: Sign) -> tuple[Any, ...]:
    return (sign.at, sign.kind, sign.present, sign.detail or "", sign.new)


def _use_key(use: MedicationUse) -> tuple[Any, ...]:
    return (
        begun(use) or DAWN,
        _instant(use.start),
        _instant(use.authored),
        use.ingredients,
        use.text,
        use.evidence,
        _source_rank(use.source),
    )


def _instant(at: datetime | None) -> datetime:
    return at or DAWN


def _once(facts: Iterable[F], key: Callable[[F], tuple[Any, ...]]) -> tuple[F, ...]:
    kept: dict[tuple[Any, ...], F] = {}
    for fact in facts:
        mark = key(fact)
        known = kept.get(mark)
        if known is None or _rank(fact) < _rank(known):
            kept[mark] = fact
    return tuple(kept[mark] for mark in sorted(kept))


def _rank(fact: Fact) -> tuple[Any, ...]:
    """Of two records of one reading keep the final before the preliminary, then the first id."""
    return (getattr(fact, "preliminary", False), _source_rank(fact.source), repr(fact))


def _source_rank(source: Source) -> tuple[str, ...]:
    return (source.tenant, source.resource_type, source.resource_id, source.version or "")
