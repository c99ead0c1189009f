"""Three-valued logic (SPEC 0.3): absence of a record is unknown, never false."""

from collections.abc import Iterable
from enum import StrEnum


class Truth(StrEnum):
    """The state of a fact or finding (LOG-01)."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


def both(states: Iterable[Truth]) -> Truth:
    """Kleene AND: false wins, then unknown."""
    seen = set(states)
    if FALSE in seen:
        return FALSE
    return UNKNOWN if UNKNOWN in seen else TRUE


def either(states: Iterable[Truth]) -> Truth:
    """Kleene OR: true wins, then unknown."""
    seen = set(states)
    if TRUE in seen:
        return TRUE
    return UNKNOWN if UNKNOWN in seen else FALSE


def at_least(minimum: int, states: Iterable[Truth]) -> Truth:
    """True when `minimum` states are true, false when they cannot be, else unknown."""
    seen = list(states)
    if seen.count(TRUE) >= minimum:
        return TRUE
    possible = seen.count(TRUE) + seen.count(UNKNOWN)
    return UNKNOWN if possible >= minimum else FALSE
