"""Where the processor is short, the API comes first: intake and worker give way (row 19)."""

import ctypes
import os
import platform
import struct
import threading
from pathlib import Path

import pytest

from service.processes import SLICE_NS, YIELDS, give_way, wake_soon
from tests.acceptance.running import serving

_SCHED_GETATTR = {"x86_64": 315, "aarch64": 275}


@pytest.mark.faults
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")
def test_what_can_wait_gives_way_to_the_hooks(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        own = os.getpriority(os.PRIO_PROCESS, 0)
        api, worker = served.pid_of("api"), served.pid_of("worker")
        assert served.push(b"{}").status_code == 400  # the intake process is up
        assert os.getpriority(os.PRIO_PROCESS, api) == own
        assert os.getpriority(os.PRIO_PROCESS, worker) == min(19, own + YIELDS)
        intake = [pid for pid in children(api) if "spawn_main" in command(pid)]
        assert [os.getpriority(os.PRIO_PROCESS, pid) for pid in intake] == [min(19, own + YIELDS)]
        if sessions_share():  # niceness alone would count among the worker's own threads only
            assert session_yields(worker) == YIELDS
            assert session_yields(api) == 0
        if wakes_soon():
            assert {slice_of(thread) for thread in threads_of(api)} == {SLICE_NS}
            assert SLICE_NS not in {slice_of(pid) for pid in (worker, *intake)}


@pytest.mark.skipif(platform.machine() not in _SCHED_GETATTR, reason="asks Linux")
def test_short_slices_are_for_those_who_asked() -> None:
    """For the thread and what it begins; a process that gives way takes the usual ones again."""
    found: dict[str, int] = {}

    def asked() -> None:
        found["before"] = slice_of(0)
        if not wake_soon():
            return
        found["after"] = slice_of(0)
        begun = threading.Thread(target=lambda: found.update(begun=slice_of(0)))
        begun.start()
        begun.join()
        child = os.fork()
        if child == 0:
            give_way()
            os._exit(slice_of(0) == SLICE_NS)
        found["child"] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    apart = threading.Thread(target=asked)
    apart.start()
    apart.join()
    if found.get("after") == found["before"]:
        pytest.skip("this kernel grants no slices of one's own")
    assert (found["after"], found["begun"], found["child"]) == (SLICE_NS, SLICE_NS, 0)
    assert slice_of(0) == found["before"]  # not for us


def wakes_soon() -> bool:
    granted: list[bool] = []
    apart = threading.Thread(target=lambda: granted.append(wake_soon() and slice_of(0) == SLICE_NS))
    apart.start()
    apart.join()
    return granted == [True]


def slice_of(thread: int) -> int:
    """Nanoseconds (struct sched_attr: sched_runtime); 0 before Linux 6.12."""
    held = ctypes.create_string_buffer(56)
    number = _SCHED_GETATTR[platform.machine()]
    assert ctypes.CDLL(None).syscall(number, thread, held, 56, 0) == 0
    return int(struct.unpack_from("=IIQiIQ", held.raw)[5])


def threads_of(pid: int) -> list[int]:
    return [int(found.name) for found in Path(f"/proc/{pid}/task").iterdir()]


def sessions_share() -> bool:
    """Whether the kernel shares the processor between sessions first."""
    switch = Path("/proc/sys/kernel/sched_autogroup_enabled")
    return switch.exists() and switch.read_text().strip() == "1"


def session_yields(pid: int) -> int:
    return int(Path(f"/proc/{pid}/autogroup").read_text().rpartition("nice")[2])


def children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(folder.name))
    return found


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
