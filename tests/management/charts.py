"""Charts in the words of a ward: one builder for each kind of fact, times in hours before NOW."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import count

from alerts.assessment import Assessment, assess
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
    UseStatus,
    chart_of,
)
from alerts.knowledge.loader import Knowledge, load
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

NOW = datetime(2026, 11, 24, 14, 32, tzinfo=UTC)
UNITS = {
    "body_temperature": "Cel",
    "heart_rate": "/min",
    "respiratory_rate": "/min",
    "systolic_bp": "mm[Hg]",
    "diastolic_bp": "mm[Hg]",
    "spo2": "%",
    "gcs_total": "{score}",
    "creatine_kinase": "U/L",
    "creatinine": "umol/L",
    "egfr": "mL/min/{1.73_m2}",
    "potassium": "mmol/L",
    "body_weight": "kg",
    "platelets": "10*9/L",
    "d_dimer": "mg/L",
    "prothrombin_time": "s",
    "fibrinogen": "g/L",
    "alt": "U/L",
    "pco2": "mm[Hg]",
    "ph_blood": "[pH]",
}
_numbers = count(1)


def knowledge() -> Knowledge:
    return load()


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def source(kind: str, name: str = "") -> Source:
    return Source("ward", kind, name or f"n{next(_numbers)}")


def reading(
    kind: str,
    value: float,
    hours: float = 1,
    *,
    site: str | None = None,
    high: float | None = None,
    comparator: str | None = None,
    flags: tuple[str, ...] = (),
    inferred: bool = False,
    name: str = "",
) -> Measurement:
    return Measurement(
        kind,
        ago(hours),
        value,
        UNITS[kind],
        source("Observation", name or f"{kind}-{hours:g}-{value:g}"),
        site=site,
        reference_high=high,
        comparator=comparator,
        flags=flags,
        unit_inferred=inferred,
    )


def sign(
    kind: SignKind, hours: float = 1, present: Truth = TRUE, detail: str | None = None
) -> Sign:
    name = f"{kind.value}-{hours:g}-{present.value}"
    new = TRUE if kind is SignKind.RIGIDITY and present is TRUE else UNKNOWN
    return Sign(kind, ago(hours), present, source("Observation", name), detail=detail, new=new)


def order(
    drug: str,
    days: float = 3,
    status: UseStatus = UseStatus.ACTIVE,
    *,
    ended: float | None = None,
    route: str | None = "oral",
    dose: float | None = None,
    times: float | None = None,
    as_needed: bool = False,
    product: str | None = None,
) -> MedicationUse:
    start = ago(days * 24)
    return MedicationUse(
        (drug,),
        drug,
        Evidence.ORDER,
        status,
        source("MedicationRequest", f"{drug}-order-{status.value}{'-prn' if as_needed else ''}"),
        start=start,
        authored=start,
        end=ago(ended) if ended is not None else None,
        intent="order",
        as_needed=as_needed,
        route=route,
        dose=dose,
        dose_unit="mg" if dose else None,
        times_per_day=times,
        product=product,
        long_acting=TRUE if product else FALSE,
    )


def dose_given(
    drug: str,
    hours: float,
    dose: float | None = None,
    *,
    route: str = "oral",
    product: str | None = None,
) -> MedicationUse:
    return MedicationUse(
        (drug,),
        drug,
        Evidence.ADMINISTRATION,
        UseStatus.COMPLETED,
        source("MedicationAdministration", f"{drug}-given-{hours:g}"),
        start=ago(hours),
        route=route,
        dose=dose,
        dose_unit="mg" if dose else None,
        product=product,
        long_acting=TRUE if product else FALSE,
    )


def problem(
    kind: str, days: float = 400, active: Truth = TRUE, abated_days: float | None = None
) -> Condition:
    return Condition(
        kind,
        source("Condition", f"{kind}-{days:g}"),
        onset=ago(days * 24),
        abated=ago(abated_days * 24) if abated_days is not None else None,
        active=active,
        confirmed=TRUE,
    )


def person(years: int | None = 41, sex: str = "male") -> PatientDetails:
    born = date(NOW.year - years, 1, 15) if years is not None else None
    return PatientDetails(source("Patient", "p1"), birth_date=born, sex=sex)


def chart(facts: Iterable[Fact]) -> Chart:
    return chart_of("p1", facts)


def assessed(facts: Iterable[Fact]) -> Assessment:
    return assess(chart(facts), knowledge(), NOW)


def calm_before() -> list[Fact]:
    """Two days of ordinary vital signs, so that baselines are measured."""
    made: list[Fact] = []
    for hours in (30, 36, 42, 48, 54, 60):
        made += [
            reading("body_temperature", 36.7, hours, site="oral"),
            reading("heart_rate", 76, hours),
            reading("respiratory_rate", 15, hours),
            reading("systolic_bp", 124, hours),
            reading("diastolic_bp", 76, hours),
            reading("gcs_total", 15, hours),
        ]
    return made


def picture(
    temperature: float = 39.8, pulse: float = 128, ck: float | None = 4200, rigid: bool = True
) -> list[Fact]:
    """Fever, rigidity, drowsiness, raised CK, unstable pulse and pressure."""
    made: list[Fact] = [
        reading("body_temperature", temperature - 0.4, 3, site="oral"),
        reading("body_temperature", temperature, 0.5, site="bladder"),
        reading("heart_rate", pulse - 6, 3),
        reading("heart_rate", pulse, 0.5),
        reading("respiratory_rate", 28, 3),
        reading("respiratory_rate", 30, 0.5),
        reading("systolic_bp", 172, 3),
        reading("systolic_bp", 178, 0.5),
        reading("diastolic_bp", 98, 3),
        reading("diastolic_bp", 102, 0.5),
        reading("spo2", 95, 0.5),
        reading("gcs_total", 12, 0.7),
        sign(SignKind.ACVPU, 0.7, detail="V"),
        sign(SignKind.DIAPHORESIS, 1),
    ]
    if ck is not None:
        made.append(reading("creatine_kinase", ck, 2, high=200))
    if rigid:
        made.append(sign(SignKind.RIGIDITY, 0.7, detail="lead_pipe"))
    return made
