"""Bars on size and shape: small files, small functions, typed returns, names that say something."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, python_files

MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 50
EMPTY_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "misc", "base"}

FILES = python_files("alerts", "service")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_file_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("path", FILES, ids=named)
def test_functions_are_short_and_say_what_they_return(path: Path) -> None:
    for function in functions(path):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        assert lines <= MAX_FUNCTION_LINES, f"{function.name}: {lines} lines"
        assert function.returns is not None, f"{function.name}: no return annotation"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_names_say_something(path: Path) -> None:
    assert not EMPTY_NAMES & {path.stem, path.parent.name}


def test_the_bars_see_the_whole_house() -> None:
    seen = {named(path) for path in FILES}
    on_disk = {
        named(path) for room in ("alerts", "service") for path in (ROOT / room).rglob("*.py")
    }
    assert seen == on_disk
    assert len(seen) > 20
