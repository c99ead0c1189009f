"""What is missing, in a few words, and the act that would settle it (SPEC 1.3, 4.4).

Said of what the chart holds: what somebody recorded is never called not recorded.
"""

from alerts.cards.causes import clonus_charted
from alerts.statements import Assessment, Datum
from alerts.truth import TRUE

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
