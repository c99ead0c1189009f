"""What is kept of answers goes into the store together, one transaction at a time."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.cds_hooks import records
from service.cds_hooks.records import Record, Recorder
from service.errors import Unavailable

NOW = datetime(2026, 3, 10, tzinfo=UTC)
BUSY = Unavailable("The store is busy.", code="store-locked")


@dataclass
class Ledger:
    """`kept`: the patients of each transaction. `gate`: closed, a transaction takes for ever.
    `refusals`: so many transactions are refused."""

    kept: list[list[str]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    refusals: int = 0
    at_once: int = 0
    most_at_once: int = 0

    def record_cards(self, tenant: str, patient: str, cards: Any, at: datetime) -> None:
        self.record_answers([(tenant, patient, cards, at)])

    def record_answers(self, answers: Sequence[tuple[str, str, Any, datetime]]) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.set()
        self.gate.wait(60)
        self.at_once -= 1
        if self.refusals:
            self.refusals -= 1
            raise BUSY
        self.kept.append([patient for _, patient, _, _ in answers])


@dataclass
class Desk:
    ledger: Ledger
    repeats_after: timedelta = timedelta(hours=24)


def recorder(ledger: Ledger) -> Recorder:
    return Recorder(Desk(ledger))  # type: ignore[arg-type]


def record(patient: str) -> Record:
    return Record("ward", patient, [{"uuid": patient}], NOW)


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(records, "count", lambda _name, number: found.append(number))
    return found


def test_what_comes_while_others_are_written_goes_together_next() -> None:
    async def whole(ledger: Ledger) -> None:
        keeper = recorder(ledger)
        first = asyncio.ensure_future(keeper.keep(record("p0")))
        await asyncio.to_thread(ledger.begun.wait, 60)
        later = []
        for number in range(1, 41):  # one after the other, as calls come
            later.append(asyncio.ensure_future(keeper.keep(record(f"p{number}"))))
            await asyncio.sleep(0.003)
        assert not any(one.done() for one in (first, *later))
        ledger.gate.set()
        await asyncio.gather(first, *later)

    ledger = Ledger()
    asyncio.run(whole(ledger))
    assert ledger.kept == [["p0"], [f"p{n}" for n in range(1, 41)]]
    assert ledger.most_at_once == 1


def test_a_caller_that_leaves_takes_no_record_along() -> None:
    async def whole(ledger: Ledger) -> None:
        keeper = recorder(ledger)
        ledger.gate.set()
        kept = [asyncio.ensure_future(keeper.keep(record(f"p{n}"))) for n in range(3)]
        await asyncio.sleep(0)
        kept[0].cancel()
        await asyncio.gather(*kept[1:])
        assert kept[0].cancelled()

    ledger = Ledger()
    asyncio.run(whole(ledger))
    assert ledger.kept == [["p0", "p1", "p2"]]


@pytest.mark.parametrize(("refusals", "gone"), [(0, []), (records.TRIES - 1, []), (99, [2])])
def test_a_busy_store_is_tried_again_and_a_loss_is_counted(
    lost: list[float], refusals: int, gone: list[float]
) -> None:
    async def whole(ledger: Ledger) -> None:
        keeper = recorder(ledger)
        await asyncio.gather(keeper.keep(record("p1")), keeper.keep(record("p2")))
        ledger.refusals = 0
        await keeper.keep(record("p3"))

    ledger = Ledger(refusals=refusals)
    ledger.gate.set()
    asyncio.run(whole(ledger))
    assert lost == gone
    assert ledger.kept == [*([] if gone else [["p1", "p2"]]), ["p3"]]


def test_an_answer_without_cards_asks_for_no_transaction() -> None:
    ledger = Ledger()
    asyncio.run(recorder(ledger).keep(Record("ward", "p1", [], NOW)))
    assert not ledger.begun.is_set()
