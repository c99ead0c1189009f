"""The demonstration: synthetic ward journeys from `fixtures/demo`, moved to now and played fast."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import orjson
import structlog

from service.errors import Unavailable
from service.instance import LOCK
from service.intake.clerk import make_clerk
from service.intake.delivery import Delivery, Form
from service.logs import place_of
from service.monitoring.doorbell import ring
from service.settings import Settings

log = structlog.get_logger(__name__)

ROOT = Path(__file__).resolve().parent.parent / "fixtures" / "demo"
# how long the whole demonstration takes: an alert must arise within a minute
PLAY_SECONDS = 40.0
# every journey ends this long before now: nothing lies in the future
MARGIN = timedelta(minutes=1)
_MARK = ".demonstration"


def journeys(now: datetime, folder: Path = ROOT) -> Iterator[tuple[float, bytes]]:
    """(seconds after the start, bundle) for every bundle of every journey, in order.

    All dates of a journey are moved by one amount, so that its last bundle arrived just before
    `now`. Raises Unavailable (`no-demo`) when the fixtures are not there.
    """
    courses = [_course(path, now) for path in sorted(folder.glob("*")) if path.is_dir()]
    if not any(courses):
        raise Unavailable(
            "The demonstration needs the folder fixtures/demo of the repository,"
            " which is not beside this installation.",
            code="no-demo",
        )
    played = [
        (PLAY_SECONDS * number / len(course), name, body)
        for course in courses
        for number, (name, body) in enumerate(course)
    ]
    yield from ((delay, body) for delay, _, body in sorted(played))


def play(
    accept: Callable[[bytes], None],
    stop: Event,
    now: datetime | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Hand every bundle to `accept` at its moment; ends early when `stop` is set.

    Answers how many bundles were handed over.
    """
    begun, handed = clock(), 0
    for delay, body in journeys(now or datetime.now(UTC)):
        if stop.wait(max(0.0, delay - (clock() - begun))):
            break
        accept(body)
        handed += 1
    return handed


def begin_afresh(folder: Path) -> None:
    """Empty the directory of an earlier demonstration: only one that we made and marked."""
    mark = folder / _MARK
    if mark.exists():
        for found in folder.iterdir():
            if found.name in (LOCK, _MARK):
                continue
            shutil.rmtree(found) if found.is_dir() else found.unlink()
    mark.touch()


@contextmanager
def playing(settings: Settings) -> Iterator[None]:
    """Play the demonstration in a thread while the block runs, through the door of the intake."""
    clerk, stop = make_clerk(settings), Event()

    def accept(body: bytes) -> None:
        now = datetime.now(UTC)
        clerk(Delivery(body, Form.BUNDLE, settings.tenant, "demo", now, uuid4().hex))
        ring(settings)

    def work() -> None:
        try:
            log.info("demo.played", bundles=play(accept, stop))
        except Exception as fault:  # the service goes on; the log says why nothing moves
            log.error("demo.failed", **place_of(fault))

    list(journeys(datetime.now(UTC)))  # a missing fixture is said before anything starts
    thread = threading.Thread(target=work, name="demo", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(5.0)
        clerk.close()


def _course(folder: Path, now: datetime) -> list[tuple[str, bytes]]:
    bundles = [
        (path.name, orjson.loads(path.read_bytes())) for path in sorted(folder.glob("*.json"))
    ]
    if not bundles:
        return []
    ends = max(datetime.fromisoformat(bundle["timestamp"]) for _, bundle in bundles)
    by = now - MARGIN - ends
    return [(f"{folder.name}/{name}", orjson.dumps(moved(bundle, by))) for name, bundle in bundles]


def moved(node: Any, by: timedelta) -> Any:
    """A copy of FHIR JSON with every date-time moved; birth dates and other text are kept."""
    if isinstance(node, dict):
        return {
            key: value if key == "birthDate" else moved(value, by) for key, value in node.items()
        }
    if isinstance(node, list):
        return [moved(item, by) for item in node]
    if isinstance(node, str) and (at := _instant(node)):
        return (at + by).astimezone(UTC).isoformat(timespec="seconds")
    return node


def _instant(text: str) -> datetime | None:
    """A full date-time with a zone; anything else is text."""
    if len(text) < 20 or text[4:5] != "-" or text[10:11] != "T":
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
