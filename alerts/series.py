"""The readings of one kind until now, and how far back they were looked through for artefacts."""

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from alerts.chart import Measurement

AT = attrgetter("at")


@dataclass(slots=True)
class Series:
    """Of `past` (oldest first) the readings from index `screened` on are looked through, and
    `sound` is what is left of them."""

    kind: str
    past: tuple[Measurement, ...]
    screened: int
    sound: list[Measurement] = field(default_factory=list)

    def first_since(self, start: datetime) -> int:
        """The index in `past` of the first reading at `start` or later; `past` is not empty."""
        past = self.past
        return 0 if past[0].at >= start else bisect_left(past, start, key=AT)

    def sound_since(self, first: int, start: datetime) -> int:
        """The index in `sound` of what `past[first]`, the first at `start` or later, is in `past`.

        Where nothing was set aside, `sound` runs beside `past` and needs no search.
        """
        sound = self.sound
        if len(sound) == len(self.past) - self.screened:
            return first - self.screened
        return bisect_left(sound, start, key=AT)
