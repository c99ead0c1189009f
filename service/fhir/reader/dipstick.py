"""Blood in urine by test strip, in words or pluses -> a number that the rules read.

Positive says haem, not yet myoglobin: what it means beside the red cells is for the rules
(Caroff & Mann, `ck_elevation_or_myoglobinuria`).
"""

from functools import cache

from alerts.truth import FALSE, TRUE
from service.fhir.reader.answers import presence, rows_of
from service.fhir.reader.codes import Coded
from service.fhir.reader.numbers import Number

BLOOD = "urinalysis_blood"
_UNIT = "{score}"


@cache
def _pluses() -> dict[str, float]:
    return {row["words"]: float(row["pluses"]) for row in rows_of("dipstick.csv")}


def pluses(answer: Coded | bool) -> Number | None:
    """How many pluses: 0 for negative, 1 for positive without a degree; None when unclear."""
    said = presence(answer)
    if not isinstance(answer, bool):
        told = [words.rstrip(".!").lower() for words in (answer.text, *answer.displays) if words]
        degrees = {_pluses()[words] for words in told if words in _pluses()}
        if degrees and (said is FALSE or len(degrees) > 1):
            return None  # one answer that says two things
        if degrees:
            return Number(degrees.pop(), _UNIT)
    return Number(float(said is TRUE), _UNIT) if said in (TRUE, FALSE) else None
