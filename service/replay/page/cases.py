"""Each case: its time line, both traces side by side, the rule that differs in bold."""

from collections.abc import Iterator, Sequence
from html import escape

from service.replay.compare import Change
from service.replay.page.timeline import timeline
from service.replay.page.words import (
    COLOURS,
    anchor,
    chip,
    kinds_of,
    searched,
    tier,
    when,
)
from service.replay.result import CaseResult
from service.replay.sentence import WORDS
from service.replay.trace import Read, Threshold, Trace, differing

Labels = tuple[str, str]


def article(
    case: CaseResult, before: CaseResult | None, change: Change | None, labels: Labels
) -> Iterator[str]:
    """A changed or unexpected case in full."""
    yield f'<article id="{anchor(case)}" data-case="{anchor(case)}" data-text="{searched(case)}"'
    yield f' data-kinds="{kinds_of(case, change)}"><header><h3>{escape(case.name)}</h3>'
    if change is not None:
        yield chip(WORDS[change.kind], COLOURS.get(change.kind, "soft"))
    yield chip(case.verdict.value, "soft" if case.ok else "red")
    yield from _label(case)
    yield "</header>"
    if change is not None:
        yield f"<p>{escape(change.text.replace(' -> ', ' → '))}</p>"
    for difference in case.differences:
        yield f"<p class=bad>{escape(difference)}</p>"
    if case.told.why:
        yield f"<p class=note>Expected because: {escape(case.told.why)}</p>"
    yield timeline(case, before if change is not None else None, labels)
    yield from _reasons(case, before if change is not None else None, labels)
    yield from differential(case.contrast or case.peak)
    yield "</article>\n"


def _label(case: CaseResult) -> Iterator[str]:
    if case.told.group:
        yield chip(case.told.group)
    if case.told.syndrome is not None:
        yield chip("syndrome" if case.told.syndrome else "look-alike", "soft")


def _reasons(case: CaseResult, before: CaseResult | None, labels: Labels) -> Iterator[str]:
    if before is not None and case.contrast is not None and before.contrast is not None:
        yield from _both(before.contrast, case.contrast, labels)
    elif case.peak is not None:
        yield from _single(case.peak)


def _both(before: Trace, after: Trace, labels: Labels) -> Iterator[str]:
    yield f"<p>Where they first part: {when(after.at)} UTC</p>"
    yield "<table class=traces><thead><tr><th>"
    yield f"<th>{escape(labels[0])}<th>{escape(labels[1])}</tr></thead><tbody>"
    for old, new in differing(before, after):
        yield f"<tr class=differs><td>Rule {escape(new.id)}<td>{_limit(old)}<td>{_limit(new)}</tr>"
    for name, was, now in _lines(before, after):
        differs = " class=differs" if was != now else ""
        yield f"<tr{differs}><td>{escape(name)}<td>{was}<td>{now}</tr>"
    old_findings = {f.id: f for f in before.findings}
    same = []
    for finding in after.findings:
        was_read = old_findings.get(finding.id)
        if was_read is not None and was_read.state == finding.state:
            same.append(f"{finding.id} {finding.state}")
            continue
        cell = _finding(was_read) if was_read else "–"
        yield f"<tr class=differs><td>{escape(finding.id)}<td>{cell}<td>{_finding(finding)}</tr>"
    yield f"<tr><td>Same on both sides<td colspan=2>{escape(', '.join(same))}</tr>"
    yield "</tbody></table>"


def _lines(before: Trace, after: Trace) -> Iterator[tuple[str, str, str]]:
    yield "Tier", tier(before.tier), tier(after.tier)
    yield "Told by", before.channel.replace("_", " "), after.channel.replace("_", " ")
    yield (
        "Published score",
        f"{before.lower}–{before.upper} of 100",
        f"{after.lower}–{after.upper} of 100",
    )
    yield "Rules that gave it", _list(before.rules), _list(after.rules)
    yield "Held down by", _list(before.caps), _list(after.caps)
    if before.severity != after.severity:
        yield "Severity", escape(before.severity), escape(after.severity)
    if before.interactions != after.interactions:
        yield "Interactions", _list(before.interactions), _list(after.interactions)
    if before.asks != after.asks:
        yield "Asks next", _list(before.asks), _list(after.asks)


