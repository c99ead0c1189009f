"""`python -m tests.benchmarks [NAME ...]`: costs, never verdicts.

Every figure stands beside a floor measured in the same run on the same bytes. The ratio is what
may be compared between machines and days; the rates are of this machine, now. Each benchmark runs
in a process of its own; `python -m tests.benchmarks.NAME --help` tells what one of them takes.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NOT_BENCHMARKS = {"__init__", "__main__", "floor", "figures"}
NAMES = sorted({path.stem for path in HERE.glob("*.py")} - NOT_BENCHMARKS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    chosen = parser.parse_args().names or NAMES
    if unknown := set(chosen) - set(NAMES):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    failed = []
    for name in chosen:
        sys.stdout.write(f"\n== {name}\n")
        sys.stdout.flush()
        if subprocess.run(
            [sys.executable, "-m", f"tests.benchmarks.{name}"], check=False
        ).returncode:
            failed.append(name)
    if failed:
        sys.stderr.write(f"could not be measured: {', '.join(failed)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
