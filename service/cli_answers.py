"""How commands answer: standard output for answers, standard error for everything else."""

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
import typer


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


class ReportFormat(StrEnum):
    TEXT = "text"
    JSON = "json"
    HTML = "html"
    JUNIT = "junit"


def instant(text: str | None) -> datetime | None:
    """`--as-of`; BadParameter unless it is a date-time with a zone."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise typer.BadParameter(f"--as-of {text}: not a date-time with a zone (ISO 8601)")
    return at


def print_each(answers: Sequence[dict[str, Any]], form: Format) -> None:
    for answer in answers:
        if form is Format.JSON:
            typer.echo(orjson.dumps(answer).decode())
        else:
            typer.echo("\n".join(f"{key}: {words(value)}" for key, value in answer.items()))


def words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(words, value)) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{key} {words(item)}" for key, item in value.items())
    return "-" if value is None else str(value)


def progress() -> Callable[[int, int], None] | None:
    """A counter on standard error, only where a person looks at it."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, whole: int) -> None:
        end = "\n" if done == whole else ""
        typer.echo(f"\r{done} of {whole}{end}", nl=False, err=True)

    return show


def say(sentence: str) -> None:
    typer.echo(sentence, err=True)
