"""When a drug was taken, by what evidence (SPEC 3.5): the status tables, one row each.

A medication resource is a record, not a dose. Here each becomes a span of dosing, with how far
it can be trusted: given, presumed, possible, or nothing at all.
"""

from collections.abc import Set
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from alerts.chart import Evidence, MedicationUse, UseStatus, begun, goes_on
from alerts.record import record
from alerts.truth import FALSE, TRUE, Truth

if TYPE_CHECKING:
    from alerts.moment import Moment


class Certainty(StrEnum):
    GIVEN = "given"  # an administration
    PRESUMED = "presumed"  # an order in force, a completed dispense, a statement
    POSSIBLE = "possible"  # cannot be decided: counts as unknown
    NONE = "none"


@record
class Dosing:
    """A span in which doses fell. `first`/`last` None: the record does not tell."""

    use: MedicationUse
    certainty: Certainty
    reason: str
    first: datetime | None
    last: datetime | None
    running: Truth
    stopped_at: datetime | None = None


INTENTS = frozenset({"order", "original-order", "instance-order", "filler-order", "reflex-order"})

# status -> (certainty, reason, does dosing still run?)
_ORDERS = {
    UseStatus.ACTIVE: (Certainty.PRESUMED, "order in force", True),
    UseStatus.ON_HOLD: (Certainty.PRESUMED, "order on hold: exposed up to the hold", False),
    UseStatus.STOPPED: (Certainty.PRESUMED, "order stopped: exposed up to the stop", False),
    UseStatus.COMPLETED: (Certainty.PRESUMED, "order completed", False),
    UseStatus.ENDED: (Certainty.PRESUMED, "order ended", False),
    UseStatus.CANCELLED: (Certainty.NONE, "order cancelled before any dose", False),
    UseStatus.DRAFT: (Certainty.NONE, "draft order", False),
}
_ADMINISTRATIONS = {
    UseStatus.COMPLETED: (Certainty.GIVEN, "given", False),
    UseStatus.IN_PROGRESS: (Certainty.GIVEN, "being given", True),
    UseStatus.NOT_DONE: (Certainty.NONE, "not given", False),
}
_DISPENSES = {
    UseStatus.COMPLETED: (Certainty.PRESUMED, "dispensed", False),
    UseStatus.IN_PROGRESS: (Certainty.POSSIBLE, "dispense in progress", False),
    UseStatus.STOPPED: (Certainty.POSSIBLE, "dispense stopped", False),
    UseStatus.UNKNOWN: (Certainty.POSSIBLE, "dispense status unknown", False),
    UseStatus.PREPARATION: (Certainty.NONE, "dispense in preparation", False),
    UseStatus.CANCELLED: (Certainty.NONE, "dispense cancelled", False),
    UseStatus.ON_HOLD: (Certainty.NONE, "dispense on hold", False),
    UseStatus.DECLINED: (Certainty.NONE, "dispense declined", False),
}
_STATEMENTS = {
    UseStatus.ACTIVE: (Certainty.PRESUMED, "reported as taken", True),
    UseStatus.COMPLETED: (Certainty.PRESUMED, "reported as taken until the end", False),
    UseStatus.STOPPED: (Certainty.PRESUMED, "reported as stopped", False),
    UseStatus.INTENDED: (Certainty.NONE, "only intended", False),
    UseStatus.NOT_TAKEN: (Certainty.NONE, "reported as not taken", False),
}
_TABLES = {
    Evidence.ORDER: _ORDERS,
    Evidence.ADMINISTRATION: _ADMINISTRATIONS,
    Evidence.DISPENSE: _DISPENSES,
    Evidence.STATEMENT: _STATEMENTS,
}


def dosed(now: "Moment", use: MedicationUse) -> Dosing:
    """A record of the chart as dosing up to this moment, read once."""
    known: Dosing | None = now.answers.get(("dosing", id(use)))  # which keeps the record alive
    if known is None:
        known = now.answers["dosing", id(use)] = dosing(use, now.as_of)
    return known


