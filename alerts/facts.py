"""The facts of a chart: dated, unit-normalised, each with its source.

Times are zone-aware instants of clinical effect, never of receipt (LOG-06). A fact known only
to the day carries the day as an interval (`at` .. `until`). Every fact names its source.
Units are those of SPEC 2.2: Cel, /min, mm[Hg], U/L, umol/L, mmol/L, 10*9/L, kg, %, {score}.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from alerts.truth import Truth


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact came from: the tenant's resource, and its version where one was sent."""

    tenant: str
    resource_type: str
    resource_id: str
    version: str | None = None

    @property
    def reference(self) -> str:
        return f"{self.resource_type}/{self.resource_id}"


class TimeBasis(StrEnum):
    """How well the time of a fact is known (SPEC 2, field facts 60-66)."""

    STATED = "stated"
    ZONE_ASSUMED = "zone_assumed"  # no zone sent: the tenant's was used
    DAY = "day"  # a date only: an interval of a day
    PERIOD = "period"
    ISSUED = "issued"  # no effective time: the issue time as an upper bound
    UNDATED = "undated"  # can meet no time window


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number with its unit at a time.

    `kind` is a key of the observation terminology: body_temperature, heart_rate,
    respiratory_rate, systolic_bp, diastolic_bp, spo2, gcs_total, rass, four_at,
    creatine_kinase, wbc, neutrophils, creatinine, egfr, potassium, sodium, iron, body_weight,
    lithium_level, troponin, crp, ph_blood, bicarbonate, pco2, platelets, lactate ...

    `site` (temperature): oral, rectal, bladder, oesophageal, pulmonary_artery, intravascular,
    core, axillary, tympanic, temporal, forehead, skin; None = unknown.
    `comparator`: "<", "<=", ">", ">=" or None. `reference_high`: the result's own upper limit
    of normal, in the same unit (CK-01).
    """

    kind: str
    at: datetime
    value: float
    unit: str
    source: Source
    until: datetime | None = None
    site: str | None = None
    comparator: str | None = None
    reference_low: float | None = None
    reference_high: float | None = None
    preliminary: bool = False
    unit_inferred: bool = False
    time_basis: TimeBasis = TimeBasis.STATED
    # "ventilator_set", "paced", "haemolysed" ...: what makes the number not the patient's own
    flags: tuple[str, ...] = ()
    rater: str | None = None  # who entered the total of a rating scale (SCALE-01)


class SignKind(StrEnum):
    """Bedside signs, screens and statements of people. A closed list."""

    # detail: lead_pipe, cogwheel, generalised, increased, normal; of one place and so unknown (RIG
    # means generalised rigidity): left, right, local
    RIGIDITY = "rigidity"
    ACVPU = "acvpu"  # detail: A, C, V, P, U; present when not A
    DELIRIUM_SCREEN = "delirium_screen"  # CAM, CAM-ICU, 4AT, ICDSC: positive or negative
    DELIRIUM = "delirium"
    CONFUSION = "confusion"
    DROWSINESS = "drowsiness"
    ALTERED_MENTAL_STATUS = "altered_mental_status"
    STUPOR = "stupor"
    COMA = "coma"
    MUTISM = "mutism"
    AGITATION = "agitation"
    CATATONIA = "catatonia"
    DIAPHORESIS = "diaphoresis"
    URINARY_INCONTINENCE = "urinary_incontinence"
    TREMOR = "tremor"
    DYSPHAGIA = "dysphagia"
    SIALORRHOEA = "sialorrhoea"
    CLONUS = "clonus"  # detail: inducible, ocular, spontaneous
    MYOCLONUS = "myoclonus"
    HYPERREFLEXIA = "hyperreflexia"
    MYDRIASIS = "mydriasis"
    BOWEL_SOUNDS_HYPERACTIVE = "bowel_sounds_hyperactive"
    BOWEL_SOUNDS_ABSENT = "bowel_sounds_absent"
    DRY_SKIN = "dry_skin"
    URINARY_RETENTION = "urinary_retention"
    DYSTONIA = "dystonia"
    SEIZURE = "seizure"
    PALLOR = "pallor"
    DYSKINESIA = "dyskinesia"
    # what tells the look-alikes apart (SPEC 7)
    HYPOREFLEXIA = "hyporeflexia"
    ATAXIA = "ataxia"
    SPASTICITY = "spasticity"
    PRURITUS = "pruritus"
    HALLUCINATION = "hallucination"
    NECK_STIFFNESS = "neck_stiffness"
    MASSETER_SPASM = "masseter_spasm"
    DIARRHOEA = "diarrhoea"
    HEAT_EXPOSURE = "heat_exposure"
    # circumstances that mask or confound
    URINARY_CATHETER = "urinary_catheter"
    ACTIVE_COOLING = "active_cooling"
    TARGETED_TEMPERATURE = "targeted_temperature_management"
    RENAL_REPLACEMENT = "renal_replacement"
    EXTRACORPOREAL = "extracorporeal_circulation"
    VENTILATED = "ventilated"
    RESTRAINT = "physical_restraint"
    SURGERY = "surgery"
    FALL = "fall_or_immobilisation"
    EXERCISE = "strenuous_exercise"
    VENTRICULAR_ARRHYTHMIA = "ventricular_arrhythmia"
    NIL_BY_MOUTH = "nil_by_mouth"
    ENTERAL_TUBE = "enteral_tube"
    HIGH_PROTEIN_FEED = "high_protein_feed"
    STIMULATOR_FAILURE = "stimulator_failure"
    # statements of people, never inferred
    WORKUP_NEGATIVE = "workup_negative"  # NEG attestation: present = negative, absent = not
    MEDICATION_RECONCILED = "medication_reconciled"
    RESOLVED = "nms_resolved"  # a clinician says the episode is over
    COMFORT_CARE = "comfort_care"  # comfort-only care is decided (ALR-12)


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign that somebody examined or stated, present or absent, at a time.

    `new`: recorded as new or worse than baseline (RIG-02); unknown when the record is silent.
    `structured`: a coded or structured entry, or an answer that is one listed word and no more;
    False for free text.
    """

    kind: SignKind
    at: datetime
    present: Truth
    source: Source
    until: datetime | None = None
    detail: str | None = None
    new: Truth = Truth.UNKNOWN
    preliminary: bool = False
    structured: bool = True
    time_basis: TimeBasis = TimeBasis.STATED


