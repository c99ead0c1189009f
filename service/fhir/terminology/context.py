"""What surrounds a finding in a text: denied, of the family, of the past, only suspected.

Clauses end at full stops, semicolons, line breaks and at "but". A cue before a finding reaches
over commas to the end of the clause, or to a word that asserts again; a cue after a finding belongs
to it alone.
"""

import re


def _cues(*alternatives: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(alternatives) + r")\b", re.IGNORECASE)


def _after(reach: int, *alternatives: str) -> re.Pattern[str]:
    """A cue that follows within `reach` characters and before the next comma."""
    return re.compile(rf"^[^,]{{0,{reach}}}?(?:" + "|".join(alternatives) + ")", re.IGNORECASE)


_CLAUSE = re.compile(
    r"(?<!\bV\.a)(?<!\bZ\.n)(?<!\bM)[.;\n•]+(?=\s|$)|\b(?:but|however|although|though|except|yet|whereas)\b",
    re.IGNORECASE,
)
_NEGATED = _cues(
    "not suggestive of", r"(?:not|in)[- ]?consistent with",
    r"(?:does|do|did)(?: not|n'?t) meet \w+(?: \w+)? for",
    r"no(?! change| increase| improvement| doubt)",
    r"no (?:evidence|signs?|history|complaints?)(?: of)?",
    r"den(?:y|ies|ied|ying)", "without", r"not(?! only)", "no longer", "negative for",
    r"absen(?:ce of|t)", r"free (?:of|from)", r"never(?: had)?", "nil", "neither", "nor",
    r"(?:did|does|do|was|were|is|are|has|have)(?: not|n'?t)",
    r"(?:isn|wasn|doesn|didn|hasn|aren)'?t",
    r"ruled out(?: for)?", "rules out", r"unlikely to (?:be|have)", "lack of", "lacks",
    r"(?:neg|-ve) for", "resolved", r"excluded?",
    "no e/o", "w/o",
    # German, Dutch, French, Spanish and Italian, Scandinavian
    r"kein(?:e[nmrs]?)?", "ohne", "nicht", "geen", "zonder", r"pas (?:de|d')", "sans", "sin",
    "senza", "ingen", "utan", "uten",
)  # fmt: skip
_ASSERTS = _cues(
    "now", "has", "with", r"presents?", "presenting", "developed", "develops", "shows", "showing",
    "currently", "today", "positive for", "reports", "reported", "complains", "noted", "found",
    "admits", "endorses", "is", "was", "then",
)  # fmt: skip
_NEGATED_AFTER = _after(
    24,
    r"\b(?:absent|denied|ruled out|excluded|negative|resolved|unlikely|none|nil|not)\b",
    r"\b(?:ausgeschlossen|uitgesloten|exclu|descartado|escluso|utesluten)\b",
    r"\bnot (?:present|seen|noted|found|observed|elicited|detected)\b",
    r": ?(?:no|none|nil|absent|negative|neg|-)(?:\b|$)", r"\(-\)", r"-ve\b",
)  # fmt: skip
# At once after a finding: "NMS, resolved", "seizure-free", "rigidity -"; before it: "(-) clonus".
_DENIED_AT_ONCE = re.compile(
    r"^\s*[,(:–-]+\s*(?:now |since |fully |completely |has |is )*resolved\b|^[- ]free\b"
    r"|^\s*(?:\(-\)|-)\s*(?:$|[,;/])",
    re.IGNORECASE,
)
_DENIED_JUST_BEFORE = re.compile(r"(?:\(-\)|(?:^|\s)-ve)\s*(?:for\s*)?$", re.IGNORECASE)
_RELATIVE_SPEAKS = (
    r"(?!.{0,12}(?:reports|says|states|noted|called|brought|present|visiting|aware|updated|concerned|"
    r"bedside|informed|gives|gave|found))"
)
_PATIENT = _cues("patient", "pt", "client", "resident", "he", "she")
_FAMILY = re.compile(
    _cues(
        r"family (?:history|hx)", r"f(?:am)?hx?", "fam hx", "mother", "father", "brother", "sister",
        "sibling", "aunt", "uncle", r"grand(?:mother|father|parent)", "maternal", "paternal",
        "cousin", "son", "daughter", r"parents?", r"(?<!per )(?<!to )(?:wife|husband|spouse)",
    ).pattern + _RELATIVE_SPEAKS,
    re.IGNORECASE,
)  # fmt: skip
_HISTORY = _cues(
    "history of", "h/o", r"hx(?: of)?", r"pmhx?", "past medical history", r"previous(?:ly)?",
    "prior", "past", "remote", r"years? ago", r"months? ago", r"in (?:19|20)\d\d", "status post",
    "s/p", "old", "former",
    "zustand nach", r"z\.n", r"ant[ée]c[ée]dents? (?:de|d')", "antecedentes? de",
    "pregress[oa]", "voorgeschiedenis van",
)  # fmt: skip
_HISTORY_AFTER = re.compile(
    r"^.{0,24}?\b(?:years? ago|months? ago|in (?:19|20)\d\d|in the past)\b", re.IGNORECASE
)
_UNCERTAIN = re.compile(
    r"\?|" + _cues(
        r"possibl[ey]", r"probabl[ey]", r"suspect(?:ed|ing|s)?", r"suspicio\w+", "query",
        r"rule[- ]?out", "r/o", r"concern(?:ed|ing)? (?:for|about)", r"consider(?:ing)?", r"vs\.?",
        "versus", r"doubt(?:ful)?", r"low (?:suspicion|probability|likelihood)",
        "differential", "ddx", r"may (?:be|have)", "might", r"could (?:be|represent)",
        r"(?:at )?risk (?:of|for)", "if", r"(?:watch|monitor|evaluate|assess) for", "likely",
        "prophylaxis", r"precautions?", r"screen(?:ing)? for", "to prevent", "prevention of",
        "prn", "as needed for", "in case of", r"call (?:if|for)",
    r"verdacht auf", r"v\.a", r"verdenking (?:op|van)", r"suspicion (?:de|d')", "sospecha de",
    "sospetto", "sospetta", r"misstanke om", r"mistanke om",
    ).pattern,
    re.IGNORECASE,
)  # fmt: skip
_UNCERTAIN_AFTER = _after(
    14,
    r"\?",
    r"\bless likely\b|\bdoubt(?:ed|ful)\b",
    r"\b(?:suspected|possible|to be ruled out|cannot be excluded|not excluded|vs|versus|risk)\b",
    r"\b(?:precautions?|prophylaxis|screen(?:ing)?)\b",
)
_ABOUT_IT = re.compile(
    r"^[ -]+(?:vacc\w*|immuni[sz]\w*|shot\b|booster|educat\w*|teaching|handout|leaflet|protocol|"
    r"pathway|policy|guideline\w*|order ?set|ppx\b|prophyla\w*|clinic\b|unit\b|ward\b|"
    r"team\b|service\b|awareness)",
    re.IGNORECASE,
)
_NOT_EXCLUDED = _cues(r"(?:cannot|can't|not|hard to|difficult to) (?:be )?(?:exclude|rule)d?")


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
    if _of_family(before):
        found.append("family")
    elif _HISTORY.search(before) or _HISTORY_AFTER.search(after):
        found.append("history")
    if (
        _UNCERTAIN.search(before[-60:])
        or _UNCERTAIN_AFTER.search(after)
        or (_NOT_EXCLUDED.search(clause))
    ):
        found.append("uncertain")
    return tuple(found)


def beside_the_point(clause: str, end: int) -> bool:
    """A word for something else that bears the name of a finding: a vaccine, a protocol."""
    return _ABOUT_IT.match(clause[end:]) is not None


def _of_family(before: str) -> bool:
    """A relative is named, and after that the patient is not."""
    kin = [hit.end() for hit in _FAMILY.finditer(before)]
    return bool(kin) and _PATIENT.search(before[kin[-1] :]) is None


def _denied(before: str, after: str) -> bool:
    if _NOT_EXCLUDED.search(before + after):
        return False
    cue = None
    for hit in _NEGATED.finditer(before):
        cue = hit
    if cue is not None and not _ASSERTS.search(before[cue.end() :]):
        return True
    if _DENIED_JUST_BEFORE.search(before):
        return True
    return bool(_NEGATED_AFTER.search(after) or _DENIED_AT_ONCE.search(after))
