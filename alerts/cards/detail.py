"""The detail of a card, always in one order (TIER-09): Why now, Not known, Do now, Also fits,
Score, Basis, and the disclaimer last. Readable where Markdown is not rendered.
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from alerts.cards.summary import missing_vitals, new_antagonists
from alerts.cards.text import clock, datum, escape, named
from alerts.statements import (
    Advice,
    Assessment,
    Exposure,
    Finding,
    GateState,
    Interaction,
    Possibility,
    Withdrawal,
)
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

SECTIONS = ("Why now", "Not known", "Do now", "Also fits", "Score", "Basis")
_PER_FINDING = 3
_ADVICE_LINES = 6

# SPEC 1.2: what the consensus items are called, and where they come from
FINDINGS = {
    "EXP": "Exposure to a dopamine antagonist, or dopaminergic withdrawal",
    "EXP72": "Exposure within 72 h of onset",
    "EXPX": "Exposure in the extended window",
    "HYP": "Temperature above 38.0 °C on two occasions",
    "TEMP1": "One temperature above 38.0 °C",
    "TEMP40": "Temperature of 40.0 °C or more",
    "RIG": "Rigidity",
    "MS": "Changed consciousness",
    "MSB": "Changed mental state, agitation included",
    "CK": "CK at least 4 times the upper limit of normal",
    "SNS": "Sympathetic lability",
    "MET": "Hypermetabolism: pulse and breathing above baseline",
    "NEG": "Work-up negative for other causes",
    "BPUP": "Blood pressure raised above baseline",
    "BPFL": "Blood pressure fluctuating",
    "DIAPH": "Sweating",
    "INCONT": "Urinary incontinence",
}
_SCORED = ("EXP", "HYP", "RIG", "MS", "CK", "SNS", "MET", "NEG")
_CUTOFF = 74  # iec.cutoff, basis [U] (SPEC 1.1): named as unconfirmed wherever it is shown


def nms_detail(assessment: Assessment, zone: tzinfo, failures: Sequence[str] = ()) -> str:
    """The whole detail of a tier's card."""
    bodies = (
        _why_now(assessment, zone),
        _not_known(assessment, failures),
        _do_now(assessment),
        _also_fits(assessment.differential),
        _score(assessment),
        _basis(assessment, zone),
    )
    return _written(zip(SECTIONS, bodies, strict=True), assessment.disclaimer)


def missing_detail(assessment: Assessment, zone: tzinfo, failures: Sequence[str] = ()) -> str:
    """The detail when NMS cannot be assessed: the same order, without a tier."""
    started = [_exposed(e, assessment.as_of, zone) for e in new_antagonists(assessment)]
    gaps = missing_vitals(assessment)
    wanted = [f"No {gap} on record in the time that counts." for gap in gaps]
    acts = [f"Record {gap}." for gap in gaps if gap != "CK"]
    if "CK" in gaps:
        acts.append("Consider CK with the next blood sample.")
    bodies = (
        _bullets([*started, *wanted]) or "- Data needed for the assessment could not be read.",
        _not_known(assessment, failures),
        _numbered([*acts, "Examine tone in all limbs and neck, and record it."]),
        _also_fits(()),
        _score(assessment),
        _basis(assessment, zone),
    )
    return _written(zip(SECTIONS, bodies, strict=True), assessment.disclaimer)


def interaction_detail(row: Interaction, assessment: Assessment, zone: tzinfo) -> str:
    """The detail of an interaction (HL7 PDDI-CDS: drugs, effect, mechanism, action, context)."""
    facts = [datum(fact, assessment.as_of, zone) for fact in row.facts]
    label = [escape(row.label)] if row.label else []
    graded = f"Severity: {escape(row.severity)}."
    why = [f"{escape(row.effect)} ({escape(row.mechanism)}).", graded, *facts]
    held = f"Context that holds now: {escape(', '.join(row.context))}." if row.context else ""
    tier = f"NMS tier now: {_tier_words(assessment)}."
    evidence = ", ".join(row.evidence) or "not stated"
    gaps = [f"Evaluation incomplete: {escape(i)}." for i in assessment.incomplete]
    basis = [
        f"Rule {escape(row.id)}, rules {escape(assessment.rules)}, basis {escape(row.basis)}.",
        f"Evidence: {escape(evidence)}.{_cited(row.cite)}",
    ]
    bodies = (
        _bullets(why),
        _bullets(gaps) or "- How often this happens is not known from this chart.",
        _numbered([*label, escape(row.management)]),
        _bullets([held] if held else []) or "- Nothing more from this rule.",
        _bullets([tier, *_interval_lines(assessment)]),
        _bullets([b for b in basis if b]),
    )
    return _written(zip(SECTIONS, bodies, strict=True), assessment.disclaimer)


