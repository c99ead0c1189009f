"""The detail of a card, always in one order (TIER-09): Why now, Not known, Do now, Also fits,
Score, Basis, and the disclaimer last. Short: the rest is behind the link. Readable where Markdown
is not rendered.
"""

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from alerts.cards.causes import (
    clonus_charted,
    fitting,
    malignant_hyperthermia,
    recorded_cause,
    told_causes,
)
from alerts.cards.facts import (
    culprit,
    exposed,
    given_back,
    latest_doses,
    present,
    restarted,
    title,
    withdrawn,
)
from alerts.cards.gaps import ASKED, acts, asked, held_by, in_words, without_rule
from alerts.cards.summary import critical, missing_vitals, new_antagonists
from alerts.cards.text import datum, escape, joined, named
from alerts.statements import (
    Advice,
    Assessment,
    Finding,
    GateState,
    Interaction,
    Possibility,
    TierName,
)
from alerts.truth import FALSE, UNKNOWN, Truth

__all__ = ["SECTIONS", "interaction_detail", "missing_detail", "nms_detail"]

SECTIONS = ("Why now", "Not known", "Do now", "Also fits", "Score", "Basis")
SCORED = ("EXP", "HYP", "RIG", "MS", "CK", "SNS", "MET", "NEG")
# the contexts of an interaction row, as the specification's codes
_CONTEXTS = {
    "PRE": "on a dopamine antagonist",
    "SUS": "NMS is suspected",
    "TX": "a treatment of NMS is ordered or running",
    "PD": "Parkinson disease or a dopaminergic drug",
    "REC": "after NMS",
    "ANY": "always",
}
# a treatment with all that speaks against it on the chart: never cut before its maximum
_LINE_MAX = 1000
# what goes before an examination that is still to do, once the picture is clear
_FIRST = frozenset({"MGT-STOP", "MGT-WITHHOLD", "MGT-DA-REINSTATE", "MGT-ESCALATE"})
_UNMAPPED = 3


def nms_detail(assessment: Assessment, zone: tzinfo, failures: Sequence[str] = ()) -> str:
    """The whole detail of a tier's card."""
    bodies = (
        _why_now(assessment, zone),
        _not_known(assessment, failures),
        _do_now(assessment, zone),
        _also_fits(assessment.differential),
        _score(assessment),
        _basis(assessment, zone),
    )
    return _written(bodies, assessment.disclaimer)


def missing_detail(assessment: Assessment, zone: tzinfo, failures: Sequence[str] = ()) -> str:
    """The detail when NMS cannot be assessed: the same order, without a tier."""
    new = {e.drug for e in new_antagonists(assessment)}
    doses = latest_doses(e for e in assessment.exposures if e.drug in new)
    started = [exposed(e, assessment.as_of, zone) for e in doses]
    gaps = missing_vitals(assessment)
    wanted = [f"Not recorded in the time that counts: {joined(gaps)}."] if gaps else []
    measured = [gap for gap in gaps if gap != "CK"]
    steps = [f"Record {joined(measured)}."] if measured else []
    steps.append("Examine tone in all limbs and neck, and record it.")
    if "CK" in gaps:
        steps.append("Consider CK with the next blood sample.")
    bodies = (
        _bullets([*started, *wanted]) or "- Data needed for the assessment could not be read.",
        _not_known(assessment, failures),
        _numbered(steps),
        "- Not assessed.",
        _score(assessment),
        _basis(assessment, zone),
    )
    return _written(bodies, assessment.disclaimer)


def interaction_detail(
    row: Interaction, assessment: Assessment, zone: tzinfo, also: Sequence[Interaction] = ()
) -> str:
    """The detail of an interaction (HL7 PDDI-CDS: drugs, effect, mechanism, action, context).

    `also`: the other rows about the same drugs, told on the same card."""
    there = [f for f in row.facts if f.source or f.at]
    facts = [datum(fact, assessment.as_of, zone) for fact in there]
    missing = [
        f"{escape(named(f.what))}: {escape(', '.join(p for p in (f.value, f.label) if p))}."
        for one in (row, *also)
        for f in one.facts
        if not (f.source or f.at)
    ]
    label = [f"{escape(row.label[:1].upper() + row.label[1:])}."] if row.label else []
    why = [
        f"{escape(row.effect)} ({escape(row.mechanism)}).",
        f"Severity: {escape(row.severity)}.",
        *(f"{fact}." for fact in facts),
        *(f"Also: {_harm(one)}." for one in also),
    ]
    held = "; ".join(_CONTEXTS.get(c, in_words(c)) for c in row.context)
    gaps = [f"Evaluation incomplete: {escape(i)}." for i in assessment.incomplete]
    basis = [
        f"Rule {escape(row.id)}, rules {escape(assessment.rules)}, basis {escape(row.basis)}.",
        f"Evidence: {escape(', '.join(row.evidence) or 'not stated')}.{_cited(row.cite)}",
    ]
    basis += [
        f"Rule {escape(one.id)}, basis {escape(one.basis)}.{_cited(one.cite)}" for one in also
    ]
    told = [f"{escape(row.management.rstrip('.'))}.", *(_told(one) for one in also)]
    bodies = (
        _bullets(why),
        _bullets([*label, *missing, *gaps])
        or "- Nothing that this rule asks for is missing; how often it happens is not known.",
        _numbered(told),
        _bullets([f"Holds now: {held}."] if held else []) or "- Nothing more from this rule.",
        _bullets([f"NMS tier now: {_tier_words(assessment)}.", _short_interval(assessment)]),
        _bullets(basis),
    )
    return _written(bodies, assessment.disclaimer)


