"""The commands of the store: `db upgrade|downgrade|backup|restore|check|prune`, `audit ...`."""
# ruff: noqa: PLC0415 - imports inside the commands keep the start fast

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.store import AuditHead, Store

FINDINGS = 1

db_app = typer.Typer(help="The store.", no_args_is_help=True)
audit_app = typer.Typer(help="The record of who saw and did what.", no_args_is_help=True)


@db_app.command("upgrade")
def upgrade() -> None:
    """Bring the store to the current schema."""
    with _store() as store:
        store.upgrade()
        typer.echo("The store is at the current schema.")


@db_app.command("downgrade")
def downgrade(
    revision: Annotated[str, typer.Argument(help='A revision of the schema; "base": empty.')],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the schema back to an earlier revision. Back up first: data may be dropped."""
    if not yes:
        typer.confirm(f"Take the schema back to {revision}?", abort=True)
    with _store() as store:
        store.downgrade(revision)
        typer.echo(f"The store is at schema {store.schema_version() or 'base'}.")


@db_app.command("backup")
def backup(target: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")]) -> None:
    """Copy the running store (SQLite) into a new file, checked; the service need not stop."""
    with _store() as store:
        store.backup(target)
        typer.echo(f"Backed up to {target}.")


@db_app.command("restore")
def restore(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A file that backup made.", exists=True, dir_okay=False
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Replace everything in the store (SQLite) by a backup. Stop the service first."""
    from service.instance import only_one
    from service.settings import load_settings

    if not yes:
        typer.confirm("Replace everything in the store?", abort=True)
    # what a running service acknowledged meanwhile would be gone without a word
    with only_one(load_settings(os.environ)), _store() as store:
        store.restore(source)
        store.upgrade()
        typer.echo(f"Restored from {source}.")


@db_app.command("check")
def check() -> None:
    """Whether the store is sound; reads everything. Exit 1 when it is not."""
    with _store() as store:
        found = store.check()
    typer.echo("\n".join([*found, f"{len(found)} faults."]))
    if found:
        raise typer.Exit(FINDINGS)


@db_app.command("prune")
def prune() -> None:
    """Remove what is kept no longer (the beat does it every six hours)."""
    from datetime import UTC, datetime

    from service.monitoring.keeping import retention_of
    from service.settings import load_settings

    with _store() as store:
        removed = store.prune(datetime.now(UTC), retention_of(load_settings(os.environ)))
    typer.echo("\n".join(f"{kind}: {number}" for kind, number in removed.items() if number))
    typer.echo(f"{sum(removed.values())} rows removed.")


@audit_app.command("head")
def head() -> None:
    """The newest place of each chain, a line a tenant: keep it outside, for `verify --against`."""
    with _store() as store:
        for tenant in store.audited_tenants():
            newest = store.audit_head(tenant)
            typer.echo(f"{tenant} {newest.seq} {newest.hash}")


@audit_app.command("verify")
def verify(
    against: Annotated[
        Path | None,
        typer.Option(help="A file of heads kept outside.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Whether the audit's hash chain is whole, for every tenant. Exit 1 when it is not.

    Who can rewrite the whole store can make a whole chain: `--against` what `head` told earlier.
    """
    anchors = _heads(against) if against else {}
    broken = False
    with _store() as store:
        audited = sorted({*store.audited_tenants(), *anchors})
        if not audited:
            typer.echo("There are no entries: nothing was verified.")
        for tenant in audited:
            verdict = store.verify_audit(tenant, anchors.get(tenant))
            broken = broken or not verdict.sound
            said = "whole" if verdict.sound else f"{verdict.fault} at {verdict.at}"
            typer.echo(f"{tenant}: {verdict.checked} entries, {said}")
    if broken:
        raise typer.Exit(FINDINGS)


@audit_app.command("export")
def export(
    tenant: Annotated[str, typer.Option(help="Whose; the configured one when not given.")] = "",
    after: Annotated[int, typer.Option(help="Only rows with a higher number.", min=0)] = 0,
) -> None:
    """The audit as FHIR AuditEvents (IHE BALP), one JSON object a line, oldest first."""
    from service.settings import load_settings

    whose = tenant or load_settings(os.environ).tenant
    with _store() as store:
        for event in _events(store, whose, after):
            typer.echo(event)


def _events(store: "Store", tenant: str, after: int) -> Iterator[str]:
    from dataclasses import asdict

    import orjson

    from service.fhir.balp import audit_event

    while rows := store.audit(tenant, after):
        for row in rows:
            made = audit_event(tenant=tenant, seq=row.seq, digest=row.hash, **asdict(row.entry))
            yield orjson.dumps(made).decode()
        after = rows[-1].seq


def _heads(path: Path) -> "dict[str, AuditHead]":
    from service.errors import BadInput
    from service.store import AuditHead

    found = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        match line.split():
            case [tenant, seq, digest] if seq.isdecimal():
                found[tenant] = AuditHead(int(seq), digest)
            case []:
                continue
            case _:
                said = f"{path.name}, line {number}: not a tenant, a number and a hash."
                raise BadInput(said, code="audit-head")
    return found


@contextmanager
def _store() -> "Iterator[Store]":
    from service.settings import load_settings
    from service.store import open_store

    store = open_store(load_settings(os.environ).database_url)
    try:
        yield store
    finally:
        store.close()
