"""Who is told, how loudly, and in which words of the history (SPEC 8.3)."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts.lifecycle.states import (
    RULES,
    Alert,
    Audience,
    HistoryEntry,
    MachineState,
    Move,
    Notice,
    What,
    Why,
)
from alerts.lifecycle.view import loudness
from alerts.statements import Channel

# ALR-01 to ALR-03: who hears of a channel beside the worklist, and how loudly each
AUDIENCES: dict[Channel, tuple[tuple[Audience, Channel], ...]] = {
    Channel.NONE: (),
    Channel.PASSIVE: (),
    Channel.TASK: ((Audience.NURSE, Channel.TASK), (Audience.PHARMACIST, Channel.TASK)),
    Channel.URGENT_TASK: (
        (Audience.NURSE, Channel.URGENT_TASK),
        (Audience.PHARMACIST, Channel.URGENT_TASK),
    ),
    Channel.INTERRUPTIVE: (
        (Audience.PRESCRIBER, Channel.INTERRUPTIVE),
        (Audience.NURSE, Channel.URGENT_TASK),
        (Audience.PHARMACIST, Channel.URGENT_TASK),
    ),
}


@dataclass(slots=True)
class Draft:
    """A move of the machine while it is being made: the alert as it was and what is added."""

    was: Alert
    machine: MachineState
    now: datetime
    history: list[HistoryEntry] = field(default_factory=list)
    notices: dict[Audience, Notice] = field(default_factory=dict)

    @property
    def version(self) -> int:
        return self.was.version + 1

    def say(self, what: What, why: Why, detail: str = "") -> None:
        self.history.append(HistoryEntry(self.was.id, self.now, what, RULES, why, detail))

    def call(self, why: Why, channel: Channel) -> None:
        """Ask for attention: shows the alert again, whatever people did before (quiet.py)."""
        self.machine = replace(
            self.machine, calls=self.machine.calls + 1, called_at=self.now, channel=channel
        )
        self.tell(why, channel)

    def tell(self, why: Why, channel: Channel) -> None:
        """Notices to everyone whom the channel reaches; the worklist and the owner always."""
        self.post(why, Channel.PASSIVE, Audience.WORKLIST)
        for audience, loud in AUDIENCES[channel]:
            self.post(why, loud, audience)
        if self.was.human.owner is not None:
            self.post(why, channel, Audience.OWNER)

    def post(self, why: Why, channel: Channel, audience: Audience) -> None:
        """One notice an audience and move: the loudest, and of these the first."""
        held = self.notices.get(audience)
        if held is not None and loudness(held.channel) >= loudness(channel):
            return
        if audience not in self.machine.told:
            self.machine = replace(self.machine, told=(*self.machine.told, audience))
        self.notices[audience] = Notice(self.was.id, channel, why, audience, self.version, self.now)

    def move(self) -> Move | None:
        """The finished move; None when nothing but the clock is different."""
        if not self.history and replace(self.machine, as_of=self.was.machine.as_of) == (
            self.was.machine
        ):
            return None
        if self.history:
            self.machine = replace(self.machine, changed_at=self.now)
        raised = replace(self.was, machine=self.machine, version=self.version)
        return Move(raised, tuple(self.history), tuple(self.notices.values()))


def opened(alert: Alert, why: Why, now: datetime, *, silent: bool, detail: str = "") -> Move:
    """A new alert; `silent`: suppressed from the start, on record only."""
    draft = Draft(replace(alert, version=0), alert.machine, now)
    draft.say(What.OPENED, why, detail)
    if silent:
        draft.say(What.SUPPRESSED, Why(alert.machine.suppressed.value))
    else:
        draft.tell(why, alert.machine.channel)
    made = replace(alert, machine=draft.machine, version=draft.version)
    return Move(made, tuple(draft.history), tuple(draft.notices.values()))
