"""A course drawn: tiers of each rule version, readings, examinations, drugs, on one time axis."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from html import escape
from math import log10

from alerts.statements import TierName
from service.replay.course import Step
from service.replay.drawing import Bar, Drawing
from service.replay.page.words import when
from service.replay.result import CaseResult

WIDTH, LEFT, RIGHT = 1000, 130, 20
STRIP, LANE, CHART, GAP = 20, 18, 54, 8
MOST_DRUGS = 8
NAMES = {
    "body_temperature": ("Temperature °C", (38.0, 40.0)),
    "heart_rate": ("Pulse /min", (100.0,)),
    "respiratory_rate": ("Breaths /min", ()),
    "systolic_bp": ("Systolic mmHg", ()),
    "creatine_kinase": ("CK U/L (log)", (1000.0,)),
}
LOOK_BACK = timedelta(days=7)


class Axis:
    """Instants to x."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self.start, self.end = start, max(end, start + timedelta(hours=6))

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return LEFT + min(1.0, max(0.0, share)) * (WIDTH - LEFT - RIGHT)


def timeline(case: CaseResult, before: CaseResult | None, labels: tuple[str, str]) -> str:
    """SVG of a course; with `before` both versions' tiers are drawn. "" without a drawing."""
    drawing = case.drawing
    if drawing is None or not case.timeline:
        return ""
    axis = _axis(case, drawing)
    parts: list[str] = []
    y = 4.0
    rows = [(before, labels[0]), (case, labels[1])] if before else [(case, "Tier")]
    for shown, label in rows:
        parts += _strip(shown.timeline if shown else (), axis, y, label)
        y += STRIP + 4
    for part, height in _lanes(drawing, axis, y + GAP):
        parts.append(part)
        y = height
    parts += _scale(axis, y + 4)
    marks = _marks(case, axis, y)
    height = y + 26
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="Time line of'
        f' {escape(case.case, quote=True)}">' + "".join([*marks, *parts]) + "</svg>"
    )


def _axis(case: CaseResult, drawing: Drawing) -> Axis:
    told = [at for _, points in drawing.series for at, _ in points]
    told += [mark.at for mark in drawing.marks]
    told += [step.at for step in case.timeline if step.tier != TierName.NONE]
    told += [bar.start for bar in drawing.bars if bar.start and bar.start == bar.end]
    told = told or [step.at for step in case.timeline]
    end = max(*told, case.timeline[-1].at)
    focus = case.peak.at if case.peak else end
    start = max(min(told), min(focus, end) - LOOK_BACK)
    return Axis(start - (end - start) / 40, end + (end - start) / 8)


def _strip(steps: Sequence[Step], axis: Axis, y: float, label: str) -> Iterator[str]:
    yield f'<text x="0" y="{y + 14:.0f}">{escape(label)}</text>'
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        x, until = axis.x(step.at), axis.x(after.at if after else axis.end)
        if until - x < 0.5:
            continue
        rank = TierName(step.tier).rank
        title = f"{step.tier} {step.score} from {when(step.at)}"
        yield (
            f'<rect class="t{rank}" x="{x:.1f}" y="{y:.0f}" width="{until - x:.1f}"'
            f' height="{STRIP}"><title>{escape(title)}</title></rect>'
        )
        words = step.tier.replace("_", " ")
        if until - x > 8 * len(words):
            yield f'<text class="on" x="{x + 4:.1f}" y="{y + 14:.0f}">{words}</text>'


def _lanes(drawing: Drawing, axis: Axis, y: float) -> Iterator[tuple[str, float]]:
    """Each lane and where the next one begins."""
    for kind, points in drawing.series:
        seen = [(at, value) for at, value in points if axis.start <= at <= axis.end]
        if seen:
            yield "".join(_curve(kind, seen, axis, y)), y + CHART + GAP
            y += CHART + GAP
    for lane in ("tone", "consciousness", "sweating"):
        part = "".join(_examined(lane, drawing, axis, y))
        if part:
            yield part, y + LANE
            y += LANE
    for name, bars in _drugs(drawing, axis):
        yield "".join(_bars(name, bars, axis, y)), y + LANE
        y += LANE


