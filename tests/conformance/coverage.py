"""`python -m tests.conformance.coverage` writes COVERAGE.md: each rule, its tests or the reason."""

import importlib
from pathlib import Path
from types import FunctionType

from tests.conformance.rules import RULES, Rule

FOLDER = Path(__file__).parent
TABLE = FOLDER / "COVERAGE.md"
HEAD = """# Coverage of CDS Hooks 2.0.1

Rules for a CDS service, each with the tests that look at it from outside, or why none can. Written
by `python -m tests.conformance.coverage`; a test fails when it is out of date.

| rule | level | what it asks | tests |
|---:|---|---|---|
"""


def looking_at() -> dict[int, list[str]]:
    """Rule number -> names of the tests that look at it."""
    found: dict[int, list[str]] = {rule.number: [] for rule in RULES}
    for path in sorted(FOLDER.glob("test_*.py")):
        module = importlib.import_module(f"tests.conformance.{path.stem}")
        for name, test in vars(module).items():
            if name.startswith("test_") and isinstance(test, FunctionType):
                for number in getattr(test, "covers", ()):
                    found[number].append(f"{path.stem}::{name}")
    return found


def table() -> str:
    tests = looking_at()
    return HEAD + "".join(_line(rule, tests[rule.number]) for rule in RULES)


def _line(rule: Rule, tests: list[str]) -> str:
    shown = "<br>".join(f"`{name}`" for name in tests) or f"none: {rule.why_not}"
    return f"| {rule.number} | {rule.level} | {rule.text} | {shown} |\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
