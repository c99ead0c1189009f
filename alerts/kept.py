"""What was read of one patient before, and still stands.

A part of an assessment is read on a chart that notes what it looks at. Its answer stands until one
of four things: what it looked at is another than it was, what it is asked with has changed, the
instant has come from which it would read otherwise with no new data (`Moment.until`), or the clock
was turned back. Then it is read again. Nothing is told to whoever keeps: the chart is compared with
the one before, so corrections, late facts and facts taken away are seen as well as new ones.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from alerts.chart import DAWN, Chart
from alerts.knowledge import Knowledge
from alerts.ledger import Account
from alerts.record import record
from alerts.watched import DRUGS, PERSON, PROBLEMS, READINGS, SIGNS, STAYS, UNREAD, Watched

if TYPE_CHECKING:
    from alerts.moment import Moment

T = TypeVar("T")
KEPT = "kept"


def part(
    now: "Moment",
    name: str,
    asked: Hashable,
    read: Callable[["Moment"], T],
    *,
    settled: datetime | None = None,
) -> T:
    """What `read` reads at this moment; not read again where somebody keeps it and it stands.

    `read` may hang on nothing but the Moment it is given and `asked`. `settled`: readings of a
    later time change nothing of it, as its caller has shown.
    """
    kept: Kept | None = now.answers.get(KEPT)
    return read(now) if kept is None else kept.answer(now, name, asked, read, settled)


def keep(now: "Moment", chart: Chart, knowledge: Knowledge, kept: "Kept") -> None:
    """Let this moment use what is kept; nothing where the chart tells of what lies ahead, for that
    comes to pass with no new fact."""
    if now.next_change is not None:
        kept.forget()
        return
    kept.meet(chart, knowledge)
    now.answers[KEPT] = kept


@record
class _Held:
    """An answer. `reads`: what it looked at; `read_at`, `expires`: from when until when it stands;
    `noted`: the parameters it read, by account, "" for the account that was open."""

    answer: Any
    asked: Hashable
    reads: set[str]
    read_at: datetime
    expires: datetime | None
    settled: datetime | None
    noted: tuple[tuple[str, dict[str, None]], ...]


class Kept:
    """The parts kept of one patient under one version of the rules."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}
        self._chart: Chart | None = None
        self._knowledge: Knowledge | None = None

    def meet(self, chart: Chart, knowledge: Knowledge) -> None:
        """Before each assessment: forget what looked at anything that is now another."""
        before, same_rules = self._chart, self._knowledge is knowledge
        self._chart, self._knowledge = chart, knowledge
        if before is None or not same_rules or before.patient != chart.patient:
            self._held.clear()
            return
        changed = dict(_changed(before, chart))
        for name in [name for name, held in self._held.items() if _touched(held, changed)]:
            del self._held[name]

    def forget(self) -> None:
        self._held.clear()
        self._chart = None

    def answer(
        self,
        now: "Moment",
        name: str,
        asked: Hashable,
        read: Callable[["Moment"], T],
        settled: datetime | None,
    ) -> T:
        held = self._held.get(name)
        if held is None or not _stands(held, asked, now.as_of):
            held = self._held[name] = _read(now, asked, read, settled)
        if held.expires is not None:
            now.until(held.expires)
        for account, parameters in held.noted:
            (now.account_of(account).parameters if account else now.reading).update(parameters)
        answer: T = held.answer
        return answer


def _stands(held: _Held, asked: Hashable, as_of: datetime) -> bool:
    if as_of < held.read_at or held.asked != asked:
        return False
    return held.expires is None or as_of < held.expires


def _read(
    now: "Moment", asked: Hashable, read: Callable[["Moment"], Any], settled: datetime | None
) -> _Held:
    """Read in a moment of its own: nothing that others looked at already stays unnoted."""
    watched, accounts = Watched(now.chart), dict[str, Account]()
    own = type(now)(
        watched.as_chart(), now.knowledge, now.as_of, onset=now.onset, _accounts=accounts
    )
    own.turn_to(own.account_open)
    answer = read(own)
    now.turn_to(now.account_open)
    noted = [(name, account.parameters) for name, account in accounts.items()]
    noted.append(("", own.account_open.parameters))
    return _Held(answer, asked, watched.noted, now.as_of, own.next_change, settled, tuple(noted))


def _touched(held: _Held, changed: Mapping[str, datetime]) -> bool:
    """Is anything that it looked at another, other than by readings after it was settled?"""
    if held.reads.isdisjoint(changed):
        return False
    if held.settled is None:
        return True
    return any(what in held.reads and since <= held.settled for what, since in changed.items())


def _changed(before: Chart, chart: Chart) -> Iterator[tuple[str, datetime]]:
    """What of a chart is another than before, and since which reading; the dawn of time where that
    is no matter of a time."""
    if chart.measurements != before.measurements:
        yield READINGS, DAWN
        yield from _by_kind(before.by_kind, chart.by_kind)
    if chart.signs != before.signs:
        yield SIGNS, DAWN
        yield from ((kind, DAWN) for kind, _ in _by_kind(before.by_sign, chart.by_sign))
    for what, one, other in (
        (DRUGS, before.medications, chart.medications),
        (PROBLEMS, before.conditions, chart.conditions),
        (STAYS, before.stays, chart.stays),
        (UNREAD, before.unread, chart.unread),
        (PERSON, before.details, chart.details),
    ):
        if one != other:
            yield what, DAWN


def _by_kind(before: Mapping[Any, Any], now: Mapping[Any, Any]) -> Iterator[tuple[str, datetime]]:
    for kind, facts in now.items():
        known = before.get(kind, ())
        if facts is not known and facts != known:
            appended = len(facts) > len(known) and facts[: len(known)] == known
            yield kind, facts[len(known)].at if appended else DAWN
    yield from ((kind, DAWN) for kind in before.keys() - now.keys())
