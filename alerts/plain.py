"""The stable JSON form of an assessment."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from alerts.statements import Assessment, Finding


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
        "scale_details": [_plain(s) for s in assessment.scale_details],
        "risk_factors": [_plain(r) for r in assessment.risk_factors],
        "risk_factors_unread": [_plain(r) for r in assessment.risk_factors_unread],
        "findings": {key: _finding(f) for key, f in sorted(assessment.findings.items())},
        "exposures": [_plain(e) for e in assessment.exposures],
        "withdrawals": [_plain(w) for w in assessment.withdrawals],
        "differential": [_plain(d) for d in assessment.differential],
        "severity": assessment.severity.level,
        "severity_detail": _plain(assessment.severity),
        "stage": assessment.plan.stage,
        "guidance": [advice.id for advice in assessment.plan.advice],
        "plan": [_plain(advice) for advice in assessment.plan.advice],
        "culprits": [_plain(culprit) for culprit in assessment.plan.culprits],
        "interactions": [_plain(i) for i in assessment.interactions],
        "ask_next": [request.id for request in assessment.ask_next],
        "requests": [_plain(request) for request in assessment.ask_next],
        "next_review_at": _iso(assessment.next_review_at),
        "unmapped": [_plain(u) for u in assessment.unmapped],
        "incomplete": list(assessment.incomplete),
        "disclaimer": assessment.disclaimer,
        "trace": {step.id: list(step.parameters) for step in assessment.trace},
    }


def _finding(finding: Finding) -> dict[str, Any]:
    plain: dict[str, Any] = _plain(finding)
    plain.pop("id")
    return plain


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


# a type -> the names of its fields, or how its values are made plain
_FIELDS: dict[type, tuple[str, ...]] = {}
_PLAIN: dict[type, Callable[[Any], Any]] = {
    str: lambda value: value,
    bool: lambda value: value,
    int: lambda value: value,
    float: lambda value: value,
    type(None): lambda value: value,
    datetime: datetime.isoformat,
    list: lambda value: [_plain(item) for item in value],
    tuple: lambda value: [_plain(item) for item in value] if value else [],
}


def _plain(value: Any) -> Any:
    kind = type(value)
    names = _FIELDS.get(kind)
    if names is not None:
        return {name: _plain(getattr(value, name)) for name in names}
    make = _PLAIN.get(kind)
    if make is not None:
        return make(value)
    if is_dataclass(value):
        _FIELDS[kind] = tuple(field.name for field in fields(value))
    else:
        _PLAIN[kind] = attrgetter("value")  # an enumeration
    return _plain(value)
