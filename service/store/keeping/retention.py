"""How long a kind of record is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from alerts.chart import Fact, Measurement, MedicationUse, Sign, SignKind, Unread


class Keep(StrEnum):
    """Kinds of retention of a resource."""

    READING = "reading"
    BASELINE = "baseline"  # readings of which the patient's own normal is made (BASE-02)
    EXPOSURE = "exposure"
    LASTING = "lasting"  # conditions, stays, the patient: as long as anything else is on record
    DRUG = "drug"  # a Medication: as long as an order names it


# what BASE-02 takes the baseline from, and what BASE-04 needs to leave disturbed readings out
_BASELINE = frozenset(
    {"heart_rate", "respiratory_rate", "systolic_bp", "diastolic_bp", "gcs_total"}
    | {"body_temperature", "rass"}
)
_DISTURBING = frozenset({SignKind.SEIZURE, SignKind.RESTRAINT, SignKind.SURGERY})
_READINGS: frozenset[type] = frozenset({Measurement, Sign, Unread})
_DRUG_RECORDS = frozenset(
    {"MedicationRequest", "MedicationAdministration", "MedicationDispense"}
    | {"MedicationStatement", "MedicationOrder", "MedicationUsage"}
)


@dataclass(frozen=True, slots=True)
class Retention:
    """None keeps for ever. What stands here is what the rules as shipped need; a site's overlay may
    need more (monitoring/keeping.py).

    `exposures`: the longest window of SPEC 3.2 (paliperidone palmitate 6-monthly, 795 d).
    `baseline`: BASE-02 looks back 12 months.
    """

    readings: timedelta = timedelta(days=30)
    baseline: timedelta = timedelta(days=365)
    exposures: timedelta = timedelta(days=795)
    changes: timedelta = timedelta(days=7)
    intake: timedelta = timedelta(days=2)  # then summed up by the day
    alerts: timedelta | None = None
    audit: timedelta | None = None
    cards: timedelta | None = None
    people: timedelta = timedelta(days=365)  # since they last signed in or acted


def keeping(resource_type: str, facts: Sequence[Fact]) -> Keep:
    """How long a resource with these facts must be kept: the longest of them."""
    if resource_type == "Medication":
        return Keep.DRUG
    if resource_type in _DRUG_RECORDS:
        return Keep.EXPOSURE
    if len(facts) == 1 and isinstance(facts[0], Measurement):  # nearly all that comes in
        return Keep.BASELINE if _for_baseline(facts[0]) else Keep.READING
    kinds = {type(fact) for fact in facts}
    if MedicationUse in kinds:
        return Keep.EXPOSURE
    if any(_for_baseline(f) for f in facts):
        return Keep.BASELINE
    return Keep.READING if kinds <= _READINGS else Keep.LASTING


def _for_baseline(fact: Fact) -> bool:
    if isinstance(fact, Measurement):
        return fact.kind in _BASELINE
    return isinstance(fact, Sign) and fact.kind in _DISTURBING
