"""Logs: JSON lines with ids; nothing that a patient could be known by."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parents[2]
CANARY = "Canary-Name-7f3a"
PROGRAM = f"""
import logging, structlog
from service.logs import bind, configure
from service.settings import load_settings
settings = load_settings({{"NMS_SENTINEL_LOG_LEVEL": "info"}})
configure(settings, "api")
log = structlog.get_logger("x")
with bind(correlation="c-1", request_id="r-1"):
    log.info("thing.done", count=3)
    try:
        raise ValueError("{CANARY}")
    except ValueError:
        log.error("thing.failed", exc_info=True)
        logging.getLogger("library").exception("patient %s failed", "{CANARY}")
log.debug("thing.whispered")
log.info("thing.after")
raise RuntimeError("{CANARY}")
"""


def lines(program: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert done.stdout == b""
    return [orjson.loads(line) for line in done.stderr.splitlines()]


def test_lines_are_json_with_ids_and_without_content() -> None:
    told = lines(PROGRAM)
    done, failed, library, after, crashed = told
    assert (done["event"], done["count"], done["part"]) == ("thing.done", 3, "api")
    assert (done["correlation"], done["request_id"]) == ("c-1", "r-1")
    assert failed["fault"] == "ValueError"
    assert library["event"] == "library"
    assert library["message"] == "patient %s failed"
    assert "correlation" not in after
    assert crashed["event"] == "process.crashed"
    assert crashed["fault"] == "RuntimeError"
    assert CANARY not in str(told)


def test_a_log_file_is_written_and_made(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "api.jsonl"
    program = PROGRAM.replace("info", "warning", 1).replace(
        "settings = load_settings({",
        f'settings = load_settings({{"NMS_SENTINEL_LOG_FILE": {str(path)!r}, ',
    )
    assert lines(program) == []
    events = [orjson.loads(line)["event"] for line in path.read_bytes().splitlines()]
    assert events == ["thing.failed", "library", "process.crashed"]


def test_a_log_file_is_turned_over_when_full_and_no_line_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "api.jsonl"
    program = f"""
import structlog
from service import logs
from service.settings import load_settings
logs.FILE_BYTES, logs.FILES_KEPT = 2_000, 50
logs.configure(load_settings({{"NMS_SENTINEL_LOG_FILE": {str(path)!r}}}), "api")
for number in range(200):
    structlog.get_logger("x").info("thing.done", number=number)
"""
    assert lines(program) == []
    files = sorted(path.parent.glob("api.jsonl*"), key=lambda file: file.stat().st_mtime_ns)
    assert len(files) > 5
    assert all(file.stat().st_size < 2_200 for file in files)
    told = [orjson.loads(line)["number"] for file in files for line in file.open()]
    assert sorted(told) == list(range(200))


def test_a_line_after_the_log_was_closed_is_written_too(tmp_path: Path) -> None:
    """What is logged while the interpreter leaves, after the library closed its handlers."""
    path = tmp_path / "api.jsonl"
    program = f"""
import logging, structlog
from service import logs
from service.settings import load_settings
logs.configure(load_settings({{"NMS_SENTINEL_LOG_FILE": {str(path)!r}}}), "api")
structlog.get_logger("x").info("thing.done", number=1)
logging.getLogger().handlers[0].close()
structlog.get_logger("x").info("thing.done", number=2)
"""
    assert lines(program) == []
    assert [orjson.loads(line)["number"] for line in path.open()] == [1, 2]


def test_a_log_that_is_no_file_is_never_turned_over(tmp_path: Path) -> None:
    program = f"""
from service import logs
logs.FILE_BYTES = 10
{PROGRAM.replace("{{", "{").replace("}}", "}")}
"""
    program = program.replace(
        "load_settings({", 'load_settings({"NMS_SENTINEL_LOG_FILE": "/dev/stderr", '
    )
    assert [line["event"] for line in lines(program)][:1] == ["thing.done"]
    assert not list(tmp_path.iterdir())
