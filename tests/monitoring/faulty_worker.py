"""The real worker with faults that a test asks for: `python -m tests.monitoring.faulty_worker`.

NMS_TEST_FAULTS is JSON: `lease_s`, `sweep_s`, `deaf_s`, `backoff_s`; `poison`: patients whose
evaluation raises; `slow`: a patient at whom the worker stays until a file appears (`gate`);
`limit_s`: of one evaluation; `deaf`: pulses are taken for sent and never arrive.
"""

import json
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from alerts.chart import Chart
from alerts.knowledge import Knowledge
from alerts.statements import Assessment
from service.logs import configure
from service.monitoring import evaluation, watch
from service.monitoring import worker as module_door
from service.monitoring.worker import worker
from service.settings import load_settings
from service.store.evaluation import due

assert module_door is not worker


def main() -> int:
    """Patch what was asked for and run."""
    import service.monitoring.worker as running

    asked: dict[str, Any] = json.loads(os.environ.pop("NMS_TEST_FAULTS", "{}"))
    evaluation.LEASE_S = asked.get("lease_s", evaluation.LEASE_S)
    if "backoff_s" in asked:
        due.BACKOFF_S = (asked["backoff_s"],) * 4
    real = evaluation.assess

    def assess(chart: Chart, knowledge: Knowledge, as_of: datetime) -> Assessment:
        if chart.patient in asked.get("poison", ()):
            raise ZeroDivisionError("a rule that fails on this chart")
        if chart.patient == asked.get("slow"):
            Path(asked["gate"] + ".reached").touch()
            while not Path(asked["gate"]).exists():
                time.sleep(0.05)
        return real(chart, knowledge, as_of)

    evaluation.assess = assess
    watch.Watch.__init__.__defaults__ = (
        asked.get("limit_s", watch.LIMIT_S),
        *watch.Watch.__init__.__defaults__[1:],  # type: ignore[index]
    )
    if asked.get("deaf"):
        running._send_pulse = lambda *_: None
    settings = load_settings(os.environ)
    configure(settings, "worker")
    return worker(settings, deaf_s=asked.get("deaf_s", 60.0), sweep_s=asked.get("sweep_s", 3600.0))


if __name__ == "__main__":
    raise SystemExit(main())
