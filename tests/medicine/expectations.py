"""What a row of a spec table may expect of an assessment, and how a miss is said."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from alerts.statements import Assessment, TierName
from alerts.truth import Truth

FINDINGS = frozenset(
    [
        "EXP",
        "EXP72",
        "EXPX",
        "HYP",
        "TEMP1",
        "TEMP40",
        "TEMP411",
        "RIG",
        "MS",
        "MSB",
        "CK",
        "CK_ULN",
        "SNS",
        "SNS_ROBUST",
        "BPUP",
        "BPFL",
        "BPFL_ROBUST",
        "DIAPH",
        "INCONT",
        "MET",
        "HR_RATIO",
        "RR_RATIO",
        "NEG",
    ]
)


def misses(assessment: Assessment, expect: Mapping[str, Any]) -> Iterator[str]:
    """Every expectation that does not hold, in one sentence each."""
    for key, wanted in expect.items():
        if key in FINDINGS:
            finding = assessment.findings[key]
            if finding.state is not Truth(_word(wanted)):
                yield f"{key} is {finding.state.value} ({finding.reason}), not {_word(wanted)}"
        elif key in CHECKS:
            yield from CHECKS[key](assessment, wanted)
        else:
            yield f"the table expects {key}, which nothing checks"


def _word(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value


def _equal(name: str, read: Callable[[Assessment], Any]) -> Callable[[Assessment, Any], Any]:
    def check(assessment: Assessment, wanted: Any) -> Iterator[str]:
        found = read(assessment)
        if found != wanted:
            yield f"{name} is {found}, not {wanted}"

    return check


def _mapped(
    name: str, read: Callable[[Assessment], Mapping[str, Any]]
) -> Callable[[Assessment, Any], Any]:
    def check(assessment: Assessment, wanted: Mapping[str, Any]) -> Iterator[str]:
        found = read(assessment)
        for key, value in wanted.items():
            expected = _word(value)
            if found.get(key) != expected:
                yield f"{name} {key} is {found.get(key)}, not {expected} (all: {dict(found)})"

    return check


def _held(name: str, read: Callable[[Assessment], Any]) -> Callable[[Assessment, Any], Any]:
    def check(assessment: Assessment, wanted: list[str]) -> Iterator[str]:
        found = read(assessment)
        for item in wanted if isinstance(wanted, list) else [wanted]:
            if item not in found:
                yield f"{name}: no {item} in {found}"

    return check


def _missing(name: str, read: Callable[[Assessment], Any]) -> Callable[[Assessment, Any], Any]:
    def check(assessment: Assessment, wanted: list[str]) -> Iterator[str]:
        found = read(assessment)
        for item in wanted if isinstance(wanted, list) else [wanted]:
            if item in found:
                yield f"{name}: {item} is there"

    return check


def _at_most(assessment: Assessment, wanted: str) -> Iterator[str]:
    if assessment.tier.name.rank > TierName(wanted).rank:
        yield f"tier is {assessment.tier.name.value}, above {wanted}"


def _at_least(assessment: Assessment, wanted: str) -> Iterator[str]:
    if assessment.tier.name.rank < TierName(wanted).rank:
        yield f"tier is {assessment.tier.name.value}, below {wanted}"


def _reasons(assessment: Assessment, wanted: Mapping[str, str]) -> Iterator[str]:
    for key, words in wanted.items():
        reason = assessment.findings[key].reason
        if words not in reason:
            yield f"{key}: {reason!r} does not say {words!r}"


def _evidence(assessment: Assessment, wanted: Mapping[str, Any]) -> Iterator[str]:
    for key, words in wanted.items():
        shown = " | ".join(
            f"{d.what} {d.value} {d.unit} {d.label}" for d in assessment.findings[key].evidence
        )
        for word in words if isinstance(words, list) else [words]:
            if word not in shown:
                yield f"{key}: evidence {shown!r} does not show {word!r}"


def _no_evidence(assessment: Assessment, wanted: Mapping[str, str]) -> Iterator[str]:
    for key, words in wanted.items():
        if any(words in datum.label for datum in assessment.findings[key].evidence):
            yield f"{key}: the evidence shows {words!r}"


def _best(assessment: Assessment) -> dict[str, str]:
    """The best reading of each drug."""
    found: dict[str, str] = {}
    for exposure in assessment.exposures:
        found.setdefault(exposure.drug, exposure.reading)
    return found


CHECKS: dict[str, Callable[[Assessment, Any], Any]] = {
    "tier": _equal("tier", lambda a: a.tier.name.value),
    "at_most": _at_most,
    "at_least": _at_least,
    "channel": _equal("channel", lambda a: a.tier.channel.value),
    "gate": _equal("gate", lambda a: a.gate.state.value),
    "iec": _equal("iec", lambda a: [a.iec.lower, a.iec.upper]),
    "iec_literal": _equal("iec_literal", lambda a: [a.iec_literal.lower, a.iec_literal.upper]),
    "upper_tier": _equal("upper_tier", lambda a: a.tier.upper_tier),
    "routes": _held("routes", lambda a: a.tier.rules),
    "no_routes": _missing("routes", lambda a: a.tier.rules),
    "caps": _held("caps", lambda a: " | ".join(a.tier.caps)),
    "no_caps": _equal("caps", lambda a: not a.tier.caps),
    "wording": _equal("wording", lambda a: a.tier.wording),
    "domains": _held("domains", lambda a: a.tier.domains),
    "ask": _held("ask next", lambda a: [r.id for r in a.ask_next]),
    "not_ask": _missing("ask next", lambda a: [r.id for r in a.ask_next]),
    "could_change": _mapped("could change", lambda a: {r.id: r.could_change for r in a.ask_next}),
    "exposures": _mapped("exposure", _best),
    "products": _held("products", lambda a: [e.product for e in a.exposures]),
    "literal": _mapped("literal", lambda a: {e.drug: e.literal.value for e in a.exposures}),
    "recency": _mapped("recency", lambda a: {e.drug: e.recency for e in a.exposures}),
    "notes": _held("notes", lambda a: " | ".join(e.note for e in a.exposures)),
    "withdrawals": _mapped("withdrawal", lambda a: {w.trigger: w.reading for w in a.withdrawals}),
    "not_withdrawals": _missing("withdrawal", lambda a: [w.trigger for w in a.withdrawals]),
    "no_withdrawals": _equal("no withdrawals", lambda a: not a.withdrawals),
    "scales": _mapped("scale", lambda a: {k: v.value for k, v in a.scales.items()}),
    "not_scales": _missing("scales", lambda a: list(a.scales)),
    "scale_notes": _held("scale notes", lambda a: " | ".join(s.note for s in a.scale_details)),
    "features": _mapped(
        "feature",
        lambda a: (
            {f.text: f.state.value for s in a.scale_details for f in s.features}
            | {f.id: f.state.value for s in a.scale_details for f in s.features}
        ),
    ),
    "differential": _mapped("differential", lambda a: {d.id: d.met.value for d in a.differential}),
    "trigger": _mapped("trigger", lambda a: {d.id: d.trigger.value for d in a.differential}),
    "first": _equal("first of the differential", lambda a: a.differential[0].id),
    "toward": _mapped("toward", lambda a: {t: d.id for d in a.differential for t in d.toward}),
    "away": _mapped("away", lambda a: {t: d.id for d in a.differential for t in d.away}),
    "away_of": lambda a, wanted: _texts(a, wanted, "away"),
    "not_away_of": lambda a, wanted: (
        f"{d.id}: away {list(d.away)} says {words!r}"
        for d in a.differential
        for words in wanted.get(d.id, [])
        if any(words in text for text in d.away)
    ),
    "toward_of": lambda a, wanted: _texts(a, wanted, "toward"),
    "missing_of": lambda a, wanted: _texts(a, wanted, "missing"),
    "risk": _held("risk factors", lambda a: [r.id for r in a.risk_factors]),
    "no_risk": _missing("risk factors", lambda a: [r.id for r in a.risk_factors]),
    "incomplete": _held("incomplete", lambda a: " | ".join(a.incomplete)),
    "caveats": lambda a, wanted: (
        f"{k}: caveats {list(a.findings[k].caveats)}, not {v}"
        for k, v in wanted.items()
        if list(a.findings[k].caveats) != v
    ),
    "reasons": _reasons,
    "evidence": _evidence,
    "no_evidence": _no_evidence,
    "severity_says": _held(
        "severity", lambda a: " | ".join((*a.severity.reasons, a.severity.stage_open))
    ),
    "severity": _equal("severity", lambda a: a.severity.level),
    "stage": _equal("stage", lambda a: a.severity.stage),
    "severity_not_says": lambda a, wanted: (
        f"severity says {words!r}"
        for words in wanted
        if any(words in said for said in (*a.severity.reasons, *a.severity.unknown))
    ),
    "severity_open": _held("not known of severity", lambda a: " | ".join(a.severity.unknown)),
    "plan_says": lambda a, wanted: (
        f"{key}: {_plan(a, key)!r} does not say {words!r}"
        for key, texts in wanted.items()
        for words in texts
        if words not in _plan(a, key)
    ),
    "plan_not_says": lambda a, wanted: (
        f"{key} says {words!r}: {_plan(a, key)!r}"
        for key, texts in wanted.items()
        for words in texts
        if words in _plan(a, key)
    ),
    "interactions": _held("interactions", lambda a: [x.id for x in a.interactions]),
    "no_guidance": _missing("guidance", lambda a: [x.id for x in a.plan.advice]),
    "guidance": _held("guidance", lambda a: [x.id for x in a.plan.advice]),
}


def _plan(assessment: Assessment, key: str) -> str:
    """All that one advice says: warnings, lines, and the line on a card."""
    said = [(*a.warnings, *a.lines, a.brief) for a in assessment.plan.advice if a.id == key]
    return " | ".join(said[0]) if said else ""


def _texts(assessment: Assessment, wanted: Mapping[str, list[str]], side: str) -> Iterator[str]:
    for entry in assessment.differential:
        for words in wanted.get(entry.id, []):
            texts = getattr(entry, side)
            if not any(words in text for text in texts):
                yield f"{entry.id}: {side} {texts} does not say {words!r}"
