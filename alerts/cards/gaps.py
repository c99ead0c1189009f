"""What is missing, in a few words, and the act that would settle it (SPEC 1.3, 4.4).

Said of what the chart holds: what somebody recorded is never called not recorded.
"""

import re

from alerts.cards.causes import clonus_charted
from alerts.cards.text import escape, named
from alerts.statements import Assessment, Datum, Finding, Request
from alerts.truth import TRUE
from alerts.wording import happened

# request: (what is missing, the act), most telling first
_ASKS = {
    "NEXT-TONE": ("Tone not examined", "check rigidity"),
    "NEXT-MS": ("Consciousness not recorded", "check ACVPU"),
    "NEXT-TEMP": ("Temperature not certain", "take an oral or core temperature"),
    "NEXT-CK": ("CK not known", "send CK"),
    "NEXT-RECON": ("Drug history not certain", "reconcile drugs"),
    "NEXT-REFLEX": ("Clonus not examined", "check clonus, reflexes"),
}
# the same where the finding is open though the chart holds something of it
_HALF_KNOWN = {
    "NEXT-TONE": ("RIG", "Tone not certain", "check rigidity"),
    "NEXT-MS": ("MS", "Consciousness to be confirmed", "check ACVPU"),
    "NEXT-CK": ("CK", "CK to be repeated", "repeat CK"),
}

# what a request asks about, and the finding that its answer settles (SPEC 4.4)
ASKED = {
    "NEXT-TONE": ("Tone", "RIG"),
    "NEXT-MS": ("Consciousness", "MS"),
    "NEXT-TEMP": ("Temperature", "HYP"),
    "NEXT-CK": ("CK", "CK"),
    "NEXT-RECON": ("Drugs", "EXP"),
    "NEXT-REFLEX": ("Reflexes", ""),
    "NEXT-CHEM": ("Blood and ECG", ""),
    "NEXT-IRON": ("Iron", ""),
    "NEXT-INFECT": ("Infection", ""),
    "NEXT-LITH": ("Lithium", ""),
    "NEXT-CATA": ("Catatonia", ""),
}
# the tiers in few words; a card names none by its key (TIER-08)
_TIERS = {
    "WATCH": "early signs",
    "POSSIBLE": "NMS possible",
    "PROBABLE_ATYPICAL": "compatible with NMS, atypical",
    "PROBABLE": "compatible with NMS",
    "HIGHLY_PROBABLE": "compatible with NMS, highest tier",
}
_TIER = re.compile(r"\b(?:WATCH|POSSIBLE|PROBABLE[ _]ATYPICAL|HIGHLY[ _]PROBABLE|PROBABLE)\b")
_TRIGGER = re.compile(r"\bDAW-[A-Z]+\b")
# the rule behind a reason is for the patient page
_CAPPED = re.compile(r"^[A-Z]{2,}-[0-9]+: ")
_RULE = re.compile(r" \([A-Z]{2,}(?:-[A-Z0-9]+)+\)")


def gaps(assessment: Assessment) -> dict[str, tuple[str, str]]:
    """Request -> what is missing and the act, for what is asked, most telling first."""
    asked = {request.id for request in assessment.ask_next}
    said = dict(_ASKS)
    for key, (finding, phrase, act) in _HALF_KNOWN.items():
        known = assessment.findings.get(finding)
        if known is not None and any(_read(finding, d) for d in known.evidence):
            said[key] = (phrase, act)
    once = assessment.findings.get("TEMP1")
    if once is not None and once.state is TRUE:  # the reading is in the line: say what it lacks
        said["NEXT-TEMP"] = ("Fever not confirmed", said["NEXT-TEMP"][1])
    if clonus_charted(assessment):
        del said["NEXT-REFLEX"]
    return {key: told for key, told in said.items() if key in asked}


def acts(assessment: Assessment) -> list[str]:
    """What to examine, record or send, each in a few words."""
    return [act for _, act in gaps(assessment).values()]


def first_gap(assessment: Assessment) -> tuple[str, str]:
    """The most telling of what is missing, and its act; empty where nothing is."""
    return next(iter(gaps(assessment).values()), ("", ""))


def _read(finding: str, fact: Datum) -> bool:
    """Is it something that was charted? Of the CK a cause on record is no reading."""
    return bool(fact.source) and (finding != "CK" or bool(fact.unit))


def asked(request: Request, about: str, finding: Finding | None) -> str:
    """Why it counts as unknown, the act, and what the answer could change."""
    why = without_rule(finding.reason) if finding and finding.reason else ""
    head = f"{why[:1].upper()}{why[1:]}." if why else f"{about}:"
    # what an unremarkable answer would do is on the patient page
    could = request.could_change.partition("; without")[0]
    change = f" ({in_words(could)})" if could else ""
    ask = escape(request.ask)
    return f"{head} {f'{ask[:1].upper()}{ask[1:]}' if why else ask}{change}."


def without_rule(reason: str) -> str:
    """A reason without the rule behind it, escaped."""
    return escape(named(_RULE.sub("", reason)))


def in_words(text: str) -> str:
    """With tiers and triggers as a ward reads them: 'from “NMS possible” to ...'; escaped."""
    said = _TIER.sub(lambda found: f"“{_TIERS[found[0].replace(' ', '_')]}”", text)
    return escape(named(_TRIGGER.sub(lambda found: f"the drug {happened(found[0])}", said)))


def held_by(cap: str) -> str:
    """What held a tier down, without the rule and the parameter that say so (ALR-13)."""
    said = _CAPPED.sub("", cap)
    if " reads " in said:
        return "rests on a number of the rules that is not confirmed from its source"
    return in_words(said)
