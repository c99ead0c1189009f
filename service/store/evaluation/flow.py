"""Whether data come in and are evaluated, and what became of what was sent."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from service.store.database.part import Part
from service.store.database.schema import due, intake
from service.store.evaluation.due import OVERDUE

OUTCOMES = ("accepted", "superseded", "duplicate", "ignored", "refused")


@dataclass(frozen=True, slots=True)
class Flow:
    """`overdue`: patients due for over a minute and not evaluated. `set_aside`: patients whose
    evaluation failed too often, and who are no longer watched."""

    last_data_at: datetime | None
    patients: int
    overdue: int
    set_aside: int


class Flows(Part):
    """Figures for the pages, the health check and the metrics."""

    def flow(self, tenant: str, now: datetime) -> Flow:
        mine = due.c.tenant == tenant
        late = select(func.count()).select_from(due).where(mine, due.c.due_at <= now - OVERDUE)
        watched = select(func.count()).select_from(due).where(mine)
        aside = watched.where(due.c.quarantined_at.is_not(None))
        last = select(func.max(intake.c.received_at)).where(intake.c.tenant == tenant)
        with self._database.read() as connection:
            return Flow(
                last_data_at=connection.execute(last).scalar(),
                patients=connection.execute(watched).scalar_one(),
                overdue=connection.execute(late).scalar_one(),
                set_aside=connection.execute(aside).scalar_one(),
            )

    def intake_counts(
        self, tenant: str, since: datetime | None = None, until: datetime | None = None
    ) -> dict[str, int]:
        """`bundles`, `received` and each outcome; received == the sum of the outcomes.

        What is older than two days is summed up by the day, and counts at that day's last time.
        """
        names = ("bundles", "received", *OUTCOMES)
        wanted = select(*(func.coalesce(func.sum(intake.c[n]), 0) for n in names)).where(
            intake.c.tenant == tenant
        )
        if since is not None:
            wanted = wanted.where(intake.c.received_at >= since)
        if until is not None:
            wanted = wanted.where(intake.c.received_at < until)
        with self._database.read() as connection:
            row = connection.execute(wanted).one()
        return {name: int(count) for name, count in zip(names, row, strict=True)}
