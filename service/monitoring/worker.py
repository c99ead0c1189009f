"""The Celery worker process, and the beat process."""

import logging
import os
import socket
import threading
from typing import Any

import structlog
from celery import Celery, signals
from celery import beat as celery_beat
from celery.worker import state
from kombu.entity import Queue

from service.errors import SettingsFault
from service.leaving import StopSignal, hear_no_more, leave_on_signal
from service.monitoring.broker import broker_url
from service.monitoring.celery_app import PULSE, QUEUE, make_app
from service.monitoring.keeper import DEAF_S, PULSE_S, SWEEP_S, Hearing, Keeper
from service.monitoring.tasks import Bench, register
from service.settings import Settings

# what a worker that was killed leaves in the broker goes after an hour
LEFTOVER_S = 3600
# a line for every bell, whether there was anything to do or not: our own events say what was done
_CHATTER = ("celery.app.trace", "celery.worker.strategy")
log = structlog.get_logger(__name__)


def worker(settings: Settings, *, deaf_s: float = DEAF_S, sweep_s: float = SWEEP_S) -> int:
    """Run until SIGTERM or SIGINT; tasks in flight are finished. The exit code.

    Pool `threads` by default (one process, small), `prefork` where a machine has many cores.
    """
    app = make_app(_url(settings))
    bench = Bench(settings, threading.Event())
    # a fault in the operator's files ends the start, not the first evaluation or notice
    bench.channels, bench.knowledge  # noqa: B018
    register(app, bench)
    pulses = f"pulse.{socket.gethostname()}.{os.getpid()}"
    hearing = Hearing(deaf_s=deaf_s)
    keeper = Keeper(
        hearing=hearing,
        send_pulse=lambda: _send_pulse(app, pulses),
        sweep=lambda: _sweep(bench),
        stopping=bench.stopping,
        pulse_s=min(PULSE_S, deaf_s / 4),
        sweep_s=sweep_s,
    )
    _listen(hearing, bench)
    queue: Any = Queue  # kombu is not typed
    app.conf.task_queues = [queue(QUEUE), queue(pulses, routing_key=pulses)]
    logging.captureWarnings(capture=True)
    for name in _CHATTER:
        logging.getLogger(name).setLevel(logging.WARNING)
    running = _worker_class(app)(
        hostname=f"worker@{socket.gethostname()}.{os.getpid()}",
        pool=settings.worker_pool,
        concurrency=settings.worker_concurrency,
        loglevel=settings.log_level.upper(),
        quiet=True,
        # one worker need not know of another, and pub/sub is one more thing to lose on reconnect
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    log.info("worker.started", pool=settings.worker_pool, slots=settings.worker_concurrency)
    # not when Celery says that it is ready: with the broker away it never is, and somebody is due
    keeper.start()
    running.start()
    hear_no_more()
    _take_away(app, pulses)
    return int(running.exitcode or 0)


def _worker_class(app: Celery) -> Any:
    class Worker(app.Worker):  # type: ignore[misc]  # Celery is not typed
        def install_platform_tweaks(self, worker: Any) -> None:
            """Celery's own print and send in the handler, each time; on SIGHUP they start again."""
            super().install_platform_tweaks(worker)
            StopSignal(_stop_consuming)

    return Worker


def _stop_consuming() -> None:
    state.should_stop = 0  # the exit code: a warm stop


def beat(settings: Settings) -> int:
    """Run the beat until SIGTERM or SIGINT. Two of them by mistake only ring more often."""
    app = make_app(_url(settings))
    leave_on_signal()
    log.info("beat.started")
    celery_beat.Service(app, scheduler_cls=celery_beat.Scheduler).start()
    hear_no_more()
    return 0


def _url(settings: Settings) -> str:
    url = broker_url(settings)
    if url is None:
        raise SettingsFault(
            "REDIS_URL: is not set, and no instance runs a broker of its own in"
            f" {settings.data_dir}.",
            code="no-broker",
        )
    return url


def _listen(hearing: Hearing, bench: Bench) -> None:
    def received(request: Any = None, **_: Any) -> None:
        """In the process that consumes, whatever the pool; and only when a slot was free."""
        if request is not None and request.name == PULSE:
            hearing.heard()

    def stopping(**_: Any) -> None:
        bench.stopping.set()

    signals.task_received.connect(received, weak=False)
    signals.worker_shutting_down.connect(stopping, weak=False)


def _sweep(bench: Bench) -> None:
    while bench.evaluate() and not bench.stopping.is_set():
        pass
    bench.notify()


def _send_pulse(app: Celery, queue: str) -> None:
    """To our own queue; what we leave behind there goes by itself if we are killed."""
    app.send_task(PULSE, queue=queue, retry=False)
    with app.connection_for_write() as connection:
        client = connection.default_channel.client
        for key in (queue, f"_kombu.binding.{queue}"):
            client.expire(key, LEFTOVER_S)


def _take_away(app: Celery, queue: str) -> None:
    try:
        with app.connection_for_write() as connection:
            connection.default_channel.client.delete(queue, f"_kombu.binding.{queue}")
    except Exception as fault:
        log.info("worker.queue_left", fault=type(fault).__name__)
