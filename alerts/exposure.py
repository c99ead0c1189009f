"""Exposure to dopamine antagonists: windows by drug, route and product (SPEC 3.1-3.3, 3.5).

The windows are read against the times at which something was found: a dose counts when any
finding of the episode falls into its window. More findings can only add exposure, never remove it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from alerts.chart import Evidence, MedicationUse
from alerts.dosing import Certainty, Dosing, dosed
from alerts.knowledge import Knowledge
from alerts.knowledge.loader import Window
from alerts.moment import TICK, Moment
from alerts.record import record
from alerts.statements import Exposure
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

NO_TIME = timedelta(0)
PARENTERAL = frozenset({"im", "iv", "sc", "depot"})


@record
class Course:
    """Dosing of one product by one kind of evidence: one order, or a row of doses, oldest first."""

    spans: tuple[Dosing, ...]
    ingredient: str
    window: Window

    @property
    def newest(self) -> Dosing:
        return self.spans[-1]

    def covers(self, events: Sequence[datetime], reach: timedelta) -> bool:
        """Does any event fall from the start of a dose to `reach` after its end?"""
        firsts = [s.first for s in self.spans if s.first is not None]
        if len(firsts) != len(self.spans):
            return False
        for at in events:
            i = bisect_right(firsts, at) - 1
            if i >= 0:
                end = self.spans[i].last or firsts[i]
                if at <= end + reach:
                    return True
        return False

    def days_before(self, events: Sequence[datetime]) -> float | None:
        """The fewest days from a dose (0 while it runs) to an event that it precedes, of events
        oldest first: the first one after the dose is the nearest."""
        found = []
        for span in self.spans:
            if span.first is not None and span.last is not None:
                i = bisect_left(events, span.first)
                found += [max(t - span.last, NO_TIME) for t in events[i : i + 1]]
        return min(found) / timedelta(days=1) if found else None


@record
class _Reach:
    """How far a course reaches, against the event times."""

    full: bool
    extended: bool
    literal: bool
    possible: bool


def exposures(now: Moment, events: Sequence[datetime]) -> tuple[Exposure, ...]:
    """Every dopamine antagonist found, with what its window says at the event times.

    `events`: times of the true findings of the episode; none means now.
    """
    times = tuple(events) or (now.as_of,)
    found = []
    for course in courses(now, times[0]):
        if not events:
            _watch(now, course)
        found.append(_exposure(now, course, times))
    return tuple(sorted(found, key=_order))


def courses(now: Moment, earliest: datetime) -> Iterator[Course]:
    """The courses of dopamine antagonists that may reach an event at `earliest` or later."""
    knowledge = now.knowledge
    for ingredient in sorted({*now.chart.orders, *now.chart.doses}):
        if not knowledge.antagonist(ingredient):
            continue
        for use in now.chart.orders.get(ingredient, ()):
            span = dosed(now, use)
            if span.certainty is not Certainty.NONE:
                yield Course((span,), ingredient, window_of(use, ingredient, knowledge))
        reach = timedelta(days=longest_reach(ingredient, knowledge))
        yield from _rows(now, ingredient, earliest - reach)


def _rows(now: Moment, ingredient: str, since: datetime) -> Iterator[Course]:
    """Doses given, in rows of one product, route and certainty; the last old one when none is."""
    recent = now.recent_doses(ingredient, since) or now.chart.doses.get(ingredient, ())[-1:]
    rows: dict[tuple[str, str, str, str], list[Dosing]] = {}
    for use in recent:
        span = dosed(now, use)
        if span.certainty is not Certainty.NONE:
            key = window_of(use, ingredient, now.knowledge).key
            mark = (key, use.route or "", use.evidence.value, span.certainty.value)
            rows.setdefault(mark, []).append(span)
    for spans in rows.values():
        spans.sort(key=lambda s: (s.first or now.as_of, s.use.source.reference))
        window = window_of(spans[-1].use, ingredient, now.knowledge)
        yield Course(tuple(spans), ingredient, window)


def longest_reach(ingredient: str, knowledge: Knowledge) -> int:
    """Days that any product of the ingredient can reach."""
    known: int | None = knowledge.memo.get(("reach", ingredient))
    if known is None:
        known = knowledge.memo["reach", ingredient] = _longest_reach(ingredient, knowledge)
    return known


def _longest_reach(ingredient: str, knowledge: Knowledge) -> int:
    windows = [w for w in knowledge.long_acting.values() if w.ingredient == ingredient]
    if ingredient in knowledge.short_acting:
        windows.append(knowledge.short_acting[ingredient])
    return max(knowledge.possible_d, *(w.extended_d for w in windows))


def _watch(now: Moment, course: Course) -> None:
    """With nothing found, the windows run against the clock."""
    newest, window = course.newest, course.window
    if newest.running is not FALSE or newest.first is None:
        return
    last = newest.last or newest.first
    days = (window.full_d, window.extended_d, now.knowledge.possible_d, window.interval_d or 0)
    for reach in (*days, longest_reach(course.ingredient, now.knowledge)):
        now.until(last + timedelta(days=reach) + TICK)
    now.until(last + now.hours("exposure.literal_h") + TICK)


def _order(exposure: Exposure) -> tuple[int, str, str, str]:
    ranks = ("full", "extended", "possible", "ended")
    return (
        ranks.index(exposure.reading),
        exposure.drug,
        str(exposure.last_dose.timestamp()) if exposure.last_dose else "",
        exposure.source,
    )


def window_of(use: MedicationUse, ingredient: str, knowledge: Knowledge) -> Window:
    """The window of a product; of an unnamed depot, the longest of its ingredient."""
    if use.product and use.product in knowledge.long_acting:
        named = knowledge.long_acting[use.product]
        if named.ingredient == ingredient:
            return named
    short = knowledge.short_acting.get(ingredient)
    if use.long_acting is not TRUE and short is not None:
        return short
    depots = [w for w in knowledge.long_acting.values() if w.ingredient == ingredient]
    if not depots and short is not None:
        return short
    return max(depots, key=lambda w: (w.full_d, w.extended_d, w.key))


def _exposure(now: Moment, course: Course, events: tuple[datetime, ...]) -> Exposure:
    span, window = course.newest, course.window
    use, last = span.use, span.last
    reach = _reach(now, course, events)
    confirmed = use.evidence in {Evidence.ADMINISTRATION, Evidence.DISPENSE}
    reading = _reading(span, reach)
    open_ended = span.running is not FALSE or last is None
    return Exposure(
        drug=course.ingredient,
        product=window.key if window.long_acting else None,
        evidence=use.evidence.value,
        reading=reading,
        literal=_literal(span, reach, confirmed=confirmed),
        last_dose=_last_dose(span, confirmed=confirmed),
        running=span.running,
        full_until=None if open_ended else last and last + timedelta(days=window.full_d),
        extended_until=None if open_ended else last and last + timedelta(days=window.extended_d),
        source=use.source.reference,
        text=use.text,
        route=use.route,
        long_acting=window.long_acting,
        recency=_recency(now, course, events),
        basis=window.basis,
        note=_note(span, course, events),
        within_published=reading == "full" and reach.literal,
        days_before=course.days_before(events) if now.onset is not None else None,
    )


def _last_dose(span: Dosing, *, confirmed: bool) -> datetime | None:
    """When the last dose was given, as far as told: an order in force does not tell."""
    if span.running is FALSE:
        return span.last
    return span.first if confirmed else None


def _note(span: Dosing, course: Course, events: tuple[datetime, ...]) -> str:
    said = [span.reason]
    interval = course.window.interval_d
    if interval is not None:
        inside = course.covers(events, timedelta(days=interval))
        where = "within" if inside else "beyond"
        said.append(f"{where} one injection interval of {interval:g} d (guinart2020)")
    said += [course.window.note] if course.window.note else []
    return ". ".join(said)


def _reach(now: Moment, course: Course, events: tuple[datetime, ...]) -> _Reach:
    span, window, knowledge = course.newest, course.window, now.knowledge
    if any(s.first is None for s in course.spans):
        return _Reach(full=False, extended=False, literal=False, possible=True)
    extended = course.covers(events, timedelta(days=window.extended_d))
    full = extended and course.covers(events, timedelta(days=window.full_d))
    open_end = span.last is None and any(t >= span.first for t in events if span.first)
    unlisted = window.key in knowledge.without_window
    ceiling = timedelta(days=knowledge.possible_d)
    return _Reach(
        full=full,
        extended=extended,
        literal=full and course.covers(events, now.hours("exposure.literal_h")),
        possible=open_end
        or (unlisted and course.covers(events, ceiling))
        or (not full and _perhaps_depot(now, course, events)),
    )


def _perhaps_depot(now: Moment, course: Course, events: tuple[datetime, ...]) -> bool:
    """An intramuscular dose of a drug that has a depot, the form not told."""
    unsure = [s for s in course.spans if s.use.route == "im" and s.use.long_acting is UNKNOWN]
    if not unsure:
        return False
    depots = [w for w in now.knowledge.long_acting.values() if w.ingredient == course.ingredient]
    longest = max((w.full_d for w in depots), default=0)
    doubtful = replace(course, spans=tuple(unsure))
    return bool(depots) and doubtful.covers(events, timedelta(days=longest))


def _reading(span: Dosing, reach: _Reach) -> str:
    if span.certainty is Certainty.POSSIBLE:
        return "possible" if reach.extended or reach.possible else "ended"
    if reach.full:
        return "full"
    if reach.extended:
        return "extended"
    return "possible" if reach.possible else "ended"


def _literal(span: Dosing, reach: _Reach, *, confirmed: bool) -> Truth:
    """EXP72: a confirmed dose in the 72 h before; a running order alone does not confirm it."""
    if not reach.literal:
        return UNKNOWN if reach.possible else FALSE
    return TRUE if confirmed and span.certainty is not Certainty.POSSIBLE else UNKNOWN


def _recency(now: Moment, course: Course, events: tuple[datetime, ...]) -> str:
    """EXP-01. BASE never closes the gate: onset is possible at any time."""
    newest = course.newest
    injected = newest.use.route in PARENTERAL and newest.last is not None
    began = newest.last if injected else _restart(course)
    if began is None:
        return "BASE"
    high, raised = now.days("recency.high_d"), now.days("recency.raised_d")
    # while injections run their last moment is now and moves along: nothing will read differently
    moves = injected and newest.running is not FALSE and began == now.as_of
    if events == (now.as_of,) and not moves:
        now.until(began + high + TICK)
        now.until(began + raised + TICK)
        _forgetting(now, course, (high, raised))
    age = max(events[0], began) - began
    if age <= high:
        return "HIGH"
    return "RAISED" if age <= raised else "BASE"


def _forgetting(now: Moment, course: Course, limits: tuple[timedelta, ...]) -> None:
    """A dose too old to reach is read no more, and the run then seems to begin with the next."""
    reach = timedelta(days=longest_reach(course.ingredient, now.knowledge))
    for dose, following in pairwise(course.spans):
        if dose.last is None or following.first is None:
            continue
        left = dose.last + reach
        if any(left - following.first <= limit < reach for limit in limits):
            now.until(left + TICK)


def _restart(course: Course) -> datetime | None:
    """The first dose of the present run: a gap beyond the full window starts a new one."""
    gap = timedelta(days=course.window.full_d)
    began: datetime | None = None
    for span in reversed(course.spans):
        if began is not None and span.last is not None and began - span.last > gap:
            break
        began = span.first
    return began
