"""What the rows read of the patient, and how a condition's answer is given."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from alerts.moment import Moment
from alerts.record import record
from alerts.statements import Datum, Finding, TierName, Withdrawal
from alerts.truth import FALSE, UNKNOWN, Truth


@record
class Situation:
    """What the contexts read of the patient."""

    now: Moment
    tier: TierName
    onset: datetime | None
    withdrawals: tuple[Withdrawal, ...]
    findings: Mapping[str, Finding] = field(default_factory=dict)


@record
class Held:
    """A condition: does it hold, by which facts, in words; or what is missing to decide it."""

    state: Truth
    facts: tuple[Datum, ...] = ()
    note: str = ""
    missing: str = ""


NOT_HELD = Held(FALSE)


def undecided(missing: str, *facts: Datum) -> Held:
    return Held(UNKNOWN, facts, missing=missing)
