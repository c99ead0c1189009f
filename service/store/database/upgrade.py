"""The schema's versions: up and down, in one transaction, one process at a time."""

# ruff: noqa: PLC0415 - alembic takes a quarter of a second to import: only who migrates pays it

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, inspect, select, text

from service.errors import Unavailable
from service.store.database.engine import Database

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = Path(__file__).parents[1] / "migrations"
# of migrations/versions: a test compares; so that a start with nothing to do needs no alembic
NEWEST = "0006"
_LOCK = 0x4E4D5302
PATIENCE_S = 120.0


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to `revision`. Several processes that start together wait for one."""
    if revision == "head" and schema_version(database) == NEWEST:
        return
    with database.write(PATIENCE_S) as connection:
        _alone(connection)
        if revision == "head" and _ahead(connection):
            raise Unavailable(
                "The store was written by a newer version of this program.", code="store-newer"
            )
        from alembic import command

        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the schema back to `revision` ("base": nothing is left)."""
    with database.write(PATIENCE_S) as connection:
        _alone(connection)
        from alembic import command

        command.downgrade(_config(connection), revision)


def schema_version(database: Database) -> str | None:
    """The revision of the store; None for an empty one."""
    with database.read() as connection:
        return _current(connection)


def newest_version() -> str:
    """The revision that this program writes."""
    from alembic.script import ScriptDirectory

    head = ScriptDirectory(str(SCRIPTS)).get_current_head()
    if head is None:
        raise Unavailable("The migrations are not installed.", code="store-no-migrations")
    return head


def _alone(connection: Connection) -> None:
    """SQLite is alone by BEGIN IMMEDIATE; PostgreSQL by this lock, until the commit."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def known_versions() -> set[str]:
    """Every revision that this program can read or upgrade."""
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()}


def _ahead(connection: Connection) -> bool:
    current = _current(connection)
    return current is not None and current not in known_versions()


def _current(connection: Connection) -> str | None:
    """The revision as alembic left it; None where it never ran."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config
