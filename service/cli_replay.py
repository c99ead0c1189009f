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
    str | None,
    typer.Option(
        "--rules",
        metavar="V",
        envvar="NMS_SENTINEL_RULES",
        help="A rule version or an overlay file.",
    ),
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
        bool,
        typer.Option(
            "--recorded", help="Instead: decisions recorded in the store, or exported from it."
        ),
    ] = False,
) -> None:
    """QA replay: the course of each case against what was expected. Exit 1 when any differs."""
    from service.replay import command

    if recorded:
        if against or step or as_of or form.value not in ("text", "json"):
            raise typer.BadParameter("--recorded answers as text or json, for one rule version")
        report, ok = _recorded(paths or [], rules, form.value)
    elif not paths:
        raise typer.BadParameter("name fixtures, bundles or exports, or say --recorded")
    else:
        report, ok = command.run(
            paths, rules, against, step, instant(as_of), form.value, workers, progress()
        )
    typer.echo(report, nl=False)
    _leave(ok=ok)


def export(
    out: Annotated[Path, typer.Option(help="A new folder for the fixture.")],
    patient: Annotated[
        str | None, typer.Argument(help="The patient's id in the store; with --recorded any.")
    ] = None,
    deidentify: Annotated[
        bool, typer.Option("--deidentify", help="Dates moved, ids replaced, free text dropped.")
    ] = False,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="With the decision on record; without PATIENT: all.")
    ] = False,
    rules: RulesOption = None,
) -> None:
    """Patients of the store as fixtures. Exit 1 when one answers otherwise than on record."""
    if not deidentify:
        raise typer.BadParameter(
            "only --deidentify is offered: nothing identified leaves the store"
        )
    if patient is None and not recorded:
        raise typer.BadParameter("name a patient, or say --recorded for all decisions on record")
    settings = _settings()
    store = _store(settings)
    if recorded or patient is None:
        _leave(ok=_export_recorded(store, settings.tenant, patient, rules, out))
        return
    from service.replay import command

    now = datetime.now(UTC)
    made = command.run_export(store, settings.tenant, patient, rules, now, out)
    _note_export(store, settings.tenant, patient, "fixture")
    for loss in made.lost:
        say(f"Not as in the store: {loss}")
    typer.echo(f"{len(made.bundle['entry'])} resources in {out}")
    _leave(ok=not made.lost)


def _recorded(paths: list[Path], rules: str | None, form: str) -> tuple[str, bool]:
    from service.replay import command

    if paths:
        return command.run_replayed(paths, rules, form, progress())
    settings = _settings()
    return command.run_recorded(_store(settings), settings.tenant, rules, form, progress())


def _export_recorded(
    store: "Store", tenant: str, patient: str | None, rules: str | None, out: Path
) -> bool:
    from service.errors import NotFound
    from service.replay import command

    patients = [patient] if patient else store.patients(tenant)
    written = left = lost = 0
    for one, made in command.run_export_recorded(store, tenant, patients, rules, out):
        if made is None:
            left += 1
            continue
        _note_export(store, tenant, one, "recorded decision")
        written += 1
        lost += bool(made.lost)
        for loss in made.lost:
            say(f"Not as on record, patient {written}: {loss}")
    if not written:
        raise NotFound("No decision on record stands on today's facts.", code="no-decisions")
    typer.echo(f"{written} decisions in {out}; {left} left out: none, or facts came after it")
    return not lost


def _note_export(store: "Store", tenant: str, patient: str, why: str) -> None:
    from service.store import AuditEntry

    entry = AuditEntry(
        datetime.now(UTC), "command line", "patient.export", patient=patient, why=why
    )
    store.record_audit(tenant, [entry])


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
