"""`settle`: what one evaluation found, written in one transaction guarded by its claim."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, select

from alerts.lifecycle import Move
from service.store.alerts import Stale, write_moves
from service.store.changes import note_changes
from service.store.due import Due, give_back, settle_due
from service.store.inserts import inserting
from service.store.part import Part
from service.store.schema import alerts, assessments


class Settlement(Part):
    """The end of an evaluation."""

    def settle(
        self,
        due: Due,
        moves: Sequence[Move],
        assessment_json: bytes | Mapping[str, Any] | None,
        next_due: datetime | None,
        now: datetime,
    ) -> bool:
        """Write alerts, history, notices, the newest assessment and the next due time.

        False when newer data, a person or another worker came first: nothing is written, and the
        patient is still due. None for the assessment keeps the one on record.
        """
        text = _text(assessment_json)
        try:
            return self._database.transact(lambda c: _settle(c, due, moves, text, next_due, now))
        except Stale:
            self._give_back(due)
            return False

    def _give_back(self, due: Due) -> None:
        self._database.transact(lambda c: give_back(c, due))


def _settle(
    connection: Connection,
    due: Due,
    moves: Sequence[Move],
    text: str | None,
    next_due: datetime | None,
    now: datetime,
) -> bool:
    if not settle_due(connection, due, next_due):
        give_back(connection, due)
        return False
    changed = write_moves(connection, moves, due.correlation, now)
    if text is not None and _keep_assessment(connection, due, text, now):
        changed += _open_alerts(connection, due)
    note_changes(connection, due.tenant, changed, now)
    return True


def _keep_assessment(connection: Connection, due: Due, text: str, now: datetime) -> bool:
    """Whether it says something else than the one before, its clock apart."""
    mine = (assessments.c.tenant == due.tenant, assessments.c.patient == due.patient)
    digest = _digest(text)
    before = connection.execute(select(assessments.c.digest).where(*mine)).scalar()
    new = inserting(connection, assessments).values(
        tenant=due.tenant, patient=due.patient, at=now, digest=digest, assessment=text
    )
    connection.execute(
        new.on_conflict_do_update(
            index_elements=["tenant", "patient"],
            set_={
                "at": new.excluded.at,
                "digest": new.excluded.digest,
                "assessment": new.excluded.assessment,
            },
        )
    )
    return before != digest


def _open_alerts(connection: Connection, due: Due) -> list[str]:
    """Rows on the worklist show the newest assessment: they change with it."""
    wanted = select(alerts.c.id).where(
        alerts.c.tenant == due.tenant, alerts.c.patient == due.patient, alerts.c.is_open
    )
    return list(connection.execute(wanted.order_by(alerts.c.id)).scalars())


def _text(assessment: bytes | Mapping[str, Any] | None) -> str | None:
    if assessment is None:
        return None
    if isinstance(assessment, bytes):
        return assessment.decode()
    return orjson.dumps(dict(assessment)).decode()


def _digest(text: str) -> str:
    said = orjson.loads(text)
    said.pop("as_of", None)
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
