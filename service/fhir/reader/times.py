"""FHIR times -> instants, intervals, and how well they are known (facts 60-68).

Everything is UTC inside: arithmetic on zoned local times goes wrong on the nights when the
clocks change.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from alerts.chart import TimeBasis
from service.fhir.reader.fields import decoded, string

# Clocks of wards, analysers and servers differ by minutes; more is an error of the record, and
# a reading that has not happened yet can meet no window (fact 64).
FUTURE_TOLERANCE = timedelta(minutes=10)
_MOMENT = timedelta(microseconds=1)
_LEAP_SECOND = re.compile(
    r"(?P<before>[^:]{11,13}:\d\d):60(?:\.\d{1,9})?(?P<zone>Z|[+-]\d\d:\d\d)?"
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something was: `at`, or within `at`..`until`."""

    at: datetime
    until: datetime | None
    basis: TimeBasis

    @property
    def latest(self) -> datetime:
        return self.until or self.at


def stated(text: Any) -> datetime | None:
    """An instant as most systems write it, with its zone; None for anything else.

    The short way of `stamp` for times that do not repeat.
    """
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is UTC:
            return at if text[10] == "T" and text[4] == "-" and len(text) <= 40 else None
        if at.tzinfo is None or text[10] != "T" or text[4] != "-" or len(text) > 40:
            return None
        return at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def stamp(text: Any, zone: ZoneInfo) -> Stamp | None:
    """A FHIR date, dateTime or instant; None for another notation (fact 66)."""
    return _stamp(text, zone) if isinstance(text, str) and len(text) <= 40 else None


@lru_cache(maxsize=8192)
def _stamp(text: str, zone: ZoneInfo) -> Stamp | None:
    text = text.strip()
    try:
        if len(text) > 10:
            return _instant(text, zone)
        return _days(text, zone)
    except (ValueError, OverflowError):
        return _leap(text, zone)


def _instant(text: str, zone: ZoneInfo) -> Stamp | None:
    if text[10] != "T" or text[4] != "-":
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        return _local(at, zone)
    return Stamp(at if at.tzinfo is UTC else at.astimezone(UTC), None, TimeBasis.STATED)


def _leap(text: str, zone: ZoneInfo) -> Stamp | None:
    """A leap second ("23:59:60"), which FHIR allows and clocks here do not have: told as the
    second before it up to the next, a period, so that it is seen to be no plain instant."""
    hit = _LEAP_SECOND.fullmatch(text)
    if hit is None:
        return None
    try:
        before = _instant(f"{hit['before']}:59{hit['zone'] or ''}", zone)
        return before and Stamp(before.at, before.latest + timedelta(seconds=1), TimeBasis.PERIOD)
    except (ValueError, OverflowError):
        return None


def _local(at: datetime, zone: ZoneInfo) -> Stamp:
    """A clock time without a zone: the tenant's. An hour that came twice is an interval."""
    instants = {at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    first, last = min(instants), max(instants)
    return Stamp(first, last if last != first else None, TimeBasis.ZONE_ASSUMED)


def _days(text: str, zone: ZoneInfo) -> Stamp | None:
    """A day, month or year as an interval in the tenant's zone."""
    first, last = days(text)
    start = datetime(first.year, first.month, first.day, tzinfo=zone).astimezone(UTC)
    after = last + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=zone).astimezone(UTC) - _MOMENT
    return Stamp(start, end, TimeBasis.DAY if len(text) == 10 else TimeBasis.PERIOD)


def days(text: str) -> tuple[date, date]:
    """First and last day of a FHIR date of any precision. Raises ValueError."""
    if len(text) == 10 and text[4] == text[7] == "-":
        day = date.fromisoformat(text)
        return day, day
    if len(text) == 7 and text[4] == "-":
        year, month = int(text[:4]), int(text[5:])
        return date(year, month, 1), date(year, month, monthrange(year, month)[1])
    if len(text) == 4 and text.isdigit():
        return date(int(text), 1, 1), date(int(text), 12, 31)
    raise ValueError(text)


def period(value: Any, zone: ZoneInfo) -> tuple[Stamp | None, Stamp | None]:
    """Start and end of a Period; either may be missing."""
    if not isinstance(value, dict):
        return None, None
    return stamp(value.get("start"), zone), stamp(value.get("end"), zone)


def spell(value: Any, zone: ZoneInfo) -> Stamp | None:
    """A Period as the time of a reading: from its start to its end, or its open start."""
    start, end = period(value, zone)
    if start is None:
        return end and Stamp(end.at, end.until, TimeBasis.PERIOD)
    return Stamp(start.at, end.latest if end else start.until, TimeBasis.PERIOD)


def timing(value: Any, zone: ZoneInfo) -> Stamp | None:
    """A Timing as the time of a reading: its events, else its bounds."""
    if not isinstance(value, dict):
        return None
    events = value.get("event")
    found = [s for e in events if (s := stamp(e, zone))] if isinstance(events, list) else []
    if found:
        first, last = min(s.at for s in found), max(s.latest for s in found)
        basis = found[0].basis if len(found) == 1 else TimeBasis.PERIOD
        return Stamp(first, last if last != first else None, basis)
    repeat = value.get("repeat")
    bounds = repeat.get("boundsPeriod") if isinstance(repeat, dict) else None
    return spell(bounds, zone)


def plain(raw: bytes, zone: ZoneInfo) -> Stamp | None:
    """A time straight from the bytes of a JSON string."""
    if raw[:1] == b'"' and b"\\" not in raw and len(raw) <= 42:
        return _stamp(str(raw[1:-1], "utf-8"), zone)
    return stamp(string(decoded(raw)), zone)


def is_future(at: datetime, received_at: datetime) -> bool:
    return at > received_at + FUTURE_TOLERANCE
