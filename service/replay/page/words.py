"""Small pieces of text and HTML that every part of the page uses."""

import hashlib
from datetime import UTC, datetime
from html import escape

from service.replay.compare import Change, Kind
from service.replay.result import CaseResult

NAMES = {
    Kind.LOST: "lost",
    Kind.LOWER: "lower",
    Kind.HIGHER: "higher",
    Kind.LATER: "later",
    Kind.EARLIER: "earlier",
    Kind.LOUDER: "more insistent",
    Kind.QUIETER: "less insistent",
    Kind.INTERACTION: "other interactions",
    Kind.REASON: "for another reason",
    Kind.NEW: "new",
    Kind.GONE: "gone",
}
COLOURS = {
    Kind.LOST: "red", Kind.LOWER: "amber", Kind.LATER: "amber", Kind.QUIETER: "amber",
    Kind.HIGHER: "blue", Kind.EARLIER: "blue", Kind.LOUDER: "blue",
}  # fmt: skip


def chip(text: str, colour: str = "soft") -> str:
    return f'<span class="chip {colour}">{escape(text)}</span>'


def anchor(case: CaseResult) -> str:
    return "c-" + hashlib.sha256(f"{case.case}\0{case.number}".encode()).hexdigest()[:12]


def when(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d %b %Y %H:%M}"


def tier(name: str) -> str:
    return escape(name.replace("_", " "))


def percent(rate: float | None) -> str:
    if rate is None:
        return "–"
    places = 2 if rate < 0.005 else 1 if rate < 0.1 else 0
    text = f"{100 * rate:.{places}f}"
    return f"{text} %"


def kinds_of(case: CaseResult, change: Change | None) -> str:
    """What the filter looks for."""
    found = ["changed"] if change else []
    found += [] if case.ok else ["different"]
    if case.told.syndrome is not None:
        found.append("syndrome" if case.told.syndrome else "mimic")
    if case.called.interruptive:
        found.append("interrupts")
    return " ".join(found)


def searched(case: CaseResult) -> str:
    told = case.told
    parts = (case.name, told.kind, told.group, told.label, case.peak_tier, case.verdict)
    return escape(" ".join(parts).lower().replace("_", " "), quote=True)
