"""An evaluation that takes too long ends its process, is counted, and stops nobody else."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from service.monitoring import watch
from service.monitoring.watch import EXIT, Watch
from tests.monitoring.conftest import ROOT, House
from tests.monitoring.orders import TENANT, accept, until


def test_what_ends_in_time_is_left_alone() -> None:
    """Three in threads that live on have ended when the time of the fourth is over."""
    left: list[int] = []
    told, over = threading.Event(), threading.Event()
    guard = Watch(limit_s=2.0, leave=left.append)

    def briefly() -> None:
        with guard.over(lambda: left.append(-1)):
            pass
        ended.release()
        over.wait(120)

    ended = threading.Semaphore(0)
    threads = [threading.Thread(target=briefly) for _ in range(3)]
    for thread in threads:
        thread.start()
        ended.acquire(timeout=60)
    with guard.over(told.set):
        assert told.wait(60)
        until(lambda: left, 60)
    over.set()
    for thread in threads:
        thread.join(60)
    assert left == [EXIT]


def test_what_does_not_is_counted_once_and_the_process_leaves() -> None:
    left: list[int] = []
    told = threading.Event()
    guard = Watch(limit_s=0.1, leave=left.append)
    with guard.over(told.set):
        assert told.wait(60)
        until(lambda: left, 60)
    assert left == [EXIT]


def test_a_call_that_holds_the_interpreter_is_ended_too() -> None:
    program = (
        "import re, service.monitoring.watch as w\n"
        "w.GRACE_S = 0.5\n"
        "with w.Watch(limit_s=0.5).over(lambda: None):\n"
        "    re.match(r'(a+)+$', 'a' * 64 + 'b')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 1, run.stderr[-500:]
    assert "Timeout" in run.stderr


def test_a_worker_that_hangs_on_one_patient_is_replaced_and_the_others_are_seen_to(
    house: House, tmp_path: Path
) -> None:
    """The first worker hangs on one of a crowd; its successor evaluates the crowd."""
    accept(house.store, *(f"p{n}" for n in range(10)), "stuck")
    faults = {"slow": "stuck", "gate": str(tmp_path / "gate"), "sweep_s": 0.3, "lease_s": 10}
    first = house.worker(**faults, limit_s=8)
    assert first.wait(120) == EXIT
    assert house.has_logged("evaluation.too_long")
    house.worker(**faults, limit_s=8)
    crowd = {f"p{n}" for n in range(10)}
    until(lambda: {a.patient for a in house.store.alerts(TENANT)} >= crowd, 120)
    with house.store._database.read() as connection:
        told = connection.exec_driver_sql(
            "SELECT patient, tries, code FROM due WHERE tries > 0"
        ).all()
    assert [row[0] for row in told] == ["stuck"]
    assert told[0][2] == watch.TOO_LONG
