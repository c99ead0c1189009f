"""Authorization code flow with PKCE (OpenID Connect Core, RFC 7636; SMART App Launch 2.2).

`begin` says where the browser goes; `finish` exchanges the code, checks the ID token and says who
came. Nothing is taken from an address in a call: endpoints come from the configured issuer's own
discovery document.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from joserfc import jws, jwt
from joserfc.errors import JoseError

from service.errors import NotAllowed, Unavailable
from service.security.jwks import FetchedKeys
from service.security.providers import Provider
from service.security.roles import role_of
from service.security.session import Forbidden, User
from service.security.tokens import ALGORITHMS

log = structlog.get_logger(__name__)

DISCOVERY_SECONDS = 3600.0
STEP_SECONDS = 5.0
LEEWAY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what must be kept (sealed) until it comes back."""

    address: str
    kept: dict[str, str]


@dataclass(frozen=True, slots=True)
class Arrived:
    """Who came, and the patient that a launch is about ("" for none)."""

    user: User
    patient: str = ""


class Flow:
    """The flow with one provider. Safe for threads."""

    def __init__(
        self, provider: Provider, callback: str, now: Callable[[], float] = time.time
    ) -> None:
        self._provider = provider
        self._callback = callback
        self._now = now
        self._told: tuple[float, dict[str, Any]] | None = None
        self._keys: dict[str, FetchedKeys] = {}

    def begin(self, launch: str = "") -> Begun:
        """`launch`: the handle of an EHR launch; a SMART provider without one is standalone."""
        kept = {
            "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24),
            "verifier": secrets.token_urlsafe(48),
            "provider": self._provider.name,
        }
        extra: dict[str, str] = {"nonce": kept["nonce"]}
        scope = "openid profile"
        if self._provider.smart:
            extra["aud"] = self._provider.issuer
            scope = "openid fhirUser launch" if launch else "openid fhirUser launch/patient"
            if launch:
                extra["launch"] = launch
        with self._client(scope) as client:
            address, _ = client.create_authorization_url(
                self._document()["authorization_endpoint"],
                state=kept["state"],
                code_verifier=kept["verifier"],
                **extra,
            )
        return Begun(str(address), kept)

    def finish(self, kept: Mapping[str, str], state: str, code: str) -> Arrived:
        """NotAllowed when the answer is not the one to our question; Forbidden without a role."""
        if not code or not secrets.compare_digest(state, kept["state"]):
            raise NotAllowed("The sign-in was not begun here. Try again.", code="oidc-state")
        # here: only where staff sign in this way; the import takes half a second
        from authlib.integrations import base_client as authlib  # noqa: PLC0415

        document = self._document()
        try:
            with self._client("openid") as client:
                token = client.fetch_token(
                    document["token_endpoint"], code=code, code_verifier=kept["verifier"]
                )
        except (authlib.OAuthError, httpx.HTTPError, ValueError) as fault:
            log.warning("oidc.refused", fault=type(fault).__name__)
            raise NotAllowed("The sign-in was refused. Try again.", code="oidc-token") from None
        claims = self._claims(document, str(token.get("id_token", "")), kept["nonce"])
        patient = str(token.get("patient", "")) if self._provider.smart else ""
        return Arrived(self._user(claims), patient)

    def _client(self, scope: str) -> Any:
        from authlib.integrations import httpx_client as authlib  # noqa: PLC0415

        provider = self._provider
        return authlib.OAuth2Client(
            client_id=provider.client_id,
            client_secret=provider.client_secret or None,
            token_endpoint_auth_method="client_secret_basic" if provider.client_secret else "none",
            scope=scope,
            redirect_uri=self._callback,
            code_challenge_method="S256",
            timeout=STEP_SECONDS,
            trust_env=False,
            follow_redirects=False,
        )

    def _document(self) -> dict[str, Any]:
        """The provider's discovery document, kept for an hour."""
        if self._told is not None and self._now() - self._told[0] < DISCOVERY_SECONDS:
            return self._told[1]
        try:
            answer = httpx.get(
                self._provider.discovery,
                timeout=STEP_SECONDS,
                trust_env=False,
                follow_redirects=False,
            )
            answer.raise_for_status()
            held = answer.json()
            found = {
                name: str(held[name])
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
            }
            found["issuer"] = str(held.get("issuer", self._provider.issuer)).rstrip("/")
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as fault:
            log.warning("oidc.discovery-failed", fault=type(fault).__name__)
            raise Unavailable("The sign-in service does not answer.", code="oidc-away") from None
        if not self._provider.smart and found["issuer"] != self._provider.issuer:
            raise Unavailable("The sign-in service is another one.", code="oidc-issuer")
        self._told = (self._now(), found)
        return found

    def _claims(self, document: Mapping[str, Any], token: str, nonce: str) -> Mapping[str, Any]:
        """The claims of an ID token for us, signed by the issuer, from this very sign-in."""
        jku = document["jwks_uri"]
        keys = self._keys.setdefault(jku, FetchedKeys(jku))
        try:
            key = keys.find(_kid(token))
            if key is None:
                raise ValueError("unknown key")
            claims = jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
            self._check(claims, document["issuer"], nonce)
        except (JoseError, ValueError, KeyError, TypeError) as fault:
            log.warning("oidc.bad-token", fault=type(fault).__name__)
            raise NotAllowed(
                "The sign-in cannot be trusted. Try again.", code="oidc-token"
            ) from None
        return claims

    def _check(self, claims: Mapping[str, Any], issuer: str, nonce: str) -> None:
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        now = self._now()
        if str(claims["iss"]).rstrip("/") != issuer:
            raise ValueError("issuer")
        if self._provider.client_id not in audience:
            raise ValueError("audience")
        if len(audience) > 1 and claims.get("azp") != self._provider.client_id:
            raise ValueError("authorised party")
        if float(claims["exp"]) < now - LEEWAY_SECONDS:
            raise ValueError("expired")
        if float(claims["iat"]) > now + LEEWAY_SECONDS:
            raise ValueError("from the future")
        if not secrets.compare_digest(str(claims.get("nonce", "")), nonce):
            raise ValueError("nonce")

    def _user(self, claims: Mapping[str, Any]) -> User:
        provider = self._provider
        named = _words(claims.get(provider.role_claim))
        role = next((r for word, r in provider.roles.items() if word in named), provider.role)
        if role_of(role) is None:
            raise Forbidden("You have no role in this service.", code="oidc-no-role")
        name = str(claims.get(provider.name_claim) or claims.get("sub") or "")
        if not name:
            raise NotAllowed("The sign-in names nobody.", code="oidc-nobody")
        return User(
            name=name[:120],
            role=role,
            wards=tuple(_words(claims.get(provider.ward_claim))),
            tenants=tuple(_words(claims.get(provider.tenant_claim)))
            or ((provider.tenant,) if provider.tenant else ()),
        )


def _words(told: Any) -> list[str]:
    """A claim is a word or a list of words."""
    if isinstance(told, str) and told:
        return [told]
    return [str(one) for one in told] if isinstance(told, list) else []


def _kid(token: str) -> str | None:
    """The key that a token says it is signed with."""
    kid = jws.extract_compact(token.encode()).headers().get("kid")
    return str(kid) if kid else None
