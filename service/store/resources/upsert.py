"""The one hot statement: many resources inserted or replaced at once.

It goes to the driver as it is: half of its cost was the handling of each row's parameters on the
way. PostgreSQL gets all rows as one JSON parameter, which it takes apart itself.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from service.store.resources.row import Row

_KEY = ("tenant", "resource_type", "resource_id")
_NAMES = Row._fields


def upsert_resources(connection: Connection, rows: Sequence[Row]) -> int:
    """Write these rows; how many were written.

    A row replaces the one on record only when its `revision` is one above it: a row that another
    writer changed since it was read is left alone, and the count falls short.
    """
    if connection.dialect.name == "postgresql":
        told = msgspec.json.encode([row._asdict() for row in rows])
        return int(connection.exec_driver_sql(_ON_POSTGRESQL, (told.decode(),)).rowcount)
    return int(connection.exec_driver_sql(_ON_SQLITE, list(rows)).rowcount)


def _statement(rows: str) -> str:
    """Nothing in it but the names of our own columns."""
    replaced = ", ".join(f"{name} = excluded.{name}" for name in _NAMES if name not in _KEY)
    return (
        f"INSERT INTO resources ({', '.join(_NAMES)}) {rows}"
        f" ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {replaced}"
        " WHERE resources.revision = excluded.revision - 1"
    )


_ON_SQLITE = _statement(f"VALUES ({', '.join('?' for _ in _NAMES)})")
_ON_POSTGRESQL = _statement(
    f"SELECT {', '.join(_NAMES)} FROM json_populate_recordset(NULL::resources, %s)"  # noqa: S608
)
