"""Children are restarted with patience, end with their work done, and never outlive us."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from service.processes import LONGEST_PAUSE_S, Part, stop_all

ROOT = Path(__file__).resolve().parents[2]
POLITE = (
    "import signal,sys,time; signal.signal(15, lambda *_: sys.exit(0));"
    " open(sys.argv[1], 'w').close(); time.sleep(250)"
)
STUBBORN = (
    "import signal,sys,time; signal.signal(15, signal.SIG_IGN);"
    " open(sys.argv[1], 'w').close(); time.sleep(250)"
)
CHILD = """
import signal, sys, time
from service.processes import leave_with_parent
signal.signal(15, lambda *_: sys.exit(0))
leave_with_parent()
open(sys.argv[1], "w").write("here")
time.sleep(250)
"""


def part(program: str, *arguments: str) -> Part:
    return Part("test", [sys.executable, "-c", program, *arguments])


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.02)


def test_a_child_ends_with_its_work_done(tmp_path: Path) -> None:
    child = part(POLITE, str(tmp_path / "here"))
    child.start()
    assert child.running
    until((tmp_path / "here").exists)
    assert stop_all([child], 120)  # it would sleep for longer
    assert not child.running


def test_a_child_that_does_not_end_is_killed(tmp_path: Path) -> None:
    child = part(STUBBORN, str(tmp_path / "here"))
    child.start()
    until((tmp_path / "here").exists)
    process = child.process
    assert process is not None
    assert not stop_all([child], 0.3)
    assert not child.running
    assert process.returncode == -signal.SIGKILL


def test_a_fallen_child_is_started_again_and_ever_more_slowly() -> None:
    now = [100.0]
    child = Part("test", [sys.executable, "-c", "raise SystemExit(3)"], clock=lambda: now[0])
    pauses = []
    child.start()
    for _ in range(9):
        until(lambda: not child.running)
        assert child.tend()  # it fell
        fell = now[0]
        while not child.running and child.process is None:
            now[0] += 0.25
            child.tend()
        pauses.append(now[0] - fell)
    assert pauses[:4] == [0.5, 1.0, 2.0, 4.0]
    assert max(pauses) <= LONGEST_PAUSE_S + 0.25
    stop_all([child], 5)


def test_a_long_life_makes_the_next_fall_a_first_one() -> None:
    now = [0.0]
    child = Part("test", [sys.executable, "-c", "pass"], clock=lambda: now[0])
    child.falls = 7
    child.start()
    until(lambda: not child.running)
    now[0] = 1000.0
    assert child.tend()
    assert child.falls == 1


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")
def test_a_child_leaves_with_its_parent(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from service.processes import Part\n"
            "p = Part('c', [sys.executable, '-c', sys.argv[1], sys.argv[2]]); p.start()\n"
            "print(p.process.pid, flush=True); time.sleep(250)",
            CHILD,
            str(mark),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert parent.stdout is not None
    child = next(int(line) for line in parent.stdout if line.strip().isdigit())
    until(mark.exists)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    until(lambda: not alive(child))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False
