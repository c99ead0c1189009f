"""Myoglobin in urine as told in words, by code or by its interpretation -> there or not.

Caroff & Mann ask for "urine myoglobin positive" (`ck_elevation_or_myoglobinuria`). Present is told
as 1, absent as 0 on a scale without unit; a number is told as a number beside it.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from service.fhir.reader.answers import rows_of
from service.fhir.reader.codes import Coded
from service.fhir.reader.dipstick import pluses
from service.fhir.reader.numbers import Number

MYOGLOBIN = "myoglobin_urine"
_MARKS = " .!*"  # laboratories star what is not normal
_ANSWER, _INTERPRETATION = "answer", "interpretation"


@cache
def _table(of: str) -> dict[tuple[str, str], Truth]:
    told = [row for row in rows_of("urine_myoglobin.csv") if row["of"] == of]
    return {(row["system"], row["code"]): Truth(row["present"]) for row in told}


def presence_told(answer: Coded | bool) -> Truth:
    """What a value says; UNKNOWN when it says neither, or two things."""
    if isinstance(answer, Coded):
        starless = [words.rstrip(_MARKS) for words in (answer.text, *answer.displays)]
        answer = replace(answer, text=starless[0], displays=tuple(starless[1:]))
    strip = pluses(answer)
    if strip is not None:
        return TRUE if strip.value > 0 else FALSE
    return UNKNOWN if isinstance(answer, bool) else _single(_ANSWER, answer)


def presence_interpreted(interpretation: Coded) -> Truth:
    """What an interpretation says. A code tells; words only where no code was sent."""
    return _single(_INTERPRETATION, interpretation)


def as_number(present: Truth) -> Number:
    """1 for present, 0 for absent."""
    return Number(float(present is TRUE), "{score}")


def _single(of: str, said: Coded) -> Truth:
    found = set(_said(of, said))
    return found.pop() if len(found) == 1 else UNKNOWN


def _said(of: str, said: Coded) -> Iterator[Truth]:
    table = _table(of)
    coded = [table[coding] for coding in said.codings if coding in table]
    if coded or (of == _INTERPRETATION and said.codings):
        yield from coded
        return
    for words in (said.text, *said.displays):
        mark = ("words", words.rstrip(_MARKS).lower())
        if mark in table:
            yield table[mark]
