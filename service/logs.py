"""JSON logs: constant event names, ids and numbers; never patient content.

What a library logs is cut down to its constant message text: arguments may hold values. Of an
exception only its type and the places in our code are kept: messages may hold values too.
One correlation id, bound at the edge (`bind`), goes with every line up to the alert.
"""

import logging
import sys
import time
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from types import TracebackType
from typing import Any, TextIO

import orjson
import structlog

from service.settings import Settings

FILE_BYTES, FILES_KEPT = 10_000_000, 3
_MESSAGE_MAX = 160
# how often it is said that lines are lost
LOST_TOLD_S = 60.0
# loud on every start or every poll, and telling nothing that our own events do not tell
_QUIET = ("uvicorn.access", "httpx", "httpcore", "alembic", "kombu", "amqp", "asyncio")


def configure(settings: Settings, part: str) -> None:
    """Log as JSON lines to standard error, or to `settings.log_file`. Once, at process start."""
    handler = _handler(settings)
    handler.setFormatter(_Lines(part))
    root = logging.getLogger()
    _leave_out_what_no_line_tells()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(settings.log_level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _place_of_fault,
            _as_record,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    sys.excepthook = _crashed


def _leave_out_what_no_line_tells() -> None:
    """Who called from which line, thread and process: the library finds it out for each line
    unless told not to (Python's logging HOWTO, "Optimization")."""
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


@contextmanager
def bind(**ids: str) -> Iterator[None]:
    """Ids that go with every line logged inside; the ids before are put back after."""
    with structlog.contextvars.bound_contextvars(**ids):
        yield


def correlation() -> str:
    """The correlation id of what is being done; "" outside of a request or task."""
    return str(structlog.contextvars.get_contextvars().get("correlation", ""))


def _handler(settings: Settings) -> logging.Handler:
    if settings.log_file is None:
        return _Stream(sys.stderr)
    settings.log_file.parent.mkdir(parents=True, exist_ok=True)
    # what is there and no file (a pipe, a terminal) is never turned over
    plain = settings.log_file.is_file() or not settings.log_file.exists()
    return _File(
        settings.log_file,
        maxBytes=FILE_BYTES if plain else 0,
        backupCount=FILES_KEPT,
        encoding="utf-8",
    )


class _Lossy(logging.Handler):
    """A line that cannot be written is lost, and the work goes on. The library tells each on
    standard error, with a traceback: on a full disk a flood, of which the places are ours and the
    arguments may be anybody's. Told is one line a minute, with how many there were."""

    _told_at = float("-inf")
    _lost = 0

    def handleError(self, _record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        self._lost += 1
        now = time.monotonic()
        if now - self._told_at < LOST_TOLD_S:
            return
        self._told_at = now
        fault = sys.exc_info()[0]
        told = {"event": "log.lost", "lines": self._lost, "fault": fault and fault.__name__}
        self._lost = 0
        with suppress(OSError, ValueError, AttributeError):  # none, closed, or just as full
            sys.stderr.write(f"{orjson.dumps(told).decode()}\n")
            sys.stderr.flush()


class _Stream(_Lossy, logging.StreamHandler[TextIO]):
    """To standard error."""


class _File(_Lossy, RotatingFileHandler):
    """Turned over when it is full: by where the last line ended, without asking the disk what the
    file is and making each line twice before it is written."""

    def shouldRollover(self, _record: logging.LogRecord) -> bool:  # noqa: N802 - the library's name
        if self.maxBytes <= 0:
            return False
        if self.stream is None:  # a line after it was closed
            self.stream = self._open()
        return self.stream.tell() >= self.maxBytes


def _as_record(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
    """Our events travel through the standard library as one dictionary."""
    return (event,), {"extra": {"ours": True}}


def _place_of_fault(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    fault = event.pop("exc_info", None)
    if fault is True:
        fault = sys.exc_info()[1]
    if isinstance(fault, tuple):
        fault = fault[1]
    if isinstance(fault, BaseException):
        event.update(place_of(fault))
    return event


def place_of(fault: BaseException) -> dict[str, Any]:
    """The type of an exception and where it passed through: no message, no values."""
    frames = traceback.extract_tb(fault.__traceback__)[-6:]
    return {
        "fault": type(fault).__name__,
        "places": [f"{_short(f.filename)}:{f.lineno} {f.name}" for f in frames],
    }


def _short(path: str) -> str:
    return "/".join(path.replace("\\", "/").split("/")[-2:])


class _Lines(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    def format(self, record: logging.LogRecord) -> str:
        if getattr(record, "ours", False) and isinstance(record.msg, dict):
            held = {"part": self._part, **record.msg}
        else:
            held = self._foreign(record)
        return orjson.dumps(held, default=str).decode()

    def _foreign(self, record: logging.LogRecord) -> dict[str, Any]:
        """A library's line: its logger and constant text, without the arguments."""
        held = {
            "part": self._part,
            "event": "library",
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "message": str(record.msg)[:_MESSAGE_MAX],
        }
        if record.exc_info and record.exc_info[1] is not None:
            held |= place_of(record.exc_info[1])
        return held


def _crashed(kind: type[BaseException], fault: BaseException, _trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        last_words(fault)


def last_words(fault: BaseException) -> None:
    """What a process ended of: like every line, without the message. Only where logs are kept."""
    if any(isinstance(handler.formatter, _Lines) for handler in logging.getLogger().handlers):
        structlog.get_logger(__name__).error("process.crashed", **place_of(fault))
