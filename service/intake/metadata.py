"""The CapabilityStatement of the intake: what may be sent, and that nothing can be read back."""

from datetime import date
from typing import Any

from service.fhir.reader.readers import r4_types

_SENT = [{"code": "create"}, {"code": "update"}]


def capability_statement(base_url: str, version: str, released: date) -> dict[str, Any]:
    """FHIR R4, as GET /fhir/metadata answers it."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": released.isoformat(),
        "kind": "instance",
        "software": {"name": "NMS Sentinel", "version": version},
        "implementation": {
            "description": "NMS Sentinel intake: receives, never gives back",
            "url": f"{base_url}/fhir",
        },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json", "application/fhir+ndjson"],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "POST a Bundle of any type to the base: each entry is answered by itself,"
                    " also in a transaction; what cannot be used does not stop the others."
                    " Data of FHIR DSTU2 to R5 is read. Subscription notifications (R4, R4"
                    " back-port, R5) go to /notifications/{name}; NDJSON to the base."
                ),
                "resource": [{"type": name, "interaction": _SENT} for name in r4_types()],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
            }
        ],
    }
