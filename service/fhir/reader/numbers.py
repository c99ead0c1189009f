"""Quantities and numbers as sent -> numbers in stored units within plausible limits.

Never a guess: a unit that is not told is inferred only where UNIT-01 allows it and is marked;
what cannot be read is a Fault with its reason and its text.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from service.fhir.plausibility import judge
from service.fhir.reader.fields import REMEMBERED_BYTES, DuplicateKey, decoded, fields, string
from service.fhir.reader.reasons import Reason
from service.fhir.units import Quantity, UnitFault, normalise, units_of

_PARTS = ("value", "comparator", "unit", "code")
COMPARATORS = frozenset({"<", "<=", ">", ">="})
# Beyond these powers of ten no clinical number is meant (fact 52).
_LARGEST_POWER = 12
_NUMBER = re.compile(
    r"(?P<comparator>[<>]=?)?\s*(?P<number>[+-]?\d{1,15}(?:[.,]\d{1,15})?)"
    r"(?: ?(?P<unit>[^\d\s,.+-].*))?"
)
# after a comma: more of them may mean thousands
_LONGEST_DECIMALS = 2
# UNIT-01: these are never read without a unit of their own.
_UNIT_NEEDED = frozenset({"creatine_kinase", "creatinine"})


@dataclass(frozen=True, slots=True)
class Number:
    """A value in the stored unit of its concept."""

    value: float
    unit: str
    comparator: str | None = None
    inferred: bool = False
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no number; `text` is what was sent."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Amount:
    """A Quantity as sent."""

    value: Decimal
    unit: str | None
    code: str | None
    comparator: str | None = None


def number_in(concept: str, code_unit: str | None, raw: bytes) -> Number | Fault:
    """A valueQuantity (its JSON) as a number of `concept`; short ones are remembered."""
    read = _number if len(raw) <= REMEMBERED_BYTES else _number.__wrapped__
    return read(concept, code_unit, raw)


@lru_cache(maxsize=8192)
def _number(concept: str, code_unit: str | None, raw: bytes) -> Number | Fault:
    sent = amount_in(raw)
    if isinstance(sent, Fault):
        return sent
    return stored(concept, code_unit, sent)


def stored(concept: str, code_unit: str | None, sent: Amount) -> Number | Fault:
    """`sent` in the stored unit of `concept`, within the limits of SPEC 2.3."""
    found = normalise(concept, sent.value, sent.unit, sent.code, code_unit)
    shown = shown_as(sent)
    if isinstance(found, UnitFault):
        return Fault(found.reason, shown)
    return _judged(concept, found, sent.comparator, shown)


def _judged(concept: str, found: Quantity, comparator: str | None, shown: str) -> Number | Fault:
    verdict = judge(concept, found.value)
    if verdict is None:
        return Fault(Reason.IMPLAUSIBLE, shown)
    return Number(found.value, found.unit, comparator, found.inferred, verdict)


def amount_in(raw: bytes) -> Amount | Fault:
    """A Quantity as JSON -> its parts; short ones are remembered."""
    return (_amount if len(raw) <= REMEMBERED_BYTES else _amount.__wrapped__)(raw)


@lru_cache(maxsize=8192)
def _amount(raw: bytes) -> Amount | Fault:
    try:
        parts = fields(raw)
        return amount({name: decoded(parts[name]) for name in _PARTS if name in parts})
    except DuplicateKey:
        return Fault(Reason.DUPLICATE_KEY, "")
    except ValueError:
        return Fault(Reason.NOT_A_NUMBER, "")


def amount(value: Any) -> Amount | Fault:
    """A Quantity as plain objects -> its parts."""
    if not isinstance(value, dict):
        return Fault(Reason.NOT_A_NUMBER, "")
    comparator = string(value.get("comparator")) or None
    sent = decimal(value.get("value"))
    if sent is None and isinstance(value.get("value"), str) and value["value"].strip():
        return Fault(Reason.NOT_A_NUMBER, f"{comparator or ''}{value['value'][:40]}")
    if sent is None:
        return Fault(Reason.NO_VALUE, comparator or "")
    unit, code = string(value.get("unit")) or None, string(value.get("code")) or None
    shown = shown_as(Amount(sent, unit, code, comparator))
    if comparator and comparator not in COMPARATORS:
        return Fault(Reason.COMPARATOR, shown)
    if is_absurd(sent):
        return Fault(Reason.NUMBER_ABSURD, shown)
    return Amount(sent, unit, code, comparator)


def decimal(value: Any) -> Decimal | None:
    """A JSON number, or a numeric string (fact 51). None for anything else."""
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, str) and len(value) <= 40:
        try:
            found = Decimal(value.strip())
        except InvalidOperation:
            return None
        return found if found.is_finite() else None
    return None


def is_absurd(value: Decimal) -> bool:
    return value != 0 and abs(value.adjusted()) > _LARGEST_POWER


def shown_as(sent: Amount) -> str:
    unit = sent.unit or sent.code or ""
    digits = str(sent.value) if len(str(sent.value)) <= 24 else f"{sent.value:.6E}"
    return f"{sent.comparator or ''}{digits} {unit}".strip()


def number_in_text(concept: str, code_unit: str | None, text: str) -> Number | Fault:
    """A string that is a number, alone or with a unit that we know, and nothing else (fact 47).
    Where it names no unit, that is the one of the code, and marked."""
    match = _NUMBER.fullmatch(text.strip()) if len(text) <= 40 else None
    if match is None or (match["unit"] and not units_of(match["unit"])):
        return Fault(Reason.NOT_A_NUMBER, text)
    digits, unit, sign = match["number"], match["unit"] or None, match["comparator"]
    if "," not in digits:
        return _written(concept, code_unit, digits, unit, sign)
    found = _with_comma(concept, code_unit, digits, unit, sign)
    return found or Fault(Reason.NOT_A_NUMBER, text)


def _written(
    concept: str, code_unit: str | None, digits: str, unit: str | None, comparator: str | None
) -> Number | Fault:
    told = unit or (None if concept in _UNIT_NEEDED else code_unit)
    found = stored(concept, code_unit, Amount(Decimal(digits), told, told, comparator))
    if isinstance(found, Number) and told is not None and unit is None:
        return replace(found, inferred=True)
    return found


def _with_comma(
    concept: str, code_unit: str | None, digits: str, unit: str | None, comparator: str | None
) -> Number | None:
    """A decimal comma where it can be nothing else: not a thousand ("1,234"), and not two readings
    ("120,80", "37,38"), of which each alone would be a value of the concept."""
    parts = digits.lstrip("+-").split(",")
    if len(parts[1]) > _LONGEST_DECIMALS:
        return None
    alone = [_written(concept, code_unit, part, unit, None) for part in parts]
    if all(isinstance(one, Number) for one in alone):
        return None
    found = _written(concept, code_unit, digits.replace(",", "."), unit, comparator)
    return found if isinstance(found, Number) else None


def bare_number(concept: str, code_unit: str | None, value: Any) -> Number | Fault:
    """valueInteger and its like: a number that has no unit."""
    sent = decimal(value)
    if sent is None or is_absurd(sent):
        return Fault(Reason.NOT_A_NUMBER, str(value)[:40])
    return stored(concept, code_unit, Amount(sent, None, None))
