"""A full disk under the log: a line a minute on standard error, and the work goes on."""

import resource
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

LOG = """
import logging, resource, sys, structlog
from service import logs
from service.settings import load_settings
logs.configure(load_settings({"NMS_SENTINEL_LOG_FILE": sys.argv[1]} if sys.argv[1] else {}), "t")
log = structlog.get_logger()
"""
FLOOD = """
for n in range(300):
    log.info("while.full", n=n)
    logging.getLogger("library").warning("%s", "Muster")
print("done")
"""
FILL = """
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, hard))
for n in range(300):
    log.info("while.full", n=n)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
log.info("after")
print("done")
"""
MINUTES = """
import time
seconds = [0.0]
time.monotonic = lambda: seconds[0]
for n in range(3):
    for _ in range(100):
        log.info("while.full")
    seconds[0] += logs.LOST_TOLD_S
log.info("while.full")
"""


def run(program: str, path: str, stderr: int = subprocess.PIPE) -> tuple[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", LOG + program, path],
        stdout=subprocess.PIPE, stderr=stderr, text=True, timeout=100, check=True,
    )  # fmt: skip
    return done.stdout, (done.stderr or "").splitlines()


def test_a_flood_is_one_line_without_what_was_to_be_logged() -> None:
    told, lines = run(FLOOD, "/dev/full")
    assert told == "done\n"
    assert [orjson.loads(line)["event"] for line in lines] == ["log.lost"]
    assert "Muster" not in "".join(lines)


def test_each_minute_tells_how_many_lines_were_lost() -> None:
    _, lines = run(MINUTES, "/dev/full")
    assert [orjson.loads(line)["lines"] for line in lines] == [1, 100, 100, 100]
    assert {orjson.loads(line)["fault"] for line in lines} == {"OSError"}


def test_where_standard_error_is_the_full_disk_nothing_breaks() -> None:
    with Path("/dev/full").open("wb") as full:
        told, _ = run(FLOOD, "", stderr=full.fileno())
    assert told == "done\n"


@pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_FSIZE)[1] not in (resource.RLIM_INFINITY,),
    reason="the size of files is limited here already",
)
def test_when_there_is_room_again_lines_are_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    told, lines = run(FILL, str(path))
    assert (told, len(lines)) == ("done\n", 1)
    kept = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    assert kept[-1]["event"] == "after"
    assert 0 < len(kept) < 300
