"""`settle`: what one evaluation found, written in one transaction guarded by its claim."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, select

from alerts.lifecycle import Move
from service.store.alerting.alerts import Stale, write_moves
from service.store.alerting.changes import note_changes
from service.store.database.inserts import inserting
from service.store.database.part import Part
from service.store.database.schema import alerts, assessments
from service.store.evaluation.claims import begin
from service.store.evaluation.due import Due, give_back, settle_due


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What one evaluation found. None for the assessment keeps the one on record."""

    due: Due
    moves: Sequence[Move]
    assessment: bytes | Mapping[str, Any] | None
    next_due: datetime | None
    now: datetime


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
        patient is still due.
        """
        return self.settle_many([Evaluated(due, moves, assessment_json, next_due, now)])[0]

    def settle_many(self, found: Sequence[Evaluated], then: Sequence[Due] = ()) -> list[bool]:
        """Several patients in one transaction (one flush of the disk), each guarded by itself.

        One that was overtaken is False and takes nothing from the others. `then`: whom the caller
        evaluates next, marked in the same transaction. Raises Unavailable when the store fails:
        then nothing is written.
        """
        texts = [_text(one.assessment) for one in found]

        def write(connection: Connection) -> list[bool]:
            done = _settle_many(connection, found, texts)
            begin(connection, then)
            return done

        return self._database.transact(write)

    def give_back(self, due: Due) -> None:
        """End a lease without an evaluation: the patient is due for anybody at once."""
        self._database.transact(lambda c: give_back(c, due))


def _settle_many(
    connection: Connection, found: Sequence[Evaluated], texts: Sequence[str | None]
) -> list[bool]:
    done: dict[int, list[str]] = {}
    # rows are taken in one order everywhere, so that two workers cannot block each other
    order = sorted(range(len(found)), key=lambda n: (found[n].due.tenant, found[n].due.patient))
    for n in order:
        try:
            with connection.begin_nested():
                done[n] = _settle(connection, found[n], texts[n])
        except Stale:
            give_back(connection, found[n].due)
    # numbered last and together: on PostgreSQL the log is locked from here to the commit
    for n in sorted(done):
        note_changes(connection, found[n].due.tenant, done[n], found[n].now)
    return [n in done for n in range(len(found))]


def _settle(connection: Connection, one: Evaluated, text: str | None) -> list[str]:
    """The alerts that changed. Stale when the evaluation was overtaken."""
    if not settle_due(connection, one.due, one.next_due):
        raise Stale
    changed = write_moves(connection, one.moves, one.due.correlation, one.now)
    if text is not None and _keep_assessment(connection, one.due, text, one.now):
        changed += _open_alerts(connection, one.due)
    return changed


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
