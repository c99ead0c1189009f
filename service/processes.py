"""Child processes: started, watched, restarted with patience, stopped with their work finished.

A child cannot outlive its parent: it holds one end of a pipe, and when the other end is gone
(`leave_with_parent`) it stops as if it had been told to.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger(__name__)

SUPERVISED = "NMS_SENTINEL_SUPERVISED"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
# a part that ran this long has recovered: its next fall is a first one
STEADY_S = 60.0
# of the work that can wait, beside a hook that somebody waits for
YIELDS = 5
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
    if sys.platform != "win32":
        os.nice(YIELDS)


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
