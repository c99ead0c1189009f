"""A CDS Hooks client as an EHR would be: signs its calls, fills prefetch, sends the context."""

import time
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

PATIENT = "conformance-1"
USER = "Practitioner/conformance-9"


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and who speaks with it."""

    key: RSAKey | ECKey
    kid: str
    issuer: str

    def token(self, audience: str, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": audience,
            "iat": now,
            "exp": now + 300,
            "jti": str(uuid.uuid4()),
            **changes,
        }
        algorithm = "RS384" if isinstance(self.key, RSAKey) else "ES384"
        header = {"alg": algorithm, "typ": "JWT", "kid": self.kid}
        return jwt.encode(header, claims, self.key, algorithms=[algorithm])


@dataclass(frozen=True, slots=True)
class Ehr:
    """Calls one server. Without a signer the calls carry no token."""

    base_url: str
    http: httpx.Client
    signer: Signer | None
    record: Any = None  # the FHIR server that our own service may read from

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(self._url(path), headers={**self._signed(path), **headers})

    def post(
        self, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str
    ) -> httpx.Response:
        sent = {"content": raw} if raw is not None else {"json": body}
        kind = {"Content-Type": "application/json"}
        return self.http.post(
            self._url(path), headers={**kind, **self._signed(path), **headers}, **sent
        )

    def call(self, service: dict[str, Any], **changes: Any) -> httpx.Response:
        return self.post(path_of(service), request_for(service, **changes))

    def _url(self, path: str) -> str:
        return f"{self.base_url}{path}"

    def _signed(self, path: str) -> dict[str, str]:
        if self.signer is None:
            return {}
        return {"Authorization": f"Bearer {self.signer.token(self._url(path))}"}


def path_of(service: dict[str, Any]) -> str:
    return f"/cds-services/{service['id']}"


def context_for(hook: str) -> dict[str, Any]:
    """A complete context for a hook of the library."""
    context: dict[str, Any] = {"userId": USER, "patientId": PATIENT}
    if hook.startswith("encounter-"):
        context["encounterId"] = "conformance-e1"
    if hook in ("order-select", "order-sign"):
        context["draftOrders"] = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": DRAFT}],
        }
    if hook == "order-select":
        context["selections"] = ["MedicationRequest/draft-1"]
    return context


def request_for(service: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A request with every prefetch key filled; `changes` replace parts, ... leaves one out."""
    whole = {
        "hook": service["hook"],
        "hookInstance": str(uuid.uuid4()),
        "context": context_for(service["hook"]),
        "prefetch": {k: _prefetched(q) for k, q in service.get("prefetch", {}).items()},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not ...}


def _prefetched(query: str) -> dict[str, Any]:
    """What an EHR would send for a template: a read gives a resource, a search a Bundle."""
    kind = query.split("?", maxsplit=1)[0].split("/", maxsplit=1)[0]
    if "?" not in query:
        return PATIENT_RESOURCE
    found = [r for r in CHART if r["resourceType"] == kind and _wanted(query, r)]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "entry": [{"fullUrl": f"urn:x:{r['id']}", "resource": r} for r in found],
    }


def _wanted(query: str, resource: dict[str, Any]) -> bool:
    return ("code=" in query) == is_laboratory(resource)


def is_laboratory(resource: dict[str, Any]) -> bool:
    return bool(resource.get("category", [{}])[0].get("text") == "laboratory")


def _ago(hours: float) -> str:
    at = time.gmtime(time.time() - hours * 3600)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", at)


PATIENT_RESOURCE = {
    "resourceType": "Patient",
    "id": PATIENT,
    "gender": "male",
    "birthDate": "1980-01-01",
}
DRAFT = {
    "resourceType": "MedicationRequest",
    "id": "draft-1",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "5093"}],
        "text": "haloperidol 5 mg",
    },
    "subject": {"reference": f"Patient/{PATIENT}"},
}


def _vital(name: str, code: str, value: float, unit: str, hours: float) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"{name}-{hours:g}",
        "status": "final",
        "category": [{"text": "laboratory" if name == "ck" else "vital-signs"}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": name},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": _ago(hours),
        "valueQuantity": {
            "value": value,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
    }


def _sign(name: str, text: str, hours: float) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": f"{name}-{hours:g}",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"text": text},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "onsetDateTime": _ago(hours),
        "recordedDate": _ago(hours),
    }


CHART: tuple[dict[str, Any], ...] = (
    _vital("temperature", "8331-1", 39.4, "Cel", 5),
    _vital("temperature", "8331-1", 39.8, "Cel", 2),
    {**_vital("ck", "2157-6", 4200, "U/L", 3), "referenceRange": [{"high": {"value": 200}}]},
    _vital("pulse", "8867-4", 128, "/min", 2),
    _sign("delirium", "Delirium", 4),
    {
        **{key: value for key, value in DRAFT.items() if key != "id"},
        "id": "running-1",
        "status": "active",
        "authoredOn": _ago(48),
    },
)