def dosing(use: MedicationUse, as_of: datetime) -> Dosing:
    """Read one medication record as dosing up to `as_of`."""
    refused = _refused(use)
    if refused:
        return Dosing(use, Certainty.NONE, refused, None, None, FALSE)
    certainty, reason, runs = _TABLES[use.evidence].get(
        use.status, (Certainty.POSSIBLE, f"status {use.status.value}", False)
    )
    if use.as_needed and use.evidence is Evidence.ORDER and certainty is Certainty.PRESUMED:
        certainty, reason = Certainty.POSSIBLE, "as needed, no administration recorded"
    if use.evidence is Evidence.DISPENSE and use.long_acting is TRUE:
        certainty, reason = Certainty.POSSIBLE, "a dispensed depot is not an injection"
    if use.status is UseStatus.STOPPED and use.evidence is Evidence.ADMINISTRATION:
        given = bool(use.dose)
        certainty = Certainty.GIVEN if given else Certainty.POSSIBLE
        reason = "stopped after some was given" if given else "stopped, amount given not told"
    return _span(use, certainty, reason, as_of, runs=runs)


def _refused(use: MedicationUse) -> str | None:
    if use.do_not_perform:
        return "an order not to give"
    if use.evidence is Evidence.ORDER and use.intent and use.intent not in INTENTS:
        return f"intent {use.intent}: not an order"
    return None


def _span(
    use: MedicationUse, certainty: Certainty, reason: str, as_of: datetime, *, runs: bool
) -> Dosing:
    first = use.start or use.authored
    if certainty is Certainty.NONE:
        return Dosing(use, certainty, reason, None, None, FALSE)
    if use.end is not None and use.end > as_of:
        # a stop that lies ahead has not happened yet
        return Dosing(use, certainty, reason, first, as_of, TRUE)
    if runs and use.end is None:
        state = TRUE if certainty is not Certainty.POSSIBLE else Truth.UNKNOWN
        return Dosing(use, certainty, reason, first, as_of, state)
    if use.evidence in {Evidence.ADMINISTRATION, Evidence.DISPENSE}:
        return Dosing(use, certainty, reason, first, use.end or first, FALSE)
    if use.end is None:
        note = f"{reason}; stop time not recorded"
        return Dosing(use, certainty, note, first, None, FALSE)
    note = reason if use.stop_certain else f"{reason}; stop time uncertain"
    return Dosing(use, certainty, note, first, use.end, FALSE, stopped_at=use.end)


_NEVER = frozenset({"cancelled", "draft", "not-done", "not-taken", "intended", "declined"})
# undated, these may be taken now: a drug from home, taken since nobody knows when
_STANDING = frozenset({"active", "on-hold", "unknown"})


def taken(use: MedicationUse, members: Set[str], as_of: datetime, window: timedelta) -> bool:
    """Was one of these drugs given, or is it presumed running, in the window?"""
    if use.do_not_perform or use.status in _NEVER or members.isdisjoint(use.ingredients):
        return False
    at = begun(use)
    if at is None:
        ordered = use.evidence in {Evidence.ORDER, Evidence.STATEMENT}
        return ordered and use.status in _STANDING and (use.end or as_of) >= as_of - window
    if at > as_of:
        return False
    done = use.evidence is Evidence.ADMINISTRATION and not goes_on(use)
    return (use.end or (at if done else as_of)) >= as_of - window


def perhaps_taken(use: MedicationUse, as_of: datetime) -> bool:
    """Can nobody tell from the record whether it is still taken? Dispensed without an end of the
    supply, or stopped at a time not told (SPEC 3.5)."""
    if use.end is not None or dosing(use, as_of).certainty is Certainty.NONE:
        return False
    return use.evidence is Evidence.DISPENSE or begun(use) is None
