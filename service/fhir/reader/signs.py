"""Observations of signs and screens -> Sign facts (present, absent, or stated unknown)."""

import re
from dataclasses import replace

from alerts.chart import Fact, Sign, SignKind, Source
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from service.fhir.reader.answers import (
    SignRow,
    circumstance_rows,
    detail_in,
    details_in,
    inverse,
    newness,
    presence,
    sign_rows,
)
from service.fhir.reader.codes import Coded
from service.fhir.reader.extents import no_further
from service.fhir.reader.times import Stamp
from service.fhir.reader.told import Answer, Told
from service.fhir.reader.written import written
from service.fhir.terminology import ConceptMatch, terminology
from service.fhir.terminology.extent import is_part

BEDSIDE = "urn:nms-sentinel:bedside"
_SCREENS = frozenset({"cam_icu", "cam", "icdsc", "four_at", "delirium_screen"})
# Concepts of observations.csv that are examined or screened, not measured.
_EXAMINED = _SCREENS | {
    "avpu", "consciousness_level", "incontinence", "bowel_sounds", "mydriasis_pupils",
}  # fmt: skip
_LEVELS = frozenset({"A", "C", "V", "P", "U"})
_LETTER_FIRST = re.compile(r"(?P<letter>[ACVPU]) ?[-–:=(] ?(?P<words>[^()]+)\)?")
_LETTER_LAST = re.compile(r"(?P<words>[^()]+) ?\((?P<letter>[ACVPU])\)")
_ADJECTIVE = re.compile(r"[A-Za-z]+(?:[ -][A-Za-z]+)?")
# the scales rate rigidity from 0 to 3 or 4
_RATING = re.compile(r"(?P<score>[0-4])(?:\.0+)?(?: ?/ ?[34])?")
_ABSENT = frozenset({"normal", "absent", "negative", "no", "A"})
_PRESENT = frozenset({"present", "positive", "yes", "C", "V", "P", "U"})
_DETAILS = {
    SignKind.RIGIDITY: frozenset({"increased", "cogwheel", "lead_pipe", "generalised", "normal"}),
    SignKind.ACVPU: _LEVELS,
    SignKind.CLONUS: frozenset({"inducible", "ocular", "spontaneous"}),
}
# Sorts of rigidity: one that is absent leaves room for another.
_SORTS = frozenset({"lead_pipe", "cogwheel"})


def told(code: Coded, concept: ConceptMatch | None, answer: Answer) -> tuple[Told, ...]:
    """The signs that an observation tells; empty when it tells none that we know."""
    if own := _bedside(code, answer):
        return (own,)
    if concept is not None:
        if concept.concept == "avpu":
            return _level(answer) or _as_findings(answer)
        if concept.concept in _SCREENS:
            return _screen(concept.concept, answer)
    rows = _rows_of(code, concept)
    if rows:
        found = _examined(rows, code, answer)
    elif concept is not None and concept.concept == "consciousness_level":
        return _level(answer) or _as_findings(answer)
    else:
        found = _as_findings(answer) if _may_carry(concept) else ()
    if not found and (concept is not None or rows):
        found = _together(code, answer)
    return tuple(no_further(t, code, answer) for t in found)


def _together(code: Coded, answer: Answer) -> tuple[Told, ...]:
    """What was looked at and how it was make the finding together: "Bowel sounds" "hyperactive",
    "Pupils" "dilated". Only a plain adjective, only what is there, and not where the code is a
    finding itself ("Rigidity" "unsure")."""
    if not _ADJECTIVE.fullmatch(answer.words):
        return ()
    if terminology().findings(code.codings, code.words):
        return ()
    named = Coded(text=f"{answer.words} {code.words}")
    return tuple(t for t in _as_findings(Answer(named)) if t.present is TRUE)


def is_sign(code: Coded, concept: ConceptMatch | None) -> bool:
    """Does the code name something examined or screened rather than a number?

    A number's own name may hold the word of a sign ("Glasgow coma score").
    """
    if any(system == BEDSIDE for system, _ in code.codings):
        return True
    if concept is not None:
        return concept.concept in _EXAMINED or concept.concept in sign_rows()
    return bool(_rows_of(code, concept))


def _may_carry(concept: ConceptMatch | None) -> bool:
    """An unmapped or neutral code whose coded value may itself be a finding."""
    return concept is None or concept.concept in {
        "consciousness_level",
        "bowel_sounds",
        "mydriasis_pupils",
        "hyperreflexia",
        "incontinence",
    }


