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
    told = tuple(states)  # all of them are read, whatever the first one says
    if FALSE in told:
        return FALSE
    return UNKNOWN if UNKNOWN in told else TRUE


def either(states: Iterable[Truth]) -> Truth:
    """Kleene OR: true wins, then unknown."""
    told = tuple(states)
    if TRUE in told:
        return TRUE
    return UNKNOWN if UNKNOWN in told else FALSE


def at_least(minimum: int, states: Iterable[Truth]) -> Truth:
    """True when `minimum` states are true, false when they cannot be, else unknown."""
    told = tuple(states)
    true = told.count(TRUE)
    if true >= minimum:
        return TRUE
    return UNKNOWN if true + told.count(UNKNOWN) >= minimum else FALSE


def negated(state: Truth) -> Truth:
    """Kleene NOT: what is not known stays so."""
    return {Truth.TRUE: FALSE, Truth.FALSE: TRUE}.get(state, UNKNOWN)
