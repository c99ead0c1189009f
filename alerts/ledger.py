"""What a rule read: the knowledge that notes which of its numbers were asked for, by account."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from alerts.chart import Measurement
from alerts.knowledge import Knowledge

if TYPE_CHECKING:
    from alerts.moment import Moment


class Look:
    """A look into a window: what was found, and what the trace says of it: a kind, the window it
    was read in (hours), and how many readings were there."""

    __slots__ = ("found", "said")

    def __init__(self, found: list[Measurement], said: tuple[str, float, int]) -> None:
        self.found, self.said = found, said


class Ledger(Knowledge):
    """The knowledge, noting which parameters were read."""

    read: dict[str, None]

    def __getitem__(self, key: str) -> float:
        self.read[key] = None
        return self._values[key]

    def note(self, keys: Mapping[str, None]) -> None:
        self.read.update(keys)


def ledger(knowledge: Knowledge) -> Ledger:
    noted: Ledger = object.__new__(Ledger)
    vars(noted).update(vars(knowledge))
    vars(noted)["read"] = {}
    return noted


class Account:
    """What was read under one name: parameters, and windows of readings."""

    __slots__ = ("_now", "looks", "name", "parameters")

    def __init__(self, now: "Moment", name: str) -> None:
        self._now, self.name = now, name
        self.parameters: dict[str, None] = {}
        self.looks: dict[Look, tuple[str, float, int]] = {}

    def __enter__(self) -> None:
        now = self._now
        now.accounts_before.append(now.account_open)
        now.account_open = self
        now.noted["read"] = now.reading = self.parameters

    def __exit__(self, *fault: object) -> None:
        now = self._now
        now.account_open = before = now.accounts_before.pop()
        now.noted["read"] = now.reading = before.parameters
