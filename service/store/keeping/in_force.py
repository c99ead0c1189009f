"""What the running service goes by, as whoever started last told: rules, the key of sign-ins."""

from datetime import datetime

from sqlalchemy import Connection, select

from service.store.database.codes import clean
from service.store.database.inserts import inserting
from service.store.database.part import Part
from service.store.database.schema import in_force

RULES, SESSION_KEY = "rules", "session-key"


class InForce(Part):
    """One value for each name."""

    def in_force(self, name: str) -> str | None:
        """What was told last; None when nobody ever told."""
        wanted = select(in_force.c.value).where(in_force.c.name == clean(name, 64))
        with self._database.read() as connection:
            found = connection.execute(wanted).scalar()
        return None if found is None else str(found)

    def put_in_force(self, name: str, value: str, now: datetime) -> None:
        """From now on this one."""

        def write(connection: Connection) -> None:
            new = inserting(connection, in_force).values(
                name=clean(name, 64), value=clean(value, 256), at=now
            )
            connection.execute(
                new.on_conflict_do_update(
                    index_elements=["name"],
                    set_={"value": new.excluded.value, "at": new.excluded["at"]},
                )
            )

        self._database.transact(write)
