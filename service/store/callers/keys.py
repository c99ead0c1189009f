"""Keys that count once: the `jti` of a caller's token, shared by all processes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from service.store.database.codes import clean
from service.store.database.inserts import inserting
from service.store.database.part import Part
from service.store.database.schema import used_keys

_CHUNK = 500


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


def first_uses(
    connection: Connection, kind: str, keys: Sequence[str], expires: datetime, now: datetime
) -> set[str]:
    """Within a transaction: those of the keys that count now; the others have not expired."""
    fresh: set[str] = set()
    # in one order everywhere, so that two writers cannot block each other
    wanted = sorted({clean(key, 512) for key in keys})
    for begin in range(0, len(wanted), _CHUNK):
        rows = [
            {"kind": clean(kind, 32), "key": key, "expires": expires}
            for key in wanted[begin : begin + _CHUNK]
        ]
        new = inserting(connection, used_keys).values(rows)
        taken = new.on_conflict_do_update(
            index_elements=["kind", "key"],
            set_={"expires": new.excluded.expires},
            where=used_keys.c.expires <= now,
        )
        fresh |= set(connection.execute(taken.returning(used_keys.c.key)).scalars())
    return fresh


def forget_uses(connection: Connection, kind: str, keys: Sequence[str]) -> None:
    """Within a transaction: these will not come again."""
    if keys:
        wanted = [clean(key, 512) for key in keys]
        connection.execute(
            delete(used_keys).where(used_keys.c.kind == kind, used_keys.c.key.in_(wanted))
        )
