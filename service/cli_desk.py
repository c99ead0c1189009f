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
    from service.errors import NotFound
    from service.security.callers import tenants_of
    from service.settings import load_settings
    from service.store import open_store

    settings = load_settings(os.environ)
    known = tuple(tenants_of(settings))
    if tenant and tenant not in known:
        said = f"There is no tenant {tenant!r}; there is {', '.join(known)}."
        raise NotFound(said, code="no-tenant")
    store = open_store(settings.database_url)
    try:
        yield Desk(store, (tenant,) if tenant else known, datetime.now(UTC))
    finally:
        store.close()


def listed(found: Sequence[dict[str, Any]], form: Format, what: str) -> None:
    """Answer what was found. Exit 1 when there is any."""
    print_each(found, form)
    say(f"{len(found)} {what}.")
    if found:
        raise typer.Exit(FINDINGS)
