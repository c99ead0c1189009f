"""The words of the ward: what a finding, a tier, a reason is called on the pages."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from alerts.cards.facts import finding_titles
from alerts.cards.text import age, clock, named, quantity

Clock = Callable[[datetime | None, datetime, tzinfo], str]
Says = Callable[[str], str]

__all__ = [
    "FINDINGS",
    "age",
    "clock",
    "instant",
    "lately",
    "named",
    "quantity",
    "reading",
    "severity_word",
]

FINDINGS = finding_titles(str)
# The eight items of the consensus criteria, in the order in which a ward asks for them.
SCORED = ("EXP", "HYP", "RIG", "MS", "CK", "SNS", "MET", "NEG")
MORE_FINDINGS = {
    "TEMP411": "Core temperature above {temp411.threshold_c} °C",
    "CK_ULN": "CK above the upper limit of normal",
    "HR_RATIO": "Pulse at least {met.hr_ratio:percent} % above baseline",
    "RR_RATIO": "Breathing at least {met.rr_ratio:percent} % above baseline",
    "SNS_ROBUST": "Sympathetic lability, robust reading",
    "BPFL_ROBUST": "Blood pressure fluctuating, robust reading",
}
STATES = {"true": "present", "false": "recorded absent", "unknown": "not known"}
TIERS = {
    "NONE": "No NMS tier from the facts on record",
    "WATCH": "Early signs seen",
    "POSSIBLE": "NMS possible",
    "PROBABLE_ATYPICAL": "Atypical picture, compatible with NMS",
    "PROBABLE": "Compatible with NMS",
    "HIGHLY_PROBABLE": "Compatible with NMS, full picture",
}
_TIER = re.compile(rf"\b(?:{'|'.join(sorted(TIERS, key=len, reverse=True))})\b")
# rank on the list: higher is more severe
WORDS = ("LIST ONLY", "WATCH", "WARNING", "CRITICAL")
_TIER_RANK = {
    "WATCH": 1,
    "POSSIBLE": 2,
    "PROBABLE_ATYPICAL": 2,
    "PROBABLE": 3,
    "HIGHLY_PROBABLE": 3,
}
_INTERACTION_RANK = {"minor": 0, "moderate": 1, "major": 2, "contraindicated": 3}
KINDS = {"nms": "NMS", "withdrawal": "Withdrawal", "interaction": "Interactions"}
EXPOSURE_READINGS = {
    "full": "counts as exposure now",
    "extended": "counts as a possible late exposure",
    "ended": "no longer counts",
    "possible": "cannot be decided",
}


def rank_of(level: str) -> int:
    """0 to 3 from a tier name or an interaction severity: the order of the list."""
    known = {**_TIER_RANK, **_INTERACTION_RANK}
    return known.get(level, known.get(level.lower(), 0))


def severity_word(level: str) -> str:
    """CRITICAL, WARNING, WATCH or LIST ONLY: shown beside the colour, never colour alone."""
    return WORDS[rank_of(level)]


def inside(words: str) -> str:
    """Words as they stand within a sentence: 'early signs seen', but 'NMS possible'."""
    return words if words[1:2].isupper() else f"{words[:1].lower()}{words[1:]}"


def history_words(why: str) -> str:
    """The reason of a line of history: codes as words, a note as it was written."""
    code, _, detail = why.partition(": ")
    if detail.startswith(code):  # several codes, the most telling of them first
        code, detail = detail, ""
    told = code.replace("-", " ")
    detail = _TIER.sub(lambda found: inside(TIERS[found[0]]), detail)
    return f"{told}: {detail}" if detail else told


def finding_name(key: str, says: Says) -> str:
    """`says`: a sentence with the numbers of the rules in force in it (`Knowledge.says`)."""
    known = FINDINGS.get(key) or MORE_FINDINGS.get(key)
    return says(known) if known else named(key)


def lately(at: datetime | None, as_of: datetime, zone: tzinfo) -> str:
    """As `clock`, as short as a row needs it: '16:11 (8 h)', the date from a day on."""
    if at is None or not timedelta(0) <= as_of - at < timedelta(hours=24):
        return clock(at, as_of, zone).replace(" ago)", ")")
    return f"{at.astimezone(zone):%H:%M} ({age(as_of - at).removesuffix(' ago')})"


def instant(stamp: str | datetime | None) -> datetime | None:
    """A time from the stored form (ISO 8601 with zone)."""
    return datetime.fromisoformat(stamp) if isinstance(stamp, str) else stamp


def reading(
    fact: Mapping[str, Any], as_of: datetime, zone: tzinfo, told: Clock | None = None
) -> dict[str, str]:
    """A Datum in its JSON form as shown: what, value with unit, time with age, source, label.

    `told`: how its time is told, `clock` without one."""
    at = instant(fact.get("at"))
    timed = at is not None or bool(fact.get("source"))
    return {
        "what": named(str(fact["what"])),
        "value": named(quantity(str(fact["value"]), str(fact.get("unit") or ""))),
        "when": (told or clock)(at, as_of, zone) if timed else "",
        "source": str(fact.get("source") or ""),
        "label": named(str(fact.get("label") or "")),
    }
