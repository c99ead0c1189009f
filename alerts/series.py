"""The readings of one kind until now, and how far back they were looked through for artefacts."""

from dataclasses import dataclass, field

from alerts.chart import Measurement


@dataclass(slots=True)
class Series:
    """Of `past` (oldest first) the readings from index `screened` on are looked through, and
    `sound` is what is left of them."""

    kind: str
    past: tuple[Measurement, ...]
    screened: int
    sound: list[Measurement] = field(default_factory=list)
