"""What a fault of the database means to a caller: Unavailable with a constant code.

The message of the driver is never shown: it may hold values of the statement.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.errors import Unavailable

_WORDS = {
    "store-locked": "The store is busy: try again.",
    "store-full": "The store has no space left.",
    "store-unreachable": "The store cannot be reached.",
    "store-damaged": "The store is damaged: restore it from a backup.",
    "store-not-upgraded": "The store's schema is not up to date: run `nms-sentinel db upgrade`.",
    "store-readonly": "The store cannot be written.",
    "store-conflict": "The store refused a row that conflicts with another.",
    "store-fault": "The store failed.",
}
# SQLite names its faults in words; the first that fits counts
_SQLITE = (
    ("locked", "store-locked"),
    ("busy", "store-locked"),
    ("full", "store-full"),
    ("malformed", "store-damaged"),
    ("not a database", "store-damaged"),
    ("no such table", "store-not-upgraded"),
    ("no such column", "store-not-upgraded"),
    ("readonly", "store-readonly"),
    ("unable to open", "store-unreachable"),
    ("disk i/o", "store-unreachable"),
)
# PostgreSQL names them by SQLSTATE, or by its class of two letters
_POSTGRESQL = {
    "55P03": "store-locked",
    "57014": "store-locked",
    "40001": "store-locked",
    "40P01": "store-locked",
    "53100": "store-full",
    "42P01": "store-not-upgraded",
    "42703": "store-not-upgraded",
    "25006": "store-readonly",
    "XX001": "store-damaged",
    "XX002": "store-damaged",
    "08": "store-unreachable",
    "53": "store-unreachable",
    "57": "store-unreachable",
    "28": "store-unreachable",
    "3D": "store-unreachable",
}
TRANSIENT = frozenset({"40001", "40P01"})


def transient(fault: DBAPIError) -> bool:
    """A deadlock or serialisation fault: the same transaction may work at once."""
    return getattr(fault.orig, "sqlstate", None) in TRANSIENT


def code_of(fault: DBAPIError) -> str:
    if isinstance(fault, IntegrityError):
        return "store-conflict"
    state = getattr(fault.orig, "sqlstate", None)
    if state:
        return _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2], "store-fault")
    words = str(fault.orig).lower()
    found = next((code for part, code in _SQLITE if part in words), None)
    if found:
        return found
    return "store-unreachable" if fault.connection_invalidated or _cut(fault) else "store-fault"


def _cut(fault: DBAPIError) -> bool:
    """psycopg says neither a SQLSTATE nor more when the server is not there."""
    return type(fault.orig).__module__.startswith("psycopg")


@contextmanager
def told() -> Iterator[None]:
    """Driver faults become Unavailable; the cause stays attached for the log."""
    try:
        yield
    except DBAPIError as fault:
        code = code_of(fault)
        raise Unavailable(_WORDS[code], code=code) from fault
    except PoolTimeout as fault:
        raise Unavailable(_WORDS["store-locked"], code="store-locked") from fault
