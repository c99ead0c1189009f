"""A chart that notes what is read of it: kinds of readings and signs by name, the rest whole."""

from collections.abc import Iterable, Iterator, Set
from typing import Any, cast

from alerts.chart import Chart, Condition, MedicationUse, PatientDetails, Sign, SignKind, Stay
from alerts.facts import Measurement, Unread

READINGS, SIGNS, DRUGS = "every reading", "every sign", "drugs"
PROBLEMS, STAYS, PERSON, UNREAD = "problems", "stays", "person", "unread"


class _Index:
    """An index by kind. It notes each kind that is asked for, there or not, and `whole` where
    somebody goes through all of them. `keys()` is the index itself: it answers as a set does."""

    __slots__ = ("_facts", "_noted", "_whole")

    def __init__(self, facts: Any, noted: set[str], whole: str) -> None:
        self._facts, self._noted, self._whole = facts, noted, whole

    def __contains__(self, kind: str) -> bool:
        self._noted.add(kind)
        return kind in self._facts

    def get(self, kind: str, default: Any = None) -> Any:
        self._noted.add(kind)
        return self._facts.get(kind, default)

    def __getitem__(self, kind: str) -> Any:
        self._noted.add(kind)
        return self._facts[kind]

    def keys(self) -> "_Index":
        return self

    def isdisjoint(self, kinds: Iterable[str]) -> bool:
        asked = tuple(kinds)
        self._noted.update(asked)
        return all(kind not in self._facts for kind in asked)

    def __iter__(self) -> Iterator[str]:
        self._noted.add(self._whole)
        return iter(self._facts)

    def __len__(self) -> int:
        self._noted.add(self._whole)
        return len(self._facts)

    def __sub__(self, other: Iterable[str]) -> Set[str]:
        return set(self) - set(other)

    def __and__(self, other: Iterable[str]) -> Set[str]:
        return set(self) & set(other)

    def __or__(self, other: Iterable[str]) -> Set[str]:
        return set(self) | set(other)


class Watched:
    """Everything that a `Chart` has but the times at which something is told beforehand: whoever
    reads a watched chart has left out what lies ahead."""

    __slots__ = ("_chart", "by_kind", "by_sign", "noted", "plain")

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self.noted: set[str] = set()
        self.by_kind = _Index(chart.by_kind, self.noted, READINGS)
        self.by_sign = _Index(chart.by_sign, self.noted, SIGNS)
        self.plain = _Index(chart.plain, self.noted, READINGS)

    def as_chart(self) -> Chart:
        return cast("Chart", self)

    @property
    def patient(self) -> str:
        return self._chart.patient

    @property
    def details(self) -> PatientDetails | None:
        self.noted.add(PERSON)
        return self._chart.details

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        self.noted.add(READINGS)
        return self._chart.measurements

    @property
    def signs(self) -> tuple[Sign, ...]:
        self.noted.add(SIGNS)
        return self._chart.signs

    @property
    def medications(self) -> tuple[MedicationUse, ...]:
        self.noted.add(DRUGS)
        return self._chart.medications

    @property
    def doses(self) -> dict[str, tuple[MedicationUse, ...]]:
        self.noted.add(DRUGS)
        return self._chart.doses

    @property
    def orders(self) -> dict[str, tuple[MedicationUse, ...]]:
        self.noted.add(DRUGS)
        return self._chart.orders

    @property
    def conditions(self) -> tuple[Condition, ...]:
        self.noted.add(PROBLEMS)
        return self._chart.conditions

    @property
    def stays(self) -> tuple[Stay, ...]:
        self.noted.add(STAYS)
        return self._chart.stays

    @property
    def unread(self) -> tuple[Unread, ...]:
        self.noted.add(UNREAD)
        return self._chart.unread

    def of(self, kind: str) -> tuple[Measurement, ...]:
        found: tuple[Measurement, ...] = self.by_kind.get(kind, ())
        return found

    def signs_of(self, *kinds: SignKind) -> tuple[Sign, ...]:
        self.noted.update(kinds)
        return self._chart.signs_of(*kinds)
