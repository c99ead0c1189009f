"""Observation -> measurements and signs.

Every component is read under its own code; the main value under the main code (fact 56). A value
that cannot be used is kept as Unread with its reason, never dropped and never a guess.
"""

from dataclasses import dataclass, replace
from typing import Any

from alerts.chart import Fact, Measurement, Source, TimeBasis, Unread
from alerts.truth import UNKNOWN, Truth
from service.fhir.plausibility import PULSE_PRESSURE_MIN
from service.fhir.reader import observed
from service.fhir.reader.body import Body, Read, only_unread, unread
from service.fhir.reader.circumstances import NOTES, reading_flags, site_of
from service.fhir.reader.entry import Entry
from service.fhir.reader.fields import DuplicateKey, Fields, elements, fields
from service.fhir.reader.meaning import NOTHING, PANELS, Meaning, meaning
from service.fhir.reader.modifiers import modified
from service.fhir.reader.myoglobin import MYOGLOBIN, as_number
from service.fhir.reader.numbers import Fault, Number
from service.fhir.reader.oxygen import SATURATION, with_air
from service.fhir.reader.plain import plain_readings
from service.fhir.reader.pressure import pressure_pair
from service.fhir.reader.ranges import normal_range
from service.fhir.reader.reasons import Reason
from service.fhir.reader.relevance import may_matter
from service.fhir.reader.signs import sign_facts
from service.fhir.reader.statuses import PRELIMINARY, observation_status
from service.fhir.reader.times import Stamp
from service.fhir.reader.when import effective

