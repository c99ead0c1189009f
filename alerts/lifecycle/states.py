"""What persists of an alert: machine state, human state, history and notices, all immutable.

The machine writes MachineState only, people write HumanState only. Neither compares clocks with
the other: a call for attention raises `machine.calls`, a person who hides the alert notes in
`human.answered` the call that was answered. Hidden is what has been answered; a newer call shows
it again, whoever came first.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alerts.statements import Channel

RULES = "rules"  # who, in the history, when no person did it


class AlertKind(StrEnum):
    NMS = "nms"
    INTERACTION = "interaction"


class Suppression(StrEnum):
    """Why an NMS alert calls nobody (ALR-12). It stays on the list, with its reason."""

    NO = ""
    COMFORT_CARE = "comfort-care"
    ATTESTED = "attested"  # the prescriber has stated NMS: management and interactions only
    THEATRE = "theatre"  # first 24 h after a volatile anaesthetic that shows DDX-MH


class What(StrEnum):
    """What happened to an alert. A closed list: the history knows no other word."""

    OPENED = "opened"
    ROSE = "rose"
    WORSENED = "worsened"
    EASED = "eased"
    CALLED_AGAIN = "called-again"
    CORRECTED = "corrected"
    MONITORED = "monitored"  # what was promised has arrived
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    ESCALATED = "escalated"
    ENDED = "ended"
    CLAIMED = "claimed"
    RELEASED = "released"
    HANDED_OVER = "handed-over"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    UNDONE = "undone"


class Why(StrEnum):
    """Why it happened. Closed: the machine's reasons, then people's (ALR-07)."""

    # the machine's
    TIER_REACHED = "tier-reached"
    PAIR_FOUND = "pair-found"
    PAIR_RETURNED = "pair-returned"
    TIER_ROSE = "tier-rose"
    NEW_DOMAIN = "new-domain"
    TEMPERATURE_REACHED = "temperature-reached"
    CK_DOUBLED = "ck-doubled"
    SEVERITY_ROSE = "severity-rose"
    NEW_CONTEXT = "new-context"
    CRITICAL_TEMPERATURE = "critical-temperature"  # ALR-04
    LOUDER = "louder"  # the channel rose within the tier
    FACTS_EASED = "facts-eased"
    QUIET_ENDED = "quiet-ended"
    SNOOZE_ENDED = "snooze-ended"
    VALUE_ARRIVED = "promised-value-arrived"
    VALUE_DID_NOT_ARRIVE = "promised-value-did-not-arrive"
    VALUE_TAKEN_BACK = "promised-value-taken-back"
    VALUE_OUT_OF_RANGE = "promised-value-out-of-range"  # of the result's own limits of normal
    EVIDENCE_RETRACTED = "evidence-retracted"
    EVIDENCE_CORRECTED = "evidence-corrected"  # same id, another value, the ground is gone
    UNACKNOWLEDGED = "unacknowledged"  # ALR-06
    COMFORT_CARE = "comfort-care"
    ATTESTED = "attested"
    THEATRE = "theatre"
    SUPPRESSION_ENDED = "suppression-ended"
    PAIR_GONE = "pair-gone"
    CLINICALLY_RESOLVED = "clinically-resolved"
    DIED = "died"
    DISCHARGED = "discharged"
    NO_TRUE_FINDING = "no-true-finding"
    # people's
    TAKEN = "taken"
    GIVEN_BACK = "given-back"
    SHIFT = "shift"
    SECOND_THOUGHTS = "second-thoughts"
    BEING_EXAMINED = "being-examined"
    WILL_MONITOR = "will-monitor"
    AWAITING_RESULT = "awaiting-result"
    ACTED_ON = "acted-on"
    AGREE = "agree"
    ALREADY_ACTING = "already-acting"
    ALTERNATIVE_CAUSE = "alternative-cause"
    NOT_EXPOSED = "not-exposed"
    DATA_ERROR = "data-error"
    BENEFIT_OUTWEIGHS = "benefit-outweighs"


SNOOZE_REASONS = frozenset({Why.BEING_EXAMINED, Why.WILL_MONITOR, Why.AWAITING_RESULT})
RESOLVE_REASONS = frozenset(
    {
        Why.ACTED_ON,
        Why.AGREE,
        Why.ALREADY_ACTING,
        Why.ALTERNATIVE_CAUSE,
        Why.NOT_EXPOSED,
        Why.DATA_ERROR,
        Why.COMFORT_CARE,
        Why.BENEFIT_OUTWEIGHS,
    }
)


class Intervention(StrEnum):
    """What was done, told when an alert is resolved; counted for ALR-09."""

    NONE = ""
    DRUG_STOPPED = "drug-stopped"
    DRUG_CHANGED = "drug-changed"
    DOSE_CHANGED = "dose-changed"
    DOPAMINERGIC_REINSTATED = "dopaminergic-reinstated"
    MONITORING_STARTED = "monitoring-started"
    TEST_ORDERED = "test-ordered"
    PRESCRIBER_CONTACTED = "prescriber-contacted"
    TRANSFERRED = "transferred"
    TREATED = "treated"
    NO_CHANGE = "no-change"


class Audience(StrEnum):
    """Who is told (SPEC 8.3). Which person that is, the hospital's directory knows."""

    WORKLIST = "worklist"
    NURSE = "nurse"
    PHARMACIST = "pharmacist"
    PSYCHIATRY_LIAISON = "psychiatry-liaison"
    PRESCRIBER = "prescriber"
    OWNER = "owner"
    SECOND_ON_CALL = "second-on-call"
    CRITICAL_CARE = "critical-care-outreach"


