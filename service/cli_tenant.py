"""The commands of a tenant: `tenant check NAME`, `tenant report NAME`."""
# ruff: noqa: PLC0415 - imports inside the commands keep the start fast

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from service.cli_answers import Format, instant, print_each
from service.cli_desk import known_tenant

FINDINGS = 1
_MARKS = {True: "ok  ", False: "FAIL", None: "-   "}

tenant_app = typer.Typer(help="The hospitals that this service answers.", no_args_is_help=True)


@tenant_app.callback()
def whole() -> None:
    """The hospitals that this service answers."""


@tenant_app.command("check")
def check(
    name: Annotated[str, typer.Argument(help="A tenant of the tenant file.")],
    key: Annotated[Path | None, typer.Option(help="PEM file: a test client's private key.")] = None,
    kid: Annotated[str, typer.Option(help="Its key id.")] = "",
    issuer: Annotated[str, typer.Option(help="The client that it signs for.")] = "",
    url: Annotated[str, typer.Option(help="The service, when not the base address.")] = "",
) -> None:
    """Try a tenant as its record system would, and explain each step. Exit 1 when one fails."""
    from service.errors import NotFound
    from service.security.callers import tenants_of
    from service.security.providers import read_providers
    from service.security.trial import trial_key, tried
    from service.settings import load_settings

    settings = load_settings(os.environ)
    tenants = tenants_of(settings)
    tenant = tenants.get(name)
    if tenant is None:
        said = f"There is no tenant {name!r}; there is {', '.join(tenants)}."
        raise NotFound(said, code="no-tenant")
    held = trial_key(key, kid, tenant, issuer) if key is not None else None
    launchers = [provider.issuer for provider in read_providers(settings.sign_in).smart]
    failed = False
    for found in tried(tenant, url or settings.base_url, held, launchers):
        failed = failed or found.good is False
        typer.echo(f"{_MARKS[found.good]} {found.step}: {found.words}")
    if failed:
        raise typer.Exit(FINDINGS)


@tenant_app.command("report")
def report(
    name: Annotated[str, typer.Argument(help="A tenant.")],
    since: Annotated[str | None, typer.Option(help="ISO 8601 with zone; 30 days back.")] = None,
    until: Annotated[str | None, typer.Option(help="ISO 8601 with zone; now.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TEXT,
) -> None:
    """Go-live gates (ALR-10): what silent mode found, and what cannot be computed. Exit 1 when a
    gate is not met. A tenant that is no longer in the file is known while its patients are kept."""
    from service.cds_hooks.golive import report as gates
    from service.rules import rules_in_force
    from service.settings import load_settings
    from service.store import open_store

    settings = load_settings(os.environ)
    ends = instant(until) or datetime.now(UTC)
    begins = instant(since) or ends - timedelta(days=30)
    store = open_store(settings.database_url)
    try:
        asked = known_tenant(name, settings, store)
        found = gates(store, asked, begins, ends, rules_in_force(settings))
        # of what was sent, how much could be read: a gate met on a feed that is refused says little
        found["intake"] = store.intake_counts(asked, begins, ends)
    finally:
        store.close()
    print_each([found], form)
    if any(gate["met"] is False for gate in found["gates"]):
        raise typer.Exit(FINDINGS)