_AROUND = frozenset({*NOTES, "bodySite"})
_TIMES = ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming")


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all parts of one Observation share."""

    source: Source
    when: Stamp
    preliminary: bool
    flags: tuple[str, ...]
    site: str | None


def read_observation(entry: Entry, source: Source, body: Body) -> Read:
    """All that one Observation tells."""
    if body.swift and (told := plain_readings(entry.fields, source, body.context)) is not None:
        may_tell = len(told) > 1 or told[0].kind == SATURATION
        return Read(tuple(with_air(told, entry.fields)) if may_tell else told)
    return _thorough(entry, source, body)


def _thorough(entry: Entry, source: Source, body: Body) -> Read:
    found = entry.fields
    raw = found.get("code")
    main = meaning(raw) if raw is not None else NOTHING
    status = observation_status(found)
    if isinstance(status, Reason):
        return _unusable(found, main, status, source)
    if "modifierExtension" in found and modified(found):
        return _unusable(found, main, Reason.MODIFIER_EXTENSION, source)
    when = effective(found, _TIMES, body.context)
    if isinstance(when, Reason):
        return _unusable(found, main, when, source, observed.shown(found))
    around = not _AROUND.isdisjoint(found)
    flags, site = (reading_flags(found), site_of(found)) if around else ((), None)
    frame = _Frame(source, when, status is PRELIMINARY, flags, site)
    components = found.get("component")
    # a panel has no value of its own: that is no gap
    panel = components is not None and observed.value_key(found) is None
    facts = [] if panel else _part(found, main, frame)
    if components is not None:
        facts = _components(components, main, frame, facts)
    if len(facts) > 1:
        facts = _without_artefact_pair(facts)
    facts = list(with_air(facts, found))
    if not facts:
        members = "hasMember" in found or "related" in found
        return Read((), Reason.MEMBERS_ONLY if members else Reason.NOTHING_USED)
    return _needed(facts)


def _needed(facts: list[Fact]) -> Read:
    """Without the records that are not needed; the outcome still tells of them."""
    kept = tuple(f for f in facts if not (isinstance(f, Unread) and f.reason == Reason.NOT_NEEDED))
    usual = Reason.NOT_NEEDED if len(kept) < len(facts) else Reason.NONE
    return Read(kept, next((f.reason for f in kept if isinstance(f, Unread)), usual))


def _unusable(
    found: Fields, main: Meaning, reason: Reason, source: Source, shown: str | None = None
) -> Read:
    """A record that may not be used as a whole; shown where it may matter. `shown`: its value,
    when only its time is at fault."""
    unmapped = main.match is None and not main.is_sign and "component" not in found
    if unmapped and not may_matter(main.code, shown or observed.shown(found)):
        return Read((), reason)
    what = "observation" if shown is None else "time"
    if reason in _STILL_SHOWN:
        shown = observed.shown(found)
    return only_unread(what, f"{main.label} {shown or ''}".strip(), reason, source)


def _part(found: Fields, what: Meaning, frame: _Frame) -> list[Fact]:
    """One value under one code: the Observation itself, or a component of it."""
    key = observed.value_key(found)
    if key is observed.TWO:
        return [_not(what, Reason.TWO_VALUES, "", frame)]
    if key is None:
        return _without_value(found, what, frame)
    if "dataAbsentReason" in found:  # "error" beside a value: it is not one (FHIR obs-6)
        return [_not(what, Reason.DATA_ABSENT, observed.shown(found), frame)]
    if what.match is not None and what.match.excluded:
        return [_not(what, Reason.EXCLUDED_CODE, observed.shown(found), frame)]
    if what.concept == MYOGLOBIN:
        return _myoglobin(found, key, what, frame)
    if what.concept in PANELS and key == "valueString":
        return _pressures(found, what, frame)
    if key in observed.NUMERIC or not what.is_sign:
        number = observed.number_of(found, key, what)
        if isinstance(number, Number):
            return [_measurement(found, what, number, frame)]
        if not what.may_be_sign:
            return [_not(what, number.reason, number.text, frame)]
    return _sign(found, key, what, frame)


def _pressures(found: Fields, what: Meaning, frame: _Frame) -> list[Fact]:
    """A blood pressure written as "162/95"."""
    pair = pressure_pair(observed.shown(found))
    if isinstance(pair, Fault):
        return [_not(what, pair.reason, pair.text, frame)]
    return [
        _measurement(found, replace(what, concept=concept), number, frame)
        for concept, number in pair.items()
    ]


def _myoglobin(found: Fields, key: str, what: Meaning, frame: _Frame) -> list[Fact]:
    """Words and codes say whether it is there. So does an interpretation beside a number that has
    no range of its own; one that contradicts the words leaves it open."""
    answer, said = observed.detected(found, key), observed.interpreted(found)
    if answer is not UNKNOWN:
        if said not in (UNKNOWN, answer):
            shown = f"{observed.shown(found)} ({observed.interpretation(found)})"
            return [_not(what, Reason.CONFLICTING, shown, frame)]
        return [_presence(found, what, answer, frame)]
    number = observed.number_of(found, key, what)
    if not isinstance(number, Number):
        return [_not(what, number.reason, number.text, frame)]
    told = _measurement(found, what, number, frame)
    if said is UNKNOWN or told.reference_high is not None:
        return [told]
    return [told, _presence(found, what, said, frame)]


def _presence(found: Fields, what: Meaning, present: Truth, frame: _Frame) -> Measurement:
    """There or not; the range beside it is one of concentrations."""
    told = _measurement(found, what, as_number(present), frame)
    return replace(told, reference_low=None, reference_high=None)


def _measurement(found: Fields, what: Meaning, number: Number, frame: _Frame) -> Measurement:
    low = high = None
    raw = found.get("referenceRange")
    if raw is not None:
        low, high = normal_range(what.concept, what.code_unit, raw, found.get("valueQuantity"))
    when = frame.when
    return Measurement(
        what.concept,
        when.at,
        number.value,
        number.unit,
        frame.source,
        when.until,
        (what.site or frame.site) if what.has_site else None,
        number.comparator,
        low,
        high,
        frame.preliminary,
        number.inferred,
        when.basis,
        (*what.flags, *frame.flags, *number.flags) if what.flags or frame.flags else number.flags,
    )


def _sign(found: Fields, key: str, what: Meaning, frame: _Frame) -> list[Fact]:
    answer = observed.answer_of(found, key)
    if answer is None:
        return [_not(what, Reason.UNMAPPED_ANSWER, observed.shown(found), frame)]
    tellings = observed.told_by(what, answer)
    if tellings:
        return sign_facts(tellings, frame.source, answer, frame.when, frame.preliminary)
    problems = observed.problems(what, answer, frame.source, frame.when)
    if problems is not None:
        return problems
    number = observed.number_of(found, key, what)
    if isinstance(number, Number):  # a screen's score as a string
        return [_measurement(found, what, number, frame)]
    reason = Reason.UNMAPPED_ANSWER if what.match or what.is_sign else Reason.UNMAPPED_CODE
    return [_not(what, reason, observed.shown(found), frame)]


def _without_value(found: Fields, what: Meaning, frame: _Frame) -> list[Fact]:
    """Nothing measured is not normal (facts 53, 54); a panel's members carry its values."""
    if "dataAbsentReason" in found:
        return [_not(what, Reason.DATA_ABSENT, "", frame)]
    if "interpretation" in found:
        said = observed.interpreted(found) if what.concept == MYOGLOBIN else UNKNOWN
        if said is not UNKNOWN:
            return [_presence(found, what, said, frame)]
        shown = observed.interpretation(found)
        return [_not(what, Reason.INTERPRETATION_ONLY, shown, frame)]
    if "hasMember" in found or "related" in found:
        return []
    return [_not(what, Reason.NO_VALUE, "", frame)]


