"""The change log: which alerts changed, in the order in which the changes became visible.

On PostgreSQL numbers are drawn under one lock that is held until commit, so that a reader who has
seen number N never misses a smaller one that commits later. SQLite has one writer anyway.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from service.store.database.part import Part
from service.store.database.schema import alerts, changes

_LOCK = 0x4E4D5301


class Changes(Part):
    """What feeds the live stream."""

    def cursor(self) -> int:
        """The number of the newest change; 0 when there is none."""
        with self._database.read() as connection:
            return int(connection.execute(select(func.max(changes.c.seq))).scalar() or 0)

    def changes(self, since: int, tenant: str | None = None) -> tuple[int, list[str]]:
        """The newest cursor, and the alerts that changed after `since`, each once.

        A cursor from before the oldest change that is kept, or ahead of the newest (the store was
        restored), gets every open alert.
        """
        with self._database.read() as connection:
            oldest, newest = connection.execute(
                select(func.min(changes.c.seq), func.max(changes.c.seq))
            ).one()
            if newest is None:
                return 0, []
            if since > newest or since < oldest - 1:
                wanted = select(alerts.c.id).where(alerts.c.is_open).order_by(alerts.c.id)
                told = alerts.c.tenant
            else:
                wanted = (
                    select(changes.c.alert)
                    .where(changes.c.seq > since)
                    .group_by(changes.c.alert)
                    .order_by(func.max(changes.c.seq))
                )
                told = changes.c.tenant
            if tenant is not None:
                wanted = wanted.where(told == tenant)
            return int(newest), list(connection.execute(wanted).scalars())


def note_changes(connection: Connection, tenant: str, changed: Iterable[str], at: datetime) -> None:
    """Number these changes. Last in a transaction: the lock is held from here to the commit."""
    rows = [{"tenant": tenant, "alert": alert, "at": at} for alert in dict.fromkeys(changed)]
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    connection.execute(insert(changes), rows)
