"""The value[x] of an Observation or component, in the shapes that systems send."""

from typing import Any

from alerts.chart import Condition, Fact, Measurement, Source
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from service.fhir.reader.answers import is_choice, presence
from service.fhir.reader.codes import Coded, coded
from service.fhir.reader.coma import TOTAL, coma_score
from service.fhir.reader.dipstick import BLOOD, pluses
from service.fhir.reader.fields import Fields, objects, string, value_of
from service.fhir.reader.meaning import Meaning
from service.fhir.reader.myoglobin import presence_interpreted, presence_told
from service.fhir.reader.numbers import (
    Fault,
    Number,
    amount,
    bare_number,
    number_in,
    number_in_text,
    shown_as,
)
from service.fhir.reader.reasons import Reason
from service.fhir.reader.scores import SCORED, scale_score
from service.fhir.reader.signs import told
from service.fhir.reader.times import Stamp
from service.fhir.reader.told import Answer, Told
from service.fhir.terminology import terminology

TWO = "two values"
LONGEST_NOTES = 1000
# Every value[x] of an Observation but valueQuantity, in any version of FHIR.
OTHERS = frozenset(
    f"value{kind}"
    for kind in (
        "CodeableConcept", "CodeableReference", "Coding", "Code", "String", "Boolean", "Integer",
        "Decimal", "Range", "Ratio", "SampledData", "Time", "DateTime", "Date", "Instant",
        "Period", "Attachment", "Reference", "Uri", "Markdown",
    )
)  # fmt: skip
_VALUES = OTHERS | {"valueQuantity"}
COMA_PARTS = frozenset({"gcs_eye", "gcs_verbal", "gcs_motor"})
_NUMBERS = ("valueInteger", "valueDecimal")
_NO_UNIT = frozenset({"1", "{score}", "score"})
NUMERIC = frozenset({*_NUMBERS, "valueQuantity"})
_CONCEPTS = ("valueCodeableConcept", "valueCodeableReference", "valueCoding", "valueCode")


def value_key(found: Fields) -> str | None:
    """The name of the value element; None when there is none, TWO when there are several."""
    if "valueQuantity" in found and OTHERS.isdisjoint(found):
        return "valueQuantity"
    keys = [k for k in found if k in _VALUES and bytes(found[k]) != b"null"]
    if not keys:
        return None
    return keys[0] if len(keys) == 1 else TWO


def number_of(found: Fields, key: str, what: Meaning) -> Number | Fault:
    """The value as a number of the concept of its code."""
    if what.match is None:
        return Fault(Reason.UNMAPPED_CODE, shown(found))
    if key == "valueQuantity":
        return number_in(what.concept, what.code_unit, bytes(found[key]))
    value = _decoded(found, key)
    if what.concept == BLOOD and (degree := _pluses(key, value)):
        return degree
    if key in _NUMBERS:
        return bare_number(what.concept, what.code_unit, value)
    if key == "valueString":
        return _written_number(what, string(value))
    if key in _CONCEPTS:
        return _coded_score(what, coded(value))
    if key == "valueSampledData":
        return Fault(Reason.WAVEFORM, "")
    return Fault(Reason.NOT_A_NUMBER, shown(found))


def _pluses(key: str, value: Any) -> Number | None:
    if isinstance(value, bool):
        return pluses(value)
    return pluses(coded(value)) if key in _CONCEPTS or key == "valueString" else None


def detected(found: Fields, key: str) -> Truth:
    """What a value in words, pluses or codes says of myoglobin."""
    value = _decoded(found, key)
    if isinstance(value, bool):
        return presence_told(value)
    told = key in _CONCEPTS or key == "valueString"
    return presence_told(coded(value)) if told else UNKNOWN


def interpreted(found: Fields) -> Truth:
    """What the interpretation says of myoglobin."""
    if "interpretation" not in found:
        return UNKNOWN
    return presence_interpreted(coded(_decoded(found, "interpretation")))


def _coded_score(what: Meaning, answer: Coded) -> Number | Fault:
    """A score whose answer is coded ("Drowsy -1", "Eyes open spontaneously")."""
    score = terminology().answer(what.concept, answer.codings, answer.words)
    if score is not None:
        found = number_in_text(what.concept, what.code_unit, score.removeprefix("+"))
        if isinstance(found, Number):
            return found
    if what.concept == TOTAL:
        return coma_score(what.concept, what.code_unit, answer.label)
    return Fault(Reason.NOT_A_NUMBER, answer.label)


