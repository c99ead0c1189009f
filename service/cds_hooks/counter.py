"""One tenant's counter: which hooks it answers, whom it may ask, what it lets be seen."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from service.cds_hooks.answer import EXTENSION
from service.cds_hooks.channels import permitted
from service.cds_hooks.desk import Desk
from service.cds_hooks.records import rule_of
from service.cds_hooks.services import SERVICES, Service
from service.errors import NotFound
from service.fhir.client import FetchLimits, FhirClient
from service.security.callers import Caller
from service.security.tenants import Tenant

_SILENT = "Silent mode: advice is computed and kept, not shown. No card says nothing about risk."
_OF_NMS = ("gate", "tier", "interval")


class Counter:
    """`fhir`: the one server that may be asked for what a client did not send, or None."""

    def __init__(self, tenant: Tenant, desk: Desk) -> None:
        self.tenant = tenant
        self.desk = replace(
            desk,
            zone=tenant.zone,
            fhir_version=tenant.fhir_version,
            detected_issues=tenant.detected_issues,
            smart_links=tenant.smart_links,
            apart=tenant.silent_rules,
        )
        self._services = {s.id: s for s in SERVICES if tenant.answers(s.hook)}
        self.discovery = orjson.dumps({"services": [s.entry() for s in self._services.values()]})
        self.fhir: FhirClient | None = None
        if tenant.fhir_base is not None:
            limits = FetchLimits(deadline_s=tenant.fetch_deadline_s)
            self.fhir = FhirClient(tenant.fhir_base, limits)

    def service(self, service_id: str) -> Service:
        """NotFound (404) for a service that is not listed."""
        service = self._services.get(service_id)
        if service is None:
            raise NotFound("There is no such service.", code="unknown-service", location="http.url")
        return service

    def shown(self, response: dict[str, Any], hook: str) -> dict[str, Any]:
        """What the client sees: a silent tenant nothing, a silent rule no card, and both say so;
        of the rest what the channel policy lets this hook show.

        What is said names the setting, never whether something was found.
        """
        tenant = self.tenant
        if tenant.silent:
            return {"cards": [], "extension": {EXTENSION: {"silent": True, "notice": _SILENT}}}
        loud = [card for card in response["cards"] if not tenant.hides(rule_of(card))]
        may = (permitted(card, hook, tenant.policy) for card in loud)
        told = dict(response["extension"][EXTENSION])
        if tenant.hides("NMS"):
            told = {k: v for k, v in told.items() if k not in _OF_NMS}
        if tenant.silent_rules:
            told["silentRules"] = sorted(tenant.silent_rules)
        if not tenant.policy.is_plain:
            told["channels"] = dict(tenant.policy.words())
        return {"cards": [c for c in may if c is not None], "extension": {EXTENSION: told}}


class Counters:
    """A counter for each tenant; a tenant that no file describes gets the plain one."""

    def __init__(self, desk: Desk, tenants: Mapping[str, Tenant]) -> None:
        self._desk = desk
        self._held = {name: Counter(tenant, desk) for name, tenant in tenants.items()}

    def of(self, who: Caller) -> Counter:
        if who.tenant not in self._held:  # a client of the keys file: as many as it lists
            self._held[who.tenant] = Counter(Tenant(who.tenant, self._desk.zone), self._desk)
        return self._held[who.tenant]

    async def aclose(self) -> None:
        """Close the connections to the tenants' FHIR servers."""
        for counter in self._held.values():
            if counter.fhir is not None:
                await counter.fhir.aclose()