def _harm(row: Interaction) -> str:
    """What another row warns of: 'torsades (QT prolongation), unconfirmed'."""
    doubt = ", unconfirmed" if row.basis == "U" else ""
    return f"{escape(row.effect)} ({escape(row.mechanism)}), {escape(row.severity)}{doubt}"


def _told(row: Interaction) -> str:
    """What another row asks for."""
    doubt = " (unconfirmed)" if row.basis == "U" else ""
    return f"{escape(row.management.rstrip('.'))}{doubt}."


def _written(bodies: Sequence[str], disclaimer: str) -> str:
    blocks = [f"**{head}**\n\n{body}" for head, body in zip(SECTIONS, bodies, strict=True)]
    return "\n\n".join([*blocks, escape(disclaimer, 1000)])


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in dict.fromkeys(lines) if line)


def _numbered(lines: Iterable[str]) -> str:
    kept = [line for line in dict.fromkeys(lines) if line]
    return "\n".join(f"{n}. {line}" for n, line in enumerate(kept, start=1))


def _why_now(assessment: Assessment, zone: tzinfo) -> str:
    as_of = assessment.as_of
    lines = list(present(assessment, zone))
    if assessment.plan.culprits:
        lines += [f"On: {culprit(c, as_of, zone)}." for c in assessment.plan.culprits]
    else:
        live = [e for e in assessment.exposures if e.reading != "ended"]
        lines += [exposed(e, as_of, zone) for e in latest_doses(live)]
    stops = {(w.drug, w.trigger): w for w in assessment.withdrawals if w.reading != "ended"}
    lines += [withdrawn(w, as_of, zone) for w in stops.values()]
    absent = [title(f, assessment) for f in _in_state(assessment, FALSE) if f.id != "NEG"]
    if absent:
        lines.append(f"Recorded absent: {'; '.join(absent)}.")
    if cause := recorded_cause(assessment.findings.get("NEG")):
        lines.append(f"Another cause is on record: {escape(cause)}.")
    return _bullets(lines) or "- No finding is recorded as present."


def _not_known(assessment: Assessment, failures: Sequence[str]) -> str:
    gaps = [*failures, *assessment.incomplete]
    lines = [f"Evaluation incomplete: {escape(named(gap))}." for gap in gaps]
    if assessment.gate.state is GateState.UNVERIFIED:
        lines.append(f"Exposure not verified: {without_rule(assessment.gate.reason)}.")
    unknown = {f.id: f for f in _in_state(assessment, UNKNOWN)}
    for request in assessment.ask_next:
        about, settles = ASKED.get(request.id, ("Also", ""))
        if request.id == "NEXT-REFLEX" and clonus_charted(assessment):
            about = "Reflexes, as far as not charted"
        lines.append(asked(request, about, unknown.pop(settles, None)))
    rest = [title(f, assessment) for f in unknown.values()]
    if rest:
        lines.append(f"Also not known: {'; '.join(rest)}.")
    lines += [
        f"Not understood, please check: {escape(d.what)} {escape(d.value)}, {escape(d.source)}."
        for d in assessment.unmapped[:_UNMAPPED]
    ]
    more = len(assessment.unmapped) - _UNMAPPED
    lines += [f"{more} more entries not understood, on the patient page."] if more > 0 else []
    return _bullets(lines) or "- Every item of the score is recorded."


def _do_now(assessment: Assessment, zone: tzinfo) -> str:
    """What to do, in order: the plan's lines, with the examination in its place.

    While the question is open the examination comes first; later the cause and critical care do.
    """
    told = [(a.id, s) for a in assessment.plan.advice if (s := _step(a, assessment, zone))]
    steps = [said for _, said in told]
    wanted = acts(assessment)
    if wanted:
        open_question = assessment.tier.name.rank <= TierName.POSSIBLE.rank
        open_question = open_question and not critical(assessment)
        said = joined(wanted)
        before = 0 if open_question else _pressing([key for key, _ in told])
        steps.insert(before, f"{said[:1].upper()}{said[1:]}.")
    if anaesthetic := malignant_hyperthermia(assessment):
        first = assessment.says("anaesthetic in the last {ddx.mh_drug_h} h")
        cited = _cited(anaesthetic.cite[:1])
        steps.insert(0, f"Think of malignant hyperthermia first: {first}.{cited}")
    if not steps:
        steps = ["Examine tone, consciousness, temperature and reflexes, and record them."]
    if assessment.plan.advice:
        steps.append("All doses, contraindications and monitoring: patient page, link below.")
    return _numbered(steps)


