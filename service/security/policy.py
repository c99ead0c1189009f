"""Where a card may be seen: the channel policy of a tenant (SPEC 8.3, ALR-01 to ALR-05, ALR-10).

    [tenants.north.channels]
    passive = []                  # hooks on which cards of this channel appear; [] worklist alone
    task = ["encounter-start"]    # every hook when left out
    urgent_task = ["patient-view", "order-sign", "encounter-start"]
    interrupt = false             # nothing interrupts: what is critical comes as a warning (ALR-10)

WATCH is passive, POSSIBLE a task, PROBABLE_ATYPICAL an urgent one; of the interactions those that
an unverified value decides are passive (ALR-13). Nothing can be made louder, what interrupts cannot
be hidden from any hook (silent mode does that, and says so), and a louder channel appears at least
where a quieter one does. Whatever this says, a contraindicated pair and missing data are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from alerts.statements import Channel

NAMED = (Channel.PASSIVE, Channel.TASK, Channel.URGENT_TASK)
_INTERRUPT = "interrupt"


@dataclass(frozen=True, slots=True)
class Policy:
    """`places`: channel -> the hooks on which its cards appear; everywhere when not in it."""

    places: Mapping[Channel, frozenset[str]] = field(default_factory=dict)
    interrupt: bool = True

    def shows(self, channel: Channel, hook: str) -> bool:
        """`none` is nowhere: comfort-only care (ALR-12)."""
        if channel is Channel.NONE:
            return False
        where = self.places.get(channel)
        return where is None or hook in where

    @property
    def is_plain(self) -> bool:
        return not self.places and self.interrupt

    def words(self) -> list[tuple[str, str]]:
        """What it means, channel by channel, for people."""
        told = []
        for channel in NAMED:
            where = self.places.get(channel)
            said = "on every hook" if where is None else ", ".join(sorted(where))
            told.append((channel.value, said or "on no hook: the worklist only"))
        loud = "on every hook" if self.interrupt else "on every hook, as a warning"
        return [*told, (Channel.INTERRUPTIVE.value, loud)]


def read_policy(
    where: str,
    told: Any,
    hooks: tuple[str, ...],
    answered: frozenset[str] | None,
    faults: list[str],
) -> Policy:
    """The policy of a tenant. `hooks`: all there are; `answered`: the tenant's, None for all.

    Adds each fault to `faults`, one a line.
    """
    if told is None:
        return Policy()
    if not isinstance(told, dict):
        faults.append(f"{where}: must be a table")
        return Policy()
    faults += _misplaced(where, told)
    places = {}
    for channel in NAMED:
        if channel.value not in told:
            continue
        given = told[channel.value]
        if not isinstance(given, list) or not set(map(str, given)) <= set(hooks):
            faults.append(f"{where}.{channel.value}: must be a list of {', '.join(hooks)}")
            continue
        if answered is not None and (never := sorted(set(given) - answered)):
            faults.append(f"{where}.{channel.value}: {', '.join(never)} is not among its hooks")
        places[channel] = frozenset(given)
    faults += _quieter_is_narrower(where, places, frozenset(hooks))
    interrupt = told.get(_INTERRUPT, True)
    if not isinstance(interrupt, bool):
        faults.append(f"{where}.{_INTERRUPT}: must be true or false")
        interrupt = True
    return Policy(places, interrupt)


def _misplaced(where: str, told: Mapping[str, Any]) -> list[str]:
    known = {_INTERRUPT, *(channel.value for channel in NAMED)}
    found = []
    for key in sorted(set(told) - known):
        if key == Channel.INTERRUPTIVE.value:
            said = "what interrupts cannot be hidden (ALR-02, ALR-04); interrupt = false makes it"
            found.append(f"{where}.{key}: {said} a warning, silent = true hides everything")
        else:
            found.append(f"{where}.{key}: not known")
    return found


def _quieter_is_narrower(
    where: str, places: Mapping[Channel, frozenset[str]], everywhere: frozenset[str]
) -> list[str]:
    """More danger is never seen in fewer places."""
    return [
        f"{where}.{loud.value}: must name {', '.join(sorted(lost))} too, as {quiet.value} does"
        for quiet, loud in pairwise(NAMED)
        if (lost := places.get(quiet, everywhere) - places.get(loud, everywhere))
    ]
