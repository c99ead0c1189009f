"""Keys that count once: the `jti` of a caller's token, shared by all processes."""

from datetime import datetime

from sqlalchemy import Connection

from service.store.codes import clean
from service.store.inserts import inserting
from service.store.part import Part
from service.store.schema import used_keys


class UsedKeys(Part):
    """First use wins, in whatever process."""

    def use_once(self, kind: str, key: str, expires: datetime, now: datetime) -> bool:
        """True for the first use of this key; False while it has not expired."""

        def write(connection: Connection) -> bool:
            new = inserting(connection, used_keys).values(
                kind=clean(kind, 32), key=clean(key, 512), expires=expires
            )
            taken = new.on_conflict_do_update(
                index_elements=["kind", "key"],
                set_={"expires": new.excluded.expires},
                where=used_keys.c.expires <= now,
            )
            return connection.execute(taken).rowcount == 1

        return self._database.transact(write)
