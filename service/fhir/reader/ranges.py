"""The result's own limits of normal (CK-01, facts 58 and 59)."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from service.fhir.reader.codes import coded
from service.fhir.reader.fields import REMEMBERED_BYTES, decoded, objects, string
from service.fhir.reader.numbers import Amount, amount_in, decimal
from service.fhir.units import UnitFault, normalise

_TEXT = re.compile(
    r"(?:(?P<low>\d{1,9}(?:\.\d{1,6})?)\s*[-–]|(?P<under><=?|≤|up to))\s*"
    r"(?P<high>\d{1,9}(?:\.\d{1,6})?)\s*(?P<unit>[^\d\s].*)?",
    re.I,
)
Limits = tuple[float | None, float | None]
Unit = tuple[str | None, str | None]  # unit, code


def normal_range(
    concept: str, code_unit: str | None, raw: msgspec.Raw, quantity: msgspec.Raw | None
) -> Limits:
    """(low, high) in the stored unit; None where not told or not to be told for sure."""
    sent = amount_in(bytes(quantity)) if quantity is not None else None
    unit = (sent.unit, sent.code) if isinstance(sent, Amount) else (None, None)
    return range_of(concept, code_unit, bytes(raw), unit)


def range_of(concept: str, code_unit: str | None, raw: bytes, unit: Unit) -> Limits:
    """`normal_range` where the unit of the result is at hand."""
    read = _range if len(raw) <= REMEMBERED_BYTES else _range.__wrapped__
    return read(concept, code_unit, raw, unit)


@lru_cache(maxsize=4096)
def _range(concept: str, code_unit: str | None, raw: bytes, unit: Unit) -> Limits:
    try:
        told = list(objects(decoded(raw)))
    except ValueError:
        return None, None
    normal = [one for one in told if _is_normal(one)]
    if len(normal) > 1:
        # limits by sex or age: which one is this patient's is not ours to choose
        normal = [one for one in normal if not one.get("appliesTo") and not one.get("age")]
    if len(normal) != 1:
        return None, None
    one = normal[0]
    if one.get("low") is None and one.get("high") is None:
        return _in_words(concept, code_unit, string(one.get("text")), unit)
    return (
        _limit(concept, code_unit, one.get("low"), unit),
        _limit(concept, code_unit, one.get("high"), unit),
    )


def _is_normal(one: dict[str, Any]) -> bool:
    """Of several kinds of range (normal, treatment, critical) the normal one."""
    kind = coded(one.get("type") or one.get("meaning"))
    marks = {code.lower() for _, code in kind.codings} | {kind.words.lower()} - {""}
    return not marks or any("normal" in mark for mark in marks)


def _limit(concept: str, code_unit: str | None, value: Any, sent: Unit) -> float | None:
    if not isinstance(value, dict):
        return None
    limit = decimal(value.get("value"))
    if limit is None:
        return None
    unit, code = string(value.get("unit")) or None, string(value.get("code")) or None
    if unit is None and code is None:
        unit, code = sent
    return _stored(concept, code_unit, limit, unit, code)


def _in_words(concept: str, code_unit: str | None, text: str, sent: Unit) -> Limits:
    """ "70-80", "< 171 U/L": a range and nothing else."""
    match = _TEXT.fullmatch(text) if len(text) <= 60 else None
    if match is None:
        return None, None
    unit, code = match["unit"], None
    if unit is None:
        unit, code = sent
    low, high = (
        _stored(concept, code_unit, Decimal(match[side]), unit, code) if match[side] else None
        for side in ("low", "high")
    )
    return low, high


def _stored(
    concept: str, code_unit: str | None, value: Decimal, unit: str | None, code: str | None
) -> float | None:
    found = normalise(concept, value, unit, code, code_unit)
    return None if isinstance(found, UnitFault) or found.inferred else found.value
