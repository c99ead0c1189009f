"""`nms-sentinel serve`: broker, API, intake, worker and beat as one; and each of them alone.

The supervisor holds the listening sockets, so that calls wait and are not refused while a fallen
API comes back; the lock on the data directory; and the pipes that end its children with it.
"""

# ruff: noqa: PLC0415 - each process imports what it needs, when it needs it

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from service.instance import BACKLOG, at_port, listen, listen_for_intake, only_one, prepared
from service.leaving import StopSignal, hear_no_more, leave_on_signal, leaving
from service.logs import configure
from service.processes import (
    Part,
    give_memory_back,
    give_way,
    leave_with_parent,
    our_command,
    stop_all,
    wake_soon,
)
from service.settings import PREFIX, Settings, environ_of

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

    from service.intake.door import Door

log = structlog.get_logger(__name__)

LISTEN_FD = f"{PREFIX}LISTEN_FD"
TEND_S = 0.25
# a stop is to take no longer than ten seconds in all
DRAIN_S, STOP_S = 6, 8.5


def serve(settings: Settings, demo: bool) -> int:
    """Run everything until SIGTERM or SIGINT; 0 when all parts ended with their work done."""
    stop = StopSignal()
    settings = prepared(settings, demo)
    with ExitStack() as held:
        held.enter_context(only_one(settings))
        # a second instance has been told by now: what follows may take a second or two
        from service import demo as demonstration
        from service.monitoring.broker import embedded_broker
        from service.rules import kept_rules
        from service.security.session import sign_in_link
        from service.welcome import welcome

        sockets = {"api": held.enter_context(listen(settings))}
        if settings.intake_port:
            sockets["intake"] = held.enter_context(listen_for_intake(settings))
        settings = kept_rules(at_port(settings, sockets["api"]))
        if demo:
            demonstration.begin_afresh(settings.data_dir)
        configure(replace(settings, log_file=_log(settings, "supervisor")), "supervisor")
        _upgrade(settings)
        settings = replace(settings, redis_url=held.enter_context(embedded_broker(settings)))
        parts = parts_of(settings, sockets)
        for part in parts:
            part.start()
        _tell(welcome(settings, sign_in_link(settings), demo=demo))
        if demo:
            held.enter_context(demonstration.playing(settings))
        while not stop.told:
            for part in parts:
                if part.tend():
                    _tell(f"The {part.name} has stopped and is started again.")
            time.sleep(TEND_S)
        _tell("Stopping: work in flight is finished first.")
        clean = stop_all(parts, STOP_S)
    hear_no_more()
    return 0 if clean else 1


def parts_of(settings: Settings, sockets: Mapping[str, socket.socket]) -> list[Part]:
    """Whoever listens, by name, then worker and beat, each with its own log file."""
    parts = []
    for name in (*sockets, "worker", "beat"):
        environ = environ_of(replace(settings, log_file=_log(settings, name)))
        fds: tuple[int, ...] = ()
        if name in sockets:
            fds = (sockets[name].fileno(),)
            environ[LISTEN_FD] = str(sockets[name].fileno())
        parts.append(Part(name, our_command(name), environ, fds))
    return parts


def run_api(settings: Settings) -> int:
    """The API until SIGTERM or SIGINT; requests in flight are answered first."""
    stop = StopSignal()
    configure(settings, "api")
    wake_soon()
    listening = _handed_down() or listen(settings)
    return _answered(at_port(settings, listening), listening, stop, _door)


def run_intake(settings: Settings) -> int:
    """An API at the intake's own port until SIGTERM or SIGINT: what is pushed there is read in its
    threads and costs the process that answers hooks nothing."""
    listening = _handed_down() or listen_for_intake(settings)  # a setting may be missing
    stop = StopSignal()
    configure(settings, "intake")
    give_way()
    return _answered(settings, listening, stop, lambda _: None)


def _handed_down() -> socket.socket | None:
    """The listening socket that the supervisor holds."""
    given = os.environ.pop(LISTEN_FD, None)
    return socket.socket(fileno=int(given)) if given else None


def _door(settings: Settings) -> "Door | None":
    """Processes of its own for the intake; None: threads of this one."""
    from service.intake.clerk import make_clerk
    from service.intake.process import ProcessDoor

    many = settings.intake_processes
    return ProcessDoor(make_clerk, settings, many) if many else None


def _answered(
    settings: Settings,
    listening: socket.socket,
    stop: StopSignal,
    make_door: "Callable[[Settings], Door | None]",
) -> int:
    """Requests answered over HTTP until `stop`; the exit code."""
    import uvicorn

    from service.app import create_app
    from service.rules import note_rules
    from service.store import open_store

    leave_with_parent()
    give_memory_back()
    store = open_store(settings.database_url)
    store.ping()
    note_rules(settings, store, datetime.now(UTC))

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Ours stands: uvicorn keeps every signal and raises each again at the end."""
            yield

        async def on_tick(self, counter: int) -> bool:
            if stop.told:
                leaving.set()  # live streams end now, and the browser comes back
                self.should_exit = True
            return await super().on_tick(counter)

    server = Server(_served(create_app(settings, store, door=make_door(settings))))
    server.run(sockets=[listening])
    hear_no_more()
    store.close()
    return 0 if stop.told else 1


def _served(app: "FastAPI") -> "uvicorn.Config":
    """How the server serves the API."""
    import uvicorn

    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # our address is a setting, never a header
        ws="none",
        timeout_graceful_shutdown=DRAIN_S,
        backlog=BACKLOG,
    )


def run_worker(settings: Settings) -> int:
    """A Celery worker until SIGTERM or SIGINT; the tasks in flight are finished first."""
    leave_on_signal()  # until Celery's own handlers take over
    from service.monitoring.worker import worker

    configure(settings, "worker")
    leave_with_parent()
    give_way()
    return worker(settings)


def run_beat(settings: Settings) -> int:
    """The beat until SIGTERM or SIGINT; one is enough."""
    leave_on_signal()
    from service.monitoring.worker import beat

    configure(settings, "beat")
    leave_with_parent()
    return beat(settings)


def _upgrade(settings: Settings) -> None:
    from service.store import open_store

    store = open_store(settings.database_url)
    try:
        store.upgrade()
    finally:
        store.close()


def _log(settings: Settings, part: str) -> Path:
    return settings.data_dir / "logs" / f"{part}.jsonl"


def _tell(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
