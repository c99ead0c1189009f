"""The score of a scale with its meaning or its range: "-3 Moderate sedation", "RASS +1", "5/12"."""

import re

from service.fhir.plausibility import ranges
from service.fhir.reader.numbers import Fault, Number, number_in_text
from service.fhir.reader.reasons import Reason

SCORED = frozenset({"rass", "four_at", "icdsc"})
_SCORE = re.compile(
    r"(?:(?:RASS|4 ?AT|ICDSC)(?: score)? ?[:=]? ?)?(?P<score>[+-]?\d{1,2})"
    r"(?: ?/ ?(?P<most>\d{1,2}))?(?: ?[-\u2013:=,(]? ?(?P<words>[a-z][a-z ,()/-]*))?",
    re.IGNORECASE,
)
# a score that was, is wished for, or is one of two
_ANOTHER = re.compile(
    r"\b(?:goal|target|aim\w*|or|to|was|prior|previous\w*|yesterday|earlier|before|baseline|if|"
    r"from|unless|unclear|unable|estimated)\b",
    re.IGNORECASE,
)


def scale_score(concept: str, code_unit: str | None, text: str) -> Number | Fault:
    """The score where the whole text is one, with nothing beside it but its meaning."""
    hit = _SCORE.fullmatch(" ".join(text.split())) if len(text) <= 120 else None
    if hit is None or _ANOTHER.search(hit["words"] or ""):
        return Fault(Reason.NOT_A_NUMBER, text)
    if hit["most"] is not None and float(hit["most"]) != ranges()[concept].high:
        return Fault(Reason.NOT_A_NUMBER, text)
    found = number_in_text(concept, code_unit, hit["score"])
    return found if isinstance(found, Number) else Fault(found.reason, text)
