"""A chart that grows with its record: what was sorted once stays sorted.

Readings and signs come in the order of time and are appended; everything else (drugs, problems,
stays: few, and with ends that become known later) is laid out anew only when it changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from alerts.chart import (
    Chart,
    Condition,
    Evidence,
    Fact,
    Measurement,
    MedicationUse,
    Sign,
    Stay,
    UseStatus,
    chart_of,
)
from alerts.lifecycle.circumstances import references
from alerts.truth import TRUE

ENDED = frozenset({UseStatus.STOPPED, UseStatus.COMPLETED, UseStatus.ENDED, UseStatus.ON_HOLD})
K = TypeVar("K")


@dataclass(slots=True)
class Growing:
    """`add` what became known; `chart` as it stood at a moment, moments in the order of time."""

    patient: str
    _new: list[Fact] = field(default_factory=list)
    _observed: list[Fact] = field(default_factory=list)
    _others: list[Fact] = field(default_factory=list)
    _seen: Chart = field(init=False)
    _base: Chart = field(init=False)
    _laid_out: bool = True
    _next_end: datetime | None = None
    # the references of what was seen, and of the base
    _seen_references: set[str] = field(default_factory=set)
    _base_references: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._seen = self._base = chart_of(self.patient, ())

    def add(self, fact: Fact) -> None:
        if isinstance(fact, Measurement | Sign):
            self._new.append(fact)
        else:
            self._others.append(fact)
            self._laid_out = False

    def chart(self, at: datetime) -> Chart:
        """The chart with all that was added, an end that lies ahead not known yet."""
        if self._new:
            self._observe()
        if not self._laid_out or (self._next_end is not None and self._next_end <= at):
            self._base = chart_of(self.patient, [as_told(fact, at) for fact in self._others])
            ends = [end for fact in self._others if (end := end_of(fact)) is not None and end > at]
            self._next_end, self._laid_out = min(ends, default=None), True
            self._base_references = frozenset(references(self._base))
        seen = self._seen
        return replace(
            self._base,
            measurements=seen.measurements,
            signs=seen.signs,
            by_kind=seen.by_kind,
            by_sign=seen.by_sign,
            plain=seen.plain,
        )

    def references(self) -> frozenset[str]:
        """The references of all facts on the chart as it was last asked for."""
        return self._base_references | self._seen_references

    def _observe(self) -> None:
        """Append what lies after everything seen; else sort all anew."""
        seen, new = self._seen, chart_of(self.patient, self._new)
        self._observed += self._new
        self._new = []
        if _after(seen.measurements, new.measurements) and _after(seen.signs, new.signs):
            self._seen = replace(
                seen,
                measurements=seen.measurements + new.measurements,
                signs=seen.signs + new.signs,
                by_kind=_joined(seen.by_kind, new.by_kind),
                by_sign=_joined(seen.by_sign, new.by_sign),
                plain=_plain(seen, new),
            )
            self._seen_references.update(references(new))
        else:
            self._seen = chart_of(self.patient, self._observed)
            self._seen_references = set(references(self._seen))


def _after(seen: Sequence[Measurement | Sign], new: Sequence[Measurement | Sign]) -> bool:
    return not seen or not new or new[0].at > seen[-1].at


def _joined(
    seen: dict[K, tuple[Any, ...]], new: dict[K, tuple[Any, ...]]
) -> dict[K, tuple[Any, ...]]:
    return seen | {kind: seen.get(kind, ()) + facts for kind, facts in new.items()}


def _plain(seen: Chart, new: Chart) -> frozenset[str]:
    """Kinds of which no reading is qualified, in neither chart."""
    qualified = (seen.by_kind.keys() - seen.plain) | (new.by_kind.keys() - new.plain)
    return (seen.plain | new.plain) - qualified


def end_of(fact: Fact) -> datetime | None:
    if isinstance(fact, Measurement):  # most facts are
        return None
    if isinstance(fact, MedicationUse | Stay):
        return fact.end
    return fact.abated if isinstance(fact, Condition) else None


def as_told(fact: Fact, at: datetime) -> Fact:
    """The fact as the record told it at `at`: an end that lies ahead is not known yet."""
    end = end_of(fact)
    if end is None or end <= at:
        return fact
    if isinstance(fact, MedicationUse):
        if fact.evidence is Evidence.DISPENSE:  # how long a supply lasts is known from the start
            return fact
        running = UseStatus.ACTIVE
        if fact.evidence is Evidence.ADMINISTRATION:
            running = UseStatus.IN_PROGRESS
        status = running if fact.status in ENDED else fact.status
        return replace(fact, end=None, status=status)
    if isinstance(fact, Condition):
        return replace(fact, abated=None, active=TRUE)
    if isinstance(fact, Stay):
        return replace(fact, end=None)
    return fact