def _written(sections: zip[tuple[str, str]], disclaimer: str) -> str:
    blocks = [f"**{title}**\n\n{body}" for title, body in sections]
    return "\n\n".join([*blocks, escape(disclaimer, 1000)])


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in dict.fromkeys(lines) if line)


def _numbered(lines: Sequence[str]) -> str:
    kept = [line for line in dict.fromkeys(lines) if line]
    return "\n".join(f"{n}. {line}" for n, line in enumerate(kept, start=1))


def _why_now(assessment: Assessment, zone: tzinfo) -> str:
    as_of = assessment.as_of
    lines = [
        line
        for finding in _in_state(assessment, TRUE)
        if finding.id not in ("EXP", "EXPX", "EXP72")
        for line in _finding_lines(finding, as_of, zone)
    ]
    lines += [_exposed(e, as_of, zone) for e in assessment.exposures if e.reading != "ended"]
    lines += [_withdrawn(w, as_of, zone) for w in assessment.withdrawals if w.reading != "ended"]
    absent = [_title(f) for f in _in_state(assessment, FALSE) if f.id in _SCORED]
    if absent:
        lines.append(f"Recorded absent: {'; '.join(absent)}.")
    return _bullets(lines) or "- No finding is recorded as present."


def _finding_lines(finding: Finding, as_of: datetime, zone: tzinfo) -> list[str]:
    caveats = (
        f" ({escape(', '.join(named(c) for c in finding.caveats))})" if finding.caveats else ""
    )
    shown = sorted(finding.evidence, key=lambda d: (d.at is not None, d.at or as_of), reverse=True)[
        :_PER_FINDING
    ]
    if not shown:
        return [f"{_title(finding)}{caveats}: {escape(named(finding.reason))}."]
    facts = "; ".join(datum(d, as_of, zone) for d in shown)
    more = len(finding.evidence) - len(shown)
    return [f"{_title(finding)}{caveats}: {facts}{f'; {more} more' if more > 0 else ''}."]


def _exposed(exposure: Exposure, as_of: datetime, zone: tzinfo) -> str:
    route = f" {exposure.route}" if exposure.route else ""
    depot = ", long-acting" if exposure.long_acting else ""
    said = {TRUE: "running", FALSE: "stopped", UNKNOWN: "not known whether running"}
    last = (
        f"last dose {clock(exposure.last_dose, as_of, zone)}"
        if exposure.last_dose
        else "last dose not recorded"
    )
    drug = f"{named(exposure.product or exposure.drug)}{route}{depot}"
    note = f", {exposure.note}" if exposure.note else ""
    return escape(
        f"Exposed to {drug}: {said[exposure.running]}, {last}, {exposure.source}"
        f" ({exposure.evidence}){note}"
    )


def _withdrawn(withdrawal: Withdrawal, as_of: datetime, zone: tzinfo) -> str:
    dose = f", before: {withdrawal.previous_dose}" if withdrawal.previous_dose else ""
    return escape(
        f"{named(withdrawal.drug)} stopped, reduced or missed {clock(withdrawal.at, as_of, zone)}"
        f"{dose}, {withdrawal.source} ({withdrawal.trigger})"
    )


def _not_known(assessment: Assessment, failures: Sequence[str]) -> str:
    gaps = [*failures, *assessment.incomplete]
    lines = [f"Evaluation incomplete: {escape(named(gap))}." for gap in gaps]
    if assessment.gate.state is GateState.UNVERIFIED:
        lines.append(f"Exposure not verified: {escape(named(assessment.gate.reason))}.")
    lines += [
        f"{_title(f)}: {escape(named(f.reason)) or 'not recorded'}."
        for f in _in_state(assessment, UNKNOWN)
        if f.id in _SCORED
    ]
    for request in assessment.ask_next:
        change = f" ({escape(request.could_change)})" if request.could_change else ""
        lines.append(f"Ask: {escape(request.ask)}{change}.")
    lines += [
        f"Not understood, please check: {escape(d.what)} {escape(d.value)}, {escape(d.source)}."
        for d in assessment.unmapped[:5]
    ]
    return _bullets(lines) or "- Every item of the score is recorded."