@dataclass(frozen=True, slots=True)
class Support:
    """A fact that a told finding rests on: "Observation/123" and its clinical time.

    `said`: a print of its value then; another one under the same id and time is a correction.
    """

    reference: str
    at: datetime | None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What was known when a person hid the alert: what worsening is measured against.

    `level`: the standing level. `temperature` in °C and `ck` in U/L, newest readings.
    """

    level: str
    domains: tuple[str, ...] = ()
    temperature: float | None = None
    ck: float | None = None
    severity: str = ""
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MachineState:
    """What the rules say. Only `advance` writes it.

    `level`: the highest since the episode opened (a tier name, or an interaction severity): an
    alert never silently lowers. `stated`: what the newest assessment says (may be NONE).
    `channel`: how loudly it was last told. `as_of`: the clock of the newest assessment.
    `last_true`: newest evidence of a true core finding; `holds`: one is true, or a tier is
    stated, now (TIER-10).
    `called_at`, `calls`: the last call for attention and how many there were.
    `escalations`: ALR-06 audiences told of the wait that began at `escalated_from`.
    `monitored`: the promise to monitor, by its time, of which every value has arrived.
    `told`: every audience ever told; `support`: the facts that what was told rested on;
    `evidence`: references of the true findings of the newest assessment.
    """

    level: str
    stated: str
    channel: Channel
    opened_at: datetime
    changed_at: datetime
    as_of: datetime
    called_at: datetime
    calls: int = 1
    rules: str = ""
    onset: datetime | None = None
    last_true: datetime | None = None
    holds: bool = True
    domains: tuple[str, ...] = ()
    temperature: float | None = None
    ck: float | None = None
    severity: str = ""
    contexts: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    rule: str = ""
    critical: bool = False  # ALR-04 holds
    suppressed: Suppression = Suppression.NO
    escalations: tuple[Audience, ...] = ()
    escalated_from: datetime | None = None
    told: tuple[Audience, ...] = ()
    support: tuple[Support, ...] = ()
    evidence: tuple[str, ...] = ()
    monitored: datetime | None = None
    ended_at: datetime | None = None
    end_reason: Why | None = None


@dataclass(frozen=True, slots=True)
class HumanState:
    """What people did. Only the steps of people write it.

    `waiting_from`: since when it is nobody's again (released, re-opened). `answered`: the call
    (`machine.calls`) that a snooze or resolution answers. `promised`: the tests that a snooze
    "will monitor" awaits (promises.py). `before`: for undo, one step deep.
    """

    owner: str | None = None
    owner_since: datetime | None = None
    waiting_from: datetime | None = None
    answered: int = 0
    mark: Mark | None = None
    snoozed_at: datetime | None = None
    snoozed_until: datetime | None = None
    promised: tuple[str, ...] = ()
    resolved_at: datetime | None = None
    reason: Why | None = None
    intervention: Intervention = Intervention.NONE
    comfort_care: bool = False  # stated by a person: suppressed for the stay (ALR-12)
    last_by: str = ""
    last_what: What | None = None
    before: "HumanState | None" = None


@dataclass(frozen=True, slots=True)
class Alert:
    """Identity: (tenant, patient, kind, subject), unique in the store.

    `subject`: "episode-3", or rule and drugs ("INT-DAN-VER:dantrolene+verapamil").
    `version`: raised by one with every move; a store writes over that version only.
    """

    id: str
    tenant: str
    patient: str
    kind: AlertKind
    subject: str
    machine: MachineState
    human: HumanState = field(default_factory=HumanState)
    version: int = 1

    @property
    def level(self) -> str:
        return self.machine.level


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A line of the append-only history. `who`: a user, or "rules". `detail`: words, a note."""

    alert: str
    at: datetime
    what: What
    who: str
    why: Why
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody is to be told. (alert, audience, number) is unique: sending twice is a repeat.

    `number`: the version of the alert that posted it; one move tells each audience once.
    """

    alert: str
    channel: Channel
    why: Why
    audience: Audience
    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """A step in the life of an alert, written in one transaction.

    `alert.version` is one above that of the alert it was made from (1 for a new one); nothing
    changed when `history` and `notices` are empty and the version is the same.
    """

    alert: Alert
    history: tuple[HistoryEntry, ...] = ()
    notices: tuple[Notice, ...] = ()


class Refused(Exception):
    """A person's step that cannot be done now. `reason`: a code of RefusedReason."""

    def __init__(self, reason: "RefusedReason") -> None:
        super().__init__(reason.value)
        self.reason = reason


class RefusedReason(StrEnum):
    ALREADY_CLAIMED = "already-claimed"
    NOT_CLAIMED = "not-claimed"
    NOT_YOURS = "not-yours"
    ENDED = "ended"
    RESOLVED = "resolved"
    NOT_HIDDEN = "not-hidden"
    UNKNOWN_REASON = "unknown-reason"
    END_NOT_AHEAD = "end-not-ahead"
    TOO_LONG = "too-long"
    NOBODY_NAMED = "nobody-named"
    NOTHING_TO_UNDO = "nothing-to-undo"
