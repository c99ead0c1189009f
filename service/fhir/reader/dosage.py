"""Dosage in every version: how much, how often, by which route, when (facts 19-24).

Text is kept for display; nothing is derived from it silently (fact 24).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from alerts.chart import TimeBasis
from service.fhir.reader import times
from service.fhir.reader.codes import Coded, coded
from service.fhir.reader.dose_units import dose_in
from service.fhir.reader.fields import REMEMBERED, REMEMBERED_BYTES, Fields, decoded, objects
from service.fhir.reader.numbers import decimal

# A month and a year as schedules use them: about.
_DAYS = {"s": 1 / 86400, "min": 1 / 1440, "h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 30.0, "a": 365.0}
_DAY_WORDS = frozenset({"", "day", "days"})
# HL7 GTSAbbreviation: what the code itself means.
_CODES = {
    "QD": 1.0, "DAILY": 1.0, "BID": 2.0, "TID": 3.0, "QID": 4.0, "Q1H": 24.0, "Q2H": 12.0,
    "Q3H": 8.0, "Q4H": 6.0, "Q6H": 4.0, "Q8H": 3.0, "Q12H": 2.0, "QOD": 0.5, "AM": 1.0, "PM": 1.0,
    "BED": 1.0, "WK": 1 / 7, "MO": 1 / 30,
}  # fmt: skip


NO_ROUTE = Coded()


@dataclass(frozen=True, slots=True)
class Dosage:
    """What the dosage of a medication resource tells. Times are None when not told."""

    route: Coded = NO_ROUTE
    dose: float | None = None
    unit: str | None = None
    per_day: float | None = None
    as_needed: bool = False
    start: datetime | None = None
    end: datetime | None = None
    length: timedelta | None = None
    basis: TimeBasis = TimeBasis.STATED


NOTHING = Dosage()


def dosage_of(found: Fields, zone: ZoneInfo) -> Dosage:
    """Of an order, dispense or statement (a list) or an administration (one object)."""
    raw = found.get("dosageInstruction", found.get("dosage"))
    return NOTHING if raw is None else dosage_in(bytes(raw), zone)


def dosage_in(raw: bytes, zone: ZoneInfo) -> Dosage:
    """A dosage from its bytes; short ones are remembered."""
    return _read(raw, zone) if len(raw) > REMEMBERED_BYTES else _remembered(raw, zone)


def _read(raw: bytes, zone: ZoneInfo) -> Dosage:
    told = list(objects(decoded(raw)))
    if not told:
        return NOTHING
    parts = [_one(one, zone) for one in told]
    first = parts[0]
    starts = [p.start for p in parts if p.start]
    ends = [p.end for p in parts if p.end]
    return replace(
        first,
        route=next((p.route for p in parts if p.route), first.route),
        as_needed=all(p.as_needed for p in parts),
        start=min(starts, default=None),
        end=max(ends) if len(ends) == len(parts) else None,
        # doses of several instructions are not added: which are alternatives is not told
        dose=first.dose if len(parts) == 1 else None,
        unit=first.unit if len(parts) == 1 else None,
        per_day=first.per_day if len(parts) == 1 else None,
    )


_remembered = lru_cache(maxsize=REMEMBERED)(_read)


def _one(one: dict[str, Any], zone: ZoneInfo) -> Dosage:
    dose, unit = _dose(one)
    timing = one.get("timing")
    timing = timing if isinstance(timing, dict) else {}
    repeat = timing.get("repeat")
    repeat = repeat if isinstance(repeat, dict) else {}
    spell = times.timing(timing, zone)
    bounds = times.period(repeat.get("boundsPeriod"), zone)
    events = bool(timing.get("event"))
    return Dosage(
        route=coded(one.get("route")),
        dose=dose,
        unit=unit,
        per_day=_times_a_day(timing, repeat),
        as_needed=_as_needed(one),
        start=spell.at if spell and (events or bounds[0]) else None,
        # events outrank the bounds of a repeat, which outrank its duration (SPEC 3.5)
        end=spell.latest if spell and events else (bounds[1].latest if bounds[1] else None),
        length=_length(repeat),
        basis=spell.basis if spell else TimeBasis.STATED,
    )


def _dose(one: dict[str, Any]) -> tuple[float | None, str | None]:
    """The ordered amount; calculated and admin amounts say the same again (fact 20)."""
    choices = list(_amounts(one))
    ordered = [value for kind, value in choices if kind == "ordered"]
    plain = [value for kind, value in choices if kind == ""]
    calculated = [value for kind, value in choices if kind == "calculated"]
    chosen = (ordered or plain or calculated or [None])[0]
    if not isinstance(chosen, dict):
        return None, None
    amount = decimal(chosen.get("value"))
    if amount is None or amount < 0:
        return None, None
    return dose_in(amount, chosen.get("code"), chosen.get("unit"))


def _amounts(one: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for rate in objects(one.get("doseAndRate")):
        kind = coded(rate.get("type"))
        marks = {mark.lower() for _, mark in kind.codings} | {kind.words.lower()}
        name = next((m for m in ("ordered", "calculated", "admin-amount") if m in marks), "")
        yield name, rate.get("doseQuantity")
    for name in ("doseQuantity", "dose", "quantity"):
        if isinstance(one.get(name), dict):
            yield "", one[name]


def _as_needed(one: dict[str, Any]) -> bool:
    return (
        one.get("asNeededBoolean") is True
        or one.get("asNeeded") is True
        or bool(one.get("asNeededCodeableConcept"))
        or bool(one.get("asNeededFor"))
    )


def _times_a_day(timing: dict[str, Any], repeat: dict[str, Any]) -> float | None:
    if isinstance(repeat.get("timeOfDay"), list) and repeat["timeOfDay"]:
        return float(len(repeat["timeOfDay"]))
    period = decimal(repeat.get("period"))
    unit = repeat.get("periodUnit", repeat.get("periodUnits"))
    days = _DAYS.get(unit) if isinstance(unit, str) else None
    if period and period > 0 and days:
        frequency = decimal(repeat.get("frequency"))
        # "every 12 hours" is two a day: once in 12 h
        return float(frequency if frequency is not None else 1) / (float(period) * days)
    marks = coded(timing.get("code"))
    for mark in (*(c for _, c in marks.codings), marks.words):
        if mark.upper() in _CODES:
            return _CODES[mark.upper()]
    return None


def _length(repeat: dict[str, Any]) -> timedelta | None:
    return _duration(repeat.get("boundsDuration", repeat.get("boundsQuantity")))


def supply_of(told: Any) -> timedelta | None:
    """How long what was handed over lasts (MedicationDispense.daysSupply). The element says days:
    a unit may be missing, or be a word."""
    if not isinstance(told, dict):
        return None
    unit = told.get("code", told.get("unit", ""))
    in_words = isinstance(unit, str) and unit.strip().lower() in _DAY_WORDS
    return _duration({**told, "code": "d"} if in_words else told)


def _duration(told: Any) -> timedelta | None:
    if not isinstance(told, dict):
        return None
    value, unit = decimal(told.get("value")), told.get("code", told.get("unit"))
    days = _DAYS.get(unit) if isinstance(unit, str) else None
    if value is None or days is None or not 0 < float(value) * days < 36500:
        return None
    return timedelta(days=float(value) * days)
