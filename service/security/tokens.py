"""The JWT of a CDS Hooks client, checked in the order of the specification's good practice.

Issuer, audience, expiry, tenant, signature, and the jti only once (shared by all processes,
kept until the token can no longer be valid). What is refused says a reason to our log alone:
the client gets a bare 401.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from joserfc import jwt
from joserfc.errors import JoseError

from service.errors import SettingsFault
from service.security.jwks import FetchedKeys, FixedKeys, key_set

# asymmetric only: with a shared secret everybody who can check a token could make one
ALGORITHMS = (
    "RS384", "ES384", "RS256", "RS512", "PS256", "PS384", "PS512", "ES256", "ES512", "EdDSA",
)  # fmt: skip
LEEWAY_SECONDS = 60
LIFE_MAX_SECONDS = 3600
# Epic dates nbf five minutes before iat; nothing good has a token of more than this
TOKEN_BYTES_MAX = 16 * 1024
_REQUIRED = ("iss", "aud", "exp", "iat", "jti")
_JTI_MAX = 256

UseOnce = Callable[[str, float], bool]


class Keys(Protocol):
    def find(self, kid: str | None) -> Any | None: ...


@dataclass(frozen=True, slots=True)
class Client:
    """A trusted issuer: the tenant it speaks for, where its keys are, what else it must say.

    `jku`: the only key address accepted in its tokens, "" when keys are agreed out of band.
    `claimed_tenant`: what its `tenant` claim must be, "" when it need not send one.
    `audiences`: further audiences accepted from this client alone (a site's own mistake).
    """

    issuer: str
    tenant: str
    keys: Keys
    jku: str = ""
    claimed_tenant: str = ""
    audiences: tuple[str, ...] = ()


def read_clients(path: Path) -> dict[str, Client]:
    """The trusted clients of one tenant by issuer, keys agreed out of band, from a JSON file:

        {"clients": [{"iss": "https://ehr.example", "tenant": "default", "keys": [{"kty": ...}]}]}

    SettingsFault names what is wrong with the file.
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        listed = [
            Client(str(c["iss"]), str(c.get("tenant", "")), FixedKeys(key_set(c["keys"])))
            for c in held["clients"]
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        said = f"{path.name}: client keys cannot be read ({type(fault).__name__})"
        raise SettingsFault(said, code="client-keys") from fault
    return {client.issuer: client for client in listed}


def keys_of(jku: str, keys: Sequence[Mapping[str, Any]]) -> Keys:
    """Where a client's keys come from: its list when it has one, else its address."""
    return FixedKeys(key_set(keys)) if keys else FetchedKeys(jku)


class TokenCheck:
    """Checks one token: returns (issuer, tenant, reason), reason empty when it is good.

    `use_once(key, expires)` is True the first time a key is seen anywhere.
    """

    def __init__(
        self,
        clients: Mapping[str, Client],
        now: Callable[[], float],
        use_once: UseOnce | None = None,
    ) -> None:
        self._clients = clients
        self._now = now
        self._use_once = use_once or _Seen(now)

    def __call__(self, token: str, audiences: tuple[str, ...]) -> tuple[str, str, str]:
        header, claims = _peek(token)
        if not claims:
            return "unknown", "", "not a token"
        issuer = claims.get("iss")
        client = self._clients.get(issuer) if isinstance(issuer, str) else None
        if client is None:
            return "unknown", "", "issuer not on the list"
        reason = (
            self._claims_fault(claims, (*audiences, *client.audiences), client)
            or _header_fault(header, client)
            or _signature_fault(token, header, claims, client)
        )
        if not reason and not self._use_once(f"{issuer} {claims['jti']}", _expires(claims)):
            reason = "jti seen before"
        return client.issuer, client.tenant, reason

    def _claims_fault(
        self, claims: Mapping[str, Any], audiences: Sequence[str], client: Client
    ) -> str:
        if any(key not in claims for key in _REQUIRED):
            return "claim missing"
        named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if not set(audiences) & {a for a in named if isinstance(a, str)}:
            return "audience"
        if reason := self._times_fault(claims):
            return reason
        if client.claimed_tenant and claims.get("tenant") != client.claimed_tenant:
            return "tenant"
        jti = claims["jti"]
        return "" if isinstance(jti, str) and 0 < len(jti) <= _JTI_MAX else "jti malformed"

    def _times_fault(self, claims: Mapping[str, Any]) -> str:
        times = [claims["exp"], claims["iat"], claims.get("nbf", 0)]
        if any(isinstance(t, bool) or not isinstance(t, (int, float)) for t in times):
            return "time not a number"
        exp, iat, nbf = (float(t) for t in times)
        now = self._now()
        if not exp + LEEWAY_SECONDS >= now:  # also when exp is not a number at all (NaN)
            return "expired"
        if not max(iat, nbf) - LEEWAY_SECONDS <= now:
            return "not yet valid"
        return "" if 0 < exp - iat <= LIFE_MAX_SECONDS else "lives too long"


class _Seen:
    """jti of this process only: for tests and the single-process command line."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until: dict[str, float] = {}

    def __call__(self, key: str, expires: float) -> bool:
        now = self._now()
        self._until = {k: until for k, until in self._until.items() if until > now}
        if key in self._until:
            return False
        self._until[key] = expires
        return True


def _expires(claims: Mapping[str, Any]) -> float:
    return float(claims["exp"]) + LEEWAY_SECONDS + 1


def _header_fault(header: Mapping[str, Any], client: Client) -> str:
    if header.get("alg") not in ALGORITHMS:
        return "algorithm"
    if header.get("typ", "JWT") not in ("JWT", "jwt", "at+jwt", "application/jwt"):
        return "type"
    # a token brings no keys of its own, and asks for nothing that we would have to understand
    if set(header) & {"jwk", "x5c", "x5u", "crit", "b64", "zip", "enc"}:
        return "header not allowed"
    jku = header.get("jku")
    if jku is not None and jku != client.jku:
        return "jku not the client's own"
    kid = header.get("kid")
    return "" if kid is None or isinstance(kid, str) else "kid"


def _signature_fault(
    token: str, header: Mapping[str, Any], claims: Mapping[str, Any], client: Client
) -> str:
    key = client.keys.find(header.get("kid"))
    if key is None:
        return "key unknown"
    try:
        signed = jwt.decode(token, key, algorithms=[header["alg"]]).claims
    except (JoseError, ValueError, TypeError):
        return "signature"
    return "" if signed == claims else "signature"


def _peek(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims as written, not yet believed; empty when the token is none."""
    parts = token.split(".")
    if len(token) > TOKEN_BYTES_MAX or len(parts) != 3 or not all(parts):
        return {}, {}
    try:
        header, claims = (_json(part) for part in parts[:2])
    except (ValueError, RecursionError, binascii.Error):
        return {}, {}
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return {}, {}
    return header, claims


def _json(part: str) -> Any:
    return json.loads(
        base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True),
        object_pairs_hook=_once_each,
    )


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two values for one key would let two readers read two tokens."""
    held = dict(pairs)
    if len(held) != len(pairs):
        raise ValueError("a key twice")
    return held
