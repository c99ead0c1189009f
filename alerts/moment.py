"""The chart as it stood at a moment: nothing from the future, artefacts set aside.

Every rule reads the patient through a Moment, so that `as_of` means the same everywhere. A Moment
also keeps two accounts that no rule can forget to write: the thresholds and windows that were read
(the trace), and the first instant at which any of those windows would read differently with no
new data (the next review).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from alerts.artefacts import note_jumps, sound
from alerts.chart import Chart, Measurement, MedicationUse, Sign, SignKind, begun, ended, goes_on
from alerts.dosing import taken
from alerts.evidence import (
    BY_VALUE,
    above,
    any_above,
    apart,
    caveats,
    certain,
    datum,
    latest,
    sign_caveats,
    sign_datum,
    site_trusted,
    sure,
    trusted_sites,
    use_datum,
)
from alerts.knowledge import Knowledge
from alerts.ledger import HOUR, Account, Ledger, Look, Spans, Unread, ledger, standing
from alerts.past import as_it_stood
from alerts.series import AT, Series
from alerts.trace import Step
from alerts.truth import TRUE

__all__ = [
    "AT",
    "BY_VALUE",
    "TICK",
    "Moment",
    "above",
    "any_above",
    "apart",
    "caveats",
    "certain",
    "datum",
    "latest",
    "moment",
    "sign_caveats",
    "sign_datum",
    "site_trusted",
    "sure",
    "taken",
    "trusted_sites",
    "use_datum",
]

# the instant after the last one of a closed window
TICK = timedelta(microseconds=1)


@dataclass(slots=True)
class Moment:
    """`chart` holds only what had happened by `as_of`."""

    chart: Chart
    knowledge: Ledger
    as_of: datetime
    next_change: datetime | None = None
    # the first true finding of the episode, once it is known
    onset: datetime | None = None
    _looks: dict[tuple[str, timedelta], Look] = field(default_factory=dict)
    # the same by the parameter that tells the hours
    _recent: dict[tuple[str, str], Look] = field(default_factory=dict)
    _series: dict[str, Series] = field(default_factory=dict)
    _ingredients: set[str] | None = None
    # answers of this moment that several rules ask for, each worked out once
    answers: dict[Any, Any] = field(default_factory=dict)
    account_open: Account = field(init=False)
    _accounts: dict[str, Account] = field(default_factory=dict)
    # accounts that wait while another is open, innermost last
    accounts_before: list[Account] = field(default_factory=list)
    # where the knowledge notes what is read, and the parameters of the open account
    noted: dict[str, Any] = field(init=False)
    reading: dict[str, None] = field(init=False)
    _spans: Spans = field(init=False)
    _unread: Unread = field(init=False)

    def __post_init__(self) -> None:
        knowledge = self.knowledge
        self.account_open = Account("", {}, {}, knowledge.parameters)
        self.noted, self.reading = vars(knowledge), self.account_open.parameters
        self._spans, self._unread = standing(knowledge)

    # --- windows told by the knowledge

    def hours(self, parameter: str) -> timedelta:
        """A number of hours of the rules, as a span of time."""
        self.reading[parameter] = None
        return self._spans[parameter]

    # named for the unit in which the rules give the number
    days = minutes = hours

    # --- readings

    def readings(self, kind: str) -> Sequence[Measurement]:
        """All usable readings of a kind, oldest first: plausible, no artefacts (SPEC 2.3)."""
        return self._sound_since(self._past(kind), 0)

    def within(self, kind: str, window: timedelta) -> list[Measurement]:
        """Usable readings of the window that ends now, oldest first."""
        look = self._looks.get((kind, window)) or self._look(kind, window)
        self.account_open.looks[look[1]] = None
        return look[0]

    def recent(self, kind: str, parameter: str) -> list[Measurement]:
        """Usable readings of the hours (or days) of a parameter, oldest first."""
        look = self._recent.get((kind, parameter)) or self._first_look(kind, parameter)
        self.reading[parameter] = None
        self.account_open.looks[look[1]] = None
        return look[0]

    def _first_look(self, kind: str, parameter: str) -> Look:
        """The look into the hours of a parameter; of most kinds most charts have no reading."""
        if kind in self.chart.by_kind:
            window = self._spans[parameter]
            look = self._looks.get((kind, window)) or self._look(kind, window)
        else:
            look = ([], self._unread[kind, parameter])
        self._recent[kind, parameter] = look
        return look

    def _look(self, kind: str, window: timedelta) -> Look:
        found = self._read(kind, window) if kind in self.chart.by_kind else []
        look = self._looks[kind, window] = (found, (kind, window / HOUR, len(found)))
        return look

    def _read(self, kind: str, window: timedelta) -> list[Measurement]:
        series = self._series.get(kind) or self._past(kind)
        past = series.past
        start = self.as_of - window
        if not past or past[-1].at < start:
            return []
        first = series.first_since(start)
        self.until(past[first].at + window + TICK)
        valid = self._sound_since(series, first)
        return valid[series.sound_since(first, start) :]

    def between(self, kind: str, start: datetime, end: datetime) -> list[Measurement]:
        """Usable readings from `start` to `end`, both included; neither moves with the clock."""
        if kind not in self.chart.by_kind:
            return []
        series = self._series.get(kind) or self._past(kind)
        past = series.past
        if not past or past[-1].at < start or past[0].at > end:
            return []
        first = series.first_since(start)
        valid = self._sound_since(series, first)
        left = series.sound_since(first, start)
        if past[-1].at <= end:
            return valid[left:]
        return valid[left : bisect_right(valid, end, left, key=AT)]

    def above(self, readings: Sequence[Measurement], threshold: float) -> list[Measurement]:
        """Of all usable readings of a kind in a window, those above the threshold beyond doubt."""
        if not readings:
            return []
        series = self._series[readings[0].kind]
        return series.above(threshold, readings[0].at, readings[-1].at)

    def raw(self, kind: str, since: datetime) -> Sequence[Measurement]:
        """Everything recorded of a kind from `since` on, artefact or not."""
        past = self._past(kind).past
        return past[bisect_left(past, since, key=AT) :]

    def drifting(self, kind: str, start: timedelta, end: timedelta) -> None:
        """Note a window that moves with the clock: `start` to `end` before now."""
        if kind not in self.chart.by_kind:
            return
        past = self._past(kind).past
        for edge in (start, end):
            since = self.as_of - edge
            if past and past[-1].at >= since:
                at = past[bisect_left(past, since, key=AT)].at + edge
                # the first of the two that lies ahead; the other is later
                self.until(at if at > self.as_of else at + TICK)

    def _past(self, kind: str) -> Series:
        known = self._series.get(kind)
        if known is None:
            whole = self.chart.by_kind.get(kind, ())
            if whole and whole[-1].at > self.as_of:
                whole = whole[: bisect_right(whole, self.as_of, key=AT)]
            known = self._series[kind] = Series(kind, whole, len(whole))
            note_jumps(self, kind, whole)
        return known

    def _sound_since(self, series: Series, first: int) -> list[Measurement]:
        if first < series.screened:
            more = sound(self, series.kind, series.past, first, series.screened)
            series.sound = more + series.sound if series.sound else more
            series.screened = first
        return series.sound

    # --- signs and drugs

    def signs(self, window: timedelta, *kinds: SignKind) -> list[Sign]:
        """Signs of the last `window`, oldest first."""
        known = self.chart.by_sign
        if known.keys().isdisjoint(kinds):  # as for most signs of most patients
            return []
        found: list[Sign] = []
        start = self.as_of - window
        for kind in kinds:
            series = known.get(kind)
            if not series or series[-1].at < start:
                continue
            last = len(series)
            if series[-1].at > self.as_of:
                last = bisect_right(series, self.as_of, key=AT)
            first = 0 if series[0].at >= start else bisect_left(series, start, 0, last, key=AT)
            if first < last:
                self.until(series[first].at + window + TICK)
                found += series[first:last]
        return sorted(found, key=AT) if found and len(kinds) > 1 else found

    def present(self, window: timedelta, *kinds: SignKind) -> list[Sign]:
        if self.chart.by_sign.keys().isdisjoint(kinds):
            return []
        return [s for s in self.signs(window, *kinds) if s.present is TRUE]

    def ever(self, *kinds: SignKind, since: datetime | None = None) -> list[Sign]:
        """Signs that were present at any time (or since then), oldest first."""
        known = self.chart.by_sign
        found: list[Sign] = []
        if known.keys().isdisjoint(kinds):
            return found
        for kind in kinds:
            if kind in known:
                found += [s for s in known[kind] if s.present is TRUE and s.at <= self.as_of]
        return found if since is None else [s for s in found if s.at >= since]

    def given(self, name: str, window: timedelta) -> list[MedicationUse]:
        """Drugs of a class given or presumed running in the last `window`."""
        return self.taken_of(self.knowledge.classes.get(name, frozenset()), window)

    def taken_of(self, members: Iterable[str], window: timedelta) -> list[MedicationUse]:
        """These drugs, given or presumed running in the last `window`, oldest first."""
        wanted = self.on_chart(members)
        if not wanted:
            return []
        start = self.as_of - window
        found: dict[int, MedicationUse] = {}
        for ingredient in wanted:
            for use in self.recent_doses(ingredient, start):
                if taken(use, wanted, self.as_of, window):
                    found[id(use)] = use
                    if not goes_on(use):
                        self.until(ended(use) + window + TICK)
            for use in self.chart.orders.get(ingredient, ()):
                if taken(use, wanted, self.as_of, window):
                    found[id(use)] = use
                    if use.end is not None:
                        self.until(use.end + window + TICK)
        return sorted(found.values(), key=lambda u: (begun(u) or start, u.source.reference))

    def on_chart(self, members: Iterable[str]) -> set[str]:
        """Those of these ingredients that any record of the chart names."""
        if self._ingredients is None:
            self._ingredients = self.chart.doses.keys() | self.chart.orders.keys()
        return self._ingredients.intersection(members)

    def recent_doses(self, ingredient: str, since: datetime) -> tuple[MedicationUse, ...]:
        """Doses recorded as given or dispensed that were over no earlier than `since`."""
        doses = self.chart.doses.get(ingredient)
        return doses[bisect_left(doses, since, key=ended) :] if doses else ()

    # --- the two accounts

    def until(self, at: datetime) -> None:
        """The answer may differ from `at` on, with no new data."""
        if at > self.as_of and (self.next_change is None or at < self.next_change):
            self.next_change = at

    def older(self, at: datetime, window: timedelta) -> bool:
        """Is it longer ago than `window`? If not yet, it will be."""
        self.until(at + window + TICK)
        return self.as_of - at > window

    def account(self, name: str) -> Self:
        """`with now.account(name)`: what is read inside belongs to the finding or rule `name`."""
        self.accounts_before.append(self.account_open)
        self.account_open = account = self.account_of(name)
        self.noted["read"] = self.reading = account.parameters
        return self

    def __enter__(self) -> None:
        """The account was opened by `account`."""

    def __exit__(self, fault: object, value: object, trace: object) -> None:
        self.account_open = before = self.accounts_before.pop()
        self.noted["read"] = self.reading = before.parameters

    def account_of(self, name: str) -> Account:
        """The account of a finding or rule, not opened."""
        known = self._accounts.get(name)
        if known is None:
            known = self._accounts[name] = Account(name, {}, {}, self.knowledge.parameters)
        return known

    def turn_to(self, account: Account) -> None:
        """What is read from here on belongs to this account: for one after the other of a row."""
        self.account_open = account
        self.noted["read"] = self.reading = account.parameters

    def read_by(self, name: str) -> Collection[str]:
        """Ids of the parameters that a finding or rule read, each once."""
        known = self._accounts.get(name)
        return known.parameters.keys() if known is not None else ()

    def steps(self) -> tuple[Step, ...]:
        """The trace: what each finding and rule read, by the name that it was read under."""
        return tuple(self._accounts.values())


def moment(chart: Chart, knowledge: Knowledge, as_of: datetime) -> Moment:
    """Clip a chart to what had happened by `as_of`; a later stop has not happened yet."""
    i = bisect_right(chart.changes, as_of)
    upcoming = chart.changes[i] if i < len(chart.changes) else None
    clipped = chart if upcoming is None else as_it_stood(chart, as_of)
    return Moment(clipped, ledger(knowledge), as_of, upcoming)