def _written_number(what: Meaning, text: str) -> Number | Fault:
    found = number_in_text(what.concept, what.code_unit, text)
    if isinstance(found, Fault) and what.concept == TOTAL:
        return coma_score(what.concept, what.code_unit, text)
    if isinstance(found, Fault) and what.concept in SCORED:
        return scale_score(what.concept, what.code_unit, text)
    return found


def answer_of(found: Fields, key: str) -> Answer | None:
    """The value as an answer about a sign."""
    value = _decoded(found, key)
    also = f"{interpretation(found)} {notes(found)}".strip()
    where = coded(_decoded(found, "bodySite")).words if "bodySite" in found else ""
    if isinstance(value, bool):
        return Answer(value, also=also, where=where)
    if key in _CONCEPTS:
        return Answer(coded(value), also=also, where=where)
    if key == "valueString":
        told = coded(value)
        return Answer(told, is_choice(told), also, where)
    if key in _NUMBERS:
        return Answer(Coded(text=str(value)), also=also, where=where)
    if key == "valueQuantity":  # the item of a scale: a number without a unit
        sent = amount(value)
        if not isinstance(sent, Fault) and (sent.code or sent.unit) in _NO_UNIT:
            return Answer(Coded(text=f"{sent.value:f}"), also=also, where=where)
    return None


def told_by(what: Meaning, answer: Answer) -> tuple[Told, ...]:
    return told(what.code, what.match, answer)


def problems(what: Meaning, answer: Answer, source: Source, when: Stamp) -> list[Fact] | None:
    """A problem recorded as an observation ("Fever: present"). None when it names none.

    It is nobody's diagnosis: `confirmed` stays unknown. Recorded as absent it is no fact.
    """
    if what.match is not None:
        return None
    matches = terminology().findings(what.code.codings, what.code.words)
    matches = tuple(m for m in matches if not (m.negated or m.family))
    stated = presence(answer.value)
    if not matches or stated is None:
        return None
    if stated is not TRUE:
        return []
    return [
        Condition(
            kind=m.concept,
            source=source,
            onset=when.at,
            recorded=when.at,
            active=FALSE if m.history else TRUE,
            confirmed=UNKNOWN,
        )
        for m in matches
    ]


def coma_total(facts: list[Fact], main: str) -> list[Fact]:
    """The Glasgow total of its three parts, which is their sum, when only they were sent."""
    parts = {f.kind: f for f in facts if isinstance(f, Measurement) and f.kind in COMA_PARTS}
    if len(parts) < len(COMA_PARTS) or any(
        isinstance(f, Measurement) and f.kind == "gcs_total" for f in facts
    ):
        return []
    if main not in ("", "gcs_total"):
        return []
    first = parts["gcs_eye"]
    return [
        Measurement(
            kind="gcs_total",
            at=first.at,
            value=sum(part.value for part in parts.values()),
            unit="{score}",
            source=first.source,
            until=first.until,
            preliminary=first.preliminary,
            time_basis=first.time_basis,
            flags=first.flags,
        )
    ]


def interpretation(found: Fields) -> str:
    """The words of the interpretation (an object in STU3, a list later)."""
    if "interpretation" not in found:
        return ""
    return coded(_decoded(found, "interpretation")).label[:LONGEST_NOTES]


def notes(found: Fields) -> str:
    """The words of the notes (`note` since R4; a string in `comment` or `comments` before)."""
    told: list[str] = []
    for name in ("note", "comment", "comments"):
        if name in found:
            value = _decoded(found, name)
            told += [string(value)] if isinstance(value, str) else []
            told += [string(one.get("text")) for one in objects(value)]
    return " ".join(told)[:LONGEST_NOTES]


def shown(found: Fields) -> str:
    """The value as a person may read it."""
    key = value_key(found)
    if key is None or key is TWO:
        return ""
    value = _decoded(found, key)
    if key == "valueQuantity":
        sent = amount(value)
        return sent.text if isinstance(sent, Fault) else shown_as(sent)
    if isinstance(value, dict):
        return coded(value).label
    return string(value) if isinstance(value, str) else str(value)


def _decoded(found: Fields, key: str) -> Any:
    try:
        return value_of(found, key)
    except ValueError:
        return None
