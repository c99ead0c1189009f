"""`nms-sentinel replay` and `export`: options to report and fixture."""

import gc
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from alerts.knowledge import diff
from service.errors import BadInput, NotFound
from service.fhir.terminology import terminology
from service.replay.compare import changes
from service.replay.formats import render
from service.replay.play import Manner
from service.replay.production.export import (
    FEWEST_WEEKS,
    MOST_WEEKS,
    Exported,
    export,
)
from service.replay.production.recorded import Decisions, recorded, render_recorded
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


def run_recorded(
    store: Decisions, tenant: str, rules: str | None, form: str, progress: Progress | None
) -> tuple[str, bool]:
    """Production's recorded decisions made anew: the report, and whether all came out alike."""
    chosen = rules_of(rules)
    found = list(recorded(store, tenant, chosen, progress))
    return render_recorded(found, chosen.version, form), all(one.ok for one in found)


def run_export(
    store: Decisions, tenant: str, patient: str, rules: str | None, now: datetime, out: Path
) -> Exported:
    """A patient as a de-identified fixture folder. Raises NotFound, BadInput (`exists`)."""
    chart = store.chart(tenant, patient)
    if chart is None:
        raise NotFound("The store knows no such patient.", code="no-such-patient")
    if out.exists():
        raise BadInput(f"{out.name} exists already.", code="exists")
    decided = store.assessment(tenant, patient)
    as_of = datetime.fromisoformat(decided["as_of"]) if decided else now
    weeks = FEWEST_WEEKS + secrets.randbelow(MOST_WEEKS - FEWEST_WEEKS)
    made = export(chart, rules_of(rules), as_of, weeks, f"exported-{secrets.token_hex(4)}")
    made.write(out)
    return made


def _spare_the_collector() -> None:
    """Rules and terminology never go away: looking at them again cost 18 % of a replay."""
    terminology()
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)
