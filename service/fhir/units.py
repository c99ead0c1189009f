"""Units: a fixed table at run time (SPEC 2.2, UNIT-01 to UNIT-03). Never a guessed number.

A unit is known when its spelling is in the tables (UCUM or a habit of wards and laboratories) and
measures what the concept is measured in. Anything else is a fault with a reason; so are a text
and a code that contradict each other, and a number without unit (temperature excepted, UNIT-01).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from math import isfinite

from service.fhir.terminology.tables import rows

CELSIUS, FAHRENHEIT = (30.0, 44.0), (86.0, 111.0)  # UNIT-01
_ANNOTATION = re.compile(r"\{(?!1\.73_m2\}|FEU\}|score\}|INR\})[^{}]*\}")
_NUMBER = re.compile(r"([<>]=?)?\s*([+-]?\d{1,15}(?:[.,]\d{1,15})?)(?:[eE]([+-]?\d{1,2}))?")
_THOUSANDS = re.compile(r"\d{1,3},\d{3}")
# Unicode: micro sign and Greek mu, degree and ordinal signs, superscripts.
_LETTERS = str.maketrans({"µ": "u", "μ": "u", "℃": "°C", "℉": "°F", "º": "°", "²": "2", "³": "3"})


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in the stored unit of its concept. `inferred`: the unit was not told (UNIT-01)."""

    value: float
    unit: str
    inferred: bool = False
    how: str = ""


@dataclass(frozen=True, slots=True)
class UnitFault:
    """Why there is no number. `reason`: unknown-concept, unit-missing, unit-unmapped,
    wrong-dimension, unit-conflict or not-a-number; `detail`: what was sent."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """How a number in one unit becomes the stored number of one concept."""

    factor: float
    offset: float
    unit: str
    inferred: bool
    how: str
    places: int

    def stored(self, number: float) -> float:
        if self.factor != 1.0 or self.offset:
            number = number * self.factor + self.offset
        return number if number.is_integer() else round(number, self.places)


@dataclass(frozen=True, slots=True)
class ConceptUnit:
    """How a concept is stored and reported; `missing`: what a number without unit means."""

    stored: str
    report: str
    missing: str  # reject | range (temperature) | code (one unit by the code) | scale (no unit)
    scales: dict[str, tuple[float, float]]  # accepted UCUM unit -> factor, offset to stored


@dataclass(frozen=True, slots=True)
class _Unit:
    dimension: str
    factor: Decimal
    offset: Decimal


@cache
def ucum() -> dict[str, _Unit]:
    """The UCUM units we know: dimension, factor and offset to the dimension's first unit."""
    return {
        r["ucum"]: _Unit(r["dimension"], Decimal(r["factor"]), Decimal(r["offset"] or "0"))
        for r in rows("ucum.csv")
    }


@cache
def concept_units() -> dict[str, ConceptUnit]:
    """Every measured concept with its units."""
    return {
        r["concept"]: ConceptUnit(
            r["stored"], r["report"], r["missing"], dict(_scales(r["stored"], r["cross"]))
        )
        for r in rows("concept_units.csv")
    }


def _scales(stored: str, cross: str) -> Iterator[tuple[str, tuple[float, float]]]:
    """Units of the stored unit's dimension, then those reached by a stated factor (molar mass)."""
    known = ucum()
    for part in filter(None, cross.split("|")):
        through, factor = part.split("=")
        for name, unit in known.items():
            if unit.dimension == known[through].dimension:
                yield name, (float(unit.factor / known[through].factor * Decimal(factor)), 0.0)
    home = known[stored]
    for name, unit in known.items():
        if unit.dimension == home.dimension:
            offset = (unit.offset - home.offset) / home.factor
            yield name, (float(unit.factor / home.factor), float(offset))
    if home.dimension in ("score", "ratio", "acidity"):
        yield "1", (1.0, 0.0)


@cache
def spellings() -> dict[str, tuple[str, ...]]:
    """Every spelling, tidied, with the UCUM units that it may stand for."""
    found: dict[str, dict[str, None]] = {}
    exact: set[str] = set()
    for name in ucum():
        found.setdefault(tidy(name), {})[name] = None
    for row in (*rows("units.csv"), *rows("authored_units.csv")):
        if row["note"].startswith(("equal to mmol/L only", "as mEq/L")):
            continue  # milliequivalents are a unit of their own (authored_units.csv)
        found.setdefault(tidy(row["text"]), {})[row["ucum"]] = None
        if "ambiguous" in row["note"]:
            exact.add(tidy(row["text"]))  # "UL" is a habit for U/L, "uL" a microlitre
    folded: dict[str, dict[str, None]] = {}
    for text, names in found.items():
        if text in exact:
            continue
        folded.setdefault(text.casefold(), {}).update(names)
    for text, names in folded.items():
        found.setdefault(text, {}).update(names)
    return {text: tuple(names) for text, names in found.items()}


