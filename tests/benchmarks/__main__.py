"""`python -m tests.benchmarks [--seconds S] [--json FILE]`: rates, never verdicts.

Every rate stands beside a floor measured in the same run on the same bytes: one `orjson.loads`.
The ratio is what may be compared between machines; the rates are of this machine, now.
"""

import argparse
import sys
from pathlib import Path

import orjson

from tests.benchmarks import hooks, rates


COLUMNS = ("per_second", "p50_ms", "p99_ms", "floor_per_second", "ratio")


def table(figures: list[dict[str, object]]) -> str:
    """The figures as aligned text."""
    rows = [("what", *COLUMNS), *((f["what"], *(f[c] for c in COLUMNS)) for f in figures)]
    lines = (f"{what!s:38}" + "".join(f"{cell!s:>18}" for cell in cells) for what, *cells in rows)
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure assess, reading, store and hook calls.")
    parser.add_argument("--seconds", type=float, default=2.0, help="time for each measurement")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--only", choices=["rates", "hooks"], help="one half")
    options = parser.parse_args()
    figures: list[dict[str, object]] = []
    if options.only != "hooks":
        figures += rates.measure(options.seconds)
    if options.only != "rates":
        figures += hooks.measure(options.seconds)
    sys.stdout.write(table(figures))
    if options.json:
        options.json.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
