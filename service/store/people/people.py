"""Who has signed in, for a tenant: names that an alert can be handed over to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, select

from service.store.database.codes import clean
from service.store.database.inserts import inserting
from service.store.database.part import Part
from service.store.database.schema import people


@dataclass(frozen=True, slots=True)
class Person:
    """`wards`: those cared for, as was told last; () for all. `at`: the newest sign-in or step."""

    name: str
    wards: tuple[str, ...]
    at: datetime


class People(Part):
    """A name, never a session; kept for as long as its bearer comes (`Retention.people`)."""

    def note_person(
        self, tenants: Collection[str], name: str, wards: Collection[str], now: datetime
    ) -> None:
        """This person has signed in, and may see these tenants."""
        rows = [
            {
                "tenant": tenant,
                "name": clean(name, 256),
                "wards": orjson.dumps(sorted(wards)).decode(),
                "at": now,
            }
            for tenant in sorted(set(tenants))
        ]

        def write(connection: Connection) -> None:
            new = inserting(connection, people)
            newest = new.on_conflict_do_update(
                index_elements=["tenant", "name"],
                set_={"wards": new.excluded.wards, "at": new.excluded["at"]},
            )
            connection.execute(newest, rows)

        if rows and name:
            self._database.transact(write)

    def people(self, tenant: str) -> list[Person]:
        """Everybody who has signed in for a tenant, by name."""
        wanted = select(people).where(people.c.tenant == tenant).order_by(people.c.name)
        with self._database.read() as connection:
            return [
                Person(row.name, tuple(orjson.loads(row.wards)), row.at)
                for row in connection.execute(wanted)
            ]
