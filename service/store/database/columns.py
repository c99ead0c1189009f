"""Column types that are the same on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(at: datetime) -> int:
    """Microseconds since 1970 UTC. ValueError for a time without zone."""
    if at.tzinfo is None:
        raise ValueError("a time needs a zone")
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def instant(stamped: int) -> datetime:
    return EPOCH + timedelta(microseconds=stamped)


class Instant(TypeDecorator[datetime]):
    """A zone-aware moment, kept as whole microseconds since 1970 UTC.

    Exact and ordered alike on both databases; comes back in UTC.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        del dialect
        return None if value is None else stamp(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else instant(value)


# SQLite counts up by itself only on a column that is INTEGER exactly
Serial = BigInteger().with_variant(Integer(), "sqlite")
