"""Ticks of a patient's plan: who did what, when. Append-only: taking one back is a row too."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from service.store.database.codes import clean
from service.store.database.part import Part
from service.store.database.schema import ticks


@dataclass(frozen=True, slots=True)
class Tick:
    """`item`: the id of the advice ("MGT-STOP"). `done`: False takes an earlier tick back."""

    item: str
    done: bool
    who: str
    at: datetime


class Ticks(Part):
    """The plan as a checklist."""

    def tick(self, tenant: str, patient: str, tick: Tick) -> None:
        row = {
            "tenant": tenant,
            "patient": patient,
            "item": clean(tick.item, 128),
            "done": tick.done,
            "who": clean(tick.who, 256),
            "at": tick.at,
        }
        self._database.transact(lambda c: c.execute(insert(ticks), row))

    def ticks(self, tenant: str, patient: str) -> list[Tick]:
        """Every tick of a patient, oldest first; the newest of an item counts."""
        wanted = (
            select(ticks)
            .where(ticks.c.tenant == tenant, ticks.c.patient == patient)
            .order_by(ticks.c.seq)
        )
        with self._database.read() as connection:
            return [Tick(r.item, r.done, r.who, r.at) for r in connection.execute(wanted)]
