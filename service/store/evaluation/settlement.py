"""`settle`: what one evaluation found, written in one transaction guarded by its claim."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, select, tuple_
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from alerts.lifecycle import Move
from service.store.alerting.alerts import Stale, write_moves
from service.store.alerting.changes import note_changes
from service.store.database.part import Part
from service.store.database.schema import alerts, assessments
from service.store.evaluation.claims import begin
from service.store.evaluation.due import Due, give_back, keep_promised, settle_due


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

    def settle_many(
        self, found: Sequence[Evaluated], then: Sequence[Due] = (), rules: str = ""
    ) -> list[bool]:
        """Several patients in one transaction (one flush of the disk), each guarded by itself.

        One that was overtaken is False and takes nothing from the others. `then`: whom the caller
        evaluates next, marked in the same transaction. `rules`: by which all were judged.
        Raises Unavailable when the store fails: then nothing is written.
        """
        texts = [_text(one.assessment) for one in found]

        def write(connection: Connection) -> list[bool]:
            done = _settle_many(connection, found, texts, rules)
            begin(connection, then)
            return done

        return self._database.transact(write)

    def give_back(self, due: Due) -> None:
        """End a lease without an evaluation: the patient is due for anybody at once."""
        self._database.transact(lambda c: give_back(c, due))


def _settle_many(
    connection: Connection, found: Sequence[Evaluated], texts: Sequence[str | None], rules: str
) -> list[bool]:
    done: dict[int, list[str]] = {}
    # rows are taken in one order everywhere, so that two workers cannot block each other
    order = sorted(range(len(found)), key=lambda n: (found[n].due.tenant, found[n].due.patient))
    for n in order:
        try:
            with _apart(connection, found[n]):
                done[n] = _settle(connection, found[n], rules)
        except Stale:
            give_back(connection, found[n].due)
    keep_promised(connection, [(found[n].due, found[n].next_due) for n in done])
    said = {n: text for n in done if (text := texts[n]) is not None}
    for n, shown in _keep_assessments(connection, found, said).items():
        done[n] += shown
    # numbered last and together: on PostgreSQL the log is locked from here to the commit
    for n in sorted(done):
        note_changes(connection, found[n].due.tenant, done[n], found[n].now)
    return [n in done for n in range(len(found))]


def _apart(connection: Connection, one: Evaluated) -> AbstractContextManager[object]:
    """What this one wrote goes when it turns out to be overtaken; without moves it is overtaken
    before it has written anything."""
    return connection.begin_nested() if one.moves else nullcontext()


def _settle(connection: Connection, one: Evaluated, rules: str) -> list[str]:
    """The alerts that changed. Stale when the evaluation was overtaken."""
    if not settle_due(connection, one.due, one.next_due, rules):
        raise Stale
    return write_moves(connection, one.moves, one.due.correlation, one.now)


def _keep_assessments(
    connection: Connection, found: Sequence[Evaluated], texts: Mapping[int, str]
) -> dict[int, list[str]]:
    """The newest assessments of patients whose row in the due list this transaction holds, all
    written together. The open alerts of those about whom one says something else than the one
    before, its clock apart: rows on the worklist show it, and change with it."""
    if not texts:
        return {}
    keys = {n: (found[n].due.tenant, found[n].due.patient) for n in texts}
    digests = {n: _digest(text) for n, text in texts.items()}
    before = {
        (tenant, patient): digest
        for tenant, patient, digest in connection.execute(_DIGESTS, {"keys": [*keys.values()]})
    }
    rows = [
        {
            "tenant": keys[n][0],
            "patient": keys[n][1],
            "at": found[n].now,
            "digest": digests[n],
            "assessment": text,
        }
        for n, text in texts.items()
    ]
    connection.execute(_KEEP[connection.dialect.name], rows)
    return _open_alerts(
        connection, {n: key for n, key in keys.items() if before.get(key) != digests[n]}
    )


def _open_alerts(
    connection: Connection, keys: Mapping[int, tuple[str, str]]
) -> dict[int, list[str]]:
    if not keys:
        return {}
    shown: dict[tuple[str, str], list[str]] = {}
    for tenant, patient, alert in connection.execute(_SHOWN, {"keys": [*keys.values()]}):
        shown.setdefault((tenant, patient), []).append(alert)
    return {n: shown[key] for n, key in keys.items() if key in shown}


def _keeping(insert: Any) -> Any:
    new = insert(assessments)
    return new.on_conflict_do_update(
        index_elements=["tenant", "patient"],
        set_={name: new.excluded[name] for name in ("at", "digest", "assessment")},
    )


# for every chunk of patients that is evaluated: made once
_KEEP = {"sqlite": _keeping(sqlite_insert), "postgresql": _keeping(postgresql_insert)}
_DIGESTS = select(assessments.c.tenant, assessments.c.patient, assessments.c.digest).where(
    tuple_(assessments.c.tenant, assessments.c.patient).in_(bindparam("keys", expanding=True))
)
_SHOWN = (
    select(alerts.c.tenant, alerts.c.patient, alerts.c.id)
    .where(
        tuple_(alerts.c.tenant, alerts.c.patient).in_(bindparam("keys", expanding=True)),
        alerts.c.is_open,
    )
    .order_by(alerts.c.id)
)


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
