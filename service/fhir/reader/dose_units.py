"""Units of doses as systems write them (fact 21): only spellings, no conversion of substance."""

from decimal import Decimal
from typing import Any

from service.fhir.reader.fields import string

# Spelling in lower case -> (unit of the chart, factor). A word that is not here is kept as sent.
_UNITS = {
    "mg": ("mg", "1"),
    "milligram": ("mg", "1"),
    "milligrams": ("mg", "1"),
    "milligram(s)": ("mg", "1"),
    "g": ("mg", "1000"),
    "gram": ("mg", "1000"),
    "grams": ("mg", "1000"),
    "gm": ("mg", "1000"),
    "ug": ("mg", "0.001"),
    "mcg": ("mg", "0.001"),
    "µg": ("mg", "0.001"),
    "μg": ("mg", "0.001"),
    "microgram": ("mg", "0.001"),
    "micrograms": ("mg", "0.001"),
    "ml": ("mL", "1"),
    "millilitre": ("mL", "1"),
    "milliliter": ("mL", "1"),
    "mg/kg": ("mg/kg", "1"),
    "mmol": ("mmol", "1"),
    "meq": ("meq", "1"),
    "milliequivalents": ("meq", "1"),
    "milliequivalents (chemical)": ("meq", "1"),
    "{tbl}": ("tablet", "1"),
    "tbl": ("tablet", "1"),
    "tab": ("tablet", "1"),
    "tablet": ("tablet", "1"),
    "tablets": ("tablet", "1"),
    "each": ("each", "1"),
    "{patch}": ("patch", "1"),
    "patch": ("patch", "1"),
}
_LARGEST = Decimal("1e9")


def dose_in(value: Decimal, code: Any, unit: Any) -> tuple[float | None, str | None]:
    """Value and unit for the chart; an unknown unit makes the dose unknown, not the drug."""
    if value > _LARGEST:
        return None, None
    for name in (string(code), string(unit)):
        known = _UNITS.get(name.lower())
        if known:
            return float(value * Decimal(known[1])), known[0]
    return None, None
