"""The short way for what nearly every reading is: a number, a known unit, a known code, a time.

Two quantities under one code differ in their digits only. So all but the digits is read once, by
the thorough readers, and remembered as a Gauge; after that a reading costs a search, a
multiplication and a look at the limits. Whatever is not plain answers None and goes the thorough
way (`observation`), which gives the same facts: a property test compares them.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from alerts.chart import Measurement, Source, TimeBasis
from service.fhir.plausibility import Range, judged, ranges
from service.fhir.reader.assembly import assembler
from service.fhir.reader.circumstances import NOTES, reading_flags, site_of
from service.fhir.reader.fields import REMEMBERED_BYTES, DuplicateKey, Fields, elements, fields
from service.fhir.reader.meaning import Meaning, meanings
from service.fhir.reader.myoglobin import MYOGLOBIN
from service.fhir.reader.numbers import Amount, amount_in
from service.fhir.reader.observed import COMA_PARTS, OTHERS
from service.fhir.reader.ranges import Limits, range_of
from service.fhir.reader.reading import ReadContext
from service.fhir.reader.statuses import FINAL, PRELIMINARY, observation_statuses
from service.fhir.reader.times import stated
from service.fhir.units import Scale, scale_of

_ODD = frozenset({"modifierExtension", "dataAbsentReason", *OTHERS})
_AROUND = frozenset({*NOTES, "bodySite"})
_PLAIN_PART = frozenset({"code", "valueQuantity"})
VALUE = re.compile(rb'"value":\s*(-?[0-9][0-9.eE+-]*)')
# Numbers beyond these may be absurd (fact 52): the thorough way tells.
_SMALLEST, _LARGEST = 1e-9, 1e12
# Told together these are judged together: the thorough way does that.
TOGETHER = frozenset({*COMA_PARTS, "systolic_bp"})
_LOW_PULSE_PRESSURE = 10.0
MOST_GAUGES = 8192
MOST_PANELS = 1024
_STATED = TimeBasis.STATED
_measurement = assembler(Measurement)
Readings = tuple[Measurement, ...]


@dataclass(slots=True)
class Gauge:
    """How the digits of a quantity, under one code and in one unit, become a stored number."""

    concept: str
    code_unit: str | None
    scale: Scale
    limits: Range | None
    told: tuple[str | None, str | None]  # unit, code
    normal: dict[bytes, Limits] = field(default_factory=dict)


@dataclass(slots=True)
class _Frame:
    """What the parts of one Observation share."""

    source: Source
    at: datetime
    preliminary: bool
    flags: tuple[str, ...]
    site: str | None


class _Memory:
    """Gauges hang on the meanings of their codes; when there are too many, all are forgotten."""

    held = 0

    @classmethod
    def grow(cls) -> None:
        cls.held += 1
        if cls.held > MOST_GAUGES:
            cls.held = 0
            meanings.clear()


def plain_readings(found: Fields, source: Source, context: ReadContext) -> Readings | None:
    """The measurements of a plain Observation; None when it is not plain.

    Raises ValueError when its code cannot be read.
    """
    sent, parts = found.get("valueQuantity"), found.get("component")
    if (sent is None) is (parts is None) or not _ODD.isdisjoint(found):
        return None
    status, code, when = found.get("status"), found.get("code"), found.get("effectiveDateTime")
    if status is None or code is None or when is None:
        return None
    standing = observation_statuses[bytes(status)]
    if standing is not FINAL and standing is not PRELIMINARY:
        return None
    at = stated(str(when, "ascii", "replace")[1:-1])
    if at is None or at > context.received_at:
        return None
    what = meanings[bytes(code)]
    around = not _AROUND.isdisjoint(found)
    flags, site = (reading_flags(found), site_of(found)) if around else ((), None)
    frame = _Frame(source, at, standing is PRELIMINARY, flags, site)
    if sent is None:
        return _panel(found, frame)
    one = _single(what, bytes(sent), found.get("referenceRange"), frame)
    return None if one is None else (one,)


def _single(
    what: Meaning, raw: bytes, normal: msgspec.Raw | None, frame: _Frame
) -> Measurement | None:
    hit = VALUE.search(raw)
    if hit is None or len(raw) > REMEMBERED_BYTES:
        return None
    start, end = hit.span(1)
    around = raw[:start] + raw[end:]
    gauges = what.gauges
    gauge = gauges[around] if around in gauges else _learn(what, raw[:start], raw[end:])
    return None if gauge is None else _reading(what, gauge, raw[start:end], normal, frame)


def _panel(found: Fields, frame: _Frame) -> Readings | None:
    """Components that are plain and of different concepts; all but their digits is learned."""
    raw = bytes(found["component"])
    pieces = VALUE.split(raw)
    parts = panel_parts(raw, tuple(pieces[::2]))
    if not parts or len(pieces) != 2 * len(parts) + 1:
        return None
    told: dict[str, Measurement] = {}
    for (what, gauge), digits in zip(parts, pieces[1::2], strict=True):
        one = _reading(what, gauge, digits, None, frame)
        if one is None:
            return None
        told[one.kind] = one
    if len(told) != len(parts) or not are_apart(told):
        return None
    return tuple(told.values())


_panels: dict[tuple[bytes, ...], tuple[tuple[Meaning, Gauge], ...]] = {}


def panel_parts(raw: bytes, around: tuple[bytes, ...]) -> tuple[tuple[Meaning, Gauge], ...]:
    """The code and the gauge of every component, by what stands around their digits."""
    parts = _panels.get(around)
    return _learn_panel(raw, around) if parts is None else parts


def _learn_panel(raw: bytes, around: tuple[bytes, ...]) -> tuple[tuple[Meaning, Gauge], ...]:
    """The code and the gauge of every component; empty when one of them is not plain."""
    parts: list[tuple[Meaning, Gauge]] = []
    try:
        for part in elements(raw):
            inside = fields(part)
            if inside.keys() != _PLAIN_PART:
                return ()
            what = meanings[bytes(inside["code"])]
            sent = bytes(inside["valueQuantity"])
            hit = VALUE.search(sent)
            gauge = hit and _gauge(what, sent[: hit.start(1)], sent[hit.end(1) :])
            if not gauge:
                return ()
            parts.append((what, gauge))
    except ValueError:
        return ()
    if len(raw) <= 2 * REMEMBERED_BYTES:
        if len(_panels) >= MOST_PANELS:
            _panels.clear()
        _panels[around] = tuple(parts)
    return tuple(parts)


def are_apart(told: dict[str, Measurement]) -> bool:
    """May the readings of one panel be told without a look at each other?"""
    return TOGETHER.isdisjoint(told) or _is_clear_pair(told)


def _is_clear_pair(told: dict[str, Measurement]) -> bool:
    """A blood pressure that is far from the artefact of SPEC 2.3, and no part of a coma scale."""
    high = told.get("systolic_bp")
    if high is None or not COMA_PARTS.isdisjoint(told):
        return False
    low = told.get("diastolic_bp")
    return low is None or high.value - low.value >= _LOW_PULSE_PRESSURE


def number_told(gauge: Gauge, digits: bytes | str) -> tuple[float, tuple[str, ...]] | None:
    """The stored number and its flags; None when it is to be looked at more thoroughly."""
    number = float(digits)
    if number != 0.0 and not _SMALLEST <= abs(number) < _LARGEST:
        return None
    value = gauge.scale.stored(number)
    flags = judged(gauge.limits, value)
    return None if flags is None else (value, flags)


def _reading(
    what: Meaning, gauge: Gauge, digits: bytes, normal: msgspec.Raw | None, frame: _Frame
) -> Measurement | None:
    told = number_told(gauge, digits)
    if told is None:
        return None
    value, flags = told
    scale = gauge.scale
    low, high = (None, None) if normal is None else _normal(gauge, bytes(normal))
    if what.flags or frame.flags:
        flags = (*what.flags, *frame.flags, *flags)
    return _measurement(
        what.concept,
        frame.at,
        value,
        scale.unit,
        frame.source,
        None,
        (what.site or frame.site) if what.has_site else None,
        None,
        low,
        high,
        frame.preliminary,
        scale.inferred,
        _STATED,
        flags,
    )


def _normal(gauge: Gauge, raw: bytes) -> Limits:
    """The result's own limits of normal, each distinct element read once."""
    found = gauge.normal.get(raw)
    if found is None:
        found = range_of(gauge.concept, gauge.code_unit, raw, gauge.told)
        if len(raw) <= REMEMBERED_BYTES:
            gauge.normal[raw] = found
            _Memory.grow()
    return found


def _learn(what: Meaning, before: bytes, after: bytes) -> Gauge | None:
    """The gauge of what stands around the digits, remembered; None when it is not plain."""
    gauge = _gauge(what, before, after)
    what.gauges[before + after] = gauge
    _Memory.grow()
    return gauge


def _gauge(what: Meaning, before: bytes, after: bytes) -> Gauge | None:
    if what.match is None or what.match.excluded or what.concept == MYOGLOBIN:
        return None  # beside myoglobin in urine the interpretation counts
    try:
        if bytes(fields(before + b"null" + after)["value"]) != b"null":
            return None  # the digits were those of an extension
    except (DuplicateKey, ValueError, KeyError):
        return None
    sent = amount_in(before + b"1" + after)
    if not isinstance(sent, Amount) or sent.comparator is not None:
        return None
    scale = scale_of(what.concept, sent.unit or "", sent.code or "", what.code_unit or "")
    if not isinstance(scale, Scale):
        return None
    limits = ranges().get(what.concept)
    return Gauge(what.concept, what.code_unit, scale, limits, (sent.unit, sent.code))
