"""The one durable truth behind one door."""

import os
from pathlib import Path

from sqlalchemy import text

from service.store.alerting.alerts import Alerts
from service.store.alerting.changes import Changes
from service.store.alerting.notices import Notices
from service.store.callers.keys import UsedKeys
from service.store.callers.subscriptions import Subscriptions
from service.store.database import upgrade as schema_upgrade
from service.store.database.engine import Database
from service.store.evaluation.claims import Claims
from service.store.evaluation.due import DueList
from service.store.evaluation.flow import Flows
from service.store.evaluation.former import Former
from service.store.evaluation.settlement import Settlement
from service.store.keeping.backup import Backup
from service.store.keeping.in_force import InForce
from service.store.keeping.pruning import Pruning
from service.store.oversight.audit import Audit
from service.store.oversight.cards import Cards
from service.store.oversight.reception import Reception
from service.store.people.filters import SavedFilters
from service.store.people.people import People
from service.store.people.seen import SeenAlerts
from service.store.people.ticks import Ticks
from service.store.resources.arrivals import Arrivals
from service.store.resources.facts import Facts


class Store(
    Arrivals,
    Facts,
    DueList,
    Claims,
    Former,
    Settlement,
    Alerts,
    Changes,
    Notices,
    Cards,
    Reception,
    UsedKeys,
    Subscriptions,
    People,
    SavedFilters,
    SeenAlerts,
    Ticks,
    Audit,
    Flows,
    Pruning,
    InForce,
    Backup,
):
    """Everything that must outlive a process, on SQLite or PostgreSQL alike.

    Safe for threads; a forked child gets its own connections. Every method is one transaction
    that is durable when it returns. Raises service.errors.Unavailable, with a code, when the
    database is locked, full, damaged or away; nothing is then half-written.
    """

    def upgrade(self, revision: str = "head") -> None:
        """Bring the schema up to date. Safe when several processes start together."""
        schema_upgrade.upgrade(self._database, revision)

    def downgrade(self, revision: str) -> None:
        """Take the schema back ("base": drop everything)."""
        schema_upgrade.downgrade(self._database, revision)

    def schema_version(self) -> str | None:
        """The revision of the schema; None for an empty database."""
        return schema_upgrade.schema_version(self._database)

    def ping(self) -> None:
        """Raises Unavailable when the store cannot be reached or its schema is not ours."""
        with self._database.read() as connection:
            connection.execute(text("SELECT count(*) FROM due WHERE patient = ''"))

    def room(self) -> int | None:
        """Bytes that the file system still has for the store; None where it is not ours to see
        (PostgreSQL)."""
        place = self._database.engine.url.database
        if not self._database.sqlite or place is None:
            return None
        try:
            found = os.statvfs(Path(place).parent)
        except OSError:
            return 0
        return found.f_bavail * found.f_frsize

    @property
    def on_sqlite(self) -> bool:
        return self._database.sqlite

    def close(self) -> None:
        """Give back every connection."""
        self._database.close()


def open_store(url: str, pool: int = 10) -> Store:
    """The store at `sqlite:///path` or `postgresql://user@host/name`.

    Opens nothing yet on PostgreSQL; call `upgrade()` before the first use. SettingsFault for a
    URL that is neither. `pool`: connections kept open; as many again may be borrowed.
    """
    return Store(Database(url, pool))
