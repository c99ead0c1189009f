"""The first screen: the sentence, what the rules change, the counts, lead times, the index."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from service.replay.compare import Change, Kind
from service.replay.figures import INCIDENCES, Burden, Figures, Lead, Level, Share, figures
from service.replay.page.strip import strip
from service.replay.page.words import COLOURS, anchor, chip, percent
from service.replay.report import Report
from service.replay.result import CaseResult
from service.replay.sentence import WORDS, comparison, headline, seen

SHOWN = (0.0004, 0.0011, 0.003)
LISTED = 12


def first_screen(
    report: Report,
    before: Report | None,
    found: Sequence[Change],
    rule_changes: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    now = figures(report)
    was = figures(before) if before else None
    yield "<header>"
    if before is not None:
        lost = any(change.kind is Kind.LOST for change in found)
        yield f"<h1{' class=bad' if lost else ''}>{escape(comparison(before, report, found))}</h1>"
        yield f'<p class="lead">{escape(headline(report))} {escape(seen(report))}</p>'
    else:
        yield f"<h1{'' if report.ok else ' class=bad'}>{escape(headline(report))}</h1>"
        yield f'<p class="lead">{escape(seen(report))}</p>'
    yield "</header>\n<div class=grid><div>"
    yield from _counts(report, before, now, was)
    yield "</div><div>"
    if before is not None:
        yield from _rule_changes(rule_changes)
        yield from _index(report, found)
    else:
        yield from _off(report)
    yield from _leads(report, before, now, was)
    yield "</div></div>\n"
    yield from _burden_table(report, now, was, (before.rules if before else "", report.rules))


def _counts(
    report: Report, before: Report | None, now: Figures, was: Figures | None
) -> Iterator[str]:
    names = [before.rules, report.rules] if before else [report.rules]
    expected = [_expected(one.cases) for one in ([before] if before else []) + [report]]
    differs = " class=differs" if len(set(expected)) > 1 else ""
    yield "<table id=counts><thead><tr><th rowspan=2>"
    yield f"{now.labelled} labelled cases"
    yield f"<th class=n colspan={len(names)}>sensitivity<th class=n colspan={len(names)}>"
    yield "specificity</tr><tr>"
    yield "".join(f"<th class=n>{escape(name)}" for name in names) * 2 + "</tr></thead><tbody>"
    for number, level in enumerate(now.levels):
        other = was.levels[number] if was else None
        yield f"<tr><td>{level.name}"
        yield _pair(other.sensitivity if other else None, level.sensitivity)
        yield _pair(other.specificity if other else None, level.specificity)
        yield "</tr>"
    yield f"<tr{differs}><td>Cases as expected"
    yield f"<td class=n colspan={2 * len(names)}>{escape(' → '.join(expected))}</tr>"
    yield "</tbody></table>"
    yield '<p class="note">Below each rate its 95 % interval. Published cases are selected and'
    yield " their look-alikes were chosen to be hard: these rates compare rule versions, they do"
    yield " not forecast a ward.</p>"
    yield from _values(now, was)


def _pair(old: Share | None, new: Share) -> str:
    cells = f"<td class='n was'>{_share(old)}" if old is not None else ""
    marked = " differs" if old is not None and old != new else ""
    return f"{cells}<td class='n{marked}'>{_share(new)}"


def _expected(cases: Sequence[CaseResult]) -> str:
    judged = [c for c in cases if c.verdict.value != "no expectation"]
    return f"{sum(c.ok for c in judged)} of {len(judged)}"


def _share(share: Share) -> str:
    if share.rate is None:
        return "–"
    low, high = share.interval
    return (
        f"{percent(share.rate)} <small>{share.part}/{share.whole}<br>"
        f"{100 * low:.0f}–{100 * high:.0f} %</small>"
    )


def _values(now: Figures, was: Figures | None) -> Iterator[str]:
    """PPV by SPEC 8.2 at the chosen incidences, for who is alerted and who is interrupted."""
    chosen = [n for n, incidence in enumerate(INCIDENCES) if incidence in SHOWN]
    yield "<table><thead><tr><th>PPV, were NMS to befall this share of admissions"
    yield "".join(f"<th class=n>{percent(INCIDENCES[n])}" for n in chosen)
    yield "</tr></thead><tbody>"
    for number in (1, 3):
        level = now.levels[number]
        other = was.levels[number] if was else None
        yield f"<tr><td>{level.name}"
        for n in chosen:
            new = _ppv(level, n)
            old = _ppv(other, n) if other else new
            yield f"<td class='n{'' if old == new else ' differs'}'>"
            yield new if old == new else f"<span class=was>{old}</span><br>{new}"
        yield "</tr>"
    yield "</tbody></table>"
    yield '<p class="note">By SPEC 8.2, one decision per admission of 10 days; “≥” takes the lower'
    yield " ends of both intervals."
    yield " Where two stand in a cell, the earlier rules are above.</p>" if was else "</p>"


def _ppv(level: Level, n: int) -> str:
    return f"{percent(level.ppv[n])} <small>≥ {percent(level.at_worst[n])}</small>"


def _rule_changes(rule_changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"<h3>What the rules change: {len(rule_changes)}</h3><ul class=plain>"
    for change in rule_changes[:LISTED]:
        yield f"<li>{escape(str(change['kind']))} <b>{escape(str(change['id']))}</b>"
        yield f" {escape(_fields(change))}</li>"
    if len(rule_changes) > LISTED:
        yield f"<li>and {len(rule_changes) - LISTED} more: nms-sentinel knowledge diff</li>"
    yield "</ul>"


def _fields(change: Mapping[str, Any]) -> str:
    old, new = change["before"], change["after"]
    if old is None or new is None:
        return "added" if old is None else "removed"
    return "; ".join(
        f"{field}: {old.get(field)} → {new.get(field)}"
        for field in change["fields"]
        if field not in ("cite", "local")
    )


def _index(report: Report, found: Sequence[Change]) -> Iterator[str]:
    order = list(WORDS)
    cases = {(c.case, c.patient): c for c in report.cases}
    yield f"<h3>Changed cases: {len(found)}</h3><ul class=plain>"
    ranked = sorted(found, key=lambda c: (order.index(c.kind), c.case, c.patient))
    for change in ranked[:LISTED]:
        case = cases.get((change.case, change.patient))
        link = f'<a href="#{anchor(case)}">{escape(case.name)}</a>' if case else change.case
        yield f"<li>{chip(WORDS[change.kind], COLOURS.get(change.kind, 'soft'))} {link}</li>"
    if len(found) > LISTED:
        yield f"<li>and {len(found) - LISTED} more below</li>"
    yield "</ul>" if found else "</ul><p>None.</p>"


def _off(report: Report) -> Iterator[str]:
    off = [case for case in report.cases if not case.ok]
    yield f"<h3>Not as expected: {len(off)}</h3><ul class=plain>"
    for case in off[:LISTED]:
        yield f'<li>{chip(case.verdict.value, "red")} <a href="#{anchor(case)}">'
        yield f"{escape(case.name)}</a></li>"
    if len(off) > LISTED:
        yield f"<li>and {len(off) - LISTED} more below</li>"
    yield "</ul>" if off else "</ul><p>None.</p>"


def _leads(
    report: Report, before: Report | None, now: Figures, was: Figures | None
) -> Iterator[str]:
    if not now.leads:
        return
    rows: list[tuple[str, Sequence[Lead]]] = [(report.rules, now.leads)]
    if before is not None and was is not None:
        rows.insert(0, (before.rules, was.leads))
    yield f"<h3>Lead time: POSSIBLE against stated recognition ({len(now.leads)} cases)</h3>"
    yield strip(rows)
    yield '<p class="note">Many reports begin when the syndrome was named: 0 is often only that.'
    yield "</p>"


def _burden_table(
    report: Report, now: Figures, was: Figures | None, versions: tuple[str, str]
) -> Iterator[str]:
    yield "<h2>Alerts per 1000 patient-days</h2>"
    if now.burden.days:
        yield "<table><thead><tr><th><th class=n>patient-days<th class=n>alerts opened"
        yield "<th class=n>people called<th class=n>interruptive for NMS"
        yield "<th class=n>for an interaction</tr></thead><tbody>"
        rows = [(versions[1], now)] if was is None else [(versions[0], was), (versions[1], now)]
        for name, one in rows:
            yield f"<tr><td>{escape(name)}{_burden(one.burden)}</tr>"
        yield "</tbody></table>"
        yield "<p class=note>Counted on simulated wards and exports, by the life of an alert as in"
        yield " production with nobody answering. Published cases are no sample of a ward."
        yield from _planted(report)
        yield "</p>"
    else:
        yield "<p>Not counted: published cases are no sample of a ward. Replay a simulated ward"
        yield " or a bulk export beside them.</p>"
    level = now.levels[1]
    told = [
        f"{rate:.2f} at {percent(INCIDENCES[n])}"
        for n, rate in enumerate(level.per_1000_days)
        if rate is not None and INCIDENCES[n] in SHOWN
    ]
    if told:
        yield f'<p class="note">With the rates above, SPEC 8.2 (model A) reckons {", ".join(told)}'
        yield " for POSSIBLE or higher, were every admission as hard to tell as these.</p>"


def _planted(report: Report) -> Iterator[str]:
    """What a simulated ward holds far above its incidence."""
    invented = [case for case in report.cases if case.told.kind == "simulated"]
    ill = sum(bool(case.told.syndrome) for case in invented)
    if ill:
        yield f" Of the {len(invented)} invented patients {ill} were given NMS, many times its"
        yield " incidence: the interruptions are mostly theirs."


def _burden(burden: Burden) -> str:
    cells = [f"<td class=n>{burden.days:.0f}"]
    for count in (burden.opened, burden.calls, burden.interruptive, burden.pairs):
        rate = burden.per_1000(count)
        cells.append(f"<td class=n>{count}" + ("" if rate is None else f" = {rate:.1f}"))
    return "".join(cells)
