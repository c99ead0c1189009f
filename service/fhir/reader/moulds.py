"""What the records of one form share: with the values of one record in it, it is its facts.

A mould is made from what the short way (`plain`, `plain_order`) made of the first record of its
form, and gives what the short way would give of every other: a property test compares them.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from alerts.chart import Fact, Measurement, MedicationUse, Source, TimeBasis
from service.fhir.reader.assembly import assembler
from service.fhir.reader.dosage import NOTHING, dosage_in
from service.fhir.reader.fields import Fields
from service.fhir.reader.meaning import meanings
from service.fhir.reader.oxygen import with_air
from service.fhir.reader.plain import (
    TOGETHER,
    VALUE,
    Gauge,
    are_apart,
    number_told,
    panel_parts,
    plain_readings,
)
from service.fhir.reader.plain_order import plain_use
from service.fhir.reader.reading import ReadContext
from service.fhir.reader.sent import FIRST_NUMBER, Values

# Distinct numbers remembered in one mould, as sent.
MOST_NUMBERS = 256
_DIGITS = re.compile(rb"-?[0-9][0-9.eE+-]*")
_STATED = TimeBasis.STATED
_measurement = assembler(Measurement)
_use = assembler(MedicationUse)
_Told = tuple[float, tuple[str, ...]]


class _Number:
    """One number of a form: its gauge, and the reading of the record that the form is from."""

    __slots__ = ("_flags", "_gauge", "_known", "_like")

    def __init__(self, gauge: Gauge, like: Measurement, flags: tuple[str, ...]) -> None:
        self._gauge, self._flags = gauge, flags
        self._like = (
            like.kind, like.unit, like.site, like.reference_low, like.reference_high,
            like.preliminary, like.unit_inferred,
        )  # fmt: skip
        self._known: dict[bytes, _Told] = {}

    def reading(self, digits: bytes, at: datetime, source: Source) -> Measurement | None:
        told = self._known.get(digits) or self._judged(digits)
        if told is None:
            return None
        kind, unit, site, low, high, preliminary, inferred = self._like
        return _measurement(
            kind, at, told[0], unit, source, None, site, None, low, high, preliminary, inferred,
            _STATED, told[1],
        )  # fmt: skip

    def _judged(self, digits: bytes) -> _Told | None:
        if not _DIGITS.fullmatch(digits):
            return None
        found = number_told(self._gauge, digits)
        if found is None:
            return None
        told = found[0], (*self._flags, *found[1])
        if len(self._known) >= MOST_NUMBERS:
            self._known.clear()
        self._known[digits] = told
        return told


class Reading(_Number):
    """The mould of an Observation with one number."""

    __slots__ = ()

    def facts(
        self, values: Values, at: datetime, source: Source, received_at: datetime
    ) -> tuple[Fact, ...] | None:
        """Its facts; None when they are to be read in another way."""
        if at > received_at:
            return None
        one = self.reading(values[FIRST_NUMBER], at, source)
        return None if one is None else (one,)


class Panel:
    """The mould of an Observation with a number in every component."""

    __slots__ = ("_alone", "_numbers")

    def __init__(self, numbers: list[_Number], like: tuple[Measurement, ...]) -> None:
        """`like`: the readings of the record that the form is from."""
        self._numbers = numbers
        self._alone = TOGETHER.isdisjoint(one.kind for one in like)

    def facts(
        self, values: Values, at: datetime, source: Source, received_at: datetime
    ) -> tuple[Fact, ...] | None:
        """Its facts; None when they are to be read in another way."""
        if at > received_at:
            return None
        told = []
        for number, digits in zip(self._numbers, values[FIRST_NUMBER:], strict=True):
            one = number.reading(digits, at, source)
            if one is None:
                return None
            told.append(one)
        if self._alone or are_apart({one.kind: one for one in told}):
            return tuple(told)
        return None


@dataclass(slots=True)
class Order:
    """The mould of an order. `doses`: dose and unit by the digits of the dose as sent."""

    like: MedicationUse
    length: timedelta | None
    doses: dict[bytes, tuple[float | None, str | None]]

    def facts(
        self, values: Values, at: datetime, source: Source, _received_at: datetime
    ) -> tuple[Fact, ...] | None:
        """Its facts; None when they are to be read in another way."""
        dose = self.doses.get(values[FIRST_NUMBER])
        if dose is None:
            return None
        like = self.like
        use = _use(
            like.ingredients,
            like.text,
            like.evidence,
            like.status,
            source,
            None,
            None if self.length is None else at + self.length,
            at,
            True,
            like.intent,
            False,
            like.as_needed,
            False,
            like.route,
            like.product,
            like.long_acting,
            dose[0],
            dose[1],
            like.times_per_day,
            _STATED,
        )
        return (use,)

    def learn(self, other: "Order") -> None:
        """The doses that another record of this form had."""
        if len(self.doses) >= MOST_NUMBERS:
            self.doses.clear()
        self.doses.update(other.doses)


N = TypeVar("N", bound=_Number)
Mould = Reading | Panel | Order


def mould_of_observation(
    found: Fields, source: Source, context: ReadContext
) -> Reading | Panel | None:
    """None when the Observation is not plain, or more than its number counts."""
    told = plain_readings(found, source, context)
    if told is None or tuple(with_air(told, found)) != told:
        return None  # what stands beside a saturation says of the air breathed
    if "component" in found:
        return _panel(bytes(found["component"]), told)
    sent = bytes(found["valueQuantity"])
    hit = VALUE.search(sent)
    gauge = hit and meanings[bytes(found["code"])].gauges.get(
        sent[: hit.start(1)] + sent[hit.end(1) :]
    )
    return _number(gauge, told[0], hit[1], Reading) if gauge and hit else None


def _panel(raw: bytes, told: tuple[Measurement, ...]) -> Panel | None:
    pieces = VALUE.split(raw)
    parts = panel_parts(raw, tuple(pieces[::2]))
    numbers = [
        number
        for (_, gauge), one, digits in zip(parts, told, pieces[1::2], strict=True)
        if (number := _number(gauge, one, digits, _Number))
    ]
    return Panel(numbers, told) if len(numbers) == len(told) else None


def _number(gauge: Gauge, like: Measurement, digits: bytes, kind: type[N]) -> N | None:
    """Its flags are those of the record, without those that its number earned."""
    found = number_told(gauge, digits)
    if found is None:
        return None
    own = len(found[1])
    return kind(gauge, like, like.flags[: len(like.flags) - own])


def mould_of_order(
    found: Fields, digits: bytes, source: Source, context: ReadContext
) -> Order | None:
    """None when the order is not plain, or its dosage has times of its own."""
    use = plain_use(found, source, context)
    if use is None:
        return None
    raw = found.get("dosageInstruction", found.get("dosage"))
    dosage = NOTHING if raw is None else dosage_in(bytes(raw), context.zone)
    if dosage.start or dosage.end:
        return None
    return Order(use, dosage.length, {digits: (use.dose, use.dose_unit)})
