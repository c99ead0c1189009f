"""What subscriptions are still missing, and closing it by hand: `gaps list|close`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli_answers import Format, say
from service.cli_desk import FINDINGS, FormatOption, TenantOption, desk_of, listed

if TYPE_CHECKING:
    from service.store import Subscription

gaps_app = typer.Typer(
    help="Events that subscriptions announced and that never came in.", no_args_is_help=True
)


@gaps_app.command("list")
def gaps(tenant: TenantOption = "", form: FormatOption = Format.TEXT) -> None:
    """Every subscription with missing events. Exit 1 when there is one."""
    with desk_of(tenant) as desk:
        found = [
            {
                "tenant": held.tenant,
                "subscription": held.subscription,
                "missing": _words(held.missing),
                "last_event": held.last_event,
                "heard_at": held.heard_at.isoformat(),
            }
            for name in desk.tenants
            for held in desk.store.subscriptions(name)
            if held.missing
        ]
    listed(found, form, "subscriptions with missing events")


@gaps_app.command("close")
def close(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A subscription of the list.")],
    tenant: TenantOption = "",
    up_to: Annotated[int | None, typer.Option(help="Up to this event; all when not given.")] = None,
) -> None:
    """The missing events came in another way ($events, a search, a bundle): the record system's
    people say so, the service cannot know. Exit 1 when nothing was missing."""
    with desk_of(tenant) as desk:
        held = [desk.store.subscription(each, name) for each in desk.tenants]
        missing = [one for one in held if one is not None and one.missing]
        one = _only(missing)
        # what went missing since it was looked at stays open
        until = max(last for _, last in one.missing) if one and up_to is None else up_to
        closed = desk.store.close_gaps(one.tenant, name, until or 0) if one else ()
        if one and closed:
            desk.note(one.tenant, "gaps.close", name, detail={"events": _words(closed)})
    typer.echo(f"Closed: {_words(closed) or 'nothing'}.")
    if not closed:
        say(f"Nothing that was asked for is missing of {name!r}.")
        raise typer.Exit(FINDINGS)


def _only(missing: Sequence["Subscription"]) -> "Subscription | None":
    """Not two at once: that the events of one tenant came says nothing of the other's."""
    if len(missing) > 1:
        tenants = ", ".join(one.tenant for one in missing)
        raise typer.BadParameter(f"more than one tenant has it ({tenants}): say --tenant")
    return missing[0] if missing else None


def _words(gaps: Sequence[tuple[int, int]]) -> str:
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in gaps)
