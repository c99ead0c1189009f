"""What a rule read: the knowledge that notes which of its numbers were asked for, by account."""

from collections.abc import Mapping

from alerts.chart import Measurement
from alerts.knowledge import Knowledge

# what the trace says of a look into a window: a kind, the window it was read in (hours), and how
# many readings were there
Said = tuple[str, float, int]
# what a look into a window found, and what the trace says of it
Look = tuple[list[Measurement], Said]


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
    """What was read under one name: parameters, and windows of readings.

    It knows nothing of the moment that holds it: a moment is freed as soon as nobody needs it,
    and waits for no search for cycles.
    """

    __slots__ = ("looks", "parameters")

    def __init__(self) -> None:
        self.parameters: dict[str, None] = {}
        self.looks: dict[Said, None] = {}
