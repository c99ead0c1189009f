"""Re-exposure after a resolved episode (SPEC 5.7, RECH rules): earliest date, how, and watching.

Shown only after resolution: in an open episode no antipsychotic is named (SAF-08).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from alerts.dosing import Certainty, dosing
from alerts.exposure import window_of
from alerts.moment import Moment
from alerts.record import record
from alerts.resolution import resolved, surveillance
from alerts.statements import Advice
from alerts.wording import Raw, all_citations, citations, day, line, shown, weakest_basis


@record
class Episode:
    """The products that may have caused an episode that ended `at`, and what came after it.

    `depots`: the end of the full-credit window by product; `later`: the first dose or order of
    each antagonist after resolution.
    """

    at: datetime
    drugs: frozenset[str]
    depots: dict[str, datetime]
    later: dict[str, datetime]


@record
class Earliest:
    """No antipsychotic before `at`; `confirmed`: False where it rests on a [U] value (RECH-02)."""

    at: datetime
    why: str
    confirmed: bool


def episode(now: Moment, at: datetime) -> Episode:
    """Antagonists whose window reached the last 168 h of the episode (TIER-10), and later ones."""
    start = at - now.hours("episode.gap_h")
    drugs: set[str] = set()
    depots: dict[str, datetime] = {}
    later: dict[str, datetime] = {}
    for drug, key, first, last in _spans(now):
        if first > at:
            later[drug] = min(first, later.get(drug, first))
            continue
        window = now.knowledge.long_acting.get(key) or now.knowledge.short_acting[key]
        taken = min(last, at)
        if taken + timedelta(days=window.extended_d) >= start:
            drugs.add(drug)
            if window.long_acting:
                end = taken + timedelta(days=window.full_d)
                depots[key] = max(end, depots.get(key, end))
        if last > at:  # it went on over the end of the episode
            later[drug] = at
    return Episode(at, frozenset(drugs), depots, later)


def _spans(now: Moment) -> Iterator[tuple[str, str, datetime, datetime]]:
    """Drug, window key, first and last dose of every record of a dopamine antagonist."""
    chart, knowledge = now.chart, now.knowledge
    for drug in sorted({*chart.orders, *chart.doses}):
        if not knowledge.antagonist(drug):
            continue
        for use in (*chart.orders.get(drug, ()), *chart.doses.get(drug, ())):
            span = dosing(use, now.as_of)
            if span.certainty in {Certainty.GIVEN, Certainty.PRESUMED} and span.first is not None:
                key = window_of(use, drug, knowledge).key
                yield drug, key, span.first, span.last or span.first


def earliest(now: Moment, over: Episode) -> Earliest:
    """RECH-01: 2 weeks after resolution; RECH-02: a depot 6 weeks, and not before its window."""
    if not over.depots:
        why = now.knowledge.says("{rechallenge.oral_d:weeks} weeks after resolution")
        return Earliest(over.at + now.days("rechallenge.oral_d"), why, True)
    wait, window = over.at + now.days("rechallenge.depot_d"), max(over.depots.values())
    if window > wait:
        return Earliest(window, "end of the depot's window", False)
    why = now.knowledge.says(
        "{rechallenge.depot_d:weeks} weeks after resolution of an episode with a depot"
    )
    return Earliest(wait, why, False)


def rechallenge(now: Moment, *, again: bool = False) -> tuple[Advice, ...]:
    """The advice after an episode that somebody has recorded as over; else none.

    `again`: signs of an episode stand now. Then the dates of the one before no longer hold, and how
    to give an antipsychotic is no word for this hour (SAF-08).
    """
    over = resolved(now)
    if over is None:
        return ()
    if over.at is None and again:
        return (_anew(now, []),)
    if over.at is None:
        ask = f"Date of resolution not recorded ({over.source}): find it before any antipsychotic"
        return (_how(now, [ask], [], depot=True),)
    ended = episode(now, over.at)
    first, watch = earliest(now, ended), surveillance(now, over.at, ended.depots)
    last = max(first.at, watch.until)
    if now.as_of >= last:
        return ()
    now.until(last)
    early = _early(now, ended, first)
    if again:
        return (_anew(now, early),)
    return (_how(now, _dates(now, ended, first), early, depot=bool(ended.depots)),)


def _anew(now: Moment, warnings: list[str]) -> Advice:
    """In place of the dates and of how to give one, while signs of an episode stand."""
    return _advice(now, shown([now.knowledge.management["rechallenge"]["again"]]), [], warnings)


def _how(now: Moment, dates: list[str], warnings: list[str], *, depot: bool) -> Advice:
    """When, and how, an antipsychotic may be given again."""
    rows = shown(now.knowledge.management["rechallenge"]["lines"])
    return _advice(now, [r for r in rows if depot or not r.get("depot")], dates, warnings)


def _dates(now: Moment, ended: Episode, first: Earliest) -> list[str]:
    labels, known = now.knowledge.management["labels"], now.knowledge.parameters
    rule = known["rechallenge.oral_d" if first.confirmed else "rechallenge.depot_d"]
    label = "" if first.confirmed else f" ({labels['unconfirmed']})"
    watch = surveillance(now, ended.at, ended.depots)
    daily = ended.at + now.days("surveillance.daily_d")
    return [
        f"Resolved {day(ended.at, now)}. No antipsychotic before {day(first.at, now)}: "
        f"{first.why}{label}{citations(rule.cite)}",
        f"Temperature and CK daily until {day(daily, now)}; watch until {day(watch.until, now)}: "
        f"{watch.why} ({labels['local']})",
    ]


def _early(now: Moment, ended: Episode, first: Earliest) -> list[str]:
    """A dopamine antagonist after resolution and before the earliest date."""
    return [
        f"{drug.capitalize()} {day(at, now)}, before the earliest date"
        + (": a culprit of the episode" if drug in ended.drugs else "")
        for drug, at in sorted(ended.later.items())
        if at < first.at
    ]


def _advice(now: Moment, rows: Sequence[Raw], dates: list[str], warnings: list[str]) -> Advice:
    told, labels = now.knowledge.management["rechallenge"], now.knowledge.management["labels"]
    lines = [*dates, *(line(raw, labels) for raw in rows)]
    return Advice(
        "RECHALLENGE",
        told["title"],
        told["priority"],
        tuple(warnings),
        tuple(lines),
        weakest_basis(rows),
        all_citations(rows),
        brief=". ".join([*warnings, lines[0]]),
    )
