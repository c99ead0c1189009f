"""The drugs that count: drafts, running orders, and doses recent enough to be in the body."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.chart import MedicationUse, UseStatus
from alerts.dosing import Certainty, dosed
from alerts.moment import TICK, Moment
from alerts.record import record
from alerts.statements import Datum
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

STOPPING = frozenset({UseStatus.STOPPED, UseStatus.CANCELLED, UseStatus.ON_HOLD, UseStatus.ENDED})
PARENTERAL = frozenset({"im", "iv", "sc", "depot"})
_NOW = timedelta(0)


@record
class Taken:
    """One drug of one record. `gap`: time since it last counted as taken (0 while it runs).

    `certain`: unknown when the record does not tell whether it is taken at all.
    `stopped`: a stop or hold is recorded and no order for it is in force.
    `ending`: it is a draft of this call that stops it.
    """

    use: MedicationUse
    ingredient: str
    gap: timedelta
    running: bool
    certain: Truth
    draft: bool = False
    stopped: bool = False
    ending: bool = False

    @property
    def asked(self) -> bool:
        """Does the call at hand start or stop it?"""
        return self.draft or self.ending

    @property
    def reference(self) -> str:
        return self.use.source.reference

    @property
    def begun(self) -> datetime | None:
        return self.use.start or self.use.authored


def ordered(drafts: Iterable[MedicationUse]) -> list[Taken]:
    """Drafts that start or continue a drug, one entry per ingredient."""
    return [
        Taken(draft, ingredient, _NOW, running=True, certain=TRUE, draft=True)
        for draft in drafts
        for ingredient in draft.ingredients
        if not stops(draft)
    ]


def stops(draft: MedicationUse) -> bool:
    """An order that stops, holds or forbids: no drug is started by it."""
    return draft.status in STOPPING or draft.do_not_perform


def on_board(now: Moment, longest: timedelta, drafts: Sequence[MedicationUse] = ()) -> list[Taken]:
    """Drugs named by any row that the patient takes, or took within `longest`, newest record each.

    A chart order that a draft re-signs is the draft; one that a draft stops counts as just stopped.
    """
    signed = {d.source.reference for d in drafts if not stops(d)}
    ending = {d.source.reference: d for d in drafts if stops(d)}
    chart, names = now.chart, now.knowledge.index.drugs
    found: list[Taken] = []
    for ingredient in sorted((chart.orders.keys() | chart.doses.keys()) & names.keys()):
        orders: Sequence[MedicationUse] = chart.orders.get(ingredient, ())
        if signed:
            orders = [u for u in orders if u.source.reference not in signed]
        here = [
            *_newest([t for use in orders for t in _taken(now, use, ingredient, longest)]),
            *_last_doses(now, ingredient, longest),
        ]
        found += _with_stops(here, orders, ending)
    return found


def _last_doses(now: Moment, ingredient: str, longest: timedelta) -> Iterator[Taken]:
    """The last dose by each route and form that is sure, and of depots as far as they act."""
    if ingredient not in now.chart.doses:
        return
    done: set[tuple[str | None, Truth]] = set()
    for use in reversed(now.recent_doses(ingredient, now.as_of - longest)):
        if _mark(use) not in done and use.long_acting is not TRUE:
            for taken in _taken(now, use, ingredient, longest):
                if taken.certain is TRUE:
                    done.add(_mark(use))
                yield taken
    tail = _tail(now, ingredient)
    for use in now.recent_doses(ingredient, now.as_of - longest - tail) if tail else ():
        if use.long_acting is TRUE:
            yield from _taken(now, use, ingredient, longest)


def _mark(use: MedicationUse) -> tuple[str | None, Truth]:
    return (use.route, use.long_acting)


def _tail(now: Moment, ingredient: str) -> timedelta:
    """How long the longest depot of an ingredient counts in full."""
    return timedelta(days=now.knowledge.index.tails.get(ingredient, 0))


def _taken(now: Moment, use: MedicationUse, ingredient: str, longest: timedelta) -> Iterator[Taken]:
    span = dosed(now, use)
    # without a date only what is taken now is: a drug from home, since nobody knows when
    if span.certainty is Certainty.NONE or (span.first is None and span.running is FALSE):
        return
    if span.first is not None and span.first > now.as_of:
        return
    running = span.running is TRUE or (use.as_needed and span.running is not FALSE)
    last = span.last or span.first or now.as_of
    if use.long_acting is TRUE:
        last += _acts(now, use, ingredient)
    gap = _NOW if running else max(now.as_of - last, _NOW)
    if gap > longest:
        return
    if span.running is FALSE:
        now.until(last + TICK)  # from then on its age counts; while it runs, its last moment is now
        now.until(last + longest + TICK)
    certain = UNKNOWN if span.certainty is Certainty.POSSIBLE and not use.as_needed else TRUE
    yield Taken(use, ingredient, gap, running, certain)


def _acts(now: Moment, use: MedicationUse, ingredient: str) -> timedelta:
    product = now.knowledge.long_acting.get(use.product or "")
    return timedelta(days=product.full_d) if product else _tail(now, ingredient)


def _newest(found: Iterable[Taken]) -> Iterator[Taken]:
    """Of many ended orders by one route keep the last; running orders are all kept."""
    ended: dict[tuple[str | None, Truth], Taken] = {}
    for taken in found:
        if taken.running:
            yield taken
            continue
        mark = _mark(taken.use)
        known = ended.get(mark)
        if known is None or _rank(taken) < _rank(known):
            ended[mark] = taken
    yield from ended.values()


def _rank(taken: Taken) -> tuple[bool, timedelta, str]:
    return (taken.certain is not TRUE, taken.gap, taken.reference)


def _with_stops(
    found: list[Taken], uses: Sequence[MedicationUse], ending: Mapping[str, MedicationUse]
) -> list[Taken]:
    """Mark what is stopped: by a draft of this call, or by the chart with nothing in force.

    A stop tells of the doses before it, never of a dose that was given after it.
    """
    stopping = [u for u in uses if u.status in STOPPING]
    if not stopping and not ending:
        return found
    freed = [
        replace(t, running=False, stopped=True, ending=True)
        if t.running and t.reference in ending
        else t
        for t in found
    ]
    if any(t.running for t in freed):
        return freed
    just = any(t.ending for t in freed)
    return [
        replace(t, stopped=True) if just or any(_covers(u, t) for u in stopping) else t
        for t in freed
    ]


def _covers(stop: MedicationUse, taken: Taken) -> bool:
    """Is the stop at or after the last time that the drug counted as taken?"""
    if stop is taken.use:
        return True
    last = taken.use.end or taken.begun
    return stop.end is not None and last is not None and stop.end >= last


def drug_datum(taken: Taken) -> Datum:
    """A drug as shown: by what evidence it is known, when it began, how it is given."""
    use = taken.use
    marks = [use.status.value]
    marks += [use.route] if use.route else []
    marks += [use.product.replace("_", " ")] if use.product else []
    if use.dose is not None:
        times = f" × {use.times_per_day:g}/d" if use.times_per_day else ""
        marks.append(f"{use.dose:g} {use.dose_unit or ''}{times}".strip())
    marks += ["as needed"] if use.as_needed else []
    what = "draft order" if taken.draft else use.evidence.value
    return Datum(taken.ingredient, what, "", taken.begun, taken.reference, ", ".join(marks))
