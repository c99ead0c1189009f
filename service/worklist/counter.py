"""The desk over the store: alerts as items, steps of people as one winner each."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from alerts.chart import Chart
from alerts.knowledge import Knowledge
from alerts.lifecycle import (
    Alert,
    Attention,
    HistoryEntry,
    Move,
    Refused,
    RefusedReason,
    answered,
    attention,
    claim,
    hand_over,
    is_open,
    release,
    reopen,
    resolve,
    snooze,
    undo,
    waiting_since,
)
from alerts.statements import Channel
from service.errors import BadInput
from service.store import AuditEntry, AuditRecord, Person, Sight, Stale, Store, Tick
from service.worklist.desk import Conflict, Entry, Flow, Look, Ticked
from service.worklist.item import Item
from service.worklist.newest import Newest
from service.worklist.patient.who import ward, who
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
    """One tenant's worklist. `clock` tells ages; the times of steps are handed in. `zone`: of its
    wards, in which all times are told. `knowledge`: the rules in force, as shipped when None."""

    def __init__(
        self,
        store: Store,
        tenant: str,
        clock: Callable[[], datetime],
        zone: ZoneInfo,
        knowledge: Knowledge | None = None,
    ) -> None:
        self._knowledge = knowledge
        self._store = store
        self._tenant = tenant
        self._clock = clock
        self._zone = zone
        self._newest = Newest(store, tenant)

    @property
    def tenant(self) -> str:
        return self._tenant

    @property
    def zone(self) -> ZoneInfo:
        return self._zone

    def items(
        self,
        *,
        patient: str | None = None,
        open_only: bool = True,
    ) -> list[Item]:
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
        return Flow(told.last_data_at, told.patients, told.overdue, told.set_aside)

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
        step = partial(
            snooze, user=user, now=now, reason=reason, until=until, knowledge=self._knowledge
        )
        self._act(key, step, now)

    def resolve(
        self, key: str, user: str, now: datetime, reason: str, note: str, intervention: str = ""
    ) -> None:
        step = partial(
            resolve, user=user, now=now, reason=reason, note=note, intervention=intervention
        )
        self._act(key, step, now)

    def undo(self, key: str, user: str, now: datetime) -> None:
        self._act(key, partial(undo, user=user, now=now), now)

    def hand_over(self, key: str, user: str, now: datetime, to: str, note: str) -> None:
        self._act(key, partial(hand_over, user=user, now=now, to=to, note=note), now)

    def people(self) -> list[Person]:
        """Who has signed in or acted here."""
        return self._store.people(self._tenant)

    def meet(self, name: str, wards: Sequence[str], now: datetime) -> None:
        """This person acts here."""
        self._store.note_person([self._tenant], name, wards, now)

    def looks(self, user: str) -> dict[str, Look]:
        found = self._store.seen(self._tenant, user)
        return {key: Look(s.alert, s.at, s.revision, s.said) for key, s in found.items()}

    def look(self, user: str, looks: Sequence[Look]) -> None:
        sights = [Sight(x.alert, x.at, x.revision, x.said) for x in looks]
        self._store.mark_seen(self._tenant, user, sights)

    def saved(self, user: str) -> dict[str, str]:
        return self._store.saved_filters(self._tenant, user)

    def save(self, user: str, name: str, query: str, now: datetime) -> None:
        self._store.save_filters(self._tenant, user, name, query, now)

    def drop(self, user: str, name: str) -> bool:
        return self._store.drop_filters(self._tenant, user, name)

    def ticks(self, patient: str) -> list[Ticked]:
        found = self._store.ticks(self._tenant, patient)
        return [Ticked(t.item, t.done, t.who, t.at) for t in found]

    def tick(self, patient: str, tick: Ticked) -> None:
        self._store.tick(self._tenant, patient, Tick(tick.item, tick.done, tick.who, tick.at))

    def note(self, entries: Sequence[AuditEntry]) -> None:
        """Lines of the audit of this tenant."""
        self._store.record_audit(self._tenant, entries)

    def note_first(
        self,
        keys: Mapping[str, str],
        until: datetime,
        entry: Callable[[list[str]], AuditEntry],
    ) -> list[str]:
        """A line about what no process has told yet (see the store)."""
        return self._store.record_first(self._tenant, keys, until, entry)

    def audit(self, after: int, limit: int) -> list[AuditRecord]:
        return self._store.audit(self._tenant, after, limit)

    def received(self, reference: str, patient: str) -> datetime | None:
        """When a resource ("Observation/1") of a patient came in; None when there is none, or it
        was taken back."""
        kind, _, name = reference.partition("/")
        held = self._store.resource(self._tenant, kind, name)
        if held is None or held.retracted or held.patient != patient:
            return None
        return held.received_at

    def _act(self, key: str, step: Callable[[Alert], Move], now: datetime) -> None:
        try:
            self._store.act(self._tenant, key, step, now)
        except Stale as late:
            raise Conflict(late.message, code=late.code) from None
        except Refused as refused:
            raise _refusal(refused.reason) from None

    def _shown(self, found: list[Alert]) -> list[Item]:
        patients = sorted({alert.patient for alert in found})
        said = self._newest.of(patients)
        charts = self._store.portraits(self._tenant, patients)
        now, items = self._clock(), []
        for alert in found:
            mark, newest = said.get(alert.patient, ("", None))
            chart = charts.get(alert.patient) or Chart(alert.patient)
            items.append(_item(alert, mark, newest, chart, now))
        return items


def _item(alert: Alert, mark: str, said: Said | None, chart: Chart, now: datetime) -> Item:
    """`mark` changes with the assessment, the version with every move: so does the revision.

    An alert that has called since it was snoozed is snoozed no longer, whatever the time.
    """
    machine, human = alert.machine, alert.human
    hidden = answered(machine, human)
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
        revision=f"{alert.version}-{mark[:8]}" if mark else f"{alert.version}",
        is_open=is_open(alert),
        rule=machine.rule,
        drugs=machine.drugs,
        owner=human.owner,
        owner_since=human.owner_since,
        snoozed_until=human.snoozed_until if hidden else None,
        reason=_reason(alert),
        escalated=bool(machine.escalations),
        said=said,
        person=who(chart, now),
        ward=ward(chart),
        waiting_since=waiting_since(alert),
        interruptive=machine.channel is Channel.INTERRUPTIVE,
        suppressed=machine.suppressed.value
        if attention(alert, now) is Attention.SUPPRESSED
        else "",
        intervention=human.intervention.value,
        last_by=human.last_by,
    )


def _latest(first: datetime, *others: datetime | None) -> datetime:
    return max(first, *(at for at in others if at is not None), first)


def _reason(alert: Alert) -> str:
    """Why a person hid it; why the rules ended it."""
    if alert.machine.ended_at is not None and alert.machine.end_reason is not None:
        return alert.machine.end_reason.value
    human = alert.human
    known = human.reason is not None and answered(alert.machine, human)
    return human.reason.value if known and human.reason else ""


def _entry(line: HistoryEntry) -> Entry:
    why = f"{line.why.value}: {line.detail}" if line.detail else line.why.value
    return Entry(line.alert, line.at, line.what.value, line.who, why)


def _refusal(reason: RefusedReason) -> BadInput:
    if reason in _LATE:
        return Conflict(_LATE[reason], code=reason.value)
    return BadInput(_WRONG[reason], code=reason.value)
