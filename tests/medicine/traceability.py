"""Which test holds which rule: read from every test folder, written as TRACEABILITY.md.

    python -m tests.medicine.traceability

A test names its rules by a marker (`@pytest.mark.rules("TEMP-01")`, `pytestmark`, the marks of a
parameter) or by the `rule` column of a table (YAML list or CSV) in its folder.
"""

import ast
import csv
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

TESTS = Path(__file__).resolve().parents[1]
RULES = Path(__file__).parent / "rules.yaml"
REPORT = Path(__file__).parent / "TRACEABILITY.md"
HEAD = """# From rule to test

Written by `python -m tests.medicine.traceability`; a test keeps it fresh. Rules and statements:
`rules.yaml`. A rule is held by the tests named beside it.
"""


def known() -> dict[str, Any]:
    """The rules of the specification and the statements of its source article."""
    read: dict[str, Any] = yaml.safe_load(RULES.read_text("utf-8"))
    return read


def collected() -> dict[str, tuple[str, ...]]:
    """Rule id -> the tests that name it, in order."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(TESTS.rglob("*")):
        for rule, test in _named_in(path):
            found[rule].add(test)
    return {rule: tuple(sorted(tests)) for rule, tests in found.items()}


def _named_in(path: Path) -> Iterator[tuple[str, str]]:
    where = str(path.relative_to(TESTS))
    if path.name.startswith("test_") and path.suffix == ".py":
        yield from _marked(path, where)
    elif path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as lines:
            yield from ((row["rule"], where) for row in csv.DictReader(lines) if row.get("rule"))
    elif path.suffix == ".yaml" and path != RULES:
        rows = yaml.safe_load(path.read_text("utf-8"))
        for row in rows if isinstance(rows, list) else []:
            rules = row.get("rule", []) if isinstance(row, dict) else []
            yield from ((r, where) for r in (rules if isinstance(rules, list) else [rules]))


def _marked(path: Path, where: str) -> Iterator[tuple[str, str]]:
    tree = ast.parse(path.read_text("utf-8"))
    for node in tree.body:
        name = f"{where}::{node.name}" if isinstance(node, _TEST) else where
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and _is_marker(inner.func):
                for argument in inner.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.value, name


_TEST = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _is_marker(node: ast.expr) -> bool:
    """`pytest.mark.rules`."""
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "rules"
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "mark"
    )


def untested() -> list[str]:
    """Rules of the software that no test names."""
    tests = collected()
    return [r for r, told in known()["rules"].items() if r not in tests and "outside" not in told]


def unheld() -> list[str]:
    """Statements of the source article none of whose rules has a test."""
    tests = collected()
    return [
        key
        for key, told in known()["statements"].items()
        if not any(rule in tests for rule in told["rules"])
    ]


def table() -> str:
    """The whole of TRACEABILITY.md."""
    tests, told = collected(), known()
    lines = [HEAD, "## Rules", "", "| rule | what | tests |", "| --- | --- | --- |"]
    for rule, entry in told["rules"].items():
        held = "<br>".join(tests.get(rule, ())) or f"outside: {entry.get('outside', 'NONE')}"
        lines.append(f"| {rule} | {_cell(entry['text'])} | {held} |")
    lines += ["", "## Statements of the source article", ""]
    lines += ["| statement | what | rules | tests |", "| --- | --- | --- | --- |"]
    for key, entry in told["statements"].items():
        held = sorted({test for rule in entry["rules"] for test in tests.get(rule, ())})
        shown = "<br>".join(held[:4]) + (f"<br>and {len(held) - 4} more" if len(held) > 4 else "")
        rules = ", ".join(entry["rules"])
        lines.append(f"| {key} | {_cell(entry['text'])} | {rules} | {shown} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    REPORT.write_text(table(), "utf-8")
    missing = untested()
    sys.stdout.write(f"{REPORT.name} written; rules without a test: {', '.join(missing) or '-'}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
