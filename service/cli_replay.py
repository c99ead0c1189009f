"""`nms-sentinel replay` and `export`: thin; the replay room does the work."""
# ruff: noqa: PLC0415 - imports inside the commands keep the start fast

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli_answers import ReportFormat, instant, progress, say

if TYPE_CHECKING:
    from service.settings import Settings
    from service.store import Store

FINDINGS = 1
RulesOption = Annotated[
    str | None, typer.Option("--rules", metavar="V", help="A rule version or an overlay file.")
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="T", help="ISO 8601 with zone: the chart as it stood then."),
]


def replay(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Fixtures, bundles, NDJSON, globs.")
    ] = None,
    rules: RulesOption = None,
    against: Annotated[
        str | None, typer.Option(metavar="V", help="Compare with this rule version.")
    ] = None,
    step: Annotated[bool, typer.Option("--step", help="Every moment, not only changes.")] = False,
    as_of: AsOfOption = None,
    form: Annotated[
        ReportFormat, typer.Option("--format", help="How to answer.")
    ] = ReportFormat.TEXT,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; by default one for each core.")
    ] = None,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Instead: the decisions recorded in the store.")
    ] = False,
) -> None:
    """QA replay: the course of each case against what was expected. Exit 1 when any differs."""
    from service.replay import command

    if recorded:
        if paths or against or form.value not in ("text", "json"):
            raise typer.BadParameter("--recorded reads the store: text or json, no paths")
        settings = _settings()
        report, ok = command.run_recorded(
            _store(settings), settings.tenant, rules, form.value, progress()
        )
    elif not paths:
        raise typer.BadParameter("name fixtures, bundles or exports, or say --recorded")
    else:
        report, ok = command.run(
            paths, rules, against, step, instant(as_of), form.value, workers, progress()
        )
    typer.echo(report, nl=False)
    _leave(ok=ok)


def export(
    patient: Annotated[str, typer.Argument(help="The patient's id in the store.")],
    out: Annotated[Path, typer.Option(help="A new folder for the fixture.")],
    deidentify: Annotated[
        bool, typer.Option("--deidentify", help="Dates moved, ids replaced, free text dropped.")
    ] = False,
    rules: RulesOption = None,
) -> None:
    """A patient of the store as a fixture bundle. Exit 1 when it answers otherwise than before."""
    from service.replay import command

    if not deidentify:
        raise typer.BadParameter(
            "only --deidentify is offered: nothing identified leaves the store"
        )
    from service.store import AuditEntry

    settings, now = _settings(), datetime.now(UTC)
    store = _store(settings)
    made = command.run_export(store, settings.tenant, patient, rules, now, out)
    entry = AuditEntry(now, "command line", "patient.export", patient=patient, why="fixture")
    store.record_audit(settings.tenant, [entry])
    for loss in made.lost:
        say(f"Not as in the store: {loss}")
    typer.echo(f"{len(made.bundle['entry'])} resources in {out}")
    _leave(ok=not made.lost)


def _settings() -> "Settings":
    from service.settings import load_settings

    return load_settings(os.environ)


def _store(settings: "Settings") -> "Store":
    """The store, as it is: a reading command migrates nothing."""
    from service.store import open_store

    store = open_store(settings.database_url)
    store.ping()
    return store


def _leave(*, ok: bool) -> None:
    if not ok:
        raise typer.Exit(FINDINGS)
