"""What commands that look after the store by hand stand on: whose, when, and the audit."""
# ruff: noqa: PLC0415 - imports inside the commands keep the start fast

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli_answers import Format, print_each, say

if TYPE_CHECKING:
    from service.settings import Settings
    from service.store import Store

FINDINGS = 1
TenantOption = Annotated[str, typer.Option(help="Whose; every tenant when not given.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How to answer.")]


@dataclass(frozen=True, slots=True)
class Desk:
    """The store, and whose things are looked after."""

    store: "Store"
    tenants: tuple[str, ...]
    now: datetime

    def note(
        self,
        tenant: str,
        action: str,
        subject: str,
        patient: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Into the audit: somebody at this machine did it."""
        from service.store import AuditEntry

        entry = AuditEntry(
            self.now,
            "operator",
            action,
            patient=patient,
            subject=subject,
            detail=detail or {},
        )
        self.store.record_audit(tenant, [entry])


@contextmanager
def desk_of(tenant: str) -> Iterator[Desk]:
    """The store of the settings, for a tenant or for all of them; NotFound for one unknown."""
    from service.settings import load_settings
    from service.store import open_store

    settings = load_settings(os.environ)
    store = open_store(settings.database_url)
    try:
        tenants = (known_tenant(tenant, settings, store),) if tenant else known(settings, store)
        yield Desk(store, tenants, datetime.now(UTC))
    finally:
        store.close()


def known_tenant(name: str, settings: "Settings", store: "Store") -> str:
    """The name, if somebody is called so; NotFound says who is there."""
    from service.errors import NotFound

    there = known(settings, store)
    if name not in there:
        said = f"No tenant {name!r} is known; known: {', '.join(there)}."
        raise NotFound(said, code="no-tenant")
    return name


def known(settings: "Settings", store: "Store") -> tuple[str, ...]:
    """The tenants of the file or of the client keys, the one of the settings, and those of whom
    the store still keeps patients or subscriptions."""
    from service.security.callers import tenants_of
    from service.security.tokens import read_clients

    keyed = read_clients(settings.client_keys) if settings.client_keys else {}
    named = {client.tenant for client in keyed.values() if client.tenant}
    return tuple(sorted({settings.tenant, *tenants_of(settings), *named, *store.tenants()}))


def listed(found: Sequence[dict[str, Any]], form: Format, what: str) -> None:
    """Answer what was found. Exit 1 when there is any."""
    print_each(found, form)
    say(f"{len(found)} {what}.")
    if found:
        raise typer.Exit(FINDINGS)
