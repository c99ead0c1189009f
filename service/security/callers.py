"""Who calls the hooks and the intake.

Three modes, decided once at start: OPEN (no keys, loopback address: loudly logged), KEYED
(every call carries a signed JWT, CDS Hooks 2.0.1), CLOSED (no keys, reachable from elsewhere:
every call is answered with a bare 401).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlsplit

import structlog

from service.errors import NotAllowed
from service.rules import rules_in_force
from service.security.tenants import Tenant, clients_of, read_tenants
from service.security.tokens import TokenCheck, UseOnce, read_clients
from service.settings import Settings, is_loopback

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

    def identify(
        self, authorization: str | None, path: str, *, host: str = "", forwarded: bool = False
    ) -> Caller:
        """The caller of one request. NotAllowed (a bare 401) says no reason to the client.

        `host`: as the client named us; `forwarded`: whether a proxy stands between. An open door
        answers neither a proxy nor another name: both mean that the call comes from elsewhere.
        """
        if self.mode is Mode.OPEN:
            if forwarded or not _names_this_machine(host):
                log.warning("caller.refused", reason="not from this machine", mode=self.mode.value)
                raise NotAllowed("Unauthorized", code="unauthorized")
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


@lru_cache(maxsize=64)
def _names_this_machine(host: str) -> bool:
    return is_loopback(urlsplit(f"//{host}").hostname or "localhost")


def callers_of(
    settings: Settings,
    tenants: Mapping[str, Tenant],
    use_once: UseOnce | None = None,
    now: Callable[[], float] = time.time,
) -> Callers:
    """The gate for these settings; logs an open or closed door loudly.

    `use_once` remembers tokens where all processes see it; without it, in this process only.
    """
    clients = clients_of(tenants)
    if settings.client_keys:
        clients |= read_clients(settings.client_keys)
    if clients:
        check = TokenCheck(clients, now, use_once)
        return Callers(Mode.KEYED, settings.tenant, check, settings.base_url)
    if settings.open_mode and settings.is_loopback:
        log.warning("security.open", host=settings.host, meaning="anyone here may call the hooks")
        return Callers(Mode.OPEN, settings.tenant, None, settings.base_url)
    log.warning("security.closed", host=settings.host, meaning="hooks and intake answer 401")
    return Callers(Mode.CLOSED, settings.tenant, None, settings.base_url)


def tenants_of(settings: Settings) -> Mapping[str, Tenant]:
    """The tenants of the file, or the one of the settings. SettingsFault lists every fault."""
    if settings.tenants is not None:
        rows = rules_in_force(settings).interactions
        rules = {"NMS", "DATA-MISSING", *(row.id for row in rows)}
        return read_tenants(settings.tenants, settings.zone, rules)
    return {settings.tenant: Tenant(settings.tenant, settings.zone)}