def _bedside(code: Coded, answer: Answer) -> Told | None:
    """Our own bedside check: the code is the sign, the answer its choice."""
    mark = next((c for system, c in code.codings if system == BEDSIDE), None)
    if mark is None:
        return None
    try:
        kind = SignKind(mark)
    except ValueError:
        return None
    if isinstance(answer.value, bool):
        return Told(kind, TRUE if answer.value else FALSE)
    choice = next((c for system, c in answer.value.codings if system == BEDSIDE), "")
    choice = choice or answer.value.words
    detail = choice if choice in _DETAILS.get(kind, frozenset()) else None
    if choice in _ABSENT:
        return Told(kind, FALSE, detail)
    if choice in _PRESENT or detail:
        return Told(kind, TRUE, detail)
    stated = presence(answer.value)
    return Told(kind, stated) if stated is not None else None


def _level(answer: Answer) -> tuple[Told, ...]:
    """ACVPU: a letter; C is new confusion."""
    if isinstance(answer.value, bool):
        return ()
    level = terminology().answer("avpu", answer.value.codings, answer.value.words)
    if level not in _LEVELS:
        level = _letter(answer.value.words.strip())
    if level is None:
        return ()
    return (Told(SignKind.ACVPU, FALSE if level == "A" else TRUE, level),)


def _letter(words: str) -> str | None:
    """ "V", and "V - responds to voice" or "Voice (V)" where letter and words agree."""
    if words in _LEVELS:
        return words
    hit = _LETTER_FIRST.fullmatch(words) or _LETTER_LAST.fullmatch(words)
    if hit is None:
        return None
    agrees = terminology().answer("avpu", (), hit["words"].strip()) == hit["letter"]
    return hit["letter"] if agrees else None


def _screen(concept: str, answer: Answer) -> tuple[Told, ...]:
    stated = presence(answer.value)
    if stated is None and isinstance(answer.value, Coded):
        found = terminology().answer(concept, answer.value.codings, answer.value.words)
        stated = {"positive": TRUE, "negative": FALSE}.get(found or "")
    return (Told(SignKind.DELIRIUM_SCREEN, stated),) if stated is not None else ()


def _rows_of(code: Coded, concept: ConceptMatch | None) -> tuple[SignRow, ...]:
    """The signs that the code itself names, the finding before the attribute."""
    table = sign_rows()
    found = [
        row
        for m in terminology().findings(code.codings, code.words)
        if not (m.negated or m.family)
        for row in table.get(m.concept, ())
    ]
    if not found and concept is not None and concept.concept in table:
        # words that name no finding name what was looked at: "reflexes: present" is not brisk
        looked_at = concept.how.startswith("text")
        found = [
            replace(row, attribute=row.attribute or looked_at) for row in table[concept.concept]
        ]
    if not found and concept is None:
        found = list(circumstance_rows(code.words))
    return tuple(dict.fromkeys(found))


def _examined(rows: tuple[SignRow, ...], code: Coded, answer: Answer) -> tuple[Told, ...]:
    """The code names the sign; the answer says whether it is there, and what kind."""
    kinds = {row.kind for row in rows}
    refined = _as_findings(answer)
    if any(t.kind in kinds for t in refined):
        return refined
    stated = presence(answer.value)
    row = rows[0]
    if row.kind is SignKind.RIGIDITY and not row.attribute and stated is None:
        stated = _rated(code, answer)
    if stated is None:
        return _written(row, code, answer)
    if row.attribute and stated is TRUE and not _says_abnormal(answer):
        return (Told(row.kind, UNKNOWN),)  # "tone: present" says nothing
    if row.attribute and stated is FALSE:
        return (_normal(row.kind),)
    if stated is TRUE:
        return tuple(Told(r.kind, r.present, r.detail or _named(r, code)) for r in rows)
    return (Told(row.kind, _without(row, code) if stated is FALSE else UNKNOWN),)


def _rated(code: Coded, answer: Answer) -> Truth | None:
    """The rigidity item of a rating scale: above zero it is there (criteria, RIG)."""
    hit = _RATING.fullmatch(answer.words)
    if hit is None or "rigidity" not in code.words.lower():
        return None
    return FALSE if hit["score"] == "0" else TRUE


