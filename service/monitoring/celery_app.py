"""The Celery app: Redis as a doorbell, every setting with its reason.

What is known of Celery on Redis and was measured stands in the comments: acks_late alone loses
tasks under kill -9 (14 of 12,000), so a task carries no truth: it says "look at the due list".
"""

from typing import Any

from celery import Celery, signals
from celery.schedules import crontab

QUEUE = "evaluate"
EVALUATE = "nms_sentinel.evaluate_due"
NOTIFY = "nms_sentinel.send_notices"
PRUNE = "nms_sentinel.prune"
PULSE = "nms_sentinel.pulse"
SWEEP_S, NOTIFY_S = 10, 5

TRANSPORT: dict[str, Any] = {
    # longer than the longest task (a slice of 10 s and a batch); an unacked bell rings again then
    "visibility_timeout": 60,
    # unacked bells of a killed worker are looked for every 5 s: kombu's own pace took 98 s
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # a server that is away or a black hole is noticed in seconds, on either side
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "socket_keepalive": True,
    "health_check_interval": 10,
}


def make_app(url: str) -> Celery:
    """The app on a broker; it opens no connection yet."""
    app = Celery("nms_sentinel", broker=url, set_as_current=False)
    app.conf.update(
        # no results: nobody waits for one, and each would be a write
        task_ignore_result=True,
        result_backend=None,
        # names and nothing else travel; a message is never code
        task_serializer="json",
        accept_content=["json"],
        # acknowledged when done: a killed worker's bell rings again
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        # one bell a slot: the work is in the due list, not in the worker's pocket
        worker_prefetch_multiplier=1,
        task_default_queue=QUEUE,
        broker_transport_options=dict(TRANSPORT),
        # a broker that is away is waited for, for ever, at the start too
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # a bell that cannot be rung is the sweep's business, not worth a wait
        task_publish_retry=False,
        # the tasks are idempotent: what a lost connection interrupts is redelivered and harmless
        worker_cancel_long_running_tasks_on_connection_loss=False,
        # nobody reads them, and pub/sub is one more thing to fail on reconnect
        worker_send_task_events=False,
        task_send_sent_event=False,
        worker_enable_remote_control=False,
        # our own logging (no arguments, no patient content)
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        # bells are rung as now: there is no ETA anywhere (beyond the visibility timeout it repeats)
        enable_utc=True,
        timezone="UTC",
        beat_schedule={
            # an unconditional hint: with nothing due it costs one indexed read
            "sweep": {"task": EVALUATE, "schedule": SWEEP_S},
            "notices": {"task": NOTIFY, "schedule": NOTIFY_S},
            "prune": {"task": PRUNE, "schedule": crontab(minute="17", hour="*/6")},
        },
        # beat holds no state worth a file: intervals count from its start, the rest is by the clock
        beat_max_loop_interval=SWEEP_S,
    )
    return app


def _keep_our_logging(**_: Any) -> None:
    """A receiver of this signal keeps Celery from setting up logging of its own."""


signals.setup_logging.connect(_keep_our_logging, weak=False)
