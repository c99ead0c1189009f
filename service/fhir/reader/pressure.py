"""A blood pressure as it is written: "162/95", "162/95 mmHg"."""

import re

from service.fhir.reader.numbers import Fault, Number, number_in_text
from service.fhir.reader.reasons import Reason

_PAIR = re.compile(r"(?P<high>\d{2,3}) ?/ ?(?P<low>\d{2,3})(?: ?mm ?\[?Hg\]?)?", re.IGNORECASE)


def pressure_pair(text: str) -> dict[str, Number] | Fault:
    """Both pressures, or the reason why the text is not one pair of them."""
    hit = _PAIR.fullmatch(text.strip())
    if hit is None or int(hit["high"]) < int(hit["low"]):
        return Fault(Reason.NOT_A_NUMBER, text)
    told: dict[str, Number] = {}
    for concept, part in (("systolic_bp", "high"), ("diastolic_bp", "low")):
        number = number_in_text(concept, "mm[Hg]", f"{hit[part]} mm[Hg]")
        if isinstance(number, Fault):
            return Fault(number.reason, text)
        told[concept] = number
    return told