@lru_cache(maxsize=4096)
def tidy(text: str) -> str:
    """Without quotes, blanks at the ends, double blanks and look-alike letters."""
    plain = text.translate(_LETTERS).strip().strip("'\"").strip()
    return " ".join(unicodedata.normalize("NFKC", plain).translate(_LETTERS).split())


def units_of(text: str) -> tuple[str, ...]:
    """The UCUM units that a spelling may stand for; empty when unknown."""
    plain = tidy(text)
    known = spellings()
    bare = _ANNOTATION.sub("", plain)
    close = (plain.replace(" ", ""), plain.replace(" ", "_"), plain.rstrip("."))  # "[lb av]"
    for form in (plain, bare, plain.casefold(), bare.casefold(), *close):
        if form and form in known:
            return known[form]
    return ()


@lru_cache(maxsize=8192)
def scale_of(concept: str, unit: str, code: str, code_unit: str) -> Scale | UnitFault | None:
    """The scale of a unit as told (text and code, "" when not); None: the number decides
    (UNIT-01)."""
    rule = concept_units().get(concept)
    if rule is None:
        return UnitFault("unknown-concept", concept)
    told = [t for t in dict.fromkeys((code, unit)) if t and tidy(t)]
    if not told:
        return _untold(concept, rule, code_unit)
    scales = []
    for text in told:
        names = units_of(text)
        fitting = [name for name in names if name in rule.scales]
        if names and not fitting:
            return UnitFault("wrong-dimension", text)
        if fitting:
            scales.append((rule.scales[fitting[0]], fitting[0]))
    if not scales:
        return UnitFault("unit-unmapped", told[0])
    (factor, offset), name = scales[0]
    if any(scale != scales[0][0] for scale, _ in scales[1:]):
        return UnitFault("unit-conflict", " / ".join(told))
    return Scale(factor, offset, rule.stored, False, f"{told[0]!r} is {name}", _places(concept))


def _places(concept: str) -> int:
    return 2 if concept == "body_temperature" else 9


def _untold(concept: str, rule: ConceptUnit, code_unit: str) -> Scale | UnitFault | None:
    places = _places(concept)
    if rule.missing == "range":
        return None
    if rule.missing == "scale":
        return Scale(1.0, 0.0, rule.stored, False, "a number without unit by nature", places)
    if rule.missing == "code" and code_unit in rule.scales:
        factor, offset = rule.scales[code_unit]
        how = f"no unit; the code is defined in {code_unit}"
        return Scale(factor, offset, rule.stored, True, how, places)
    return UnitFault("unit-missing")


def normalise(
    concept: str,
    value: float | Decimal,
    unit: str | None,
    code: str | None = None,
    code_unit: str | None = None,
) -> Quantity | UnitFault:
    """`value` in the stored unit of `concept`.

    `unit`: Quantity.unit (text), `code`: Quantity.code; `code_unit`: the unit that the
    observation's own code is defined in (`ConceptMatch.code_unit`).
    """
    number = float(value)
    if not isfinite(number):
        return UnitFault("not-a-number")
    scale = scale_of(concept, unit or "", code or "", code_unit or "")
    if isinstance(scale, UnitFault):
        return scale
    if scale is None:
        return _bare_temperature(number)
    return Quantity(scale.stored(number), scale.unit, scale.inferred, scale.how)


def _bare_temperature(number: float) -> Quantity | UnitFault:
    """UNIT-01: 30 to 44 is Celsius, 86 to 111 Fahrenheit, anything else is no temperature."""
    if CELSIUS[0] <= number <= CELSIUS[1]:
        return Quantity(round(number, 2), "Cel", True, "no unit; 30-44 read as Cel (UNIT-01)")
    if FAHRENHEIT[0] <= number <= FAHRENHEIT[1]:
        value = round((number - 32) * 5 / 9, 2)
        return Quantity(value, "Cel", True, "no unit; 86-111 read as [degF] (UNIT-01)")
    return UnitFault("unit-missing", "outside 30-44 and 86-111")


def reported(concept: str, value: float) -> tuple[float, str]:
    """A stored value in the unit that laboratories report the concept in."""
    rule = concept_units()[concept]
    if rule.report == "1":
        return value, "1"
    factor, offset = rule.scales[rule.report]
    return (value - offset) / factor, rule.report


def parse_number(text: str) -> tuple[str | None, float] | None:
    """(comparator, number) of a whole string such as "38,6" or ">20000"; None when it is no number.

    "1,234" may be 1.234 or 1234: no number (field facts 47 to 50).
    """
    hit = _NUMBER.fullmatch(text.strip())
    if hit is None or _THOUSANDS.fullmatch(hit[2].lstrip("+-")):
        return None
    number = float(hit[2].replace(",", ".") + (f"e{hit[3]}" if hit[3] else ""))
    return (hit[1] or None, number) if isfinite(number) else None
