"""What is kept of an answer, for feedback and for the silent mode: ids, rule, version; no text."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool

from service.cds_hooks.answer import Answer
from service.cds_hooks.coordination import remember
from service.cds_hooks.desk import Desk
from service.cds_hooks.request import HookCall
from service.cds_hooks.services import Service
from service.errors import Unavailable
from service.metrics import count

# long enough for the answers of a busy moment, short beside a clinician's first click
PAUSE_S = 0.05
TRIES = 3
log = structlog.get_logger(__name__)


def marks_of(card: dict[str, Any]) -> dict[str, Any]:
    """What a card says of itself to programs."""
    found: dict[str, Any] = next(iter(card.get("extension", {}).values()), {})
    return found


def rule_of(card: dict[str, Any]) -> str:
    """The rule that a card speaks for; "" for a card that stands for a fault."""
    return str(marks_of(card).get("rule", ""))


def handles(
    response: dict[str, Any], seen: Collection[str], call: HookCall, service: Service
) -> list[dict[str, Any]]:
    """What feedback will later refer to. `seen`: ids of the cards that were shown."""
    return [_handle(card, card["uuid"] in seen, call, service) for card in response["cards"]]


def _handle(card: dict[str, Any], shown: bool, call: HookCall, service: Service) -> dict[str, Any]:
    marks = marks_of(card)
    rule = marks.get("rule", "UNAVAILABLE")
    return {
        "uuid": card["uuid"],
        "service": service.id,
        "hook": call.hook,
        "hook_instance": call.instance,
        "rule": rule,
        "rule_version": marks.get("ruleVersion", ""),
        "tier": marks.get("tier", ""),
        "indicator": card["indicator"],
        "suggestions": [s["uuid"] for s in card.get("suggestions", [])],
        # as the alert of a running pair is called (alerts.lifecycle)
        "subject": f"{rule}:{'+'.join(sorted(marks['drugs']))}" if "drugs" in marks else "",
        "clinician": call.user,
        "shown": shown,
    }


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of one answer. `keys`: what the client wants remembered (coordination)."""

    tenant: str
    patient: str
    cards: list[dict[str, Any]]
    at: datetime
    keys: tuple[str, ...] = ()


def record_of(
    answer: Answer, seen: Collection[str], call: HookCall, service: Service, tenant: str, desk: Desk
) -> Record:
    keys = tuple(key for uuid, key in answer.remember.items() if uuid in seen)
    held = handles(answer.response, seen, call, service)
    return Record(tenant, call.patient, held, desk.now(), keys)


class Recorder:
    """Keeps records after their answers went out: together, one transaction at a time.

    Best effort: no clinician waits for it. What cannot be kept is logged and counted.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: list[Record] = []
        self._next: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def keep(self, record: Record) -> None:
        """Returns when it is kept, or cannot be; a caller that leaves takes no other along."""
        if not record.cards:
            return
        self._waiting.append(record)
        if self._next is None or self._next.done():
            self._next = asyncio.ensure_future(self._together())
        await asyncio.shield(self._next)

    async def _together(self) -> None:
        """Those of PAUSE_S, and those that came while others were being written."""
        await asyncio.sleep(PAUSE_S)
        async with self._turn:
            together, self._waiting, self._next = self._waiting, [], None
            await run_in_threadpool(self._write, together)

    def _write(self, records: Sequence[Record]) -> None:
        try:
            for _ in range(TRIES - 1):
                with suppress(Unavailable):  # another writer holds the store: a moment later
                    return self._kept(records)
            self._kept(records)
        except Exception as fault:  # the answers are out: the loss is logged and counted
            lost = sum(len(one.cards) for one in records)
            count("nms_sentinel_cards_unrecorded_total", lost)
            log.error("cards.not-recorded", count=lost, fault=type(fault).__name__)

    def _kept(self, records: Sequence[Record]) -> None:
        """A record that is kept twice is kept once."""
        ledger = self._desk.ledger
        if len(records) == 1:
            (one,) = records
            ledger.record_cards(one.tenant, one.patient, one.cards, one.at)
        else:
            ledger.record_answers([(r.tenant, r.patient, r.cards, r.at) for r in records])
        for one in records:
            remember(one.keys, one.tenant, one.at, self._desk)
