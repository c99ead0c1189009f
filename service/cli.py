"""The command line `nms-sentinel`: thin; each command calls the room that does the work.

Exit codes: 0 fine, 1 differences or findings, 2 our fault or bad usage. Answers go to standard
output, everything else (progress, what was assumed, errors) to standard error.
"""
# ruff: noqa: PLC0415 - imports inside the commands keep the start fast

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli_answers import Format, instant, print_each, progress, say
from service.cli_gaps import gaps_app
from service.cli_given_up import dead_letters_app, set_aside_app
from service.cli_replay import AsOfOption, RulesOption, export, replay
from service.cli_store import audit_app, db_app
from service.cli_tenant import tenant_app

if TYPE_CHECKING:
    from service.settings import Settings

FINDINGS, FAULT, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
knowledge_app = typer.Typer(help="The rules and their citations.", no_args_is_help=True)
app.add_typer(knowledge_app, name="knowledge")
app.add_typer(db_app, name="db")
app.add_typer(audit_app, name="audit")
app.command()(replay)
app.command()(export)
app.add_typer(tenant_app, name="tenant")
app.add_typer(dead_letters_app, name="dead-letters")
app.add_typer(set_aside_app, name="set-aside")
app.add_typer(gaps_app, name="gaps")


FormatOption = Annotated[Format, typer.Option("--format", help="How to answer.")]
HostOption = Annotated[str | None, typer.Option(help="Address to listen on.")]
PortOption = Annotated[int | None, typer.Option(help="Port to listen on.")]


@app.callback()
def whole() -> None:
    """Sees neuroleptic malignant syndrome early in an electronic health record."""
    import structlog

    # answers go to standard output alone; the parts of the service configure their own logs
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


@app.command()
def serve(
    host: HostOption = None,
    port: PortOption = None,
    demo: Annotated[bool, typer.Option("--demo", help="Play synthetic patients live.")] = False,
) -> None:
    """API, worker and beat as one, with the embedded broker and SQLite."""
    settings = _settings(host, port)  # a fault in them is told before anything slow
    from service import supervisor

    _leave(supervisor.serve(settings, demo))


@app.command()
def api(host: HostOption = None, port: PortOption = None) -> None:
    """The API alone, for production."""
    settings = _settings(host, port)  # a fault in them is told before anything slow
    from service import supervisor

    _leave(supervisor.run_api(settings))


@app.command()
def intake() -> None:
    """An API at the intake's own port, for production: keeps pushed data away from the hooks."""
    settings = _settings()  # a fault in them is told before anything slow
    from service import supervisor

    _leave(supervisor.run_intake(settings))


@app.command()
def worker() -> None:
    """A Celery worker alone, for production."""
    settings = _settings()  # a fault in them is told before anything slow
    from service import supervisor

    _leave(supervisor.run_worker(settings))


@app.command()
def beat() -> None:
    """The beat alone, for production: exactly one."""
    settings = _settings()  # a fault in them is told before anything slow
    from service import supervisor

    _leave(supervisor.run_beat(settings))


@app.command("sign-in")
def sign_in(
    name: Annotated[str, typer.Option(help="Who signs in.")] = "Local user",
    role: Annotated[str, typer.Option(help="Such as pharmacist, nurse, psychiatrist.")] = "local",
    demo: Annotated[bool, typer.Option("--demo", help="For a running `serve --demo`.")] = False,
) -> None:
    """A link that signs a person in to the worklist once, within a day."""
    from service.instance import prepared
    from service.security.session import User, sign_in_link

    print(sign_in_link(prepared(_settings(), demo), User(name=name, role=role)))


@app.command()
def health(
    part: Annotated[str, typer.Argument(help="api, intake, worker or beat.")] = "api",
) -> None:
    """Whether a part on this machine is healthy, for container health checks. Exit 1 when not."""
    from service.health import condition

    state, healthy = condition(part, _settings())
    print(state)
    _leave(0 if healthy else FINDINGS)


@app.command()
def assess(
    bundles: Annotated[list[str], typer.Argument(help='Bundles, NDJSON, folders, or "-".')],
    as_of: AsOfOption = None,
    rules: RulesOption = None,
    form: FormatOption = Format.JSON,
    explain: Annotated[bool, typer.Option("--explain", help="Text: every finding, why.")] = False,
) -> None:
    """The assessment of each patient in the bundles: one JSON object a line, or text."""
    import orjson

    from alerts.assessment import as_dict
    from service.replay.explain import lines
    from service.replay.rules import rules_of
    from service.replay.standing import standing

    at = instant(as_of)
    if at is None:
        say("No --as-of: each patient is assessed at the latest time in the own record.")
    found = standing(bundles, rules_of(rules), at, datetime.now(UTC), sys.stdin.buffer)
    for refusal in found.refused:
        say(f"{refusal.file}: {refusal.outcome.location} refused: {refusal.outcome.reason}")
    if not found.assessments:
        say("No dated fact about a patient was found.")
    for assessment in found.assessments:
        if form is Format.JSON and not explain:
            print(orjson.dumps(as_dict(assessment)).decode())
        else:
            print("\n".join(lines(assessment, explain=explain)))