def _pressing(keys: Sequence[str]) -> int:
    """How many steps go before the examination: the cause, an emergency, critical care."""
    first = [n for n, key in enumerate(keys) if key in _FIRST]
    return first[-1] + 1 if first else 0


def _step(advice: Advice, assessment: Assessment, zone: tzinfo) -> str:
    """One line of the plan: the culprits and what to give back in ward time, the rest as told."""
    as_of, label = assessment.as_of, f" ({escape(advice.label)})" if advice.label else ""
    if advice.id in {"MGT-STOP", "MGT-WITHHOLD"} and assessment.plan.culprits:
        said = "; ".join(culprit(c, as_of, zone, brief=True) for c in assessment.plan.culprits)
        verb = "Stop" if advice.id == "MGT-STOP" else "Consider withholding the next dose of"
        return f"{verb} {said}.{_cited(advice.cite[:1])}"
    if advice.id == "MGT-DA-REINSTATE":
        said = restarted(given_back(assessment), as_of, zone)
        return f"{said}.{_cited(advice.cite[:1])}"
    if not advice.brief:
        return ""
    cited = "" if advice.brief.endswith("]") else f".{_cited(advice.cite[:1])}"
    return f"{escape(advice.brief, _LINE_MAX)}{cited}{label}"


def _also_fits(differential: Sequence[Possibility]) -> str:
    return _bullets(told_causes(differential)) or (
        "- Nothing recorded points to another cause. That does not make one absent:"
        " infection, serotonin toxicity, heat, drugs and other causes remain to be considered."
    )


def _score(assessment: Assessment) -> str:
    lines = [f"Tier: {_tier_words(assessment)}.", _interval(assessment)]
    lines += [f"Held down by: {held_by(cap)}." for cap in assessment.tier.caps]
    lines.append(
        "An aid, not a verdict: among 221 suspected cases sensitivity 69.6 %,"
        " specificity 90.7 % [gurrera2017]. NMS may be present when the score is low."
    )
    return _bullets(lines)


def _interval(assessment: Assessment) -> str:
    iec, literal = assessment.iec, assessment.iec_literal
    whole = _whole(assessment)
    said = (
        f"Consensus score {iec.lower}–{iec.upper} of {whole} points, unknown items counted both"
        " ways [gurrera2011]"
    )
    if (iec.lower, iec.upper) != (literal.lower, literal.upper):
        rule = assessment.says("the published {exposure.literal_h} h rule")
        said += (
            f"; with {rule} for the last dose {literal.lower}–{literal.upper} of"
            f" {whole} points (drug is expected still to be present)"
        )
    if assessment.cutoff:
        said += f". Published cut-off {assessment.cutoff} points, not confirmed from its source"
    return f"{said}."


def _short_interval(assessment: Assessment) -> str:
    """For a card that is not about the score."""
    score, whole = assessment.iec, _whole(assessment)
    said = f"Consensus score {score.lower}–{score.upper} of {whole} points"
    return f"{said} [gurrera2011]; what it rests on: patient page."


def _whole(assessment: Assessment) -> str:
    """The points of all items of the score."""
    return f"{sum(assessment.numbers[f'iec.{item}'].value for item in SCORED):g}"


def _basis(assessment: Assessment, zone: tzinfo) -> str:
    local, severity = assessment.as_of.astimezone(zone), assessment.severity
    rules = ", ".join(assessment.tier.rules) or "none"
    lines = [
        f"Rules {escape(assessment.rules)}, evaluated {local.day} {local:%b %Y %H:%M}."
        f" Tier from: {escape(rules)}."
    ]
    if severity.level not in ("", "NONE"):
        reasons = f": {escape('; '.join(severity.reasons))}" if severity.reasons else ""
        level = escape(severity.level.lower())
        lines.append(f"Severity {level} (levels not confirmed from a primary source){reasons}.")
    cited = [c for d in fitting(assessment.differential) for c in d.cite]
    if cited:
        lines.append(f"Sources of the other causes:{_cited(cited)}.")
    return _bullets(lines)


def _in_state(assessment: Assessment, state: Truth) -> list[Finding]:
    """The items of the score in one state, in the order of the score."""
    found = (assessment.findings.get(key) for key in SCORED)
    return [f for f in found if f is not None and f.state is state]


def _tier_words(assessment: Assessment) -> str:
    if assessment.tier.name is TierName.NONE:
        return "no early sign on record"
    return escape(assessment.tier.wording)


def _cited(cite: Sequence[str]) -> str:
    kept = [escape(c) for c in dict.fromkeys(cite) if c]
    return f" [{', '.join(kept)}]" if kept else ""
