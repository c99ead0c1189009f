"""The worklist's view of the store: alerts as items, actions as one winner each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from alerts.chart import Chart
from service.errors import BadInput
from service.store import AuditEntry, AuditRecord, Person
from service.worklist.item import Item


class Conflict(BadInput):
    """Somebody was faster, or the alert is no longer in a state for it (409)."""

    status = 409
    issue = "conflict"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of an alert's history: what happened, who did it (or the rules), why."""

    alert: str
    at: datetime
    what: str
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Flow:
    """Whether data come in and are evaluated. `overdue`: patients due for over a minute;
    `set_aside`: those whose evaluation failed too often, and who are no longer watched."""

    last_data_at: datetime | None
    patients: int
    overdue: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class Look:
    """What a user last saw of an alert: when, its revision, and what was then said."""

    alert: str
    at: datetime
    revision: str
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ticked:
    """A tick of the plan, or one taken back."""

    item: str
    done: bool
    who: str
    at: datetime


class Desk(Protocol):
    """What the pages need. Every action raises Conflict when it comes too late."""

    @property
    def tenant(self) -> str: ...
    @property
    def zone(self) -> ZoneInfo: ...
    def items(
        self,
        *,
        patient: str | None = None,
        open_only: bool = True,
    ) -> list[Item]: ...
    def item(self, key: str) -> Item: ...
    def history(self, key: str) -> list[Entry]: ...
    def patient_history(self, patient: str) -> list[Entry]: ...
    def chart(self, patient: str) -> Chart | None: ...
    def flow(self, now: datetime) -> Flow: ...
    def cursor(self) -> int: ...
    def changes(self, since: int) -> tuple[int, list[str]]: ...
    def claim(self, key: str, user: str, now: datetime) -> None: ...
    def release(self, key: str, user: str, now: datetime) -> None: ...
    def reopen(self, key: str, user: str, now: datetime) -> None: ...
    def snooze(self, key: str, user: str, now: datetime, reason: str, until: datetime) -> None: ...
    def resolve(
        self, key: str, user: str, now: datetime, reason: str, note: str, intervention: str = ""
    ) -> None: ...
    def undo(self, key: str, user: str, now: datetime) -> None: ...
    def hand_over(self, key: str, user: str, now: datetime, to: str, note: str) -> None: ...
    def people(self) -> list[Person]: ...
    def meet(self, name: str, wards: Sequence[str], now: datetime) -> None: ...
    def looks(self, user: str) -> dict[str, Look]: ...
    def look(self, user: str, looks: Sequence[Look]) -> None: ...
    def saved(self, user: str) -> dict[str, str]: ...
    def save(self, user: str, name: str, query: str, now: datetime) -> None: ...
    def drop(self, user: str, name: str) -> bool: ...
    def ticks(self, patient: str) -> list[Ticked]: ...
    def tick(self, patient: str, tick: Ticked) -> None: ...
    def note(self, entries: Sequence[AuditEntry]) -> None: ...
    def note_first(
        self,
        keys: Mapping[str, str],
        until: datetime,
        entry: Callable[[list[str]], AuditEntry],
    ) -> list[str]: ...
    def received(self, reference: str, patient: str) -> datetime | None: ...
    def audit(self, after: int, limit: int) -> list[AuditRecord]: ...
