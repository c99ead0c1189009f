"""What a reader can do from a card: suggestions, links, override reasons.

A suggestion is a draft that a clinician accepts in the record (SAF-02): nothing here holds, stops
or signs an order. What each override reason sets off is in service/cds_hooks/consequences.py.
"""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from alerts.cards.offers import SUGGESTIONS_MAX, requested
from alerts.statements import Assessment

OVERRIDE_SYSTEM = "urn:nms-sentinel:override-reason"

# ALR-07, reason-coded, no catch-all: each one changes what happens next
NMS_REASONS = (
    ("agree", "Agree: I will examine and act"),  # the alert is claimed
    ("already-acting", "Already acting on this"),  # the alert moves to in progress
    ("alternative-cause", "Another cause explains the picture"),  # same tier silent for 24 h
    ("not-exposed", "The drug was not taken or given"),  # exposure goes to reconciliation
    ("data-error", "A value shown is wrong"),  # the value is queried
    ("comfort-care", "Comfort-focused care only"),  # suppressed for the stay (ALR-12)
)
INTERACTION_REASONS = (
    ("agree", "Agree: I will change the order"),  # counted as accepted
    ("will-monitor", "I will monitor: ask again then"),  # asked again at its time, at the latest
    ("already-acting", "Monitoring is already in place"),  # the pair is silent for 24 h
    ("benefit-outweighs", "Benefit outweighs risk in this patient"),  # silent for 24 h, reviewed
    ("not-exposed", "The other drug is no longer taken"),  # goes to reconciliation
    ("data-error", "A drug or value shown is wrong"),  # the record is queried
)
MISSING_REASONS = (
    ("already-acting", "Being measured now"),  # asked again at the next review
    ("not-exposed", "The drug was not taken or given"),  # exposure goes to reconciliation
    ("comfort-care", "Comfort-focused care only"),  # suppressed for the stay (ALR-12)
)

# request of SPEC 4.4 -> (label, [(LOINC code, display)]); codes from the observation terminology,
# the numbers of a label from the rules
_TESTS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "NEXT-CK": (
        "Order CK (repeat in {ck.early_negative_h} h if below {ck.multiple} × the upper limit)",
        (("2157-6", "Creatine kinase [Enzymatic activity/volume] in Serum or Plasma"),),
    ),
    "NEXT-CHEM": (
        "Order potassium, sodium and creatinine",
        (
            ("2823-3", "Potassium [Moles/volume] in Serum or Plasma"),
            ("2951-2", "Sodium [Moles/volume] in Serum or Plasma"),
            ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma"),
        ),
    ),
    "NEXT-LITH": (
        "Order a lithium level",
        (("14334-7", "Lithium [Moles/volume] in Serum or Plasma"),),
    ),
}


def lab_suggestions(assessment: Assessment, ids: Callable[[], str]) -> list[dict[str, Any]]:
    """Draft requests for the tests that the assessment asks for, three at most."""
    asked = {request.id for request in assessment.ask_next}
    wanted = [said for key, said in _TESTS.items() if key in asked]
    return [
        {
            "label": assessment.says(label),
            "uuid": ids(),
            "actions": [requested(assessment.patient, shown, code) for code, shown in codes],
        }
        for label, codes in wanted[:SUGGESTIONS_MAX]
    ]


def links(base_url: str, patient: str, check: str = "") -> list[dict[str, Any]]:
    """Absolute links: the bedside check and the patient page. `check`: the address of the check
    that needs no sign-in, "" where there is none."""
    key = quote(patient, safe="")
    root = base_url.rstrip("/")
    bedside = check or f"{root}/check/{key}"
    return [
        {"label": "Open the bedside check", "url": bedside, "type": "absolute"},
        {"label": "Open the patient page", "url": f"{root}/patients/{key}", "type": "absolute"},
    ]


def reasons(table: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """Override reasons as Codings, each with code, system and display."""
    return [{"code": c, "system": OVERRIDE_SYSTEM, "display": d} for c, d in table]
