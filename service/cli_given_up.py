"""What the service gave up, and the way back: `dead-letters ...`, `set-aside ...`."""

from typing import Annotated

import typer

from service.cli_answers import Format, say
from service.cli_desk import FINDINGS, FormatOption, TenantOption, desk_of, listed

dead_letters_app = typer.Typer(help="Notices that were given up.", no_args_is_help=True)
set_aside_app = typer.Typer(
    help="Patients whose evaluation failed five times: nobody watches them.", no_args_is_help=True
)
Everything = Annotated[bool, typer.Option("--all", help="All of them.")]


@dead_letters_app.command("list")
def dead_letters(tenant: TenantOption = "", form: FormatOption = Format.TEXT) -> None:
    """Every notice that was given up, oldest first. Exit 1 when there is one."""
    with desk_of(tenant) as desk:
        found = [
            {
                "number": posted.id,
                "tenant": posted.tenant,
                "alert": posted.notice.alert,
                "audience": posted.notice.audience.value,
                "why": posted.notice.why.value,
                "at": posted.notice.at.isoformat(),
                "tries": posted.lease,  # in all; `since_revived` of them since it was revived
                "since_revived": posted.tries,
                "code": posted.code,
            }
            for name in desk.tenants
            for posted in desk.store.dead_letters(name)
        ]
    listed(found, form, "dead letters")


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
    with desk_of(tenant) as desk:
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
    with desk_of(tenant) as desk:
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
    listed(found, form, "patients set aside")


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
    with desk_of(tenant) as desk:
        for name in desk.tenants:
            for held in desk.store.quarantined(name):
                due = everything or held.patient in wanted
                if due and desk.store.release_quarantine(name, held.patient, desk.now):
                    desk.note(name, "patient.try-again", "", held.patient)
                    done.append(held.patient)
    _done(len(done), "patients are due", sorted(wanted - set(done)))


def _chosen(wanted: set[int] | set[str], everything: bool) -> None:
    if bool(wanted) == everything:
        raise typer.BadParameter("name them, or say --all")


def _done(number: int, what: str, others: list[int] | list[str]) -> None:
    typer.echo(f"{number} {what}.")
    if others:
        say(f"Not on the list: {', '.join(map(str, others))}.")
        raise typer.Exit(FINDINGS)
