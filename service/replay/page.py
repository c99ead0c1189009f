"""The report as one self-contained page: no script, no outside address."""

from collections.abc import Iterator
from html import escape

from service.replay.compare import Change
from service.replay.report import CaseResult, Report, Step

STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.45 system-ui,sans-serif;margin:24px auto;max-width:72rem;padding:0 16px}
h1{font-size:20px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:4px 8px;border-bottom:1px solid #8886;vertical-align:top}
.off{font-weight:600}
.off td:first-child{border-left:4px solid #c22;padding-left:8px}
small{opacity:.8}
details{margin:2px 0}
"""


def page(report: Report, before: Report | None, found: tuple[Change, ...]) -> str:
    """HTML of a report; `before` and `found` when compared with another rule version."""
    return "".join(_parts(report, before, found))


def _parts(report: Report, before: Report | None, found: tuple[Change, ...]) -> Iterator[str]:
    off = sum(not case.ok for case in report.cases)
    verdict = (
        f"{off} of {len(report.cases)} cases differ"
        if off
        else f"all {len(report.cases)} cases as expected"
    )
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width">\n'
    yield '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
    yield " style-src 'unsafe-inline'\">\n"
    yield f"<title>Replay report</title><style>{STYLE}</style></head><body>\n"
    yield f"<h1>Rules {escape(report.rules)}: {verdict}.</h1>\n"
    if before is not None:
        yield from _comparison(before, found)
    yield "<table><thead><tr><th>Case<th>Kind<th>Peak tier<th>Verdict<th>Course"
    yield "</tr></thead><tbody>\n"
    for case in sorted(report.cases, key=lambda c: (c.ok, c.case, c.patient)):
        yield from _row(case)
    yield "</tbody></table>\n"
    yield "<p><small>Compatibility of recorded facts with published criteria; not a"
    yield " diagnosis.</small></p>\n</body></html>\n"


def _comparison(before: Report, found: tuple[Change, ...]) -> Iterator[str]:
    yield f"<p>Against rules {escape(before.rules)}: {len(found)} cases change.</p>\n<ul>"
    for change in found:
        yield f"<li>{escape(change.case)}: {escape(change.kind)}, {escape(change.text)}</li>\n"
    yield "</ul>\n"


def _row(case: CaseResult) -> Iterator[str]:
    yield f"<tr{'' if case.ok else ' class=off'}><td>{escape(case.case)}"
    yield f"<td>{escape(case.group or case.kind)}<td>{escape(case.peak_tier)}"
    yield f"<td>{escape(case.verdict.value)}"
    for difference in case.differences:
        yield f"<br>{escape(difference)}"
    yield "<td>"
    if case.timeline:
        yield f"<details><summary>{len(case.timeline)} steps</summary>"
        yield "<br>".join(_step(step) for step in case.timeline)
        yield "</details>"
    if case.why:
        yield f"<details><summary>Why</summary>{escape(case.why)}</details>"
    yield "</tr>\n"


def _step(step: Step) -> str:
    when = step.at.strftime("%Y-%m-%d %H:%M")
    return f"{when} {escape(step.tier)} {step.lower}–{step.upper}"
