"""Which of two records of one resource is the newer (field facts 77 to 79, 85).

`lastUpdated` orders, then a numeric versionId (others are opaque). Where neither tells, a later
status wins over an earlier one (entered-in-error over final over preliminary), whatever came
first; then receipt.
"""

from typing import NamedTuple

_DIGITS_MAX = 18


class Version(NamedTuple):
    """A record's place in time: microseconds since 1970 UTC.

    `finality`: 2 retracted, 1 final, 0 preliminary.
    """

    last_updated: int | None
    number: int | None
    finality: int
    received_at: int


def number_of(version: str | None) -> int | None:
    """A versionId as a number; None when there is none or it is opaque ("1-1")."""
    if version is None or not version.isascii() or not version.isdigit():
        return None
    return int(version) if len(version) <= _DIGITS_MAX else None


def finality(*, retracted: bool, preliminary: bool) -> int:
    if retracted:
        return 2
    return 0 if preliminary else 1


def is_newer(arrived: Version, held: Version) -> bool:
    """Whether `arrived` replaces `held`. On a full tie the one that arrives later does."""
    told = _by_update(arrived, held)
    if told is not None:
        return told
    if arrived.number is not None and held.number is not None and arrived.number != held.number:
        return arrived.number > held.number
    if arrived.finality != held.finality:
        return arrived.finality > held.finality
    return arrived.received_at >= held.received_at


def says_newer(arrived: Version, held: Version) -> bool:
    """Whether a record itself tells that it is newer, by update time or number. Receipt and
    finality do not: they are no ground to take a resource from one patient and give it to
    another (field fact 72)."""
    told = _by_update(arrived, held)
    if told is not None:
        return told
    numbers = (arrived.number, held.number)
    return None not in numbers and arrived.number > held.number  # type: ignore[operator]


def _by_update(arrived: Version, held: Version) -> bool | None:
    """None when the update times do not tell.

    A record without one was last updated before it was received: only that is certain of it.
    """
    if arrived.last_updated is not None and held.last_updated is not None:
        if arrived.last_updated == held.last_updated:
            return None
        return arrived.last_updated > held.last_updated
    if arrived.last_updated is not None and arrived.last_updated > held.received_at:
        return True
    if held.last_updated is not None and held.last_updated > arrived.received_at:
        return False
    return None
