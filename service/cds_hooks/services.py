"""The services we offer, as discovery lists them (CDS Hooks 2.0.1).

Prefetch templates stay inside the recommended subset: reads, type searches, token equality,
`_count` and `_sort`; tokens name `context.patientId` only, which every hook has.
"""

from dataclasses import dataclass
from typing import Any

from service.cds_hooks.options import options_of

CDS_HOOKS_VERSION = "2.0.1"
# what the ballot of 3.0 adds to an entry: the published version of the hook itself
HOOK_VERSION = "1.0"

# patient-view and the rest: what a chart needs; LOINC: CK, creatinine, potassium, sodium, WBC,
# iron, lithium (the observation terminology)
_LABS = ",".join(
    f"http://loinc.org|{code}"
    for code in ("2157-6", "2160-0", "2823-3", "2951-2", "6690-2", "2498-4", "14334-7")
)
_BY_PATIENT = "patient={{context.patientId}}"
PREFETCH = {
    "patient": "Patient/{{context.patientId}}",
    "observations": (
        f"Observation?{_BY_PATIENT}&category=vital-signs,exam,survey&_sort=-date&_count=300"
    ),
    "laboratory": f"Observation?{_BY_PATIENT}&code={_LABS}&_sort=-date&_count=100",
    "medications": f"MedicationRequest?{_BY_PATIENT}&_count=300",
    "administrations": f"MedicationAdministration?{_BY_PATIENT}&_count=300",
    "statements": f"MedicationStatement?{_BY_PATIENT}&_count=100",
    "conditions": f"Condition?{_BY_PATIENT}&_count=200",
}
# without these nothing can be said: 412 unless the chart is already in our store
REQUIRED_KEYS = ("patient", "observations", "medications")

USAGE = (
    "Send the prefetch, or fhirServer with fhirAuthorization: what was not sent is read from the"
    " FHIR server that was agreed for your organisation, and from no other. Without patient,"
    " observations and medications from either, and with no chart of the patient stored here, the"
    " answer is 412. Absence of a card does not mean absence of risk."
)


@dataclass(frozen=True, slots=True)
class Service:
    """One entry of discovery. `needs`: context keys without which the call is a 400.

    `orders`: context keys that may hold the draft orders; `aliases`: older hooks read alike.
    """

    id: str
    hook: str
    title: str
    description: str
    needs: tuple[str, ...]
    orders: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    def entry(self) -> dict[str, Any]:
        """The discovery entry. `extension`: options that a client may switch on for a call."""
        options = options_of(self.hook)
        entry: dict[str, Any] = {
            "hook": self.hook,
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "usageRequirements": USAGE,
            "version": CDS_HOOKS_VERSION,
            "hookVersion": HOOK_VERSION,
            "prefetch": dict(PREFETCH),
        }
        return {**entry, "extension": options} if options else entry


_SEEN = "Early signs of neuroleptic malignant syndrome in a patient on a dopamine antagonist"
_ORDERED = "Drug interactions around neuroleptic malignant syndrome and its treatment"

SERVICES = (
    Service(
        "nms-patient-view",
        "patient-view",
        "NMS Sentinel: chart opened",
        f"{_SEEN}, what is not known, what to examine, staged guidance.",
        ("patientId",),
    ),
    Service(
        "nms-order-select",
        "order-select",
        "NMS Sentinel: order chosen",
        f"{_ORDERED}, for the orders being written. {_SEEN}.",
        ("patientId", "draftOrders"),
        ("draftOrders",),
    ),
    Service(
        "nms-order-sign",
        "order-sign",
        "NMS Sentinel: orders to be signed",
        f"{_ORDERED}, for all orders about to be signed. {_SEEN}.",
        ("patientId", "draftOrders"),
        ("draftOrders", "medications", "medication", "order", "orders"),
        ("medication-prescribe", "medication-refill", "medication-verify", "order-review"),
    ),
    Service(
        "nms-encounter-start",
        "encounter-start",
        "NMS Sentinel: encounter started",
        f"{_SEEN}, at the start of a stay.",
        ("patientId", "encounterId"),
    ),
    Service(
        "nms-encounter-discharge",
        "encounter-discharge",
        "NMS Sentinel: discharge",
        f"{_SEEN}, before the patient leaves.",
        ("patientId", "encounterId"),
    ),
)

BY_ID = {service.id: service for service in SERVICES}


def discovery() -> dict[str, Any]:
    """The body of GET /cds-services."""
    return {"services": [service.entry() for service in SERVICES]}
