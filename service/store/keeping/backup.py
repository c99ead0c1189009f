"""Online backup, restore and the integrity check.

SQLite: its backup API, while the service runs. PostgreSQL brings better tools of its own:

    pg_dump --format=custom --file=sentinel.dump "$DATABASE_URL"
    pg_restore --clean --if-exists --no-owner --dbname="$DATABASE_URL" sentinel.dump
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, select, text

from service.errors import BadInput, Unavailable
from service.store.database.faults import told
from service.store.database.part import Part
from service.store.database.schema import resources
from service.store.database.upgrade import known_versions
from service.store.resources.codec import decode

_PAGE = 1000
_USE_PG = (
    "PostgreSQL is backed up with pg_dump --format=custom and restored with pg_restore --clean"
    " --if-exists; see the operations section of the README."
)


class Backup(Part):
    """Copies of the whole store, and whether it is sound."""

    def backup(self, target: Path) -> None:
        """Copy the running store into a new file, readable by its owner only, and check the copy.

        The file appears under its name only when it is whole. BadInput when it exists already, or
        on PostgreSQL (`backup-postgresql`).
        """
        self._only_sqlite()
        if target.exists():
            raise BadInput("The backup file exists already.", code="backup-exists")
        part = target.with_name(f"{target.name}.part")
        part.unlink(missing_ok=True)
        try:
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            with closing(sqlite3.connect(part)) as copy:
                with told(), closing(self._database.engine.raw_connection()) as live:
                    _driver(live).backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
                _sound(copy)
            _synced(part)
            part.replace(target)
        except (OSError, sqlite3.Error) as fault:
            raise Unavailable("The backup could not be written.", code="backup-failed") from fault
        finally:
            part.unlink(missing_ok=True)

    def restore(self, source: Path) -> None:
        """Replace everything in this store by a backup, in one transaction.

        The backup is checked first; the service should be stopped. BadInput when the file is no
        sound backup of ours; Unavailable when the store is in use.
        """
        self._only_sqlite()
        if not source.is_file():
            raise BadInput("There is no such backup file.", code="backup-missing")
        address = f"{source.resolve().as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True)) as copy:
                _sound(copy)
                _ours(copy)
                with told(), closing(self._database.engine.raw_connection()) as live:
                    copy.backup(_driver(live))
        except sqlite3.DatabaseError as fault:
            raise BadInput("The file is no sound backup.", code="backup-unsound") from fault

    def check(self) -> list[str]:
        """Faults of the store as words; [] when it is sound. Reads everything: not for a pulse."""
        with self._database.read() as connection:
            faults = _sqlite_faults(connection) if self._database.sqlite else []
            return [*faults, *_unreadable(connection)]

    def _only_sqlite(self) -> None:
        if not self._database.sqlite:
            raise BadInput(_USE_PG, code="backup-postgresql")


def _driver(pooled: object) -> sqlite3.Connection:
    driver = getattr(pooled, "driver_connection", None)
    if not isinstance(driver, sqlite3.Connection):
        raise BadInput(_USE_PG, code="backup-postgresql")
    return driver


def _sound(copy: sqlite3.Connection) -> None:
    told_by_sqlite = [row[0] for row in copy.execute("PRAGMA integrity_check(5)")]
    if told_by_sqlite != ["ok"]:
        raise sqlite3.DatabaseError("integrity check failed")


def _ours(copy: sqlite3.Connection) -> None:
    """A database with a schema that this program knows."""
    found = copy.execute("SELECT version_num FROM alembic_version").fetchall()
    if len(found) != 1 or found[0][0] not in known_versions():
        raise BadInput("The backup has another schema than this program.", code="backup-schema")


def _synced(path: Path) -> None:
    """On the disk before it is called a backup."""
    with path.open("rb") as held:
        os.fsync(held.fileno())


def _sqlite_faults(connection: Connection) -> list[str]:
    found = [row[0] for row in connection.execute(text("PRAGMA integrity_check(20)"))]
    faults = [] if found == ["ok"] else [f"integrity: {what}" for what in found]
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    return faults + [f"foreign key: {row[0]} row {row[1]}" for row in broken]


def _unreadable(connection: Connection) -> list[str]:
    """Facts that cannot be read back would silently be missing from a chart."""
    faults = []
    columns = (resources.c.tenant, resources.c.resource_type, resources.c.resource_id)
    wanted = select(*columns, resources.c.facts).execution_options(yield_per=_PAGE)
    for tenant, kind, name, held in connection.execute(wanted):
        try:
            decode(held)
        except Unavailable:
            faults.append(f"facts: {tenant} {kind}/{name} cannot be read")
    return faults
