"""May an observation or problem that nobody mapped be one that matters here?

Charts hold hundreds of codes that have nothing to do with this service. Shown as unread they
would hide the one that counts; so only what looks relevant is shown, and the outcome of the entry
still tells of the others.
"""

import re
from functools import cache

from service.fhir.reader.answers import rows_of
from service.fhir.reader.codes import Coded
from service.fhir.terminology import licensed
from service.fhir.terminology.systems import DMD, ICD9CM, ICD10, ICD10CM, LOINC, SCT, system_key

# Tables of these hold every code that matters, as far as we know.
_COVERED = frozenset({LOINC, ICD10CM, ICD10, ICD9CM})


def may_matter(code: Coded, shown: str = "") -> bool:
    """By its words, its unit, or because nothing tells what it is. `shown`: the value as read."""
    words = " ".join((code.text, *code.displays))
    if _pattern().search(f"{words} {shown}"):
        return True
    systems = {system_key(system) for system, _ in code.codings}
    if systems & {SCT, DMD} and any(mark in _licensed_codes() for _, mark in code.codings):
        return True  # a code that matters, and its file is off
    return not words.strip() and not systems & _COVERED


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{row['pattern']})" for row in rows_of("relevance.csv")), re.I)


@cache
def _licensed_codes() -> frozenset[str]:
    kinds = {"observation", "finding"}
    return frozenset(row["code"] for row in licensed.all_rows() if row["kind"] in kinds)
