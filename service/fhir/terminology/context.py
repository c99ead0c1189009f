"""What surrounds a finding in a text: denied, of the family, of the past, only suspected.

Clauses end at full stops, semicolons, line breaks and at "but". A cue before a finding reaches over
commas to the end of the clause, or to a word that asserts again; a cue after it belongs to it alone.
"""

import re

_CLAUSE = re.compile(r"[.;\n•]+(?=\s|$)|\b(?:but|however|although|though|except|yet|whereas)\b", re.IGNORECASE)
_NEGATED = re.compile(
    r"\b(?:no(?! longer| change| increase| improvement| doubt)(?: (?:evidence|sign|signs|history|complaints?|clinical)(?: of)?)?|"
    r"den(?:y|ies|ied|ying)|without|not?(?: (?:have|having|had|show\w*|demonstrat\w+|exhibit\w*|any))|"
    r"negative for|absen(?:ce of|t)|free (?:of|from)|never(?: had)?|nil|neither|nor|"
    r"(?:did|does|do|was|were|is|are|has|have)(?: not|n'?t)|(?:isn|wasn|doesn|didn|hasn|aren)'?t|"
    r"ruled out(?: for)?|rules out|unlikely to (?:be|have)|not suggestive of|not consistent with|"
    r"lack of|lacks|(?:neg|-ve) for|resolved|excluded?|no e/o|w/o)\b",
    re.IGNORECASE,
)
_ASSERTS = re.compile(
    r"\b(?:now|has|with|presents?|presenting|developed|develops|shows|showing|currently|today|"
    r"positive for|reports|reported|complains|noted|found|admits|endorses|is|was|then)\b",
    re.IGNORECASE,
)
_NEGATED_AFTER = re.compile(
    r"^[^,]{0,24}?(?:\b(?:absent|denied|ruled out|excluded|negative|resolved|not (?:present|seen|noted|found|observed|elicited|detected)|"
    r"unlikely|none|nil|has resolved|was ruled out|not)\b|: ?(?:no|none|nil|absent|negative|neg|-)(?:\b|$)|\(-\)|-ve\b)",
    re.IGNORECASE,
)
_FAMILY = re.compile(
    r"\b(?:family (?:history|hx)|f(?:am)?hx?|fam hx|mother|father|brother|sister|sibling|aunt|uncle|"
    r"grand(?:mother|father|parent)|maternal|paternal|cousin|son|daughter|parents?)\b(?!.{0,12}(?:reports|says|states|noted|called|brought))",
    re.IGNORECASE,
)
_HISTORY = re.compile(
    r"\b(?:history of|h/o|hx(?: of)?|pmhx?|past medical history|previous(?:ly)?|prior|past|remote|"
    r"years? ago|months? ago|in (?:19|20)\d\d|status post|s/p|old|former)\b",
    re.IGNORECASE,
)
_UNCERTAIN = re.compile(
    r"\?|\b(?:possibl[ey]|probabl[ey]|suspect(?:ed|ing|s)?|suspicio\w+|query|rule[- ]?out|r/o|concern(?:ed|ing)? (?:for|about)|"
    r"consider(?:ing)?|vs\.?|versus|differential|ddx|may (?:be|have)|might|could (?:be|represent)|"
    r"at risk (?:of|for)|risk (?:of|for)|if|watch for|monitor for|evaluate for|assess for|likely|"
    r"prophylaxis|precautions?|screen(?:ing)? for|to prevent|prevention of|prn|as needed for|in case of|call (?:if|for))\b",
    re.IGNORECASE,
)
_UNCERTAIN_AFTER = re.compile(
    r"^[^,]{0,14}?(?:\?|\b(?:suspected|possible|to be ruled out|cannot be excluded|not excluded|vs|versus|risk|"
    r"precautions?|prophylaxis|screen(?:ing)?)\b)",
    re.IGNORECASE,
)
_HISTORY_AFTER = re.compile(r"^.{0,24}?\b(?:years? ago|months? ago|in (?:19|20)\d\d|in the past)\b", re.IGNORECASE)
_NOT_EXCLUDED = re.compile(r"\b(?:cannot|can't|not|hard to|difficult to) (?:be )?(?:exclude|rule)", re.IGNORECASE)


def clauses(text: str) -> list[str]:
    """The clauses of a text."""
    parts = _CLAUSE.split(text)
    return [part for part in (p.strip() for p in parts) if part]


def context_of(clause: str, start: int, end: int) -> tuple[str, ...]:
    """What the words around clause[start:end] say of it: of negated, family, history, uncertain."""
    before, after = clause[:start], clause[end:]
    found = []
    if _denied(before, after):
        found.append("negated")
    if _FAMILY.search(before):
        found.append("family")
    if _HISTORY.search(before) or _HISTORY_AFTER.search(after):
        found.append("history")
    if _UNCERTAIN.search(before[-60:]) or _UNCERTAIN_AFTER.search(after) or (
        _NOT_EXCLUDED.search(clause)
    ):
        found.append("uncertain")
    return tuple(found)


def _denied(before: str, after: str) -> bool:
    if _NOT_EXCLUDED.search(before + after):
        return False
    cue = None
    for hit in _NEGATED.finditer(before):
        cue = hit
    if cue is not None and not _ASSERTS.search(before[cue.end() :]):
        return True
    return _NEGATED_AFTER.search(after) is not None
