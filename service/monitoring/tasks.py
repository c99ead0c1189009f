"""The tasks: hints that carry nothing. Each looks at the store for what there is to do."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import uuid4

import structlog
from celery import Celery

from alerts.knowledge import Knowledge
from service.errors import Unavailable
from service.logs import place_of
from service.monitoring.anew import Anew
from service.monitoring.celery_app import EVALUATE, NOTIFY, PRUNE, PULSE, QUEUE
from service.monitoring.evaluation import Evaluator
from service.monitoring.keeping import retention_of
from service.monitoring.notifications import Channels, channels_of, dispatch
from service.monitoring.watch import Watch
from service.rules import mark_of, rules_in_force
from service.settings import Settings
from service.store import Store, open_store

log = structlog.get_logger(__name__)


@dataclass
class Bench:
    """What the tasks of one process work with. `stopping`: set when the process is to end."""

    settings: Settings
    stopping: threading.Event
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @cached_property
    def store(self) -> Store:
        return open_store(self.settings.database_url)

    @cached_property
    def channels(self) -> Channels:
        return channels_of(self.settings)

    @cached_property
    def knowledge(self) -> Knowledge:
        return rules_in_force(self.settings)

    @cached_property
    def evaluator(self) -> Evaluator:
        return Evaluator(
            store=self.store,
            knowledge=self.knowledge,
            clock=self.clock,
            new_id=lambda: str(uuid4()),
            worker=socket.gethostname(),
            stopping=self.stopping,
            watch=Watch(),
            anew=Anew(self.store, mark_of(self.knowledge)),
        )

    def evaluate(self) -> bool:
        """One slice of the due list; True when more is due. The store being away is no fault of
        a patient: all are still due, and the next bell finds them."""
        try:
            tally = self.evaluator.drain()
        except Unavailable as fault:
            log.warning("evaluation.store_away", code=fault.code)
            return False
        if tally.patients:
            log.info(
                "evaluation.slice",
                settled=tally.settled,
                overtaken=tally.overtaken,
                failed=tally.failed,
            )
        return tally.more

    def notify(self) -> None:
        try:
            dispatch(self.store, self.channels, self.clock, self.settings.base_url)
        except Unavailable as fault:
            log.warning("notices.store_away", code=fault.code)

    def prune(self) -> None:
        """What retention says is no longer kept."""
        try:
            removed = self.store.prune(self.clock(), retention_of(self.settings))
        except Unavailable as fault:
            log.warning("prune.store_away", code=fault.code)
            return
        log.info("store.pruned", **removed)


def register(app: Celery, bench: Bench) -> None:
    """Put the tasks on an app. None takes an argument."""

    def evaluate_due() -> None:
        if bench.evaluate() and not bench.stopping.is_set():
            ring_again(app)

    def send_notices() -> None:
        bench.notify()

    def prune() -> None:
        bench.prune()

    def pulse() -> None:
        """Its arrival is its message (keeper.py)."""

    app.task(evaluate_due, name=EVALUATE)
    app.task(send_notices, name=NOTIFY)
    app.task(prune, name=PRUNE)
    app.task(pulse, name=PULSE)


def ring_again(app: Any) -> None:
    """More is due than a slice holds. A bell that cannot be rung is left to the sweep."""
    try:
        app.send_task(EVALUATE, queue=QUEUE, retry=False)
    except Exception as fault:
        log.warning("bell.not_rung", **place_of(fault))
