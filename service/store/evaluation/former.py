"""Patients who were judged last by other rules than those in force: made due again, some at a time.

Not all at once: what comes in meanwhile is evaluated first, and no more than a handful waits
before it.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, func, or_, select, tuple_

from service.store.database.part import Part
from service.store.database.schema import due
from service.store.evaluation.due import touch

RULES_CHANGED = "rules-changed"
START = ("", "")


@dataclass(frozen=True, slots=True)
class Again:
    """How many were made due, and after which (tenant, patient) to look on; None: at the end."""

    patients: int
    after: tuple[str, str] | None


class Former(Part):
    """Who was judged by which rules."""

    def due_again(
        self, rules: str, now: datetime, after: tuple[str, str] = START, limit: int = 50
    ) -> Again:
        """Make up to `limit` patients due who were judged last by other rules, in the order of
        their names, from `after` on.

        Left alone are those who are due anyway, at work, tried again later, or set aside.
        """
        wanted = (
            select(due.c.tenant, due.c.patient)
            .where(
                tuple_(due.c.tenant, due.c.patient) > tuple_(*after),
                due.c.rules != rules,
                or_(due.c.due_at.is_(None), due.c.due_at > now),
                due.c.tries == 0,
                due.c.quarantined_at.is_(None),
            )
            .order_by(due.c.tenant, due.c.patient)
            .limit(limit)
        )
        # nobody is made due in a transaction that only looks: the end is mostly what is found
        with self._database.read() as connection:
            found = connection.execute(wanted).all()
        if not found:
            return Again(0, None)
        last = (found[-1].tenant, found[-1].patient)

        def write(connection: Connection) -> None:
            for tenant, rows in groupby(found, attrgetter("tenant")):
                patients = [row.patient for row in rows]
                touch(connection, tenant, patients, now, RULES_CHANGED, "")

        self._database.transact(write)
        return Again(len(found), last)

    def judged_otherwise(self, rules: str) -> int:
        """How many watched patients were judged last by other rules, or by none that was noted."""
        counted = (
            select(func.count())
            .select_from(due)
            .where(due.c.rules != rules, due.c.quarantined_at.is_(None))
        )
        with self._database.read() as connection:
            return int(connection.execute(counted).scalar_one())
