"""Child processes: started, watched, restarted with patience, stopped with their work finished.

A child cannot outlive its parent: it holds one end of a pipe, and when the other end is gone
(`leave_with_parent`) it stops as if it had been told to.
"""

import ctypes
import os
import platform
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

SUPERVISED = "NMS_SENTINEL_SUPERVISED"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
# a part that ran this long has recovered: its next fall is a first one
STEADY_S = 60.0
# of the work that can wait, beside a hook that somebody waits for
YIELDS = 5
# sched_setattr(2), which C libraries do not wrap: its number, and struct sched_attr as first made
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
_SCHED_ATTR = struct.Struct("=IIQiIQQQ")
# the shortest that Linux grants; the usual ones are 1.4 to 3 ms
SLICE_NS = 100_000
# glibc's M_MMAP_THRESHOLD, and from what size a block is mapped on its own
_MMAP_THRESHOLD, OWN_BLOCK_BYTES = -3, 1024 * 1024


@dataclass
class Part:
    """One child. `environ` is added to ours; `fds` are handed down under the same numbers."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    fds: tuple[int, ...] = ()
    clock: Callable[[], float] = time.monotonic
    falls: int = 0
    process: subprocess.Popen[bytes] | None = None
    _begun: float = 0.0
    _again_at: float = 0.0

    def start(self) -> None:
        """Begin the child; its standard input is the pipe that ties it to us."""
        self.process = subprocess.Popen(  # noqa: S603 - our own commands
            list(self.command),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={**os.environ, **self.environ, SUPERVISED: "1"},
            pass_fds=self.fds,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone
        )
        self._begun = self.clock()
        log.info("part.started", name=self.name, pid=self.process.pid)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def tend(self) -> bool:
        """Restart the child when it is down and its pause is over; True when it fell just now."""
        if self.running:
            return False
        now = self.clock()
        if self.process is not None:  # a fall that was not seen yet
            self.falls = 1 if now - self._begun > STEADY_S else self.falls + 1
            pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (self.falls - 1))
            self._again_at = now + pause
            log.error("part.fell", name=self.name, code=self.process.returncode, pause_s=pause)
            self._let_go()
            return True
        if now >= self._again_at:
            self.start()
        return False

    def ask_to_stop(self) -> None:
        if self.process is not None and self.running:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, until: float) -> bool:
        """Wait until `time.monotonic() == until`, then kill; True when it ended by itself."""
        if self.process is None:
            return True
        try:
            self.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.error("part.killed", name=self.name)
            self.process.kill()
            self.process.wait()
            return False
        finally:
            self._let_go()
        return True

    def _let_go(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
        if not self.running:
            self.process = None


def stop_all(parts: Sequence[Part], within_s: float) -> bool:
    """Stop all at once, each finishing its work; True when none had to be killed."""
    for part in parts:
        part.ask_to_stop()
    ends = time.monotonic() + within_s
    ended = [part.wait(ends) for part in parts]
    return all(ended)


def leave_with_parent() -> None:
    """In a child: stop as on SIGTERM when the parent is gone. Does nothing when unsupervised."""
    if os.environ.pop(SUPERVISED, None) != "1":
        return

    def watch() -> None:
        # the descriptor itself: a thread waiting in sys.stdin would hold up the end of the process
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def give_way() -> None:
    """Let the API have the processor first: what this process does can wait for a moment."""
    if sys.platform == "win32":
        return
    _ask_for_slices(0)  # the usual ones, whatever our parent asked for
    os.nice(YIELDS)
    if os.getsid(0) == os.getpid():
        _yield_as_session()


def _yield_as_session() -> None:
    """Linux may share the processor between sessions first (autogroup): niceness then counts only
    inside of one, and the parts of an instance have one each."""
    try:
        Path("/proc/self/autogroup").write_text(str(YIELDS))
    except OSError:
        return  # not that system, or not its way


def wake_soon() -> bool:
    """Have the threads begun from here on, and this one, run as soon as they wake; whether the
    system does so (Linux 6.12).

    Whoever has the processor keeps it for a slice of some milliseconds, also from one who comes
    with an answer that somebody waits for. A thread that wakes beside two busy processes was
    measured to wait 4.0 ms at the 95th percentile and 7.5 at the 99th, with short slices 2.8 and
    3.5. They do not change how much of the processor anybody gets.
    """
    return _ask_for_slices(SLICE_NS)


def _ask_for_slices(nanoseconds: int) -> bool:
    """For this thread; 0: the usual ones. Only under the usual policy: another is the operator's
    choice."""
    number = _SCHED_SETATTR.get(platform.machine())
    if sys.platform != "linux" or number is None or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    asked = _SCHED_ATTR.pack(_SCHED_ATTR.size, os.SCHED_OTHER, 0, nice, 0, nanoseconds, 0, 0)
    return bool(ctypes.CDLL(None).syscall(number, 0, ctypes.create_string_buffer(asked), 0) == 0)


def give_memory_back() -> None:
    """Let the memory of a big body go when the body does.

    glibc maps big blocks on their own, but once one was freed it keeps all up to that size, up to
    32 MB in each arena: a few bodies of 14 MB left 60 MB behind. A fixed limit keeps it from
    learning. Other C libraries have no such call, or do nothing.
    """
    try:
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, OWN_BLOCK_BYTES)
    except (OSError, AttributeError, TypeError):
        return


def our_command(*arguments: str) -> list[str]:
    """The command line of a part: this interpreter, this package."""
    return [sys.executable, "-m", "service", *arguments]
