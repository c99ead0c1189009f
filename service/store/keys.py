"""Keys that count once: the `jti` of a caller's token, shared by all processes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

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

    def was_used(self, kind: str, keys: Sequence[str], now: datetime) -> frozenset[str]:
        """Those of the keys that have been used and have not expired."""
        wanted = select(used_keys.c.key).where(
            used_keys.c.kind == clean(kind, 32),
            used_keys.c.key.in_(keys),
            used_keys.c.expires > now,
        )
        with self._database.read() as connection:
            return frozenset(connection.execute(wanted).scalars())

    def is_used(self, kind: str, key: str, now: datetime) -> bool:
        """Whether it was used and has not expired."""
        wanted = select(used_keys.c.expires).where(
            used_keys.c.kind == clean(kind, 32), used_keys.c.key == clean(key, 512)
        )
        with self._database.read() as connection:
            expires = connection.execute(wanted).scalar()
        return expires is not None and expires > now