@app.command()
def lookup(
    text: Annotated[str | None, typer.Argument(help="A drug, observation or finding.")] = None,
    system: Annotated[str | None, typer.Option(help="Code system (URI or short name).")] = None,
    code: Annotated[str | None, typer.Option(help="Code in the system.")] = None,
    unit: Annotated[str | None, typer.Option(help="A unit as recorded.")] = None,
    value: Annotated[str | None, typer.Option(help="A number, to convert.")] = None,
    batch: Annotated[
        Path | None,
        typer.Option(
            help="CSV with the columns case_id, kind and input_system, _code, _text, _value, _unit."
        ),
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """What the terminology makes of a drug, code, observation or unit. Exit 1 when nothing."""
    from service.fhir.lookup import lookup as look
    from service.fhir.lookup import lookup_batch

    if batch is not None:
        answers, form = list(lookup_batch(batch)), Format.JSON
    elif text or code or unit:
        answers = [look(text=text, system=system, code=code, unit=unit, value=value)]
    else:
        raise typer.BadParameter("give a text, a code, a unit or --batch")
    print_each(answers, form)
    _leave(0 if all(answer.get("kind") != "none" for answer in answers) else FINDINGS)


@app.command()
def ingest(
    paths: Annotated[list[str], typer.Argument(help='Bundles, NDJSON, folders, or "-".')],
    form: FormatOption = Format.TEXT,
) -> None:
    """Bundles or NDJSON into the store. Exit 1 when any entry or file was refused."""
    from service.ingestion import ingest as run_ingest

    answers = list(run_ingest(paths, _settings(), sys.stdin.buffer, progress()))
    print_each(answers, form)
    _leave(FINDINGS if any(answer["refused"] for answer in answers) else 0)


@knowledge_app.command("check")
def knowledge_check(rules: RulesOption = None, form: FormatOption = Format.TEXT) -> None:
    """Every number has a basis and a citation that resolves; the terminology is sound."""
    from service.fhir import terminology_check
    from service.replay.rules import decided, rules_of
    from service.rules import faults_of

    chosen = rules_of(rules)
    found = [*faults_of(chosen), *terminology_check.faults()]
    if form is Format.JSON:
        snomed = terminology_check.standing()
        said = {"rules": chosen.version, "base": chosen.base or None}
        print_each([{**said, "faults": found, "snomed": snomed}], form)
    else:
        summary = f"Rules {decided(chosen)}: {len(found)} faults."
        print("\n".join([*found, terminology_check.standing(), summary]))
    _leave(FINDINGS if found else 0)


@knowledge_app.command("show")
def knowledge_show(
    key: Annotated[str, typer.Argument(metavar="ID", help="A rule, parameter, row or reference.")],
    rules: RulesOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """What the knowledge says under an id, with basis and citation."""
    from alerts.knowledge import show
    from service.errors import NotFound
    from service.replay.rules import rules_of

    found = show(rules_of(rules), key)
    if found is None:
        raise NotFound(f"The knowledge has nothing called {key!r}.", code="unknown-id")
    print_each([found], form)


@knowledge_app.command("diff")
def knowledge_diff(
    first: Annotated[str, typer.Argument(metavar="A")],
    second: Annotated[str, typer.Argument(metavar="B")],
    form: FormatOption = Format.TEXT,
) -> None:
    """What rule version B changes against A (versions or overlay files). Exit 1 when it does."""
    from alerts.knowledge import diff
    from service.replay.rules import decided, rules_of

    before, after = rules_of(first), rules_of(second)
    found = list(diff(before, after))
    if form is Format.JSON:
        versions = [{"rules": each.version, "base": each.base or None} for each in (before, after)]
        print_each([{"versions": versions, "changes": found}], form)
    else:
        versions_said = f"{decided(before)} against {decided(after)}"
        print("\n".join([*map(str, found), f"{versions_said}: {len(found)} changes."]))
    _leave(FINDINGS if found else 0)


def main() -> None:
    """Entry point of the command."""
    sys.exit(run(sys.argv[1:]))


def run(argv: Sequence[str]) -> int:
    """Run one command; answers its exit code. Errors are one sentence on standard error."""
    from service.errors import SentinelError

    try:
        answer = app(args=list(argv), standalone_mode=False, prog_name="nms-sentinel")
    except SentinelError as fault:
        say(fault.message)
        return FAULT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as fault:
        return _unexpected(fault)
    return answer if isinstance(answer, int) else 0


def _unexpected(fault: Exception) -> int:
    """Bad usage says what is wrong; any other fault is ours and says so."""
    if hasattr(fault, "exit_code") and hasattr(fault, "format_message"):
        say(f"{fault.format_message() or 'Give a command.'} See nms-sentinel --help.")
        return FAULT
    if type(fault).__name__ == "Abort":
        return INTERRUPTED
    from service.logs import last_words

    if os.environ.get("NMS_SENTINEL_DEBUG"):
        raise fault
    last_words(fault)
    say(f"Our fault: {type(fault).__name__}. NMS_SENTINEL_DEBUG=1 shows where.")
    return FAULT


def _settings(host: str | None = None, port: int | None = None) -> "Settings":
    """The settings of the environment; options of the command count before it."""
    from service.settings import load_settings

    given = {"NMS_SENTINEL_HOST": host, "NMS_SENTINEL_PORT": port}
    chosen = {name: str(value) for name, value in given.items() if value is not None}
    return load_settings({**os.environ, **chosen})


def _leave(code: int | None) -> None:
    if code:
        raise typer.Exit(code)
