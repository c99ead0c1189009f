"""What a bell sets off: due patients claimed, each evaluated by itself, until nobody is due.

The patient is evaluated, not the message: the whole chart is read again, so that order and doubles
of messages cannot matter. One who fails fails alone.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
import structlog

from alerts.assessment import as_dict, assess
from alerts.chart import Chart, chart_of
from alerts.knowledge import Knowledge
from alerts.lifecycle import (
    Alert,
    AlertKind,
    Move,
    Why,
    advance,
    circumstances,
    next_due,
    opened_on_promise,
)
from alerts.statements import TierName
from service.errors import Unavailable
from service.logs import bind, place_of
from service.monitoring.anew import Anew
from service.monitoring.watch import TOO_LONG, Watch
from service.store import Answer, Due, Evaluated, Store

BATCH = 50
# evaluated, marked and settled together: one flush of the disk
CHUNK = 8
# a killed worker's patients are taken over after this: with the sweep and a start within 45 s
LEASE_S = 20.0
SLICE_S = 10.0
# the pace of the sweep: a review that asks for less must not turn a slice into a circle
SOONEST_S = 10.0
# a stop is to be over in seconds; what is claimed and not begun waits for its lease
STOP_S = 4.0
# who promised, when the record system did not say
UNNAMED = "clinician (record system)"
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one slice. `overtaken`: newer data or a person came first, the patient is still due."""

    settled: int = 0
    overtaken: int = 0
    failed: int = 0
    more: bool = False

    @property
    def patients(self) -> int:
        return self.settled + self.overtaken + self.failed


def _tally(counts: dict[str, int], *, more: bool = False) -> Tally:
    return Tally(counts["settled"], counts["overtaken"], counts["failed"], more)


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Everything an evaluation needs. `stopping` ends a slice early; `watch` ends the process
    when one patient takes too long; `anew` finds, when nobody else is due, who was judged by other
    rules."""

    store: Store
    knowledge: Knowledge
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    worker: str = ""
    stopping: threading.Event | None = None
    watch: Watch | None = None
    anew: Anew | None = None

    def drain(self, slice_s: float = SLICE_S) -> Tally:
        """Evaluate whoever is due until nobody is or the slice ends; `more`: it ended first.

        Raises Unavailable when the store is away: nothing is lost, the patients are still due.
        """
        ends = time.monotonic() + slice_s
        counts = {"settled": 0, "overtaken": 0, "failed": 0}
        while not self._stops():
            claimed = self.store.claim_due(self.clock(), BATCH, LEASE_S, self.worker, CHUNK)
            if not claimed:
                if self.anew is None or not self.anew.look(self.clock()):
                    return _tally(counts)
                if time.monotonic() >= ends:
                    break
                continue
            before = counts["settled"] + counts["failed"]
            self._batch(claimed, counts)
            if counts["settled"] + counts["failed"] == before:
                return _tally(counts)  # all overtaken: the next bell, not a race with the writer
            if time.monotonic() >= ends:
                break
        return _tally(counts, more=True)

    def _batch(self, claimed: list[Due], counts: dict[str, int]) -> None:
        """In chunks; after a stop only as long as STOP_S, the rest waits for its lease."""
        stop_at: float | None = None
        chunks = [claimed[n : n + CHUNK] for n in range(0, len(claimed), CHUNK)]
        for chunk, following in zip(chunks, [*chunks[1:], []], strict=True):
            if self._stops():
                stop_at = stop_at or time.monotonic() + STOP_S
                if time.monotonic() > stop_at:
                    return
            found = [one for one in map(self._one, chunk) if one is not None]
            counts["failed"] += len(chunk) - len(found)
            for settled in self._settled(found, following):
                counts["settled" if settled else "overtaken"] += 1

    def _stops(self) -> bool:
        return self.stopping is not None and self.stopping.is_set()

    def _one(self, due: Due) -> Evaluated | None:
        """What this patient's evaluation found; None when it failed, which is then on record."""
        with bind(correlation=due.correlation):
            try:
                with self._watched(due):
                    return judge(self.store, self.knowledge, due, self.clock(), self.new_id)
            except Unavailable:
                raise
            except Exception as fault:
                self._failed(due, fault)
                return None

    def _watched(self, due: Due) -> AbstractContextManager[None]:
        if self.watch is None:
            return nullcontext()
        return self.watch.over(lambda: self._too_long(due))

    def _settled(self, found: list[Evaluated], following: list[Due]) -> list[bool]:
        done = self.store.settle_many(found, following, self.anew.rules if self.anew else "")
        for one, settled in zip(found, done, strict=True):
            if settled:
                with bind(correlation=one.due.correlation):
                    _tell(one.moves)
        return done

    def _failed(self, due: Due, fault: Exception) -> None:
        """This patient alone: tried again later, set aside where everybody sees it at the last."""
        code = _CAPITAL.sub("-", type(fault).__name__).lower()  # "zero-division-error"
        last = self.store.fail(due, code, self.clock())
        event = "patient.quarantined" if last else "patient.failed"
        log.error(event, tenant=due.tenant, tries=due.tries, **place_of(fault))

    def _too_long(self, due: Due) -> None:
        """In the watch's thread, before the process ends: it counts for this patient at once."""
        self.store.fail(due, TOO_LONG, self.clock())