def _do_now(assessment: Assessment) -> str:
    steps = [_advised(advice) for advice in assessment.plan.advice]
    if not steps:
        steps = [f"{escape(request.ask)}." for request in assessment.ask_next]
    if not steps:
        steps = ["Examine tone, consciousness, temperature and reflexes, and record them."]
    return _numbered(steps)


def _advised(advice: Advice) -> str:
    parts = [f"{escape(advice.title)}."]
    parts += [f"Caution first: {escape(w)}" for w in advice.warnings]
    parts += [escape(line) for line in advice.lines[:_ADVICE_LINES]]
    if len(advice.lines) > _ADVICE_LINES:
        parts.append(f"{len(advice.lines) - _ADVICE_LINES} more lines on the patient page.")
    if advice.label:
        parts.append(f"({escape(advice.label)})")
    return " ".join(parts) + _cited(advice.cite)


def _also_fits(differential: Sequence[Possibility]) -> str:
    lines = []
    for entry in differential:
        if entry.met is FALSE or not (entry.toward or entry.met is TRUE):
            continue
        toward = f" Toward: {escape('; '.join(entry.toward))}." if entry.toward else ""
        away = f" Away: {escape('; '.join(entry.away))}." if entry.away else ""
        lines.append(f"{escape(entry.name)}.{toward}{away}")
    return _bullets(lines) or (
        "- Nothing recorded points to another cause. That does not make one absent:"
        " infection, serotonin toxicity, heat, drugs and other causes remain to be considered."
    )


def _score(assessment: Assessment) -> str:
    lines = [f"Tier: {_tier_words(assessment)}.", *_interval_lines(assessment)]
    lines += [f"Held down by: {escape(named(cap))}." for cap in assessment.tier.caps]
    lines.append(
        "An aid, not a verdict. In 221 suspected cases the score had a sensitivity of 69.6 %"
        " and a specificity of 90.7 % [gurrera2017]. NMS may be present when the score is low."
    )
    return _bullets(lines)


def _interval_lines(assessment: Assessment) -> list[str]:
    iec, literal = assessment.iec, assessment.iec_literal
    lines = [
        f"Consensus score: {iec.lower}–{iec.upper} of 100 points, unknown items counted both"
        " ways [gurrera2011].",
        f"Read literally (dose within 72 h): {literal.lower}–{literal.upper} of 100 points.",
    ]
    if (iec.lower, iec.upper) != (literal.lower, literal.upper):
        lines.append(
            "The published 72-hour criterion is not literally met; drug is expected still to be"
            " present."
        )
    lines.append(f"The cut-off of {_CUTOFF} points is not confirmed from its primary source.")
    return lines


def _basis(assessment: Assessment, zone: tzinfo) -> str:
    rules = ", ".join(assessment.tier.rules) or "none"
    cited = dict.fromkeys(
        [c for advice in assessment.plan.advice for c in advice.cite]
        + [c for entry in assessment.differential for c in entry.cite if entry.met is not FALSE]
    )
    local = assessment.as_of.astimezone(zone)
    lines = [
        f"Rules {escape(assessment.rules)}, evaluated {local.day} {local:%b %Y %H:%M}.",
        f"Tier from: {escape(rules)}.",
    ]
    if assessment.severity.level not in ("", "NONE"):
        reasons = f" ({escape('; '.join(assessment.severity.reasons))})"
        lines.append(
            f"Severity {escape(assessment.severity.level.lower())}"
            f"{reasons if assessment.severity.reasons else ''}."
        )
    if cited:
        lines.append(f"Sources:{_cited(tuple(cited))}")
    return _bullets(lines)


def _in_state(assessment: Assessment, state: Truth) -> list[Finding]:
    ranked = {key: n for n, key in enumerate(FINDINGS)}
    found = [f for f in assessment.findings.values() if f.state is state]
    return sorted(found, key=lambda f: (ranked.get(f.id, len(ranked)), f.id))


def _title(finding: Finding) -> str:
    return FINDINGS.get(finding.id, escape(named(finding.id)))


def _tier_words(assessment: Assessment) -> str:
    return escape(assessment.tier.wording) or "no early sign on record"


def _cited(cite: Sequence[str]) -> str:
    kept = [escape(c) for c in dict.fromkeys(cite) if c]
    return f" [{', '.join(kept)}]" if kept else ""
