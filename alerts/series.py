"""The readings of one kind until now, and how far back they were looked through for artefacts."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from alerts.chart import Measurement
from alerts.evidence import those_above

AT = attrgetter("at")


@dataclass(slots=True)
class Series:
    """Of `past` (oldest first) the readings from index `screened` on are looked through, and
    `sound` is what is left of them."""

    kind: str
    past: tuple[Measurement, ...]
    screened: int
    sound: list[Measurement] = field(default_factory=list)
    # by threshold: how many of the newest sound readings were held against it, those above it
    _above: dict[float, tuple[int, list[Measurement]]] = field(default_factory=dict)

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

    def above(self, threshold: float, first: datetime, last: datetime) -> list[Measurement]:
        """Sound readings of `first` to `last` that are above the threshold beyond doubt; each
        reading is held against it once, whatever window it is read in."""
        seen, high = self._above.get(threshold, (0, []))
        new = len(self.sound) - seen
        if new:  # it was looked through further back since then
            high = those_above(self.sound[:new], threshold) + high
            self._above[threshold] = (len(self.sound), high)
        if not high:
            return []
        left = bisect_left(high, first, key=AT)
        return high[left : bisect_right(high, last, left, key=AT)]