def evaluate(
    store: Store,
    knowledge: Knowledge,
    due: Due,
    now: datetime,
    new_id: Callable[[], str],
) -> bool:
    """One due patient: chart, assessment, moves, settled in one transaction.

    False when newer data or a person came first; the patient is then still due.
    """
    found = judge(store, knowledge, due, now, new_id)
    settled = store.settle_many([found])[0]
    if settled:
        _tell(found.moves)
    return settled


def judge(
    store: Store,
    knowledge: Knowledge,
    due: Due,
    now: datetime,
    new_id: Callable[[], str],
) -> Evaluated:
    """What a due patient's chart and alerts come to now; nothing is written.

    A patient whose every fact was taken back is evaluated as well: those who were told are owed
    the correction.
    """
    chart = store.chart(due.tenant, due.patient) or chart_of(due.patient, ())
    assessment = assess(chart, knowledge, now)
    existing = store.alerts(due.tenant, due.patient, open_only=False)
    around = circumstances(chart, knowledge, assessment)
    moves = advance(
        existing, assessment, due.tenant, now, new_id, around=around, knowledge=knowledge
    )
    moves = _with_promises(store, knowledge, due, now, moves, assessment.tier.name)
    again = _earliest(
        next_due(_moved(existing, moves), assessment, now, knowledge=knowledge),
        awaited(chart, now),
    )
    soonest = now + timedelta(seconds=SOONEST_S)
    return Evaluated(
        due, moves, orjson.dumps(as_dict(assessment)), again and max(again, soonest), now
    )


def _with_promises(
    store: Store,
    knowledge: Knowledge,
    due: Due,
    now: datetime,
    moves: tuple[Move, ...],
    tier: TierName,
) -> tuple[Move, ...]:
    """A prescriber who signed a draft and said "will monitor" has been asked: the pair that now
    runs opens with that promise (ALR-05); not where NMS has become likelier since."""
    if not any(_opens_a_pair(move) for move in moves):
        return moves
    since = now - timedelta(hours=knowledge["interaction.quiet_h"])
    said = store.answers(due.tenant, due.patient, since)
    told = {answer.subject: answer for answer in said if not _was_milder(answer, tier)}
    return tuple(_on_promise(move, told.get(move.alert.subject), knowledge) for move in moves)


def _was_milder(answer: Answer, tier: TierName) -> bool:
    """Was NMS less likely on the card that was answered than it is now?"""
    shown = TierName(answer.tier) if answer.tier in set(TierName) else TierName.NONE
    return shown.rank < tier.rank


def _opens_a_pair(move: Move) -> bool:
    return move.alert.kind is AlertKind.INTERACTION and move.alert.version == 1


def _on_promise(move: Move, answer: Answer | None, knowledge: Knowledge) -> Move:
    if answer is None or answer.reason != Why.WILL_MONITOR or not _opens_a_pair(move):
        return move
    who = answer.clinician or UNNAMED
    return opened_on_promise(move, who, answer.at, knowledge=knowledge)


def awaited(chart: Chart, now: datetime) -> datetime | None:
    """When the next fact that lies ahead begins to count: a device's clock that is fast, a dose
    that is planned, a stay's end. Nobody else would look at the chart then."""
    ahead = [at for at in _times(chart) if at is not None and at > now]
    return min(ahead) + timedelta(seconds=1) if ahead else None


def _times(chart: Chart) -> Iterator[datetime | None]:
    yield from (reading.at for reading in chart.measurements)
    yield from (sign.at for sign in chart.signs)
    for use in chart.medications:
        yield from (use.start, use.authored)
    for condition in chart.conditions:
        yield condition.onset or condition.recorded
    for stay in chart.stays:
        yield from (stay.start, stay.end)


def _moved(existing: list[Alert], moves: tuple[Move, ...]) -> list[Alert]:
    after = {alert.id: alert for alert in existing}
    after.update({move.alert.id: move.alert for move in moves})
    return list(after.values())


def _earliest(*times: datetime | None) -> datetime | None:
    return min((at for at in times if at is not None), default=None)


def _tell(moves: Sequence[Move]) -> None:
    for move in moves:
        for entry in move.history:
            log.info(
                "alert.moved",
                alert=entry.alert,
                what=entry.what.value,
                kind=move.alert.kind.value,
                why=entry.why.value,
            )
