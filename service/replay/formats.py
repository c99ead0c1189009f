"""A report as text, JSON or JUnit; the page is in `page`. The same report, the same bytes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson

from service.replay.compare import Change, as_dict
from service.replay.page import page
from service.replay.report import Report
from service.replay.result import CaseResult
from service.replay.sentence import comparison, headline, seen

FORMATS = ("text", "json", "html", "junit")


def render(
    report: Report,
    form: str,
    before: Report | None = None,
    found: Sequence[Change] = (),
    rule_changes: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The report in one of FORMATS; the others when compared with another version."""
    if form == "json":
        body = report.as_dict()
        if before is not None:
            body["against"] = as_dict(before, found)
        # an expectation names entries by their number
        option = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
        return orjson.dumps(body, option=option).decode() + "\n"
    if form == "html":
        return page(report, before, found, rule_changes)
    if form == "junit":
        return "\n".join(_junit(report)) + "\n"
    return "\n".join(_text(report, before, found)) + "\n"


def _text(report: Report, before: Report | None, found: Sequence[Change]) -> Iterator[str]:
    yield headline(report)
    if said := seen(report):
        yield said
    if before is not None:
        yield comparison(before, report, found)
        yield from (f"  {c.kind:11} {c.case}: {c.text}" for c in found)
    width = max((len(case.name) for case in report.cases), default=4)
    for case in report.cases:
        yield f"{case.name:{width}}  {case.peak_tier:17}  {case.verdict.value}"
        yield from (f"{'':{width}}  - {difference}" for difference in case.differences)


def _junit(report: Report) -> Iterator[str]:
    off = sum(not case.ok for case in report.cases)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        f'<testsuite name="nms-sentinel replay" tests="{len(report.cases)}"'
        f' failures="{off}" errors="0">'
    )
    yield f'  <properties><property name="rules" value={quoteattr(report.rules)}/></properties>'
    for case in report.cases:
        yield from _junit_case(case)
    yield "</testsuite>"


def _junit_case(case: CaseResult) -> Iterator[str]:
    kind = case.told.kind or "case"
    opening = f"  <testcase classname={quoteattr(kind)} name={quoteattr(case.name)}"
    if case.ok:
        yield f"{opening}/>"
        return
    yield f"{opening}>"
    yield f"    <failure message={quoteattr(case.verdict.value)}>"
    yield escape("\n".join(case.differences))
    yield "    </failure>"
    yield "  </testcase>"
