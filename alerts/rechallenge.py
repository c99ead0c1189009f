"""Re-exposure after a resolved episode (SPEC 5.7, RECH rules): earliest date, how, and watching.

Shown only after resolution: in an open episode no antipsychotic is named (SAF-08).
"""

from dataclasses import dataclass
from datetime import datetime

from alerts.moment import Moment
from alerts.resolution import resolved, surveillance
from alerts.statements import Advice, Exposure
from alerts.wording import all_citations, citations, day, line, shown, weakest_basis


@dataclass(frozen=True, slots=True)
class Earliest:
    """`at`: no antipsychotic before; `label`: the date rests on an unconfirmed value (RECH-02)."""

    at: datetime
    why: str
    confirmed: bool


def earliest(now: Moment, exposures: tuple[Exposure, ...], at: datetime) -> Earliest:
    """RECH-01: 2 weeks after resolution; RECH-02: a depot 6 weeks, and not before its window."""
    depots = [e for e in _culprits(now, exposures, at) if e.long_acting]
    if not depots:
        return Earliest(at + now.days("rechallenge.oral_d"), "2 weeks after resolution", True)
    wait = at + now.days("rechallenge.depot_d")
    window = max((e.full_until for e in depots if e.full_until), default=wait)
    if window > wait:
        return Earliest(window, "end of the depot's window", False)
    return Earliest(wait, "6 weeks after resolution of an episode with a depot", False)


def _culprits(now: Moment, exposures: tuple[Exposure, ...], at: datetime) -> list[Exposure]:
    """Products that could still act within the episode's last 168 h before resolution (TIER-10)."""
    start = at - now.hours("episode.gap_h")
    return [
        e
        for e in exposures
        if e.extended_until is not None
        and e.extended_until >= start
        and not (e.last_dose is not None and e.last_dose > at)
    ]


def rechallenge(now: Moment, exposures: tuple[Exposure, ...]) -> tuple[Advice, ...]:
    """The advice after an episode that somebody has recorded as over; else none."""
    over = resolved(now)
    if over is None:
        return ()
    if over.at is None:
        date = [
            f"Date of resolution not recorded ({over.source}): find it before any antipsychotic"
        ]
        return (_advice(now, date, [], depot=True),)
    first = earliest(now, exposures, over.at)
    if now.as_of >= max(first.at, surveillance(now, exposures, over.at).until):
        return ()
    return (
        _advice(
            now,
            _dates(now, exposures, over.at, first),
            _early(now, exposures, over.at, first),
            depot=not first.confirmed,
        ),
    )


def _dates(
    now: Moment, exposures: tuple[Exposure, ...], at: datetime, first: Earliest
) -> list[str]:
    labels, known = now.knowledge.management["labels"], now.knowledge.parameters
    rule = known["rechallenge.oral_d" if first.confirmed else "rechallenge.depot_d"]
    label = "" if first.confirmed else f" ({labels['unconfirmed']})"
    watch = surveillance(now, _episode(now, exposures, at), at)
    daily = at + now.days("surveillance.daily_d")
    return [
        f"Resolved {day(at, now)}. No antipsychotic before {day(first.at, now)}: {first.why}"
        f"{label}{citations(rule.cite)}",
        f"Temperature and CK daily until {day(daily, now)}; watch until {day(watch.until, now)}: "
        f"{watch.why} ({labels['local']})",
    ]


def _episode(now: Moment, exposures: tuple[Exposure, ...], at: datetime) -> tuple[Exposure, ...]:
    return tuple(_culprits(now, exposures, at))


def _early(
    now: Moment, exposures: tuple[Exposure, ...], at: datetime, first: Earliest
) -> list[str]:
    """A dopamine antagonist given after resolution and before the earliest date."""
    culprits = {e.drug for e in _culprits(now, exposures, at)}
    early = {
        e.drug: e for e in exposures if e.last_dose is not None and at < e.last_dose < first.at
    }
    return [
        f"{drug} given {day(e.last_dose, now)}, before the earliest date"
        + (": the culprit of the episode" if drug in culprits else "")
        for drug, e in sorted(early.items())
        if e.last_dose is not None
    ]


def _advice(now: Moment, dates: list[str], warnings: list[str], *, depot: bool) -> Advice:
    told = now.knowledge.management["rechallenge"]
    labels = now.knowledge.management["labels"]
    rows = [raw for raw in shown(told["lines"]) if depot or not raw.get("depot")]
    return Advice(
        "RECHALLENGE",
        told["title"],
        told["priority"],
        tuple(warnings),
        (*dates, *(line(raw, labels) for raw in rows)),
        weakest_basis(rows),
        all_citations(rows),
        brief=". ".join([*warnings, dates[0]]),
    )
