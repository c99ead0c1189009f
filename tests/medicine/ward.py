"""Charts in the words of a ward: one line is one fact.

    -2h temp 38.6 oral               -8h CK 3000 uln 200            -1h BP 150/90
    -4h rigidity present lead_pipe   -3h acvpu V                    -5h diaphoresis absent
    -5d order haloperidol oral       -5d order haloperidol to -2d stopped
    -6h given haloperidol im 5 mg    -20d given haloperidol depot product=haloperidol_decanoate
    condition parkinson_disease -300d                               stay -2d
    patient male 1980-01-01          unread drug something

Times are minutes, hours or days from the moment of assessment (`-30m`, `-2h`, `-3d`, `now`).
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count

from alerts.chart import (
    Chart,
    Condition,
    Evidence,
    Fact,
    Measurement,
    MedicationUse,
    PatientDetails,
    Sign,
    SignKind,
    Source,
    Stay,
    TimeBasis,
    Unread,
    UseStatus,
    chart_of,
)
from alerts.truth import FALSE, TRUE, UNKNOWN

NOW = datetime(2025, 3, 5, 12, tzinfo=UTC)
KINDS = {
    "temp": ("body_temperature", "Cel"),
    "HR": ("heart_rate", "/min"),
    "RR": ("respiratory_rate", "/min"),
    "SBP": ("systolic_bp", "mm[Hg]"),
    "DBP": ("diastolic_bp", "mm[Hg]"),
    "SpO2": ("spo2", "%"),
    "CK": ("creatine_kinase", "U/L"),
    "GCS": ("gcs_total", "{score}"),
    "RASS": ("rass", "{score}"),
    "4AT": ("four_at", "{score}"),
    "WBC": ("wbc", "10*9/L"),
    "neutrophils": ("neutrophils", "10*9/L"),
    "pH": ("ph_blood", "[pH]"),
    "bicarbonate": ("bicarbonate", "mmol/L"),
    "iron": ("iron", "umol/L"),
    "sodium": ("sodium", "mmol/L"),
    "potassium": ("potassium", "mmol/L"),
    "creatinine": ("creatinine", "umol/L"),
    "CRP": ("crp", "mg/L"),
    "troponin": ("troponin", "ng/L"),
    "TSH": ("tsh", "mIU/L"),
    "T4": ("free_t4", "pmol/L"),
    "lithium-level": ("lithium_level", "mmol/L"),
    "etCO2": ("etco2", "mm[Hg]"),
    "weight": ("body_weight", "kg"),
    "GFR": ("egfr", "mL/min/{1.73_m2}"),
    "PaCO2": ("pco2", "mm[Hg]"),
    "Bush-Francis": ("bush_francis_catatonia", "{score}"),
    "Larach": ("larach_points", "{score}"),
    "Sachdev": ("sachdev_total", "{score}"),
    "Francis-Yacoub": ("francis_yacoub_total", "{score}"),
    "urine-blood": ("urinalysis_blood", "{score}"),
    "urine-red-cells": ("urine_red_cells", "/[HPF]"),
    "urine-myoglobin": ("myoglobin_urine", "ng/mL"),
    "urine-myoglobin-told": ("myoglobin_urine", "{score}"),
}
EVIDENCE = {
    "order": Evidence.ORDER,
    "given": Evidence.ADMINISTRATION,
    "dispensed": Evidence.DISPENSE,
    "reported": Evidence.STATEMENT,
}
DEFAULT_STATUS = {
    Evidence.ORDER: UseStatus.ACTIVE,
    Evidence.ADMINISTRATION: UseStatus.COMPLETED,
    Evidence.DISPENSE: UseStatus.COMPLETED,
    Evidence.STATEMENT: UseStatus.ACTIVE,
}
SITES = frozenset(
    [
        "oral",
        "sublingual",
        "rectal",
        "bladder",
        "oesophageal",
        "pulmonary_artery",
        "intravascular",
        "core",
        "axillary",
        "tympanic",
        "temporal",
        "forehead",
        "skin",
    ]
)
ROUTES = frozenset({"oral", "im", "iv", "sc", "td", "ng", "sublingual", "inhaled", "rectal"})
FLAGS = ("ventilator_set", "paced", "haemolysed", "on_oxygen", "room_air")
SPAN = re.compile(r"^([+-]?\d+(?:\.\d+)?)([mhds])$")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Line:
    """The words of one line, taken one after the other."""

    def __init__(self, text: str) -> None:
        self.text, self.words = text, text.split()

    def take(self) -> str:
        return self.words.pop(0)

    def flag(self, word: str) -> bool:
        if word in self.words:
            self.words.remove(word)
            return True
        return False

    def after(self, word: str) -> str | None:
        """The word that follows `word`, both taken."""
        if word not in self.words:
            return None
        i = self.words.index(word)
        value = self.words[i + 1]
        del self.words[i : i + 2]
        return value

    def one_of(self, choices: Iterable[str]) -> str | None:
        for choice in choices:
            if self.flag(choice):
                return choice
        return None

    def named(self, key: str) -> str | None:
        for word in self.words:
            if word.startswith(f"{key}="):
                self.words.remove(word)
                return word.split("=", 1)[1]
        return None

    def done(self) -> None:
        if self.words:
            raise ValueError(f"{self.text!r}: what is {' '.join(self.words)!r}?")


def time_of(word: str, now: datetime = NOW) -> datetime:
    if word == "now":
        return now
    match = SPAN.match(word)
    if match is None:
        raise ValueError(f"{word!r} is no time")
    return now + timedelta(seconds=float(match[1]) * UNITS[match[2]])


def chart(*lines: str, patient: str = "p1", now: datetime = NOW) -> Chart:
    """The chart of a patient from lines of facts."""
    return chart_of(patient, facts(lines, now))


def facts(lines: Iterable[str], now: datetime = NOW) -> list[Fact]:
    numbers = count(1)
    return [fact for line in lines for fact in _facts(Line(line), numbers, now)]


def _facts(line: Line, numbers: Iterator[int], now: datetime) -> Iterator[Fact]:
    first = line.take()
    if first == "condition":
        yield _condition(line, _source("Condition", numbers), now)
    elif first == "patient":
        sex, born = line.take(), date.fromisoformat(line.take())
        yield PatientDetails(_source("Patient", numbers), born, sex)
    elif first == "stay":
        start, end = time_of(line.take(), now), line.after("to")
        yield Stay(_source("Encounter", numbers), start, time_of(end, now) if end else None)
    elif first == "unread":
        yield Unread(line.take(), line.take(), "unmapped", _source("MedicationRequest", numbers))
    else:
        at, what = time_of(first, now), line.take()
        if what in EVIDENCE:
            yield _use(line, EVIDENCE[what], at, numbers, now)
        elif what in KINDS or what == "BP":
            yield from _measurements(line, what, at, numbers)
        else:
            yield _sign(line, SignKind(what), at, _source("Observation", numbers))
    line.done()


def _source(resource: str, numbers: Iterator[int]) -> Source:
    return Source("ward", resource, f"{next(numbers):03d}")


def _measurements(
    line: Line, what: str, at: datetime, numbers: Iterator[int]
) -> Iterator[Measurement]:
    source, value = _source("Observation", numbers), line.take()
    if what == "BP":
        for kind, one in zip(("SBP", "DBP"), value.split("/"), strict=True):
            yield _measurement(Line(" ".join(line.words)), kind, at, one, source)
        line.words.clear()
        return
    yield _measurement(line, what, at, value, source)


def _measurement(line: Line, what: str, at: datetime, value: str, source: Source) -> Measurement:
    kind, unit = KINDS[what]
    sign = re.match(r"^[<>]=?", value)
    comparator = sign[0] if sign else None
    high, low = line.after("uln"), line.after("lln")
    day = line.flag("that-day")
    found = Measurement(
        kind,
        at,
        float(value.removeprefix(comparator or "")),
        unit,
        source,
        until=at + timedelta(days=1) if day else None,
        site=line.one_of(SITES),
        comparator=comparator,
        reference_high=float(high) if high else None,
        reference_low=float(low) if low else None,
        preliminary=line.flag("preliminary"),
        unit_inferred=line.flag("inferred-unit"),
        time_basis=TimeBasis.DAY if day else TimeBasis.STATED,
        flags=tuple(f for f in FLAGS if line.flag(f)),
        rater=line.after("rater"),
    )
    line.done()
    return found


def _sign(line: Line, kind: SignKind, at: datetime, source: Source) -> Sign:
    new = UNKNOWN
    if line.flag("new"):
        new = TRUE
    elif line.flag("old"):
        new = FALSE
    preliminary, text = line.flag("preliminary"), line.flag("text")
    if kind is SignKind.ACVPU:
        letter = line.take()
        present = FALSE if letter == "A" else TRUE
        return Sign(kind, at, present, source, detail=letter, new=new, preliminary=preliminary)
    word = line.one_of(("present", "absent", "positive", "negative", "uncertain"))
    present = FALSE if word in {"absent", "negative"} else TRUE
    present = UNKNOWN if word == "uncertain" else present
    detail = line.take() if line.words else None
    return Sign(
        kind,
        at,
        present,
        source,
        detail=detail,
        new=new,
        preliminary=preliminary,
        structured=not text,
    )


def _use(
    line: Line, evidence: Evidence, at: datetime, numbers: Iterator[int], now: datetime
) -> MedicationUse:
    names = {
        Evidence.ADMINISTRATION: "MedicationAdministration",
        Evidence.ORDER: "MedicationRequest",
        Evidence.DISPENSE: "MedicationDispense",
        Evidence.STATEMENT: "MedicationStatement",
    }
    source, drug = _source(names[evidence], numbers), line.take()
    end, dose = line.after("to"), re.search(r"(\d+(?:\.\d+)?) (mg|ug|mg/h)(?: x(\d+))?", line.text)
    if dose:
        for word in dose[0].split():
            line.words.remove(word)
    depot, short = line.flag("depot"), line.flag("short-acting")
    status = line.one_of([s.value for s in UseStatus])
    undated = line.flag("undated")
    ingredients = () if drug == "unmapped" else tuple(sorted(drug.replace("_", " ").split("+")))
    return MedicationUse(
        ingredients,
        drug,
        evidence,
        UseStatus(status) if status else DEFAULT_STATUS[evidence],
        source,
        start=None if undated else at,
        end=time_of(end, now) if end else None,
        stop_certain=not line.flag("uncertain-stop"),
        intent=line.named("intent"),
        do_not_perform=line.flag("do-not-give"),
        as_needed=line.flag("prn"),
        reported=line.flag("community"),
        route="im" if depot else line.one_of(ROUTES),
        product=line.named("product"),
        long_acting=TRUE if depot else FALSE if short else UNKNOWN,
        dose=float(dose[1]) if dose else None,
        dose_unit=dose[2] if dose else None,
        times_per_day=float(dose[3]) if dose and dose[3] else None,
    )


def _condition(line: Line, source: Source, now: datetime) -> Condition:
    kind = line.take()
    recorded = next((w for w in line.words if SPAN.match(w)), None)
    if recorded:
        line.words.remove(recorded)
    unconfirmed, inactive = line.flag("unconfirmed"), line.flag("inactive")
    return Condition(
        kind,
        source,
        onset=time_of(recorded, now) if recorded else None,
        active=FALSE if inactive else TRUE,
        confirmed=UNKNOWN if unconfirmed else TRUE,
    )
