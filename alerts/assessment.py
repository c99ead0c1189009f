"""The one door of the package: `assess(chart, knowledge, as_of)` says everything once."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from alerts.chart import Chart, Unread
from alerts.findings import Reading, read_findings
from alerts.guidance import is_child, plan
from alerts.interactions import Situation, running_interactions
from alerts.knowledge import Knowledge
from alerts.moment import Moment, moment
from alerts.requests import requests
from alerts.review import next_review
from alerts.scales import iec, levenson
from alerts.severity import severity
from alerts.statements import Assessment, Datum, Finding, Gate, GateState, Tier
from alerts.tiers import (
    Case,
    atypical,
    channel,
    clean,
    final,
    gate,
    judge,
    statement,
    upper_tier,
)
from alerts.truth import TRUE

__all__ = ["Assessment", "as_dict", "assess"]


def assess(chart: Chart, knowledge: Knowledge, as_of: datetime) -> Assessment:
    """Assess one patient's chart as it stood at `as_of` (zone-aware; ValueError if not)."""
    if as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone")
    now = moment(chart, knowledge, as_of)
    reading = read_findings(now)
    entry = gate(reading.findings)
    tier = _tier(now, reading, entry)
    states = {key: f.state for key, f in reading.findings.items()}
    score = iec(states, knowledge)
    level = severity(now, reading.findings, tier.name)
    situation = Situation(now, tier.name, reading.onset, reading.withdrawals)
    return Assessment(
        patient=chart.patient,
        as_of=as_of,
        rules=knowledge.version,
        gate=entry,
        onset=reading.onset,
        findings=reading.findings,
        iec=score,
        iec_literal=iec(states, knowledge, exposure="EXP72"),
        scales={"LEVENSON_HIGH": levenson(now, reading.findings).high_probability},
        tier=tier,
        exposures=reading.exposures,
        withdrawals=reading.withdrawals,
        differential=(),
        severity=level,
        plan=plan(now, tier.name, level, reading.exposures, reading.withdrawals, reading.findings),
        interactions=running_interactions(situation),
        ask_next=requests(now, reading.findings, tier.name, score, reading.exposures),
        next_review_at=next_review(now, reading, tier.name),
        unmapped=tuple(_unmapped(u) for u in chart.unread if u.at is None or u.at <= as_of),
        incomplete=tuple(_incomplete(now, reading)),
        disclaimer=knowledge.disclaimer,
        cutoff=int(knowledge["iec.cutoff"]),
    )


def _tier(now: Moment, reading: Reading, entry: Gate) -> Tier:
    findings, knowledge = reading.findings, now.knowledge
    full_states = {key: f.state for key, f in findings.items()}
    clean_states = clean(findings)
    child = is_child(now) is TRUE
    full = judge(_case(now, reading, findings, full_states, entry.state), knowledge)
    sound_findings = {key: Finding(key, clean_states[key], f.reason) for key, f in findings.items()}
    sound = judge(_case(now, reading, sound_findings, clean_states, entry.state), knowledge)
    judged, caps = final(full, sound, findings, child=child, gate_state=entry.state)
    told = channel(judged, clean_states, findings, entry.state, child=child)
    upper = upper_tier(full_states, knowledge, findings["EXP"].state, entry.state)
    lower = iec(full_states, knowledge).lower
    return statement(judged, told, caps, full_states, upper, lower, knowledge)


def _case(
    now: Moment,
    reading: Reading,
    findings: dict[str, Finding],
    states: dict[str, Any],
    entry: GateState,
) -> Case:
    trigger = any(w.reading in {"full", "extended"} for w in reading.withdrawals)
    return Case(
        states=states,
        levenson=levenson(now, findings),
        gate=entry,
        trigger=trigger,
        confounded_ck=len(reading.findings["CK"].evidence) > 1,
        atypical_drug=atypical(reading.exposures, now.knowledge),
        upper_tier=upper_tier(states, now.knowledge, states["EXP"], entry),
    )


def _unmapped(unread: Unread) -> Datum:
    return Datum(unread.what, unread.text, "", unread.at, unread.source.reference, unread.reason)


def _incomplete(now: Moment, reading: Reading) -> Iterator[str]:
    """SAF-10: an exposed patient whose signs nobody recorded is not a well patient."""
    exposed = any(e.reading in {"full", "extended"} for e in reading.exposures)
    withdrawn = any(w.reading in {"full", "extended"} for w in reading.withdrawals)
    if not exposed and not withdrawn:
        return
    window = now.hours("incomplete.vitals_h")
    for kind, name in (("body_temperature", "temperature"), ("heart_rate", "heart rate")):
        if not now.within(kind, window):
            yield f"no {name} in 72 h"
    if any(u.what == "drug" for u in now.chart.unread):
        yield "a drug on the chart could not be recognised"


def as_dict(assessment: Assessment) -> dict[str, Any]:
    """The stable JSON form of an assessment: plain values, times as ISO 8601."""
    return {
        "patient": assessment.patient,
        "as_of": _iso(assessment.as_of),
        "rules": assessment.rules,
        "gate": assessment.gate.state.value,
        "gate_reason": assessment.gate.reason,
        "tier": assessment.tier.name.value,
        "channel": assessment.tier.channel.value,
        "wording": assessment.tier.wording,
        "tier_rules": list(assessment.tier.rules),
        "caps": list(assessment.tier.caps),
        "domains": list(assessment.tier.domains),
        "onset": _iso(assessment.onset),
        "iec": _plain(assessment.iec),
        "iec_literal": _plain(assessment.iec_literal),
        "scales": {key: state.value for key, state in assessment.scales.items()},
        "findings": {key: _finding(f) for key, f in sorted(assessment.findings.items())},
        "exposures": [_plain(e) for e in assessment.exposures],
        "withdrawals": [_plain(w) for w in assessment.withdrawals],
        "differential": [_plain(d) for d in assessment.differential],
        "severity": assessment.severity.level,
        "severity_detail": _plain(assessment.severity),
        "stage": assessment.plan.stage,
        "guidance": [advice.id for advice in assessment.plan.advice],
        "plan": [_plain(advice) for advice in assessment.plan.advice],
        "interactions": [_plain(i) for i in assessment.interactions],
        "ask_next": [request.id for request in assessment.ask_next],
        "requests": [_plain(request) for request in assessment.ask_next],
        "next_review_at": _iso(assessment.next_review_at),
        "unmapped": [_plain(u) for u in assessment.unmapped],
        "incomplete": list(assessment.incomplete),
        "disclaimer": assessment.disclaimer,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    plain: dict[str, Any] = _plain(finding)
    plain.pop("id")
    return plain


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return getattr(value, "value", value)
