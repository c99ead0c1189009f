"""A tenant tried as its record system would: keys, FHIR server, discovery, a signed call.

Every step says what was tried, what came, and what to do about it. Nothing of a patient is sent:
the call is about a patient that nobody has.
"""

import asyncio
import time
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from service.errors import SettingsFault
from service.fhir.client import Fetched, FetchLimits, FhirClient
from service.security.jwks import FetchedKeys, FixedKeys
from service.security.tenants import Tenant
from service.security.tokens import Client

_PATIENT = "nms-sentinel-trial"
_SECONDS = 10.0
_WHY = {
    "deadline": "it did not answer in time: raise fetch_deadline_ms, or prefetch more",
    "connect": "no connection: name, port, firewall or certificate",
    "redirect": "it redirects, and redirects are not followed: give the final address",
    "encoded": "it compresses without being asked: switch that off for this client",
    "not-json": "the answer is no JSON: is this the FHIR base, or a sign-in page?",
    "not-fhir": "the answer is no FHIR resource: is this the FHIR base?",
    "outcome": "it answered with an OperationOutcome",
    "too-large": "the answer is too large",
    "status-401": "it wants a token for /metadata too: calls will bring their own",
    "status-403": "it refuses /metadata: calls will bring their own token",
    "status-404": "there is no /metadata: is this the FHIR base?",
}
_VERSIONS = {"1.0": "DSTU2", "3.0": "STU3", "4.0": "R4", "4.3": "R4B", "5.0": "R5"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`good`: True, False, or None for what could not be tried."""

    step: str
    good: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class TrialKey:
    """A private key whose public part a client of the tenant has."""

    key: RSAKey | ECKey
    kid: str
    client: Client

    def token(self, audience: str) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.client.issuer, "aud": audience, "iat": now, "exp": now + 60,
            "jti": str(uuid.uuid4()),
        }  # fmt: skip
        if self.client.claimed_tenant:
            claims["tenant"] = self.client.claimed_tenant
        algorithm = "RS384" if isinstance(self.key, RSAKey) else "ES384"
        header = {"alg": algorithm, "typ": "JWT", "kid": self.kid}
        return jwt.encode(header, claims, self.key, algorithms=[algorithm])


def trial_key(path: Path, kid: str, tenant: Tenant, issuer: str = "") -> TrialKey:
    """The key of a PEM file, for the issuer named or the tenant's only one. SettingsFault."""
    client = tenant.clients.get(issuer) if issuer else next(iter(tenant.clients.values()), None)
    if client is None:
        raise SettingsFault(f"{tenant.name} has no client {issuer!r}.", code="no-client")
    pem = path.read_bytes()
    for kind in (RSAKey, ECKey):
        try:
            return TrialKey(kind.import_key(pem), kid, client)
        except (JoseError, ValueError, TypeError):
            continue
    raise SettingsFault(f"{path.name} holds no RSA or EC private key.", code="test-key")


def tried(
    tenant: Tenant, base_url: str, key: TrialKey | None, launchers: Collection[str] = ()
) -> Iterator[Finding]:
    """Every step in turn; one that fails does not end the others. `launchers`: the FHIR servers
    that may launch us (SMART)."""
    if tenant.silent:
        yield Finding("silent mode", None, "on: cards are computed and kept, and none is shown")
    yield from _seen(tenant)
    for client in tenant.clients.values():
        yield _keys(client)
    if not tenant.clients:
        yield Finding("clients", False, "none: every call will be answered with 401")
    yield _fhir(tenant)
    if tenant.smart_links:
        yield _launch(tenant, base_url, launchers)
    with httpx.Client(timeout=_SECONDS, trust_env=False) as http:
        yield from _service(http, tenant, base_url.rstrip("/"), key)


def _seen(tenant: Tenant) -> Iterator[Finding]:
    """Where which cards may be seen, in words; nothing can be tried about it."""
    if tenant.silent_rules:
        said = f"kept, not shown: {', '.join(sorted(tenant.silent_rules))}"
        yield Finding("silent rules", None, said)
    if not tenant.policy.is_plain:
        for channel, where in tenant.policy.words():
            yield Finding(f"cards of channel {channel}", None, where)


def _keys(client: Client) -> Finding:
    step = f"keys of {client.issuer}"
    if isinstance(client.keys, FixedKeys):
        return Finding(step, True, f"{len(client.keys.keys.keys)} agreed out of band")
    assert isinstance(client.keys, FetchedKeys)  # noqa: S101 - the only other kind
    fault = client.keys.probe()
    if fault:
        return Finding(step, False, f"{client.jku} cannot be read ({fault}): calls will get 401")
    return Finding(step, True, f"read from {client.jku}")


def _fhir(tenant: Tenant) -> Finding:
    step = "FHIR server"
    if tenant.fhir_base is None:
        return Finding(step, None, "none is agreed: what is not prefetched cannot be read (412)")
    found = asyncio.run(_metadata(tenant))
    url = tenant.fhir_base.url
    if found.failure:
        why = _WHY.get(found.failure, found.failure)
        soft = found.failure in ("status-401", "status-403")
        return Finding(step, None if soft else False, f"{url}: {why}")
    told = str(found.pages[0].get("fhirVersion", ""))
    version = _VERSIONS.get(told[:3], told or "not told")
    if tenant.fhir_version and version != tenant.fhir_version:
        said = f"{url} says FHIR {version}, the file says {tenant.fhir_version}"
        return Finding(step, False, said)
    return Finding(step, True, f"{url} answers, FHIR {version}")


def _launch(tenant: Tenant, base_url: str, launchers: Collection[str]) -> Finding:
    step, url = "SMART links", f"{base_url.rstrip('/')}/launch"
    assert tenant.fhir_base is not None  # noqa: S101 - the file is refused without one
    if tenant.fhir_base.url.rstrip("/") in launchers:
        return Finding(step, True, f"cards launch {url}")
    said = "is no [[smart]] issuer of the sign-in file: a launch from there is refused"
    return Finding(step, False, f"{tenant.fhir_base.url} {said}")


async def _metadata(tenant: Tenant) -> Fetched:
    assert tenant.fhir_base is not None  # noqa: S101 - the caller has looked
    client = FhirClient(tenant.fhir_base, FetchLimits(deadline_s=_SECONDS))
    try:
        return (await client.fetch({"metadata": "metadata"}, None))["metadata"]
    finally:
        await client.aclose()


def _service(
    http: httpx.Client, tenant: Tenant, base: str, key: TrialKey | None
) -> Iterator[Finding]:
    url = f"{base}/cds-services"
    try:
        bare = http.get(url)
        yield _bare(bare.status_code, url)
        if key is None:
            said = "not tried: give --key and --kid of a test client"
            yield Finding("signed call", None, said)
            return
        yield from _signed(http, tenant, url, key)
    except httpx.HTTPError as fault:
        said = f"{url} cannot be reached ({type(fault).__name__}): is the service running there?"
        yield Finding("service", False, said)


def _bare(status: int, url: str) -> Finding:
    step = "call without token"
    if status == httpx.codes.UNAUTHORIZED:
        return Finding(step, True, "refused with 401, as it must be")
    if status == httpx.codes.OK:
        return Finding(step, False, f"{url} answers anybody: open mode")
    return Finding(step, False, f"{url} answers {status}: is this the service?")


def _signed(http: httpx.Client, tenant: Tenant, url: str, key: TrialKey) -> Iterator[Finding]:
    answer = http.get(url, headers=_bearer(key.token(url)))
    if answer.status_code != httpx.codes.OK:
        yield Finding("signed discovery", False, _refused(answer.status_code, url, key))
        return
    listed = answer.json()["services"]
    said = ", ".join(service["hook"] for service in listed) or "nothing"
    yield Finding("signed discovery", bool(listed), f"lists {said}")
    for service in listed[:1]:
        there = f"{url}/{service['id']}"
        token = key.token(there)
        answer = http.post(there, json=_call(service), headers=_bearer(token))
        good = answer.status_code == httpx.codes.OK
        words = "answered with 200" if good else f"answered with {answer.status_code}"
        yield Finding(f"signed {service['hook']}", good, words)
        again = http.post(there, json=_call(service), headers=_bearer(token)).status_code
        refused = again == httpx.codes.UNAUTHORIZED
        yield Finding("the same token again", refused, f"answered with {again}")
    if tenant.clients and key.client.issuer not in tenant.clients:
        yield Finding("client", False, f"{key.client.issuer} is no client of {tenant.name}")


def _refused(status: int, url: str, key: TrialKey) -> str:
    return (
        f"{url} answers {status}. The log says why; most often the audience (tokens must name"
        f" {url}, from NMS_SENTINEL_BASE_URL), the issuer ({key.client.issuer}), the key id"
        f" ({key.kid}), or a clock more than a minute off"
    )


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _call(service: dict[str, Any]) -> dict[str, Any]:
    context: dict[str, Any] = {"userId": "Practitioner/trial", "patientId": _PATIENT}
    context |= {"encounterId": "trial", "draftOrders": {"resourceType": "Bundle", "entry": []}}
    empty = dict.fromkeys(service.get("prefetch", {}))
    person = {"resourceType": "Patient", "id": _PATIENT}
    return {
        "hook": service["hook"],
        "hookInstance": str(uuid.uuid4()),
        "context": context,
        "prefetch": {**empty, "patient": person},
    }
