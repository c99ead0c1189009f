"""What an assessment states: its parts, as data.

Cards, worklist rows, pages and replay reports are views of these. The same chart, knowledge
and clock give the same Assessment, byte for byte.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from alerts.knowledge.records import Parameter
from alerts.knowledge.sentences import sentence
from alerts.record import record
from alerts.risks import UnreadRisk
from alerts.trace import Step
from alerts.truth import Truth


class GateState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    UNVERIFIED = "unverified"


class TierName(StrEnum):
    NONE = "NONE"
    WATCH = "WATCH"
    POSSIBLE = "POSSIBLE"
    PROBABLE_ATYPICAL = "PROBABLE_ATYPICAL"
    PROBABLE = "PROBABLE"
    HIGHLY_PROBABLE = "HIGHLY_PROBABLE"

    @property
    def rank(self) -> int:
        """0 (NONE) to 5: the order of urgency."""
        return _RANKS[self]


_RANKS = {tier: rank for rank, tier in enumerate(TierName)}


class Channel(StrEnum):
    """Who is told, and how loudly (SPEC 8.3)."""

    NONE = "none"
    PASSIVE = "passive"  # list only
    TASK = "task"  # nurse or pharmacist task
    URGENT_TASK = "urgent_task"
    INTERRUPTIVE = "interruptive"


@record
class Datum:
    """A fact as shown: every value with its unit, time and source (promise 3)."""

    what: str
    value: str
    unit: str
    at: datetime | None
    source: str  # "Observation/123", or "" for an assumed value
    label: str = ""  # "assumed baseline", "preliminary", "unit inferred" ...


@record
class Finding:
    """One atomic finding: true, false or unknown, since when, from what and why.

    `caveats` (TIER-05): assumed_baseline, unit_inferred, no_laboratory_range, preliminary.
    """

    id: str
    state: Truth
    reason: str
    evidence: tuple[Datum, ...] = ()
    since: datetime | None = None
    caveats: tuple[str, ...] = ()


@record
class Interval:
    """A score with its unknowns counted both ways (LOG-03)."""

    lower: int
    upper: int


@record
class Exposure:
    """A dopamine antagonist that the patient is, was or may be exposed to.

    `reading`: full (gives EXP), extended (EXPX), ended, possible (cannot be decided).
    `literal`: a dose within 72 h before onset (EXP72). `last_dose` as far as known.
    """

    drug: str
    product: str | None
    evidence: str
    reading: str
    literal: Truth
    last_dose: datetime | None
    running: Truth
    full_until: datetime | None
    extended_until: datetime | None
    source: str
    text: str
    route: str | None = None
    long_acting: bool = False
    recency: str = "BASE"  # HIGH, RAISED, BASE (EXP-01)
    basis: str = ""
    note: str = ""
    # full credit already inside the published 72 h, whatever the window of the product
    within_published: bool = False
    # days from the last dose (0 while it runs) to the first finding that it precedes
    days_before: float | None = None


@record
class Withdrawal:
    """A dopaminergic drug stopped, cut, missed or blocked (SPEC 3.4)."""

    trigger: str  # DAW-STOP ...
    drug: str
    at: datetime | None
    reading: str  # full (72 h), extended (7 d), ended, possible
    source: str
    previous_dose: str
    reason: str


@record
class Gate:
    state: GateState
    reason: str


@record
class Tier:
    """`rules`: the rule ids that gave it, `caps`: what held it down and why."""

    name: TierName
    channel: Channel
    wording: str
    rules: tuple[str, ...]
    caps: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    upper_tier: int = 0
    score_lower: int = 0


@record
class Possibility:
    """An entry of the differential (SPEC 7): shown beside the tier, never lowering it.

    `trigger`: the exposure or event without which it does not come about, as far as recorded; true
    for a cause that needs none.
    """

    id: str
    name: str
    met: Truth
    toward: tuple[str, ...]
    away: tuple[str, ...]
    missing: tuple[str, ...]
    cite: tuple[str, ...]
    trigger: Truth = Truth.TRUE


@record
class Feature:
    """One item of a criteria set: present, absent or unknown."""

    id: str
    text: str
    state: Truth


@record
class Scale:
    """A published criteria set or rating scale beside the primary score (SPEC 1.5 to 1.9).

    `met` None: the set is a description or an entered total and is never "met" (DSM-01, SCALE-01).
    `count`: the counted items as an interval (LOG-03), None where nothing is counted.
    """

    id: str
    name: str
    met: Truth | None
    features: tuple[Feature, ...]
    count: Interval | None
    note: str
    basis: str
    cite: tuple[str, ...]


@record
class RiskFactor:
    """Context only (RISK-01): never points, never the gate."""

    id: str
    factor: str
    effect: str
    evidence: tuple[Datum, ...]
    basis: str
    cite: tuple[str, ...]


@record
class Severity:
    """MILD, MODERATE, SEVERE, UNKNOWN or NONE (below POSSIBLE); stage of Woodbury, or why none."""

    level: str
    stage: str | None
    reasons: tuple[str, ...]
    critical_care: tuple[str, ...] = ()
    # what could make it severe and is not recorded
    unknown: tuple[str, ...] = ()
    stage_open: str = ""


@record
class Advice:
    """One item of the plan: contraindications first, then what to do, every line cited.

    `lines` are sentences for a clinician, patient-specific where the chart allows.
    `label` marks [U]/[D] content that must be shown as unconfirmed.
    """

    id: str
    title: str
    priority: int
    warnings: tuple[str, ...]
    lines: tuple[str, ...]
    basis: str
    cite: tuple[str, ...]
    label: str = ""
    # the same in one line for a card; "" when it needs no place there
    brief: str = ""


@record
class Culprit:
    """One dopamine antagonist of the episode, its orders and doses taken together (MGT-STOP).

    `standing`: what is on the chart now, such as "order in force", "on hold", "as needed";
    `dose`: the newest as recorded; `until`/`window_end`: a depot's expected tail and the end of
    the window in which it can still matter.
    """

    drug: str
    product: str | None
    name: str
    route: str
    dose: str
    last_dose: datetime | None
    standing: tuple[str, ...]
    certain: bool
    long_acting: bool
    until: datetime | None
    window_end: datetime | None
    antiemetic: bool
    source: str


@record
class Plan:
    stage: str  # STG-0 ... STG-4, or "" when no tier
    advice: tuple[Advice, ...]
    culprits: tuple[Culprit, ...] = ()


@record
class Interaction:
    """An interaction row that applies to this patient now (SPEC 6)."""

    id: str
    severity: str  # contraindicated, major, moderate, minor
    drugs: tuple[str, ...]
    mode: Channel  # INTERRUPTIVE, PASSIVE (what the basis may drive, ALR-13)
    mechanism: str
    effect: str
    management: str
    context: tuple[str, ...]  # PRE, SUS, TX, PD, REC, ANY as they hold
    facts: tuple[Datum, ...]
    evidence: tuple[str, ...]
    basis: str
    cite: tuple[str, ...]
    label: str = ""
    # the draft order that set it off: "MedicationRequest/id", or "" for running drugs
    order: str = ""
    # what a card may offer: "remove-draft", "hold:<drug>", "monitor:<test>", "change-route:<route>"
    suggest: tuple[str, ...] = ()
    # what could not be decided, in words; the row is then passive
    unknown: tuple[str, ...] = ()
    # the mode stored for a basis U row until it is confirmed (ALR-13)
    alert_when_confirmed: str = ""
    # where the sources disagree, or what a reviewer should know of the row
    note: str = ""
    # the version of the site's overlay that added or changed the row
    local: str = ""


@record
class Request:
    """What to ask for next (SPEC 4.4) and what its answer could change."""

    id: str
    ask: str
    could_change: str = ""


@record
class Assessment:
    patient: str
    as_of: datetime
    rules: str
    gate: Gate
    onset: datetime | None
    findings: dict[str, Finding]
    iec: Interval
    iec_literal: Interval
    scales: dict[str, Truth]
    tier: Tier
    exposures: tuple[Exposure, ...]
    withdrawals: tuple[Withdrawal, ...]
    differential: tuple[Possibility, ...]
    severity: Severity
    plan: Plan
    interactions: tuple[Interaction, ...]
    ask_next: tuple[Request, ...]
    next_review_at: datetime | None
    unmapped: tuple[Datum, ...]
    incomplete: tuple[str, ...]  # SAF-10: why the evaluation is incomplete
    disclaimer: str
    # the published cut-off that the score is read against, in points (iec.cutoff, basis [U])
    cutoff: int = 0
    # the criteria sets in detail, context, and what every finding and rule read
    scale_details: tuple[Scale, ...] = ()
    risk_factors: tuple[RiskFactor, ...] = ()
    # published ones that the risk factors above leave out, with the reason
    risk_factors_unread: tuple[UnreadRisk, ...] = ()
    trace: tuple[Step, ...] = ()
    # the numbers of the rules that it was made by: what is said of a finding says them
    numbers: Mapping[str, Parameter] = field(default_factory=dict, repr=False, compare=False)

    def says(self, text: str) -> str:
        """A sentence with the numbers of these rules in it. KeyError for one that is not known."""
        return sentence(text, self.numbers)
