"""What the service gave up, and the way back: `dead-letters ...`, `set-aside ...`."""
# ruff: noqa: PLC0415 - imports inside the commands keep the start fast

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli_answers import Format, print_each, say

if TYPE_CHECKING:
    from service.store import Store

FINDINGS = 1
dead_letters_app = typer.Typer(help="Notices that were given up.", no_args_is_help=True)
set_aside_app = typer.Typer(
    help="Patients whose evaluation failed five times: nobody watches them.", no_args_is_help=True
)
TenantOption = Annotated[str, typer.Option(help="Whose; every tenant when not given.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How to answer.")]
Everything = Annotated[bool, typer.Option("--all", help="All of them.")]


@dead_letters_app.command("list")
def dead_letters(tenant: TenantOption = "", form: FormatOption = Format.TEXT) -> None:
    """Every notice that was given up, oldest first. Exit 1 when there is one."""
    with _desk(tenant) as desk:
        found = [
            {
                "number": posted.id,
                "tenant": posted.tenant,
                "alert": posted.notice.alert,
                "audience": posted.notice.audience.value,
                "why": posted.notice.why.value,
                "at": posted.notice.at.isoformat(),
                "tries": posted.tries,
                "code": posted.code,
            }
            for name in desk.tenants
            for posted in desk.store.dead_letters(name)
        ]
    _listed(found, form, "dead letters")


@dead_letters_app.command("send-again")
def send_again(
    numbers: Annotated[list[int] | None, typer.Argument(metavar="NUMBER...")] = None,
    tenant: TenantOption = "",
    everything: Everything = False,
) -> None:
    """Send dead letters again; a running worker does it within seconds. Exit 1 when one is none."""
    wanted = set(numbers or ())
    _chosen(wanted, everything)
    done = set()
    with _desk(tenant) as desk:
        for name in desk.tenants:
            for posted in desk.store.dead_letters(name):
                due = everything or posted.id in wanted
                if due and desk.store.revive_notice(name, posted.id, desk.now):
                    desk.note(name, "notice.send-again", posted.notice.alert, posted.patient)
                    done.add(posted.id)
    _done(len(done), "notices wait to be sent", sorted(wanted - done))


@set_aside_app.command("list")
def set_aside(tenant: TenantOption = "", form: FormatOption = Format.TEXT) -> None:
    """Every patient that was set aside, longest first. Exit 1 when there is one."""
    with _desk(tenant) as desk:
        found = [
            {
                "tenant": held.tenant,
                "patient": held.patient,
                "since": held.since.isoformat(),
                "tries": held.tries,
                "code": held.code,
                "correlation": held.correlation,
            }
            for name in desk.tenants
            for held in desk.store.quarantined(name)
        ]
    _listed(found, form, "patients set aside")


@set_aside_app.command("try-again")
def try_again(
    patients: Annotated[list[str] | None, typer.Argument(metavar="PATIENT...")] = None,
    tenant: TenantOption = "",
    everything: Everything = False,
) -> None:
    """Evaluate patients again that were set aside. Exit 1 when one was not."""
    wanted = set(patients or ())
    _chosen(wanted, everything)
    done = []
    with _desk(tenant) as desk:
        for name in desk.tenants:
            for held in desk.store.quarantined(name):
                due = everything or held.patient in wanted
                if due and desk.store.release_quarantine(name, held.patient, desk.now):
                    desk.note(name, "patient.try-again", "", held.patient)
                    done.append(held.patient)
    _done(len(done), "patients are due", sorted(wanted - set(done)))


@dataclass(frozen=True, slots=True)
class _Desk:
    store: "Store"
    tenants: tuple[str, ...]
    now: datetime

    def note(self, tenant: str, action: str, subject: str, patient: str) -> None:
        """Into the audit: somebody at this machine did it."""
        from service.store import AuditEntry

        entry = AuditEntry(self.now, "operator", action, patient=patient, subject=subject)
        self.store.record_audit(tenant, [entry])


@contextmanager
def _desk(tenant: str) -> Iterator[_Desk]:
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
        yield _Desk(store, (tenant,) if tenant else known, datetime.now(UTC))
    finally:
        store.close()


def _chosen(wanted: set[int] | set[str], everything: bool) -> None:
    if bool(wanted) == everything:
        raise typer.BadParameter("name them, or say --all")


def _listed(found: Sequence[dict[str, Any]], form: Format, what: str) -> None:
    print_each(found, form)
    say(f"{len(found)} {what}.")
    if found:
        raise typer.Exit(FINDINGS)


def _done(number: int, what: str, others: list[int] | list[str]) -> None:
    typer.echo(f"{number} {what}.")
    if others:
        say(f"Not on the list: {', '.join(map(str, others))}.")
        raise typer.Exit(FINDINGS)
