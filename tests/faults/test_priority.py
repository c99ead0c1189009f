"""Where the processor is short, the API comes first: intake and worker give way (row 19)."""

import os
from pathlib import Path

import pytest

from service.processes import YIELDS
from tests.acceptance.running import serving


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