def _components(raw: Any, main: Meaning, frame: _Frame, own: list[Fact]) -> list[Fact]:
    facts = [*own]
    readings: dict[tuple[str, str], list[Measurement]] = {}
    try:
        parts = elements(raw)
    except ValueError:
        return [*own, _not(main, Reason.NOT_A_NUMBER, "", frame)]
    for part in parts:
        for fact in _component(part, main, frame):
            if isinstance(fact, Measurement):
                readings.setdefault((fact.kind, fact.unit), []).append(fact)
            else:
                facts.append(fact)
    for (kind, _), told in readings.items():
        if len({(m.value, m.comparator) for m in told}) == 1:
            facts.append(told[0])
            continue
        # two different values under one code (fact 35): neither is the value
        values = ", ".join(f"{m.value:g}" for m in sorted(told, key=lambda m: m.value))
        facts.append(
            unread("value", f"{kind} {values}", Reason.CONFLICTING, frame.source, frame.when)
        )
    return [*facts, *observed.coma_total(facts, main.concept)]


def _component(raw: Any, main: Meaning, frame: _Frame) -> list[Fact]:
    try:
        found = fields(raw)
        code = found.get("code")
        what = meaning(code) if code is not None else main
    except DuplicateKey:
        return [_not(main, Reason.DUPLICATE_KEY, "", frame)]
    except ValueError:
        return [_not(main, Reason.NOT_AN_OBJECT, "", frame)]
    if modified(found):
        return [_not(what, Reason.MODIFIER_EXTENSION, "", frame)]
    return _part(found, what, frame)


def _not(what: Meaning, reason: Reason | str, text: str, frame: _Frame) -> Fact:
    if what.match is None and not what.is_sign and reason not in _OF_THE_RECORD:
        reason = Reason.UNMAPPED_CODE
    if reason in _OF_THE_CODE and not may_matter(what.code, text):
        reason = Reason.NOT_NEEDED
    kind = "observation" if reason in _OF_THE_CODE else "value"
    shown = f"{what.label} {text}".strip()
    return unread(kind, shown, reason, frame.source, frame.when)


# most results of some systems (fact 81): not used, and shown
_STILL_SHOWN = frozenset({Reason.STATUS_UNKNOWN, Reason.STATUS_MISSING})
_OF_THE_CODE = frozenset({Reason.UNMAPPED_CODE, Reason.EXCLUDED_CODE})
_OF_THE_RECORD = frozenset({Reason.MODIFIER_EXTENSION, Reason.DUPLICATE_KEY, Reason.UNMAPPED_CODE})


def _without_artefact_pair(facts: list[Fact]) -> list[Fact]:
    """SPEC 2.3: systolic minus diastolic under 5 mm[Hg] is an artefact; neither is used."""
    pair = {
        f.kind: f
        for f in facts
        if isinstance(f, Measurement) and f.kind in ("systolic_bp", "diastolic_bp")
    }
    if len(pair) < 2:
        return facts
    systolic, diastolic = pair["systolic_bp"], pair["diastolic_bp"]
    if systolic.value - diastolic.value >= PULSE_PRESSURE_MIN:
        return facts
    shown = f"blood pressure {systolic.value:g}/{diastolic.value:g} mm[Hg]"
    when = Stamp(systolic.at, systolic.until, TimeBasis.STATED)
    kept = [f for f in facts if f is not systolic and f is not diastolic]
    return [*kept, unread("value", shown, Reason.PRESSURE_PAIR, systolic.source, when)]
