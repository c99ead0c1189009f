"""What a user last saw of each alert: what the list calls new is measured against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, select

from service.store.database.codes import clean
from service.store.database.inserts import inserting
from service.store.database.part import Part
from service.store.database.schema import seen


@dataclass(frozen=True, slots=True)
class Sight:
    """`revision`: of the row as it was seen. `said`: the parts of the assessment then shown."""

    alert: str
    at: datetime
    revision: str
    said: Mapping[str, Any]


class SeenAlerts(Part):
    """By tenant, user and alert; the newest look only."""

    def mark_seen(self, tenant: str, user: str, sights: Sequence[Sight]) -> None:
        """Replaces what the user saw of these alerts before."""

        def write(connection: Connection) -> None:
            for sight in sights:
                new = inserting(connection, seen).values(
                    tenant=tenant,
                    user=clean(user, 256),
                    alert=sight.alert,
                    at=sight.at,
                    revision=clean(sight.revision, 64),
                    said=orjson.dumps(dict(sight.said)).decode(),
                )
                connection.execute(
                    new.on_conflict_do_update(
                        index_elements=["tenant", "user", "alert"],
                        set_={name: new.excluded[name] for name in ("at", "revision", "said")},
                    )
                )

        if sights:
            self._database.transact(write)

    def seen(self, tenant: str, user: str) -> dict[str, Sight]:
        """What the user saw, by alert."""
        wanted = select(seen).where(seen.c.tenant == tenant, seen.c.user == clean(user, 256))
        with self._database.read() as connection:
            rows = connection.execute(wanted).all()
        return {r.alert: Sight(r.alert, r.at, r.revision, orjson.loads(r.said)) for r in rows}
