"""Filters of the worklist that a user has saved."""

from datetime import datetime

from sqlalchemy import Connection, delete, select

from service.store.database.codes import clean
from service.store.database.inserts import inserting
from service.store.database.part import Part
from service.store.database.schema import saved_filters

NAME_MAX, QUERY_MAX = 64, 1024


class SavedFilters(Part):
    """By user and name; the name "" is the one that opens with the list."""

    def save_filters(self, tenant: str, user: str, name: str, query: str, now: datetime) -> None:
        """`query`: the canonical query string of the worklist. Replaces one of that name."""

        def write(connection: Connection) -> None:
            new = inserting(connection, saved_filters).values(
                tenant=tenant,
                user=clean(user, 256),
                name=clean(name, NAME_MAX),
                query=clean(query, QUERY_MAX),
                at=now,
            )
            connection.execute(
                new.on_conflict_do_update(
                    index_elements=["tenant", "user", "name"],
                    set_={"query": new.excluded.query, "at": new.excluded.at},
                )
            )

        self._database.transact(write)

    def saved_filters(self, tenant: str, user: str) -> dict[str, str]:
        """Query strings by name."""
        wanted = (
            select(saved_filters.c.name, saved_filters.c.query)
            .where(saved_filters.c.tenant == tenant, saved_filters.c.user == user)
            .order_by(saved_filters.c.name)
        )
        with self._database.read() as connection:
            return {row.name: row.query for row in connection.execute(wanted)}

    def drop_filters(self, tenant: str, user: str, name: str) -> bool:
        """False when there was none of that name."""
        gone = delete(saved_filters).where(
            saved_filters.c.tenant == tenant,
            saved_filters.c.user == user,
            saved_filters.c.name == name,
        )
        return self._database.transact(lambda c: c.execute(gone).rowcount == 1)
