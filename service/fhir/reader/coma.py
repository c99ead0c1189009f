"""A Glasgow coma total as written on wards: "14/15", "E3 V4 M6", "GCS 13 (E3 V4 M6)".

Read only when the whole text is that and nothing else. A part that could not be tested ("VT", "1T",
"NT"), a range or a course of values has no total.
"""

import re

from service.fhir.reader.numbers import Fault, Number, number_in_text
from service.fhir.reader.reasons import Reason

TOTAL = "gcs_total"
_PARTS = r"(?:E ?(?P<e>[1-4])(?P<gap>[ ,;+/]{0,2})V ?(?P<v>[1-5])(?P=gap)M ?(?P<m>[1-6]))"
_SCORE = r"(?:(?P<total>\d{1,2})(?: ?/ ?15)?)"
_NAME = r"(?:(?:GCS|Glasgow coma (?:scale|score))(?: total| score)? ?[:=]? ?)?"
_WRITTEN = tuple(
    re.compile(_NAME + form, re.IGNORECASE)
    for form in (
        _SCORE,
        _PARTS,
        rf"{_SCORE} ?[:=,]? ?\(?{_PARTS}\)?",
        rf"{_PARTS} ?[=,]? ?\(?{_SCORE}\)?",
    )
)


def coma_score(concept: str, code_unit: str | None, text: str) -> Number | Fault:
    """The total; a Fault where it is not one number or does not equal the sum of its parts."""
    text = " ".join(text.split())
    hit = next((hit for form in _WRITTEN if (hit := form.fullmatch(text))), None)
    if hit is None:
        return Fault(Reason.NOT_A_NUMBER, text)
    told = hit.groupdict()
    total = told.get("total")
    if told.get("e") is not None:
        summed = sum(int(told[part]) for part in "evm")
        if total is not None and int(total) != summed:
            return Fault(Reason.CONFLICTING, text)
        total = str(summed)
    found = number_in_text(concept, code_unit, total or "")
    return found if isinstance(found, Number) else Fault(found.reason, text)
