"""How much of a finding words speak of: all of it, one sort or degree of it, or a part of the body.

A denial of less than the whole leaves the rest open: "no ocular clonus" says nothing of the ankles.
Rigidity of one side or of one place is not the generalised rigidity that RIG means (SPEC 1.2).
"""

import re

from service.fhir.terminology.context import clauses


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(alternatives) + r")\b", re.IGNORECASE)


_SORT = _words(
    "ocular", "inducible", "induced", "spontaneous", "sustained", r"rest(?:ing)?", "postural",
    "intention", "action", "kinetic", "essential", "fine", "coarse", r"pill[- ]?rolling",
    "perioral", "parkinsonian", r"lead[- ]?pipe", r"cog[- ]?wheel\w*", r"clasp[- ]?knife",
    "visual", "auditory", "tactile", "command", "focal", r"locali[sz]ed", r"tonic[- ]clonic",
    "nocturnal", r"nights?", "stress", "urge", "overflow",
    "severe", "marked", "moderate", "profuse", "drenching", "new", "newly", r"wors\w+", "further",
    "recurrent", "additional",
)  # fmt: skip
_PLACE = (
    r"arms?(?! extended| outstretched)|legs?|hands?|wrists?|elbows?|knees?|ankles?|foot|feet|"
    r"shoulders?|hips?|fingers?|thumbs?|calf|calves|[rl](?:ue|le)|"
    r"(?:upper|lower) (?:limbs?|extremit(?:y|ies)|body)"
)
_SITE = re.compile(
    rf"(?<!outstretched )\b(?:{_PLACE}|unilateral|distal|proximal|left|right)\b", re.IGNORECASE
)
_EVERYWHERE = _words(
    "all", "any", "every", r"(?:four|4) (?:limbs|extremities)", "throughout",
    "everywhere", r"generali[sz]ed", "diffuse",
    r"arms?\b.*\blegs?", r"legs?\b.*\barms?", r"upper\b.*\blower", r"lower\b.*\bupper",
)  # fmt: skip
# The noun phrase of a finding: what stands before it, back to a cue or another finding.
_PHRASE = re.compile(
    r"[,;:/()]|\b(?:or|and|nor|no|not|without|den\w+|of|any|for|is|was|has|have|had)\b",
    re.IGNORECASE,
)
_WHERE = re.compile(
    r"\s*\(?(?:(?:is|was|are|were|has been)? ?(?:absent|none|nil|denied|negative|not \w+) ?)?"
    r"(?P<where>(?:in|of|at|on|over)\b[^,;.]*)",
    re.IGNORECASE,
)
_TONE = r"(?:rigid\w*|stiff\w*|tone|hyperton\w+|cog[- ]?wheel\w*|lead[- ]?pipe)"
_ONE_PLACE = re.compile(
    rf"\b(?:focal|locali[sz]ed|local|isolated|unilateral|one-sided)(?: \w+)? {_TONE}"
    rf"|\b{_TONE} (?:is |was )?(?:\w+ )?(?:focal|locali[sz]ed|local|isolated|unilateral)\b",
    re.IGNORECASE,
)
_ONLY = re.compile(
    r"(?<!not )\b(?:only|just|solely|confined to|limited to|restricted to|isolated to)\b",
    re.IGNORECASE,
)
_SIDE = re.compile(
    rf"\b(?P<side>left|right|lt|rt|l|r)[ -](?:side\w*|half|hemi\w*|body|{_PLACE})\b"
    r"|\b(?P<limb>[rl])(?:ue|le)\b"
    r"|\bon (?:the )?(?P<on>left|right)(?= *(?:$|[,.;)]))",
    re.IGNORECASE,
)
# "worse on the left": the other side has it too
_COMPARED = _words(
    "more", "worse", "greater", "stronger", r"predominant\w*", "especially", "mainly", "mostly",
    "particularly", r"asymmetric\w*", "both", r"bilateral\w*", r"symmetric\w*", "axial", "trunk",
    "neck", "limbs", "extremities",
)  # fmt: skip


def is_part(words: str) -> bool:
    """Do words name one sort, one degree or one place?"""
    if _SORT.search(words):
        return True
    return _SITE.search(words) is not None and _EVERYWHERE.search(words) is None


def denies_part(clause: str, start: int, end: int) -> bool:
    """Is the finding clause[start:end] named with less than the whole of it?"""
    before = _PHRASE.split(clause[:start])[-1]
    after = _WHERE.match(clause[end:])
    named = f"{before}{clause[start:end]} {after['where'] if after else ''}"
    return is_part(named)


def one_sided(words: str) -> str | None:
    """Words that place rigidity in one part of the body: "left", "right" or "local"."""
    if _EVERYWHERE.search(words):
        return None
    if _ONE_PLACE.search(words) or (_ONLY.search(words) and _SITE.search(words)):
        return _side(words) or "local"
    if ">" in words or "<" in words or _COMPARED.search(words):
        return None
    return _side(words)


def only_in_part(notes: str) -> bool:
    """Do notes say outright that rigidity is in one place only?"""
    said = _EVERYWHERE.search(notes) is None and _ONE_PLACE.search(notes) is not None
    return said or any(_ONLY.search(c) and _SITE.search(c) for c in clauses(notes))


def _side(words: str) -> str | None:
    """The side that is named alone."""
    hits = {(m["side"] or m["limb"] or m["on"])[0].lower() for m in _SIDE.finditer(words)}
    return {"l": "left", "r": "right"}[hits.pop()] if len(hits) == 1 else None
