"""Celery and Redis behind one door: the bell, the worker, the beat, the broker.

What is heavy to import (Celery, the rules) is imported when a worker or beat starts: a command
that only rings stays quick.
"""

from service.monitoring.broker import broker_url, embedded_broker
from service.monitoring.doorbell import broker_up, ring
from service.settings import Settings

__all__ = ["beat", "broker_up", "broker_url", "embedded_broker", "ring", "worker"]


def worker(settings: Settings) -> int:
    """A Celery worker until it is told to stop; its exit code."""
    from service.monitoring.worker import worker as run  # noqa: PLC0415

    return run(settings)


def beat(settings: Settings) -> int:
    """The beat until it is told to stop; its exit code."""
    from service.monitoring.worker import beat as run  # noqa: PLC0415

    return run(settings)
