"""An answer about a sign in words, read by its decisive word when every word of it is known.

"Severe, markedly worse than usual" tells a sign; "normal for patient", "? increased" and "increased
after the stroke" are left unread and shown: a rigidity that is not there is worse than one missed.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from alerts.chart import SignKind
from alerts.truth import FALSE, TRUE, Truth
from service.fhir.reader.answers import rows_of

LONGEST = 120
_BETWEEN = re.compile(r"[\s,;.:()–-]+")
# A sign of unread direction ("rigidity -") may not pass for punctuation.
_ENDS_ON_DASH = re.compile(r"[–:-]\W*$")
_VAGUE = frozenset({"", "increased"})


@dataclass(frozen=True, slots=True)
class Written:
    """Is it there, and of which sorts (None = told without a sort)."""

    present: Truth
    details: tuple[str | None, ...] = (None,)


@dataclass(frozen=True, slots=True)
class _Phrase:
    means: str
    detail: str
    pattern: re.Pattern[str]


@cache
def _phrases(kind: SignKind, examined: bool) -> tuple[_Phrase, ...]:
    """The phrases that may answer for a sign (written.csv)."""
    asked = "examined" if examined else "sign"
    return tuple(
        _Phrase(row["means"], row["detail"], re.compile(rf"(?:{row['pattern']})(?!\w)"))
        for row in rows_of("written.csv")
        if row["sign"] in ("", kind.value) and row["asked"] in ("", asked)
    )


@lru_cache(maxsize=4096)
def written(kind: SignKind, examined: bool, words: str) -> Written | None:
    """What `words` answer; None when a word is unknown, when they contradict or decide nothing.

    `examined`: the code names only what was looked at ("Muscle tone"), not the sign.
    """
    said = _said(kind, examined, words.lower()) if len(words) <= LONGEST else None
    if said is None:
        return None
    means = {one.means for one in said}
    if "present" in means and "absent" not in means:
        return Written(TRUE, _sorts(said))
    # "none new" may leave an old one
    if "absent" in means and means.isdisjoint({"present", "compared"}):
        return Written(FALSE)
    return None


def _said(kind: SignKind, examined: bool, words: str) -> list[_Phrase] | None:
    """The phrases of the whole text in order; None when anything in it is not one."""
    if _ENDS_ON_DASH.search(words):
        return None
    said: list[_Phrase] = []
    at = 0
    while at < len(words):
        if gap := _BETWEEN.match(words, at):
            at = gap.end()
            continue
        hits = [
            (hit.end(), p) for p in _phrases(kind, examined) if (hit := p.pattern.match(words, at))
        ]
        if not hits:
            return None
        at, phrase = max(hits, key=lambda hit: hit[0])
        said.append(phrase)
    return said


def _sorts(said: list[_Phrase]) -> tuple[str | None, ...]:
    """The sorts that are told, the exact ones alone where there are any."""
    details = dict.fromkeys(one.detail for one in said if one.means == "present")
    exact = [d for d in details if d not in _VAGUE]
    return tuple(exact or ["increased" if "increased" in details else None])