class Evidence(StrEnum):
    """Kinds of evidence for a drug, best first (SPEC 3.5)."""

    ADMINISTRATION = "administration"
    DISPENSE = "dispense"
    ORDER = "order"
    STATEMENT = "statement"


class UseStatus(StrEnum):
    """Normalised status of a medication resource; what each means is decided in `exposure`."""

    ACTIVE = "active"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    STOPPED = "stopped"
    COMPLETED = "completed"
    ENDED = "ended"
    CANCELLED = "cancelled"
    DRAFT = "draft"
    NOT_DONE = "not-done"
    NOT_TAKEN = "not-taken"
    INTENDED = "intended"
    PREPARATION = "preparation"
    DECLINED = "declined"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MedicationUse:
    """A drug ordered, dispensed, given or reported: as recorded, not yet judged.

    `ingredients`: keys of the drug knowledge, sorted; empty when unmapped (then `text` shows).
    `product`: key of a long-acting product when known (e.g. "haloperidol_decanoate").
    `long_acting`: unknown when the form is not told.
    `start`/`end`: dosing as far as told; for an administration the time it was given.
    `stop_certain`: False when `end` was taken from a record time, not a stated stop.
    """

    ingredients: tuple[str, ...]
    text: str
    evidence: Evidence
    status: UseStatus
    source: Source
    start: datetime | None = None
    end: datetime | None = None
    authored: datetime | None = None
    stop_certain: bool = True
    intent: str | None = None
    do_not_perform: bool = False
    as_needed: bool = False
    reported: bool = False
    route: str | None = None  # oral, im, iv, sc, td, inhaled, rectal, ng, sublingual, depot ...
    product: str | None = None
    long_acting: Truth = Truth.UNKNOWN
    dose: float | None = None
    dose_unit: str | None = None
    times_per_day: float | None = None
    time_basis: TimeBasis = TimeBasis.STATED


@dataclass(frozen=True, slots=True)
class Condition:
    """A coded problem or diagnosis. `kind` is a key of the findings terminology."""

    kind: str
    source: Source
    onset: datetime | None = None
    abated: datetime | None = None
    recorded: datetime | None = None
    active: Truth = Truth.UNKNOWN
    confirmed: Truth = Truth.UNKNOWN  # refuted ones are not facts and never come here


@dataclass(frozen=True, slots=True)
class PatientDetails:
    """`sex` is administrative: male, female, other or None."""

    source: Source
    birth_date: date | None = None
    sex: str | None = None
    deceased: bool = False


@dataclass(frozen=True, slots=True)
class Stay:
    """An encounter: when the patient came and went, and where."""

    source: Source
    start: datetime | None = None
    end: datetime | None = None
    status: str | None = None
    ward: str | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A record that may matter and could not be used: kept and shown, never dropped.

    `what`: drug, observation, unit, value, time ...; `text` as recorded; `reason` a code.
    """

    what: str
    text: str
    reason: str
    source: Source
    at: datetime | None = None


Fact = Measurement | Sign | MedicationUse | Condition | PatientDetails | Stay | Unread
F = TypeVar("F", Measurement, Sign, MedicationUse, Condition, PatientDetails, Stay, Unread)
