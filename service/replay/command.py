"""`nms-sentinel replay` and `export`: options to report and fixture."""

import gc
import os
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from alerts.knowledge import Knowledge, diff
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
from service.replay.production.recorded import (
    Decisions,
    Recorded,
    newer_facts,
    recorded,
    render_recorded,
    replayed,
)
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
    spare_the_collector()
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
    return _said(list(recorded(store, tenant, chosen, progress)), chosen, form)


def run_replayed(
    paths: Sequence[Path], rules: str | None, form: str, progress: Progress | None
) -> tuple[str, bool]:
    """The same for decisions that `export --recorded` wrote. Raises BadInput."""
    chosen = rules_of(rules)
    return _said(list(replayed(paths, chosen, datetime.now(UTC), progress)), chosen, form)


def _said(found: Sequence[Recorded], rules: Knowledge, form: str) -> tuple[str, bool]:
    return render_recorded(found, rules.version, form), all(one.ok for one in found)


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
    made = export(chart, rules_of(rules), as_of, _weeks(), _name())
    made.write(out)
    return made


def run_export_recorded(
    store: Decisions, tenant: str, patients: Sequence[str], rules: str | None, out: Path
) -> Iterator[tuple[str, Exported | None]]:
    """Each patient with the decision recorded of them, in a folder of its own under `out`.

    None for one without a decision, and for one whose facts changed after it. Raises BadInput.
    """
    if out.exists():
        raise BadInput(f"{out.name} exists already.", code="exists")
    chosen = rules_of(rules)
    for patient in patients:
        chart, decided = store.chart(tenant, patient), store.assessment(tenant, patient)
        if chart is None or decided is None or newer_facts(store, tenant, decided, chart, chosen):
            yield patient, None
            continue
        name, at = _name(), datetime.fromisoformat(decided["as_of"])
        made = export(chart, chosen, at, _weeks(), name, decided)
        made.write(out / name)
        yield patient, made


def _weeks() -> int:
    return FEWEST_WEEKS + secrets.randbelow(MOST_WEEKS - FEWEST_WEEKS)


def _name() -> str:
    return f"exported-{secrets.token_hex(4)}"


def spare_the_collector() -> None:
    """Rules and terminology never go away: looking at them again cost 18 % of a replay."""
    terminology()
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)
