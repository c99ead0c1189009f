"""Condition and AllergyIntolerance -> problems, and the signs that a problem names."""

from typing import Any

from alerts.chart import Condition, Fact, Sign, SignKind, Source, TimeBasis
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from service.fhir.reader import times
from service.fhir.reader.answers import SignRow, circumstance_rows, newness, sign_rows
from service.fhir.reader.body import Body, Read, only_unread
from service.fhir.reader.codes import Coded, coded
from service.fhir.reader.entry import Entry
from service.fhir.reader.fields import Fields, code, objects, value_of
from service.fhir.reader.modifiers import modified
from service.fhir.reader.reasons import Reason
from service.fhir.reader.relevance import may_matter
from service.fhir.reader.times import Stamp
from service.fhir.terminology import ConceptMatch, terminology
from service.fhir.terminology.extent import one_sided

_ACTIVE = {
    "active": TRUE, "recurrence": TRUE, "relapse": TRUE,
    "inactive": FALSE, "remission": FALSE, "resolved": FALSE,
}  # fmt: skip
_CONFIRMED = {
    "confirmed": TRUE, "unconfirmed": UNKNOWN, "provisional": UNKNOWN, "differential": UNKNOWN,
}  # fmt: skip
_NMS = "neuroleptic_malignant_syndrome"


def read_condition(entry: Entry, source: Source, body: Body) -> Read:
    """Refuted problems are not facts; family history is nobody's problem here."""
    found = entry.fields
    what = coded(value_of(found, "code"))
    if modified(found):
        return only_unread("condition", what.label, Reason.MODIFIER_EXTENSION, source)
    verified = _mark(found, "verificationStatus")
    if verified == "refuted":
        return Read((), Reason.REFUTED)
    matches = tuple(
        m for m in terminology().findings(what.codings, what.words) if not (m.negated or m.family)
    )
    onset, abated, recorded = _dates(found, body)
    if onset and times.is_future(onset.at, body.context.received_at):
        return only_unread("condition", what.label, Reason.FUTURE, source)
    around = circumstance_rows(" ".join((what.text, *what.displays)))
    if not matches and not around:
        if not may_matter(what):
            return Read((), Reason.NOT_NEEDED)
        return only_unread("condition", what.label, Reason.UNMAPPED_CODE, source)
    active = _active(found, abated)
    confirmed = _CONFIRMED.get(verified, UNKNOWN)
    facts: list[Fact] = [
        Condition(
            kind=match.concept,
            source=source,
            onset=onset.at if onset else None,
            abated=abated.latest if abated else None,
            recorded=recorded.at if recorded else None,
            active=FALSE if match.history else active,
            confirmed=UNKNOWN if match.uncertain else confirmed,
        )
        for match in _distinct(matches)
    ]
    if active is not FALSE and (when := onset or recorded):
        facts += _signs(_rows(matches, around), what, source, when)
    return Read(tuple(facts))


def _mark(found: Fields, name: str) -> str:
    """A status as CodeableConcept (R4) or as code (before)."""
    value = value_of(found, name)
    if isinstance(value, str):
        return code(value)
    return next((mark.lower() for _, mark in coded(value).codings), "")


def _active(found: Fields, abated: Stamp | None) -> Truth:
    told = _ACTIVE.get(_mark(found, "clinicalStatus"), UNKNOWN)
    return FALSE if told is UNKNOWN and abated is not None else told


def _dates(found: Fields, body: Body) -> tuple[Stamp | None, Stamp | None, Stamp | None]:
    zone = body.context.zone
    onset = times.stamp(value_of(found, "onsetDateTime"), zone)
    onset = onset or times.spell(value_of(found, "onsetPeriod"), zone)
    abated = times.stamp(value_of(found, "abatementDateTime", "abatementDate"), zone)
    if abated is None and "abatementPeriod" in found:
        first, last = times.period(value_of(found, "abatementPeriod"), zone)
        abated = last or first
    recorded = times.stamp(value_of(found, "recordedDate", "assertedDate", "dateRecorded"), zone)
    return onset, abated, recorded


def _distinct(matches: tuple[ConceptMatch, ...]) -> tuple[ConceptMatch, ...]:
    return tuple({m.concept: m for m in matches}.values())


def _rows(matches: tuple[ConceptMatch, ...], around: tuple[SignRow, ...]) -> tuple[SignRow, ...]:
    table = sign_rows()
    named = (row for m in matches if not _doubtful(m) for row in table.get(m.concept, ()))
    return tuple(dict.fromkeys((*named, *around)))


def _doubtful(match: ConceptMatch) -> bool:
    return match.history or match.uncertain


def _signs(rows: tuple[SignRow, ...], what: Coded, source: Source, when: Stamp) -> list[Fact]:
    """A coded delirium, stupor, rigidity ... is an examination that somebody recorded (MS).
    Rigidity of one place is not the generalised one (RIG)."""
    fresh = newness(what.words)
    side = one_sided(what.words)
    return [
        Sign(
            kind=row.kind,
            at=when.at,
            present=UNKNOWN if row.kind is SignKind.RIGIDITY and side else row.present,
            source=source,
            until=when.until if when.basis is not TimeBasis.PERIOD else None,
            detail=(side or row.detail) if row.kind is SignKind.RIGIDITY else row.detail,
            new=fresh,
            structured=bool(what.codings),
            time_basis=when.basis,
        )
        for row in rows
        if not row.attribute
    ]


def read_allergy(entry: Entry, source: Source, body: Body) -> Read:
    """A reaction that was NMS is a history of NMS; other reactions are not used here."""
    found, facts = entry.fields, []
    if modified(found) or _mark(found, "verificationStatus") == "refuted":
        reason = Reason.MODIFIER_EXTENSION if modified(found) else Reason.REFUTED
        return Read((), reason)
    for reaction in objects(value_of(found, "reaction")):
        onset = times.stamp(reaction.get("onset"), body.context.zone)
        for one in objects(reaction.get("manifestation")):
            if _is_nms(coded(one)):
                facts.append(Condition(_NMS, source, onset.at if onset else None, active=FALSE))
    return Read(tuple(facts[:1]), Reason.NONE if facts else Reason.NOTHING_USED)


def _is_nms(what: Coded) -> bool:
    found: Any = terminology().findings(what.codings, what.words)
    return any(m.concept == _NMS and not (m.negated or m.family) for m in found)
