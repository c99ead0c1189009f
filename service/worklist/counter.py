"""The desk over the store: alerts as items, steps of people as one winner each."""

import zlib
from collections.abc import Callable
from datetime import datetime
from functools import partial

from alerts.chart import Chart
from alerts.lifecycle import (
    Alert,
    HistoryEntry,
    Move,
    Refused,
    RefusedReason,
    claim,
    hand_over,
    is_open,
    release,
    reopen,
    resolve,
    snooze,
)
from service.errors import BadInput
from service.store import Stale, Store
from service.worklist.desk import Conflict, Entry, Flow
from service.worklist.item import Item
from service.worklist.portrait import ward, who
from service.worklist.synopsis import Said

_LATE = {
    RefusedReason.ALREADY_CLAIMED: "Somebody else has it already.",
    RefusedReason.NOT_CLAIMED: "Nobody has it: there is nothing to give back.",
    RefusedReason.NOT_YOURS: "The last step was somebody else's.",
    RefusedReason.ENDED: "The episode has ended.",
    RefusedReason.RESOLVED: "It is resolved already.",
    RefusedReason.NOT_HIDDEN: "It is open already.",
    RefusedReason.NOTHING_TO_UNDO: "There is nothing to take back.",
}
_WRONG = {
    RefusedReason.UNKNOWN_REASON: "That reason is not offered here.",
    RefusedReason.END_NOT_AHEAD: "A snooze must end in the future.",
    RefusedReason.TOO_LONG: "A snooze may not be that long.",
    RefusedReason.NOBODY_NAMED: "Say to whom it is handed over.",
}


class StoreDesk:
    """One tenant's worklist. `clock` tells ages; the times of steps are handed in."""

    def __init__(self, store: Store, tenant: str, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._tenant = tenant
        self._clock = clock

    @property
    def tenant(self) -> str:
        return self._tenant

    def items(self, *, patient: str | None = None, open_only: bool = True) -> list[Item]:
        """`open_only`: neither ended nor resolved; snoozed ones are open."""
        found = self._store.alerts(self._tenant, patient, open_only)
        return self._shown([a for a in found if is_open(a)] if open_only else found)

    def item(self, key: str) -> Item:
        """NotFound when there is none."""
        return self._shown([self._store.alert(self._tenant, key)])[0]

    def history(self, key: str) -> list[Entry]:
        return [_entry(line) for line in self._store.history(self._tenant, key)]

    def patient_history(self, patient: str) -> list[Entry]:
        return [_entry(line) for line in self._store.patient_history(self._tenant, patient)]

    def chart(self, patient: str) -> Chart | None:
        return self._store.chart(self._tenant, patient)

    def flow(self, now: datetime) -> Flow:
        told = self._store.flow(self._tenant, now)
        return Flow(told.last_data_at, told.patients, told.overdue)

    def cursor(self) -> int:
        return self._store.cursor()

    def changes(self, since: int) -> tuple[int, list[str]]:
        return self._store.changes(since, self._tenant)

    def claim(self, key: str, user: str, now: datetime) -> None:
        self._act(key, partial(claim, user=user, now=now), now)

    def release(self, key: str, user: str, now: datetime) -> None:
        self._act(key, partial(release, user=user, now=now), now)

    def reopen(self, key: str, user: str, now: datetime) -> None:
        self._act(key, partial(reopen, user=user, now=now), now)

    def snooze(self, key: str, user: str, now: datetime, reason: str, until: datetime) -> None:
        self._act(key, partial(snooze, user=user, now=now, reason=reason, until=until), now)

    def resolve(self, key: str, user: str, now: datetime, reason: str, note: str) -> None:
        self._act(key, partial(resolve, user=user, now=now, reason=reason, note=note), now)

    def hand_over(self, key: str, user: str, now: datetime, to: str, note: str) -> None:
        self._act(key, partial(hand_over, user=user, now=now, to=to, note=note), now)

    def _act(self, key: str, step: Callable[[Alert], Move], now: datetime) -> None:
        try:
            self._store.act(self._tenant, key, step, now)
        except Stale as late:
            raise Conflict(late.message, code=late.code) from None
        except Refused as refused:
            raise _refusal(refused.reason) from None

    def _shown(self, found: list[Alert]) -> list[Item]:
        patients = sorted({alert.patient for alert in found})
        said = self._store.assessments(self._tenant, patients)
        charts = self._store.portraits(self._tenant, patients)
        now = self._clock()
        return [
            _item(a, said.get(a.patient), charts.get(a.patient, Chart(a.patient)), now)
            for a in found
        ]


def _item(alert: Alert, said: Said | None, chart: Chart, now: datetime) -> Item:
    machine, human = alert.machine, alert.human
    return Item(
        key=alert.id,
        kind=alert.kind.value,
        level=machine.level,
        patient=alert.patient,
        opened_at=machine.opened_at,
        changed_at=_latest(
            machine.changed_at,
            human.owner_since,
            human.waiting_from,
            human.snoozed_at,
            human.resolved_at,
        ),
        revision=_revision(alert, said),
        is_open=is_open(alert),
        rule=machine.rule,
        drugs=machine.drugs,
        owner=human.owner,
        owner_since=human.owner_since,
        snoozed_until=human.snoozed_until,
        reason=_reason(alert),
        escalated=bool(machine.escalations),
        said=said,
        person=who(chart, now),
        ward=ward(chart),
    )


def _latest(first: datetime, *others: datetime | None) -> datetime:
    return max(first, *(at for at in others if at is not None), first)


def _reason(alert: Alert) -> str:
    """Why a person hid it; why the rules ended it."""
    if alert.machine.ended_at is not None and alert.machine.end_reason is not None:
        return alert.machine.end_reason.value
    return alert.human.reason.value if alert.human.reason is not None else ""


def _revision(alert: Alert, said: Said | None) -> str:
    """Changes when the row would: with every move, and with every other assessment."""
    if said is None:
        return str(alert.version)
    content = repr([(name, value) for name, value in said.items() if name != "as_of"])
    return f"{alert.version}-{zlib.crc32(content.encode()):08x}"


def _entry(line: HistoryEntry) -> Entry:
    why = f"{line.why.value}: {line.detail}" if line.detail else line.why.value
    return Entry(line.alert, line.at, line.what.value, line.who, why)


def _refusal(reason: RefusedReason) -> BadInput:
    if reason in _LATE:
        return Conflict(_LATE[reason], code=reason.value)
    return BadInput(_WRONG[reason], code=reason.value)
