"""The report as one self-contained page: it decides on its first screen, asks no network."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from service.replay.compare import Change
from service.replay.page.cases import article, mimics, rest
from service.replay.page.first import first_screen
from service.replay.page.style import SCRIPT, STYLE
from service.replay.report import Report
from service.replay.result import CaseResult
from service.replay.sentence import WORDS

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
FILTERS = (
    ("", "all cases"),
    ("changed", "changed"),
    ("different", "not as expected"),
    ("syndrome", "the syndrome"),
    ("mimic", "look-alikes and well"),
    ("interrupts", "interrupt a prescriber"),
)


def page(
    report: Report,
    before: Report | None = None,
    found: Sequence[Change] = (),
    rule_changes: Sequence[Mapping[str, Any]] = (),
) -> str:
    """HTML of a report; the others when compared with another rule version."""
    return "".join(_parts(report, before, found, rule_changes))


def _parts(
    report: Report,
    before: Report | None,
    found: Sequence[Change],
    rule_changes: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
    yield f"<title>Replay of rules {escape(report.rules)}</title><style>{STYLE}</style></head>"
    yield "<body>\n"
    yield from first_screen(report, before, found, rule_changes)
    yield "\n<div class=bar role=search><label>Find <input id=find type=search"
    yield ' placeholder="case, drug, group, tier"></label><label>Show <select id=kind>'
    yield "".join(f'<option value="{value}">{words}</option>' for value, words in FILTERS)
    yield "</select></label><span id=shown class=note aria-live=polite></span></div>\n<main>"
    yield from _sections(report, before, found)
    yield '</main>\n<p class="note">Times in UTC. Compatibility of recorded facts with published'
    yield " criteria; not a diagnosis. Reports name cases only.</p>"
    yield f"<script>{SCRIPT}</script></body></html>\n"


def _sections(report: Report, before: Report | None, found: Sequence[Change]) -> Iterator[str]:
    old = {(c.case, c.patient): c for c in before.cases} if before else {}
    changed = {(c.case, c.patient): c for c in found}
    labels = (before.rules if before else "", report.rules)

    def order(case: CaseResult) -> tuple[int, str, str]:
        change = changed.get((case.case, case.patient))
        return (list(WORDS).index(change.kind) if change else -1, case.case, case.patient)

    full = [c for c in report.cases if not c.ok or (c.case, c.patient) in changed]
    if full:
        yield "<h2>What differs</h2>"
    for case in sorted(full, key=order):
        key = (case.case, case.patient)
        yield from article(case, old.get(key), changed.get(key), labels)
    alike = [c for c in report.cases if c.told.syndrome is False and c.patient]
    if alike:
        yield f"<h2>Look-alikes and well patients: {len(alike)}</h2>"
        yield from mimics(alike)
    yield f"<h2>All cases: {len(report.cases)}</h2>"
    yield from rest(report.cases)
