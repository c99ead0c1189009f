"""The time axis of the drawing: it runs in UTC, so that no hour stands twice or is missing; what
is read on it is the ward's clock, with its zone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


def placed(at: datetime) -> str:
    """Where a moment stands on the axis: UTC, without a zone in the text."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def zone_of(zone: tzinfo, begin: datetime, end: datetime) -> dict[str, Any]:
    """`label`: 'Europe/Berlin, +02:00 → +01:00'. `offsets`: from when the ward's clock is how many
    minutes ahead of UTC, oldest first; more than one when the clock was changed in between."""
    starts = [begin, *_changes(zone, begin, end)]
    offsets = [(at, _ahead(zone, at)) for at in starts]
    said = " → ".join(_signed(ahead) for _, ahead in offsets)
    return {
        "label": f"{zone}, {said}",
        "offsets": [
            {"from": placed(at), "minutes": ahead // _MINUTE, "label": _signed(ahead)}
            for at, ahead in offsets
        ],
    }


def _changes(zone: tzinfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """The moments at which the clock is changed, to the minute."""
    at = begin
    while at < end:
        then = min(at + _DAY, end)
        if _ahead(zone, at) != _ahead(zone, then):
            before, after = at, then
            while after - before > _MINUTE:
                middle = before + (after - before) / 2
                if _ahead(zone, middle) == _ahead(zone, at):
                    before = middle
                else:
                    after = middle
            yield (after.replace(second=0, microsecond=0))
        at = then


def _ahead(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _signed(ahead: timedelta) -> str:
    minutes = abs(ahead) // _MINUTE
    return f"{'-' if ahead < timedelta(0) else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
