"""The settings that the measurements asked for (design: stack, section 4)."""

from service.monitoring.celery_app import EVALUATE, make_app


def test_the_settings_that_keep_a_bell_from_being_lost_or_deaf() -> None:
    conf = make_app("redis://localhost:1/0").conf
    transport = conf.broker_transport_options
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.task_ignore_result
    assert conf.result_backend is None
    assert conf.worker_prefetch_multiplier == 1
    assert (conf.task_serializer, conf.accept_content) == ("json", ["json"])
    assert transport["visibility_timeout"] == 60
    assert transport["unacked_restore_interval"] == 5
    assert transport["unacked_restore_throttle"] == 1
    assert conf.broker_connection_max_retries is None
    assert conf.broker_connection_retry_on_startup


def test_the_beat_sweeps_every_ten_seconds() -> None:
    sweep = make_app("redis://localhost:1/0").conf.beat_schedule["sweep"]
    assert (sweep["task"], sweep["schedule"]) == (EVALUATE, 10)
    assert "args" not in sweep  # a hint, no eta, no arguments
