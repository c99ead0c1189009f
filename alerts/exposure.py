"""Exposure to dopamine antagonists: windows by drug, route and product (SPEC 3.1-3.3, 3.5).

The windows are read against the times at which something was found: a dose counts when any
finding of the episode falls into its window. More findings can only add exposure, never remove it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.chart import Evidence, MedicationUse
from alerts.dosing import Certainty, Dosing, dosing
from alerts.knowledge.loader import Knowledge, Window
from alerts.moment import Moment
from alerts.statements import Exposure
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

PARENTERAL = frozenset({"im", "iv", "sc", "depot"})


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far a span of dosing reaches, against the event times."""

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
    for use in now.chart.medications:
        for ingredient in use.ingredients:
            if now.knowledge.antagonist(ingredient):
                span = dosing(use, now.as_of)
                if span.certainty is not Certainty.NONE:
                    found.append(_exposure(now, span, ingredient, times))
    return tuple(sorted(found, key=_order))


def _order(exposure: Exposure) -> tuple[int, str, str, str]:
    ranks = ("full", "extended", "possible", "ended")
    return (
        ranks.index(exposure.reading),
        exposure.drug,
        exposure.last_dose.isoformat() if exposure.last_dose else "",
        exposure.source,
    )


def window_of(use: MedicationUse, ingredient: str, knowledge: Knowledge) -> Window:
    """The window of a product; of an unnamed depot, the longest of its ingredient."""
    if use.product and use.product in knowledge.long_acting:
        return knowledge.long_acting[use.product]
    depots = [w for w in knowledge.long_acting.values() if w.ingredient == ingredient]
    short = knowledge.short_acting.get(ingredient)
    if depots and (use.long_acting is TRUE or short is None):
        return max(depots, key=lambda w: (w.full_d, w.extended_d, w.key))
    return short or depots[0]


def _exposure(now: Moment, span: Dosing, ingredient: str, events: tuple[datetime, ...]) -> Exposure:
    use, knowledge = span.use, now.knowledge
    window = window_of(use, ingredient, knowledge)
    reach = _reach(now, span, window, events)
    confirmed = use.evidence in {Evidence.ADMINISTRATION, Evidence.DISPENSE}
    last = span.last
    return Exposure(
        drug=ingredient,
        product=window.key if window.long_acting else None,
        evidence=use.evidence.value,
        reading=_reading(span, reach),
        literal=_literal(span, reach, confirmed=confirmed),
        last_dose=last if confirmed or span.running is not TRUE else None,
        running=span.running,
        full_until=last + timedelta(days=window.full_d) if last else None,
        extended_until=last + timedelta(days=window.extended_d) if last else None,
        source=use.source.reference,
        text=use.text,
        route=use.route,
        long_acting=window.long_acting,
        recency=_recency(now, span, events),
        basis=window.basis,
        note=f"{span.reason}. {window.note}".strip().removesuffix("."),
    )


def _reach(now: Moment, span: Dosing, window: Window, events: tuple[datetime, ...]) -> _Reach:
    first, last = span.first, span.last
    if first is None:
        return _Reach(full=False, extended=False, literal=False, possible=True)
    known_end = last if last is not None else first
    literal = timedelta(hours=now.knowledge["exposure.literal_h"])

    def covers(reach: timedelta) -> bool:
        return any(first <= t <= known_end + reach for t in events)

    open_end = last is None and any(t >= first for t in events)
    unlisted = window.key in now.knowledge.without_window
    ceiling = timedelta(days=now.knowledge.possible_d)
    return _Reach(
        full=covers(timedelta(days=window.full_d)),
        extended=covers(timedelta(days=window.extended_d)),
        literal=covers(literal),
        possible=open_end or (unlisted and covers(ceiling)) or _perhaps_depot(now, span, events),
    )


def _perhaps_depot(now: Moment, span: Dosing, events: tuple[datetime, ...]) -> bool:
    """An intramuscular dose of a drug that has a depot, the form not told."""
    use = span.use
    if use.route != "im" or use.long_acting is not UNKNOWN or span.last is None:
        return False
    depots = [w for w in now.knowledge.long_acting.values() if w.ingredient in use.ingredients]
    longest = max((w.full_d for w in depots), default=0)
    end = span.last + timedelta(days=longest)
    return any(span.first is not None and span.first <= t <= end for t in events)


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


def _recency(now: Moment, span: Dosing, events: tuple[datetime, ...]) -> str:
    """EXP-01. BASE never closes the gate: onset is possible at any time."""
    reference = min(events)
    begun = span.first
    if begun is None:
        return "BASE"
    if span.use.route in PARENTERAL and span.last is not None:
        begun = span.last
    age = max(reference, begun) - begun
    if age <= now.days("recency.high_d"):
        return "HIGH"
    return "RAISED" if age <= now.days("recency.raised_d") else "BASE"
