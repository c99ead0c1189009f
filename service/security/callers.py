"""Who calls the hooks and the intake.

Three modes, decided once at start: OPEN (no keys, loopback address: loudly logged), KEYED
(every call carries a signed JWT, CDS Hooks 2.0.1), CLOSED (no keys, reachable from elsewhere:
every call is answered with a bare 401).
"""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import structlog
from fastapi import FastAPI, Request

from service.errors import NotAllowed
from service.security.tokens import TokenCheck, read_clients
from service.settings import Settings

log = structlog.get_logger(__name__)


class Mode(StrEnum):
    OPEN = "open"
    KEYED = "keyed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Caller:
    """A client system and the tenant whose data it may touch."""

    tenant: str
    client: str


class Callers:
    """The gate of the hooks and the intake."""

    def __init__(self, mode: Mode, tenant: str, check: TokenCheck | None, base_url: str) -> None:
        self.mode = mode
        self._tenant = tenant
        self._check = check
        self._base_url = base_url.rstrip("/")

    def identify(self, authorization: str | None, path: str) -> Caller:
        """The caller of one request. NotAllowed (a bare 401) says no reason to the client."""
        if self.mode is Mode.OPEN:
            return Caller(tenant=self._tenant, client="open")
        scheme, _, token = (authorization or "").partition(" ")
        if self._check is None or scheme.lower() != "bearer" or not token:
            log.info("caller.refused", reason="no token", mode=self.mode.value)
            raise NotAllowed("Unauthorized", code="unauthorized")
        client, tenant, reason = self._check(token.strip(), self._audiences(path))
        if reason:
            log.info("caller.refused", reason=reason, client=client)
            raise NotAllowed("Unauthorized", code="unauthorized")
        return Caller(tenant=tenant or self._tenant, client=client)

    def _audiences(self, path: str) -> tuple[str, ...]:
        """The URL called, from our own settings; feedback may name its service's URL."""
        called = f"{self._base_url}{path}"
        return (called, called.removesuffix("/feedback"))


def callers_of(settings: Settings, now: Callable[[], float] = time.time) -> Callers:
    """The gate for these settings; logs an open or closed door loudly."""
    path = getattr(settings, "client_keys", None)
    base_url, tenant = str(settings.base_url), settings.tenant
    if path:
        check = TokenCheck(read_clients(Path(path)), now)
        return Callers(Mode.KEYED, tenant, check, base_url)
    if settings.open_mode and is_loopback(settings.host):
        log.warning("security.open", host=settings.host, meaning="anyone here may call the hooks")
        return Callers(Mode.OPEN, tenant, None, base_url)
    log.warning("security.closed", host=settings.host, meaning="hooks and intake answer 401")
    return Callers(Mode.CLOSED, tenant, None, base_url)


def is_loopback(host: str) -> bool:
    """Whether a bind address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def install(app: FastAPI, settings: Settings) -> None:
    """Give the app its gate; `caller` needs it."""
    app.state.callers = callers_of(settings)


def caller(request: Request) -> Caller:
    """FastAPI dependency: the caller of this request, or a bare 401."""
    gate = getattr(request.app.state, "callers", None)
    if not isinstance(gate, Callers):
        raise NotAllowed("Unauthorized", code="unauthorized")
    return gate.identify(request.headers.get("authorization"), request.url.path)
