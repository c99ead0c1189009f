"""Dantrolene in milligrams and vials: only with a weight of the last 30 days (SAF-04)."""

from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any

from alerts.guidance.patient import Bedside
from alerts.record import record
from alerts.wording import Raw, citations, dose, stamp


@record
class Preparation:
    """What a dose takes: vials of 20 mg with their water and mannitol, or suspension."""

    dose_mg: Decimal
    vials: int
    water_ml: int
    mannitol_g: int
    suspension_ml: Decimal


def reconstitution(weight_kg: float, mg_kg: float, made: Mapping[str, Any]) -> Preparation:
    """vials = ceil(mg / 20); water = 60 × vials; mannitol = 3 × vials; suspension = mg / 50."""
    milligrams = Decimal(str(weight_kg)) * Decimal(str(mg_kg))
    vials = int((milligrams / made["vial_mg"]).to_integral_value(ROUND_CEILING))
    return Preparation(
        milligrams,
        vials,
        vials * made["vial_water_ml"],
        vials * made["vial_mannitol_g"],
        milligrams / made["suspension_mg_ml"],
    )


def preparation_lines(bedside: Bedside, entry: Mapping[str, Any]) -> Iterator[str]:
    """The arithmetic for this patient, or why there is none."""
    made, weight = entry["preparation"], bedside.weight
    if weight is None:
        missing = "No weight recorded in {dose.weight_age_d} d: mg/kg only, weigh the patient"
        yield bedside.says(missing)
        return
    where = f"weight {weight.value:g} kg, {stamp(weight.at, bedside.now)}"
    cited = citations(made["cite"])
    for mg_kg in made["mg_kg"]:
        prepared = _prepared(reconstitution(weight.value, mg_kg, made), mg_kg, made)
        yield f"{prepared}; maximum: {made['max_mg_kg']} mg/kg in 24 h ({where}){cited}"
    most = reconstitution(weight.value, made["max_mg_kg"], made)
    yield (
        f"Maximum in 24 h: {made['max_mg_kg']} mg/kg IV = {_number(most.dose_mg)} mg = "
        f"{most.vials} vials of {made['vial_mg']} mg ({most.mannitol_g} g mannitol) "
        f"({where}){cited}"
    )


def _prepared(prepared: Preparation, mg_kg: float, made: Mapping[str, Any]) -> str:
    return (
        f"{mg_kg:g} mg/kg IV once = {_number(prepared.dose_mg)} mg = {prepared.vials} vials of "
        f"{made['vial_mg']} mg with {prepared.water_ml} mL sterile water "
        f"({prepared.mannitol_g} g mannitol), or {prepared.suspension_ml:.1f} mL of the "
        f"{made['suspension_mg_ml']} mg/mL suspension"
    )


def _number(value: Decimal) -> str:
    return f"{value.quantize(Decimal('0.1'), ROUND_HALF_UP).normalize():f}"


def oral_line(bedside: Bedside, entry: Mapping[str, Any]) -> str:
    """Oral follow-on; a total of 800 mg/day or more is never shown (boxed liver warning)."""
    raw: Raw = entry["oral"]
    if "liver_disease" in bedside.conditions:
        return "Oral dantrolene is not shown: active liver disease is on the chart"
    weight = bedside.weight
    if weight is None:
        return dose(raw, bedside.labels)
    low, high = (Decimal(str(weight.value)) * d * raw["per_day"] for d in raw["mg_kg"])
    if low >= raw["limit_mg_day"]:
        cited = citations(raw["cite"])
        return f"Oral dantrolene is not shown: at {weight.value:g} kg it reaches the limit{cited}"
    total = f"{_number(low)} to {_number(high)} mg/day"
    if high >= raw["limit_mg_day"]:
        total = f"{_number(low)} mg/day at the lower end, the upper end would pass the limit"
    return dose({**raw, "then": f"at {weight.value:g} kg {total}"}, bedside.labels)