def _list(words: Sequence[str]) -> str:
    return escape("; ".join(words)) or "–"


def _limit(limit: Threshold) -> str:
    cited = f": {', '.join(limit.cite)}" if limit.cite else ""
    unit = "" if limit.unit == "1" else f" {limit.unit}"
    return escape(f"{limit.value:g}{unit} [{limit.basis}{cited}]")


def _finding(finding: Read) -> str:
    shown = "; ".join(finding.evidence[:4])
    more = f" and {len(finding.evidence) - 4} more" if len(finding.evidence) > 4 else ""
    basis = f"<br><small>{escape(shown + more)}</small>" if shown else ""
    return f"{escape(finding.state)}: {escape(finding.reason)}{basis}"


def _single(trace: Trace) -> Iterator[str]:
    yield f"<details><summary>Why {tier(trace.tier)} at {when(trace.at)} UTC</summary>"
    yield "<table><tbody>"
    for name, told, _ in _lines(trace, trace):
        yield f"<tr><td>{escape(name)}<td>{told}</tr>"
    for finding in trace.findings:
        if finding.state != "false" or finding.evidence:
            yield f"<tr><td>{escape(finding.id)}<td>{_finding(finding)}</tr>"
    yield "</tbody></table></details>"


def differential(trace: Trace | None) -> Iterator[str]:
    """The look-alikes that fit, with what speaks for and against each."""
    fitting = [d for d in trace.differential if d.met != "false"] if trace else []
    if not fitting:
        return
    yield f"<details><summary>Also fits: {escape(', '.join(d.name for d in fitting))}</summary>"
    yield "<table><thead><tr><th>Look-alike<th>Met<th>Toward<th>Away</tr></thead><tbody>"
    for one in fitting:
        yield f"<tr><td>{escape(one.name)}<td>{escape(one.met)}<td>{_list(one.toward)}"
        yield f"<td>{_list(one.away)}</tr>"
    yield "</tbody></table></details>"


def mimics(cases: Sequence[CaseResult]) -> Iterator[str]:
    """The look-alikes: how far each got and what else was said to fit."""
    yield "<table><thead><tr><th>Case<th>Diagnosis reached<th>Peak tier<th>Told by"
    yield "<th>Differential that is met</tr></thead><tbody>"
    for case in cases:
        met = [d.name for d in case.peak.differential if d.met == "true"] if case.peak else []
        yield f'<tr data-case="{anchor(case)}" data-text="{searched(case)}"'
        yield f' data-kinds="{kinds_of(case, None)}"><td>{escape(case.name)}'
        yield f"<td>{escape((case.told.label or case.told.group).replace('_', ' '))}"
        yield f"<td>{tier(case.peak_tier)}<td>{escape(case.loudest.replace('_', ' '))}"
        yield f"<td>{escape(', '.join(met)) or '–'}</tr>"
    yield "</tbody></table>"


def rest(cases: Sequence[CaseResult]) -> Iterator[str]:
    """Every case in a line, its course folded."""
    yield "<table><thead><tr><th>Case<th>Group<th>Peak tier<th>Told by<th>Verdict<th>Course"
    yield "</tr></thead><tbody>\n"
    for case in cases:
        yield f'<tr data-case="{anchor(case)}" data-text="{searched(case)}"'
        yield f' data-kinds="{kinds_of(case, None)}"><td>{escape(case.name)}'
        yield f"<td>{escape(case.told.group or case.told.kind)}<td>{tier(case.peak_tier)}"
        yield f"<td>{escape(case.loudest.replace('_', ' '))}<td>{escape(case.verdict.value)}<td>"
        if case.timeline:
            yield f"<details><summary>{len(case.timeline)} steps</summary>"
            yield "<br>".join(f"{when(s.at)} {tier(s.tier)} {s.score}" for s in case.timeline)
            yield "</details>"
        yield "</tr>\n"
    yield "</tbody></table>"
