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
    found = TRUE
    for state in tuple(states):  # all of them are read, whatever the first one says
        if state is FALSE:
            return FALSE
        if state is UNKNOWN:
            found = UNKNOWN
    return found


def either(states: Iterable[Truth]) -> Truth:
    """Kleene OR: true wins, then unknown."""
    found = FALSE
    for state in tuple(states):
        if state is TRUE:
            return TRUE
        if state is UNKNOWN:
            found = UNKNOWN
    return found


def at_least(minimum: int, states: Iterable[Truth]) -> Truth:
    """True when `minimum` states are true, false when they cannot be, else unknown."""
    true = possible = 0
    for state in states:
        true += state is TRUE
        possible += state is not FALSE
    if true >= minimum:
        return TRUE
    return UNKNOWN if possible >= minimum else FALSE
