"""What a time line is drawn from: a few series of one patient's chart."""

from dataclasses import dataclass
from datetime import datetime

from alerts.chart import Chart, Evidence, SignKind, TimeBasis
from alerts.truth import TRUE, UNKNOWN

SERIES = ("body_temperature", "heart_rate", "respiratory_rate", "systolic_bp", "creatine_kinase")
_EXAMINED = {
    SignKind.RIGIDITY: "tone",
    SignKind.ACVPU: "consciousness",
    SignKind.CONFUSION: "consciousness",
    SignKind.DELIRIUM: "consciousness",
    SignKind.DELIRIUM_SCREEN: "consciousness",
    SignKind.DROWSINESS: "consciousness",
    SignKind.ALTERED_MENTAL_STATUS: "consciousness",
    SignKind.STUPOR: "consciousness",
    SignKind.COMA: "consciousness",
    SignKind.MUTISM: "consciousness",
    SignKind.AGITATION: "consciousness",
    SignKind.DIAPHORESIS: "sweating",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A drug: an order or statement from `start` (None: before) to `end` (None: goes on), or a
    dose (`start` == `end`)."""

    name: str
    start: datetime | None
    end: datetime | None
    long_acting: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign examined: in which lane, what, present or not (None: unknown)."""

    at: datetime
    lane: str
    what: str
    present: bool | None


@dataclass(frozen=True, slots=True)
class Drawing:
    series: tuple[tuple[str, tuple[tuple[datetime, float], ...]], ...]
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]


def drawing_of(chart: Chart) -> Drawing:
    return Drawing(
        tuple(
            (kind, tuple((m.at, m.value) for m in chart.of(kind)))
            for kind in SERIES
            if chart.of(kind)
        ),
        tuple(_bars(chart)),
        tuple(
            Mark(
                sign.at,
                _EXAMINED[sign.kind],
                (sign.detail or sign.kind.value).replace("_", " "),
                None if sign.present is UNKNOWN else sign.present is TRUE,
            )
            for sign in chart.signs
            if sign.kind in _EXAMINED and sign.time_basis is not TimeBasis.UNDATED
        ),
    )


def _bars(chart: Chart) -> list[Bar]:
    found = []
    for use in chart.medications:
        if not use.ingredients:
            continue
        name = " + ".join(use.ingredients)
        given = use.evidence in {Evidence.ADMINISTRATION, Evidence.DISPENSE}
        start = use.start or use.authored
        end = (use.end or start) if given else use.end
        found.append(Bar(name, start, end, use.long_acting is TRUE))
    return found
