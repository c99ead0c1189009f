"""`nms-sentinel replay`: options to report."""

import gc
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from alerts.knowledge import diff
from service.fhir.terminology import terminology
from service.replay.compare import changes
from service.replay.formats import render
from service.replay.play import Manner
from service.replay.report import Progress, replays
from service.replay.rules import rules_of


def run(
    paths: Sequence[Path],
    rules: str | None,
    against: str | None,
    step: bool,
    as_of: datetime | None,
    form: str,
    workers: int | None,
    progress: Progress | None,
) -> tuple[str, bool]:
    """The report in its form, and whether nothing differs. Raises BadInput."""
    chosen = rules_of(rules)
    other = rules_of(against) if against is not None else None
    versions = (chosen,) if other is None else (chosen, other)
    _spare_the_collector()
    manner = Manner(versions, step, as_of, datetime.now(UTC), draw=form == "html")
    report, *rest = replays(paths, manner, progress, workers or os.cpu_count() or 1)
    if other is None:
        return render(report, form), report.ok
    before = rest[0]
    found = changes(before, report)
    text = render(report, form, before, found, diff(other, chosen))
    return text, report.ok and not found


def _spare_the_collector() -> None:
    """Rules and terminology never go away: looking at them again cost 18 % of a replay."""
    terminology()
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)
