"""What a rule read: the knowledge that notes which of its numbers were asked for, by account."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from alerts.chart import Measurement
from alerts.knowledge import Knowledge
from alerts.knowledge.records import Parameter

# a look into a window: a kind, the window it was read in (hours), and how many readings were there
Said = tuple[str, float, int]
# what a look found, and what the trace says of it
Look = tuple[list[Measurement], Said]


@dataclass(slots=True)
class Account:
    """What is read under one name: of a finding or rule while it reads, and then an entry of the
    trace, which nobody changes any more.

    It knows nothing of the moment that holds it: a moment is freed as soon as nobody needs it,
    and waits for no search for cycles.
    """

    id: str
    # ids of the numbers that were read, and the looks, each once and in the order of the reading
    parameters: dict[str, None]
    looks: dict[Said, None]
    # all numbers of the rules
    numbers: Mapping[str, Parameter] = field(repr=False, compare=False)

    @property
    def thresholds(self) -> tuple[Parameter, ...]:
        """The numbers that were read."""
        return tuple([self.numbers[key] for key in self.parameters])

    @property
    def reads(self) -> tuple[Said, ...]:
        """Kind of reading, window in hours, how many readings were in it."""
        return tuple(self.looks)


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


class Spans(dict[str, timedelta]):
    """Parameters as spans of time, in the unit that the rules give each in."""

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__()
        self._values, self._parameters = knowledge._values, knowledge.parameters

    def __missing__(self, parameter: str) -> timedelta:
        unit = _UNITS[self._parameters[parameter].unit]
        known = self[parameter] = self._values[parameter] * unit
        return known


HOUR = timedelta(hours=1)
_UNITS = {"min": timedelta(minutes=1), "h": HOUR, "d": timedelta(days=1)}


class Unread(dict[tuple[str, str], Said]):
    """What the trace says of the hours of a parameter that hold no reading of a kind."""

    def __init__(self, spans: Spans) -> None:
        super().__init__()
        self._spans = spans

    def __missing__(self, look: tuple[str, str]) -> Said:
        kind, parameter = look
        known = self[look] = (kind, self._spans[parameter] / HOUR, 0)
        return known


def standing(knowledge: Knowledge) -> tuple[Spans, Unread]:
    """What is the same for every patient under these rules, each part of it worked out once."""
    known: tuple[Spans, Unread] | None = knowledge.memo.get("spans")
    if known is None:
        spans = Spans(knowledge)
        known = knowledge.memo["spans"] = (spans, Unread(spans))
    return known
