"""What can be accepted from the card of an interaction: at most three drafts, verbs first.

A suggestion is a draft that a clinician accepts in the record (SAF-02): it removes the unsigned
draft that set the rule off, asks for a test or for a review of an order in force, or gives the
draft another route with its dose left open. No order in force is changed, none is made for a drug,
and a rule of basis [U] suggests nothing (ALR-13).
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alerts.cards.text import joined, named, plain
from alerts.statements import Interaction

SUGGESTIONS_MAX = 3
_LOINC = "http://loinc.org"
_ROUTE = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"

Test = tuple[str, tuple[tuple[str, str], ...]]
# test of a row -> (verb first, (LOINC code, display)); codes of the observation terminology, and
# 11524-6 for the ECG. Without a code the request says in words what is asked for.
MONITORED: dict[str, Test] = {
    "creatine_kinase": (
        "Order CK",
        (("2157-6", "Creatine kinase [Enzymatic activity/volume] in Serum or Plasma"),),
    ),
    "potassium": (
        "Order potassium",
        (("2823-3", "Potassium [Moles/volume] in Serum or Plasma"),),
    ),
    "creatinine": (
        "Order creatinine with GFR",
        (
            ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma"),
            (
                "98979-8",
                "Glomerular filtration rate/1.73 sq M.predicted [Volume Rate/Area] in Serum,"
                " Plasma or Blood by Creatinine-based formula (CKD-EPI 2021)",
            ),
        ),
    ),
    "alt": (
        "Order ALT",
        (("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma"),),
    ),
    "lithium_level": (
        "Order a lithium level",
        (("14334-7", "Lithium [Moles/volume] in Serum or Plasma"),),
    ),
    "ecg": ("Order an ECG", (("11524-6", "EKG study"),)),
    "respiratory_rate": ("Order respiratory rate checks", (("9279-1", "Respiratory rate"),)),
    "blood_pressure": (
        "Order blood pressure checks",
        (("85354-9", "Blood pressure panel with all children optional"),),
    ),
    "drug_level": ("Order a drug level", ()),
    "osmol_gap": ("Order an osmol gap", ()),
}
# route of a row -> what a draft says; codes of HL7, which every site may use
ROUTES: dict[str, dict[str, Any]] = {
    "iv": {
        "coding": [{"system": _ROUTE, "code": "IVINJ", "display": "Injection, intravenous"}],
        "text": "intravenous",
    },
    "oral": {
        "coding": [{"system": _ROUTE, "code": "PO", "display": "Swallow, oral"}],
        "text": "oral",
    },
    "enteral": {
        "coding": [
            {"system": _ROUTE, "code": "EFT", "display": "Instillation, enteral feeding tube"}
        ],
        "text": "enteral (feeding tube)",
    },
}
# what of a dosage was written for the old route
_OF_OLD_ROUTE = ("text", "patientInstruction", "doseAndRate", "method", "site", "maxDosePerPeriod")


@dataclass(frozen=True, slots=True)
class Drafts:
    """The orders of this call. `removable`: references of those never signed; `sent`: reference ->
    the order as it came, for an action that must hold the whole of it."""

    removable: Collection[str] = ()
    sent: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def offers(
    row: Interaction, patient: str, drafts: Drafts, ids: Callable[[], str]
) -> list[dict[str, Any]]:
    """The suggestions of a row as CDS Hooks has them, in the row's order, three at most."""
    if row.basis == "U":
        return []
    made = [
        {"label": plain(label, 100), "uuid": ids(), "actions": actions}
        for label, actions in _told(row, patient, drafts)
    ]
    return made[:SUGGESTIONS_MAX]


def choice(row: Interaction) -> str:
    """Removing a draft and giving it another route exclude each other."""
    exclusive = any(said.startswith("change-route:") for said in row.suggest)
    return "at-most-one" if exclusive else "any"


def _told(
    row: Interaction, patient: str, drafts: Drafts
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for said in row.suggest:
        kind, _, what = said.partition(":")
        if kind == "remove-draft" and row.order in drafts.removable:
            yield removed(row)
        elif kind == "monitor" and what in MONITORED:
            yield _monitored(row, what, patient)
        elif kind == "hold":
            yield _held(row, what, patient)
        elif kind == "change-route" and row.order in drafts.removable:
            order = drafts.sent.get(row.order)
            if order is not None and what in ROUTES:
                yield _rerouted(row, what, order)


def removed(row: Interaction) -> tuple[str, list[dict[str, Any]]]:
    """Remove the unsigned draft that set the rule off."""
    drugs = plain(joined([named(d) for d in _of_order(row)]), 60)
    action = {
        "type": "delete",
        "description": plain(f"Remove the unsigned draft ({drugs})", 200),
        "resourceId": row.order,
    }
    return f"Remove this {drugs} order", [action]


def _of_order(row: Interaction) -> Sequence[str]:
    """The drugs of the order that set the rule off; the first of the pair when that is not told."""
    ordered = [f.what for f in row.facts if f.source and f.source == row.order]
    return [d for d in row.drugs if d in ordered] or row.drugs[:1]


def _monitored(row: Interaction, test: str, patient: str) -> tuple[str, list[dict[str, Any]]]:
    label, codes = MONITORED[test]
    about = plain(joined([named(d) for d in row.drugs]), 60)
    if not codes:
        return f"{label} ({about})", [requested(patient, plain(f"{named(test)}: {about}", 100))]
    return label, [requested(patient, shown, code) for code, shown in codes]


def requested(patient: str, display: str, code: str = "") -> dict[str, Any]:
    """An action that drafts a request for a test; a LOINC code where there is one."""
    coding = [{"system": _LOINC, "code": code, "display": display}] if code else []
    return {
        "type": "create",
        "description": f"Draft request: {display}",
        "resource": {
            "resourceType": "ServiceRequest",
            "status": "draft",
            "intent": "proposal",
            "priority": "urgent",
            "code": {"coding": coding, "text": display} if coding else {"text": display},
            "subject": {"reference": f"Patient/{patient}"},
        },
    }


def _held(row: Interaction, drug: str, patient: str) -> tuple[str, list[dict[str, Any]]]:
    """A draft request to review the order in force: we hold nothing ourselves."""
    name = plain(named(drug), 60)
    action = requested(patient, f"Review of medication: consider holding {name}")
    action["resource"]["note"] = [{"text": plain(f"{row.effect}. Rule {row.id}.", 300)}]
    orders = [f.source for f in row.facts if f.what == drug and f.source.startswith("Medication")]
    if orders:
        action["resource"]["supportingInfo"] = [{"reference": orders[0]}]
    return f"Ask to hold {name}", [action]


def _rerouted(
    row: Interaction, route: str, order: Mapping[str, Any]
) -> tuple[str, list[dict[str, Any]]]:
    """The draft with another route; its dose is left open, for it was written for the old one."""
    told = ROUTES[route]
    sent = order.get("dosageInstruction")
    lines = [line for line in sent if isinstance(line, Mapping)] if isinstance(sent, list) else []
    kept = [{k: v for k, v in line.items() if k not in _OF_OLD_ROUTE} for line in lines] or [{}]
    changed = {**order, "dosageInstruction": [{**line, "route": told} for line in kept]}
    drugs = plain(joined([named(d) for d in _of_order(row)]), 60)
    action = {
        "type": "update",
        "description": plain(f"Draft of {drugs}: route {told['text']}, dose to be entered", 200),
        "resource": changed,
    }
    return f"Change the route of {drugs} to {told['text']}; enter the dose", [action]
