"""JWT of a CDS Hooks client, checked against keys agreed out of band.

RS384 and ES384 only; issuer on the list; audience from our own settings; exp, nbf and iat with
60 s leeway; each jti once. The keys file is JSON:

    {"clients": [{"iss": "https://ehr.example", "tenant": "default", "keys": [{"kty": ...}]}]}
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.errors import SettingsFault

ALGORITHMS = ["RS384", "ES384"]
LEEWAY_SECONDS = 60
LIFE_MAX_SECONDS = 3600
_REQUIRED = ("iss", "aud", "exp", "iat", "jti")


@dataclass(frozen=True, slots=True)
class Client:
    """A trusted issuer: its tenant and its public keys."""

    issuer: str
    tenant: str
    keys: KeySet


def read_clients(path: Path) -> dict[str, Client]:
    """The trusted clients by issuer. SettingsFault names what is wrong with the file."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        listed = [
            Client(c["iss"], c.get("tenant", ""), KeySet.import_key_set({"keys": c["keys"]}))
            for c in held["clients"]
        ]
    except (OSError, ValueError, KeyError, TypeError, JoseError) as fault:
        said = f"{path}: client keys cannot be read ({type(fault).__name__})"
        raise SettingsFault(said, code="client-keys") from fault
    return {client.issuer: client for client in listed}


class TokenCheck:
    """Checks one token: returns (issuer, tenant, reason), reason empty when it is good."""

    def __init__(self, clients: Mapping[str, Client], now: Callable[[], float]) -> None:
        self._clients = clients
        self._now = now
        self._seen: dict[tuple[str, str], float] = {}

    def __call__(self, token: str, audiences: tuple[str, ...]) -> tuple[str, str, str]:
        issuer = _claimed_issuer(token)
        client = self._clients.get(issuer)
        if client is None:
            return "unknown", "", "issuer not on the list"
        try:
            claims = jwt.decode(token, client.keys, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError):
            return issuer, "", "signature"
        reason = self._fault(claims, audiences) or self._replayed(issuer, claims)
        return issuer, client.tenant, reason

    def _fault(self, claims: Mapping[str, Any], audiences: tuple[str, ...]) -> str:
        if any(key not in claims for key in _REQUIRED):
            return "claim missing"
        named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if not set(audiences) & {a for a in named if isinstance(a, str)}:
            return "audience"
        times = [claims["exp"], claims["iat"], claims.get("nbf", 0)]
        if any(isinstance(t, bool) or not isinstance(t, (int, float)) for t in times):
            return "time not a number"
        exp, iat, nbf = times
        now = self._now()
        if exp + LEEWAY_SECONDS < now:
            return "expired"
        if max(iat, nbf) - LEEWAY_SECONDS > now:
            return "not yet valid"
        return "lives too long" if exp - iat > LIFE_MAX_SECONDS else ""

    def _replayed(self, issuer: str, claims: Mapping[str, Any]) -> str:
        now = self._now()
        self._seen = {k: e for k, e in self._seen.items() if e > now}
        mark = (issuer, str(claims["jti"]))
        if mark in self._seen:
            return "jti seen before"
        self._seen[mark] = float(claims["exp"]) + LEEWAY_SECONDS + 1
        return ""


def _claimed_issuer(token: str) -> str:
    """The issuer as written, not yet believed: it only chooses the keys to check with."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return str(claims["iss"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return ""
