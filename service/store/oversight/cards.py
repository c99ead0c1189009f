"""Cards that were shown, and what clinicians did with them: joined by the card's id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, and_, select

from service.store.database.codes import clean
from service.store.database.inserts import inserting
from service.store.database.part import Part
from service.store.database.schema import cards, feedback

_SAME_CARD = and_(feedback.c.tenant == cards.c.tenant, feedback.c.card == cards.c.uuid)
# a hook's answer does not wait for a busy store
CARD_PATIENCE_S = 0.3
# by dialect, built once: nearly every answer runs it
_new: dict[str, Any] = {}
_TEXTS = {
    "uuid": 128,
    "service": 128,
    "hook": 64,
    "hook_instance": 128,
    "rule": 128,
    "rule_version": 64,
    "tier": 64,
    "indicator": 16,
    "subject": 512,
    "clinician": 256,
}


@dataclass(frozen=True, slots=True)
class Handle:
    """What a card was about. `subject`: "RULE:drug+drug" for an interaction, else "".

    `clinician`: whom it was for, "" when the client did not say.
    """

    uuid: str
    patient: str
    rule: str
    subject: str
    clinician: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a clinician said of a pair of drugs ("RULE:drug+drug"), and when.

    `reason`: the code of an override, "" for one that was accepted or gave none. `tier`: what the
    card said of NMS, "" when it did not.
    """

    subject: str
    clinician: str
    reason: str
    at: datetime
    tier: str = ""


class Cards(Part):
    """Handles of cards and their feedback; no text of a card, no patient content."""

    def record_cards(
        self, tenant: str, patient: str, cards: Sequence[Mapping[str, Any]], at: datetime
    ) -> None:
        """Keep the handles of an answer. Gives up after 0.3 s of waiting (Unavailable)."""
        self.record_answers([(tenant, patient, cards, at)])

    def record_answers(
        self, answers: Sequence[tuple[str, str, Sequence[Mapping[str, Any]], datetime]]
    ) -> None:
        """The same for several answers in one transaction: (tenant, patient, cards, at) each."""
        rows = [_card(t, p, card, at) for t, p, cards, at in answers for card in cards]
        if rows:
            self._database.transact(lambda c: _keep(c, rows), CARD_PATIENCE_S)

    def record_feedback(
        self, tenant: str, service: str, entries: Sequence[Mapping[str, Any]], at: datetime
    ) -> int:
        """How many of the entries were new; the same sent again changes nothing."""
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        for entry in entries:
            row = _feedback(tenant, service, entry, at)
            rows.setdefault((row["card"], row["outcome"], row["at"]), row)

        def write(connection: Connection) -> int:
            new = inserting(connection, feedback).on_conflict_do_nothing()
            return sum(connection.execute(new, row).rowcount for _, row in sorted(rows.items()))

        return self._database.transact(write) if rows else 0

    def handles(self, tenant: str, uuids: Sequence[str]) -> list[Handle]:
        """What these cards were about, as far as they are on record and were shown."""
        wanted = select(
            cards.c.uuid, cards.c.patient, cards.c.rule, cards.c.subject, cards.c.clinician
        ).where(cards.c.tenant == tenant, cards.c.uuid.in_(uuids), cards.c.shown)
        with self._database.read() as connection:
            return [Handle(*row) for row in connection.execute(wanted.order_by(cards.c.uuid))]

    def answers(self, tenant: str, patient: str, since: datetime) -> list[Answer]:
        """The newest answer to a card about each pair of drugs of a patient, given since then."""
        wanted = (
            select(
                cards.c.subject,
                cards.c.clinician,
                feedback.c.reason_code,
                feedback.c.at,
                cards.c.tier,
            )
            .select_from(cards.join(feedback, _SAME_CARD))
            .where(cards.c.tenant == tenant, cards.c.patient == patient, cards.c.subject != "")
            .where(cards.c.shown, feedback.c.at >= since)
            .order_by(feedback.c.at, feedback.c.outcome)
        )
        with self._database.read() as connection:
            found = [Answer(*row) for row in connection.execute(wanted)]
        return list({answer.subject: answer for answer in found}.values())


def _keep(connection: Connection, rows: list[dict[str, Any]]) -> None:
    dialect = connection.dialect.name
    if dialect not in _new:
        _new[dialect] = inserting(connection, cards).on_conflict_do_nothing()
    connection.execute(_new[dialect], rows)


def _card(tenant: str, patient: str, card: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "patient": clean(patient, 256),
        **{name: clean(str(card.get(name) or ""), limit) for name, limit in _TEXTS.items()},
        "suggestions": orjson.dumps(list(card.get("suggestions") or ())).decode(),
        "at": at,
        "shown": card.get("shown") is not False,
    }


def _feedback(
    tenant: str, service: str, entry: Mapping[str, Any], received: datetime
) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "card": clean(str(entry["card"]), 128),
        "outcome": clean(str(entry["outcome"]), 16),
        "at": entry["at"],
        "service": clean(service, 128),
        "received_at": received,
        "accepted": orjson.dumps(list(entry.get("accepted") or ())).decode(),
        "reason_code": clean(str(entry.get("reason_code") or ""), 128),
        "reason_system": clean(str(entry.get("reason_system") or ""), 256),
        "comment": clean(str(entry.get("comment") or ""), 500),
    }
