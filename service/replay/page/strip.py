"""Lead times as a strip plot: one dot a case, hours before or after stated recognition."""

from collections.abc import Sequence
from html import escape

from service.replay.figures import Lead

WIDTH, LEFT, RIGHT, ROW = 560, 90, 20, 46
LETTERS = 13  # of a version's name, as wide as LEFT
REACH = 96.0  # hours each way; beyond it a dot stands at the edge


def strip(rows: Sequence[tuple[str, Sequence[Lead]]]) -> str:
    """One row for each rule version."""
    height = ROW * len(rows) + 44
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Lead times in hours against'
        ' stated recognition">'
    ]
    for hours in (-96, -48, -24, 0, 24, 48, 96):
        x = _x(float(hours))
        style = "limit" if hours == 0 else "rule"
        parts.append(f'<line class="{style}" x1="{x:.0f}" x2="{x:.0f}" y1="4" y2="{height - 36}"/>')
        parts.append(
            f'<text class="soft" text-anchor="middle" x="{x:.0f}" y="{height - 22}">'
            f"{'+' if hours > 0 else ''}{hours}</text>"
        )
    for number, (label, leads) in enumerate(rows):
        parts += _row(label, leads, 8 + ROW * number)
    parts.append(
        f'<text class="soft" text-anchor="end" x="{WIDTH - RIGHT}" y="{height - 5}">'
        "h before recognition (left of 0: after it)</text></svg>"
    )
    return "".join(parts)


def _row(label: str, leads: Sequence[Lead], y: int) -> list[str]:
    known = sorted((one for one in leads if one.hours is not None), key=lambda one: one.case)
    short = label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…"
    parts = [f'<text x="0" y="{y + 22}"><title>{escape(label)}</title>{escape(short)}</text>']
    stacked: dict[int, int] = {}
    for one in known:
        x = _x(one.hours or 0.0)
        level = stacked.get(round(x / 8), 0)
        stacked[round(x / 8)] = level + 1
        offset = (level + 1) // 2 * (9 if level % 2 else -9)
        parts.append(
            f'<circle class="dot" cx="{x:.1f}" cy="{y + 18 + max(-14, min(14, offset))}" r="4">'
            f"<title>{escape(one.case)}: {one.hours:+.1f} h</title></circle>"
        )
    never = len(leads) - len(known)
    if never:
        parts.append(f'<text class="soft" x="0" y="{y + 36}">{never} never</text>')
    return parts


def _x(hours: float) -> float:
    share = (max(-REACH, min(REACH, hours)) + REACH) / (2 * REACH)
    return LEFT + share * (WIDTH - LEFT - RIGHT)