def _written(row: SignRow, code: Coded, answer: Answer) -> tuple[Told, ...]:
    """An answer in words of more than one meaning ("severe, worse than usual")."""
    found = written(row.kind, row.attribute, answer.words)
    if found is None or row.present is not TRUE:
        return ()
    if found.present is TRUE:
        own = row.detail or _named(row, code)
        return tuple(Told(row.kind, TRUE, detail or own) for detail in found.details)
    if is_part(answer.words):  # "none in the arms"
        return (Told(row.kind, UNKNOWN),)
    return (_normal(row.kind) if row.attribute else Told(row.kind, _without(row, code)),)


def _normal(kind: SignKind) -> Told:
    return Told(kind, FALSE, "normal" if kind is SignKind.RIGIDITY else None)


def _without(row: SignRow, code: Coded) -> Truth:
    """The sign of a code that is absent. "Normal tone: absent" does not say rigid, and "lead-pipe
    rigidity: absent" does not say that there is no other."""
    sort = row.detail or _named(row, code)
    if row.present is FALSE or (row.kind is SignKind.RIGIDITY and sort in _SORTS):
        return UNKNOWN
    return inverse(row.present)


def _named(row: SignRow, code: Coded) -> str | None:
    """The sort that the words of a code name, where they name the same sign as the code
    ("Ocular clonus"; "Lead pipe rigidity" under the code of rigidity)."""
    return _sort_in_words(row, (code.text, *code.displays)) if row.present is TRUE else None


def _sort_in_words(row: SignRow, names: tuple[str, ...]) -> str | None:
    table = sign_rows()
    for name in names:
        sorts = details_in(row.kind, name)
        if len(sorts) != 1:
            continue
        for match in terminology().findings((), name):
            denied = match.negated or match.family or match.history or match.uncertain
            if not denied and any(r.kind is row.kind for r in table.get(match.concept, ())):
                return sorts[0]
    return None


def _says_abnormal(answer: Answer) -> bool:
    return answer.words.lower() in {"mild", "moderate", "severe", "marked"}


def _as_findings(answer: Answer) -> tuple[Told, ...]:
    """The answer is itself a finding ("lead-pipe rigidity", coded Stupor)."""
    if isinstance(answer.value, bool):
        return ()
    table = sign_rows()
    found = []
    for match in terminology().findings(answer.value.codings, answer.value.words):
        if match.family or match.history:
            continue
        for row in table.get(match.concept, ()):
            present = _denied(row, match) if match.negated else row.present
            if match.uncertain:
                present = UNKNOWN
            detail = row.detail or _sort_of(row, match) if not match.negated else None
            found.append(Told(row.kind, present, detail))
    return _strongest(found)


def _sort_of(row: SignRow, match: ConceptMatch) -> str | None:
    """The sort that the words found name themselves ("inducible clonus, no ocular clonus")."""
    return detail_in(row.kind, match.how) if row.present is TRUE else None


def _denied(row: SignRow, match: ConceptMatch) -> Truth:
    """ "No rigidity" says that it is not there; "no normal tone" or "no hyporeflexia" does not say
    that the opposite is, nor "no lead-pipe rigidity" or "no ocular clonus" that there is no other.
    """
    whole = row.present is TRUE and not match.partial and row.detail not in _SORTS
    return FALSE if whole else UNKNOWN


def _strongest(found: list[Told]) -> tuple[Told, ...]:
    """Of several words for one sign what is sure before what is open, and the one with a detail
    ("rigidity, lead-pipe"). Words that contradict each other leave it open."""
    kept: dict[SignKind, Told] = {}
    for one in found:
        known = kept.get(one.kind)
        if known is None or _sure(one) > _sure(known):
            kept[one.kind] = one
        elif UNKNOWN not in (one.present, known.present) and one.present is not known.present:
            kept[one.kind] = Told(one.kind, UNKNOWN)
    return tuple(kept.values())


def _sure(one: Told) -> tuple[bool, bool]:
    return one.present is not UNKNOWN, one.detail is not None


def sign_facts(
    tellings: tuple[Told, ...], source: Source, answer: Answer, when: Stamp, preliminary: bool
) -> list[Fact]:
    """Dated Sign facts."""
    fresh = newness(answer.words, answer.also)
    told = f"{answer.words} {answer.also}"
    return [
        Sign(
            kind=one.kind,
            at=when.at,
            present=one.present,
            source=source,
            until=when.until,
            detail=one.detail or (detail_in(one.kind, told) if one.present is TRUE else None),
            new=fresh,
            preliminary=preliminary,
            structured=answer.structured,
            time_basis=when.basis,
        )
        for one in tellings
    ]