def _curve(
    kind: str, points: Sequence[tuple[datetime, float]], axis: Axis, y: float
) -> Iterator[str]:
    label, limits = NAMES[kind]
    scale = log10 if kind == "creatine_kinase" else float
    values = [scale(max(v, 1.0)) for _, v in points]
    low, high = min(values), max(values)
    near = [x for x in limits if low - 1 <= scale(x) <= high + 1]
    bounds = [scale(x) for x in near]
    low, high = min([low, *bounds]), max([high, *bounds])
    spread = high - low

    def place(value: float) -> float:
        share = (value - low) / spread if spread else 0.5
        return y + CHART - 4 - share * (CHART - 12)

    newest = max(points, key=lambda p: p[1])
    yield f'<text x="0" y="{y + 14:.0f}">{label}</text>'
    yield f'<text class="soft" x="0" y="{y + 30:.0f}">highest {newest[1]:g}</text>'
    for told, bound in zip(near, bounds, strict=True):
        yield (
            f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT - 24}" y1="{place(bound):.1f}"'
            f' y2="{place(bound):.1f}"/><text class="soft" x="{WIDTH - RIGHT - 20}"'
            f' y="{place(bound) + 4:.1f}">{told:g}</text>'
        )
    path = " ".join(
        f"{axis.x(at):.1f},{place(v):.1f}" for (at, _), v in zip(points, values, strict=True)
    )
    yield f'<polyline class="curve" points="{path}"/>'
    for (at, told), value in zip(points, values, strict=True):
        yield (
            f'<circle class="dot" cx="{axis.x(at):.1f}" cy="{place(value):.1f}" r="3">'
            f"<title>{label} {told:g}, {when(at)}</title></circle>"
        )


def _examined(lane: str, drawing: Drawing, axis: Axis, y: float) -> Iterator[str]:
    marks = [m for m in drawing.marks if m.lane == lane and axis.start <= m.at <= axis.end]
    if not marks:
        return
    yield f'<text x="0" y="{y + 13:.0f}">{lane.capitalize()}</text>'
    free = 0.0
    for mark in marks:
        x = axis.x(mark.at)
        style = "present" if mark.present else "absent"
        words = mark.what if mark.present else f"no: {mark.what}"
        yield (
            f'<rect class="{style}" x="{x - 4:.1f}" y="{y + 4:.0f}" width="8" height="8">'
            f"<title>{escape(words)}, {when(mark.at)}</title></rect>"
        )
        if mark.present and x > free and x < WIDTH - 120:
            yield f'<text x="{x + 8:.1f}" y="{y + 13:.0f}">{escape(mark.what[:22])}</text>'
            free = x + 16 + 7 * len(mark.what[:22])


def _drugs(drawing: Drawing, axis: Axis) -> Iterator[tuple[str, list[Bar]]]:
    lanes: dict[str, list[Bar]] = {}
    for bar in drawing.bars:
        if bar.start is None or bar.start <= axis.end:
            lanes.setdefault(bar.name, []).append(bar)
    yield from list(lanes.items())[:MOST_DRUGS]


def _bars(name: str, bars: Sequence[Bar], axis: Axis, y: float) -> Iterator[str]:
    yield f'<text x="0" y="{y + 13:.0f}">{escape(name[:20])}</text>'
    for bar in bars:
        style = "depot" if bar.long_acting else "drug"
        x = axis.x(bar.start or axis.start)
        if bar.start is not None and bar.start == bar.end:
            if bar.start >= axis.start:
                yield f'<rect class="{style}" x="{x - 2:.1f}" y="{y + 3:.0f}" width="4"'
                yield f' height="11"><title>{escape(name)}, {when(bar.start)}</title></rect>'
            continue
        until = axis.x(bar.end or axis.end)
        yield (
            f'<rect class="{style}" x="{x:.1f}" y="{y + 6:.0f}" height="5"'
            f' width="{max(until - x, 2):.1f}"><title>{escape(name)}</title></rect>'
        )


def _scale(axis: Axis, y: float) -> Iterator[str]:
    span = (axis.end - axis.start).total_seconds() / 3600
    step = next((h for h in (1, 3, 6, 12, 24, 48, 96, 168, 336, 672) if span / h <= 8), 2016)
    at = axis.start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while at <= axis.end:
        if at.hour % min(step, 24) == 0 and (step <= 24 or at.toordinal() % (step // 24) == 0):
            x = axis.x(at)
            yield f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{y:.0f}"/>'
            text = f"{at:%d %b}" if step >= 24 or at.hour == 0 else f"{at:%H:%M}"
            yield f'<text class="soft" x="{x + 3:.1f}" y="{y + 12:.0f}">{text}</text>'
        at += timedelta(hours=1)


def _marks(case: CaseResult, axis: Axis, y: float) -> Iterator[str]:
    told = [
        (case.contrast.at if case.contrast else None, "first difference"),
        (case.told.recognised_at, "recognised"),
    ]
    for at, words in told:
        if at is not None and axis.start <= at <= axis.end:
            x = axis.x(at)
            yield (
                f'<line class="contrast" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{y:.0f}">'
                f"<title>{words} {when(at)}</title></line>"
            )
