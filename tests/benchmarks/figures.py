"""A table of figures, and the command line of a benchmark that has one option: how long."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import orjson

COLUMNS = ("per_second", "p50_ms", "p99_ms", "floor_per_second", "ratio")
# of the figures under /proc
TICKS_S = os.sysconf("SC_CLK_TCK")
Measure = Callable[[float], list[dict[str, object]]]


def table(figures: list[dict[str, object]]) -> str:
    """The figures as aligned text."""
    rows = [("what", *COLUMNS), *((f["what"], *(f[c] for c in COLUMNS)) for f in figures)]
    lines = (f"{what!s:38}" + "".join(f"{cell!s:>18}" for cell in cells) for what, *cells in rows)
    return "\n".join(lines) + "\n"


def run(measure: Measure, what: str | None) -> int:
    """Measure as the command line says, print the table, write the figures where asked."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--seconds", type=float, default=2.0, help="time for each measurement")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    figures = measure(options.seconds)
    sys.stdout.write(table(figures))
    if options.json:
        options.json.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    return 0


def children(pid: int) -> list[int]:
    """The processes that a process has begun."""
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_S
