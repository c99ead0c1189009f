"""Why a course said what it said at one moment: small enough to keep for every case."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.knowledge.records import Parameter
from alerts.statements import Assessment, Datum, Finding


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number that a finding or rule was held against."""

    id: str
    value: float
    unit: str
    basis: str
    cite: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """A finding as judged: its evidence in words, the thresholds it was held against."""

    id: str
    state: str
    reason: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A look-alike of the differential."""

    id: str
    name: str
    met: str
    toward: tuple[str, ...]
    away: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """One moment under one rule version. `thresholds`: by finding or rule id."""

    at: datetime
    tier: str
    channel: str
    lower: int
    upper: int
    gate: str
    rules: tuple[str, ...]
    caps: tuple[str, ...]
    severity: str
    findings: tuple[Read, ...]
    thresholds: tuple[tuple[str, tuple[Threshold, ...]], ...]
    differential: tuple[Weighed, ...]
    interactions: tuple[str, ...]
    asks: tuple[str, ...]


def signature(assessment: Assessment) -> tuple[object, ...]:
    """What two rule versions must share at a moment to say the same."""
    tier = assessment.tier
    return (
        tier.name, tier.channel, assessment.iec, tier.rules, tier.caps, assessment.gate.state,
        tuple((key, f.state) for key, f in sorted(assessment.findings.items())),
        assessment.severity.level,
        tuple((i.id, i.drugs, i.severity, i.mode) for i in assessment.interactions),
        tuple((d.id, d.met) for d in assessment.differential),
        tuple(r.id for r in assessment.ask_next),
    )  # fmt: skip


def digest_of(course: Sequence[Assessment]) -> str:
    """A digest of all that a course said; the same for two versions that say the same."""
    told = hashlib.sha256()
    for one in course:
        told.update(repr((one.as_of, signature(one))).encode())
    return told.hexdigest()


def trace_of(assessment: Assessment) -> Trace:
    tier, score = assessment.tier, assessment.iec
    return Trace(
        at=assessment.as_of,
        tier=tier.name.value,
        channel=tier.channel.value,
        lower=score.lower,
        upper=score.upper,
        gate=assessment.gate.state.value,
        rules=tier.rules,
        caps=tier.caps,
        severity=assessment.severity.level,
        findings=tuple(_read(key, f) for key, f in sorted(assessment.findings.items())),
        thresholds=tuple(
            (step.id, tuple(map(_threshold, step.thresholds)))
            for step in assessment.trace
            if step.thresholds
        ),
        differential=tuple(
            Weighed(d.id, d.name, d.met.value, d.toward, d.away) for d in assessment.differential
        ),
        interactions=tuple(sorted(f"{i.id} ({i.severity})" for i in assessment.interactions)),
        asks=tuple(r.ask for r in assessment.ask_next),
    )


def differing(before: Trace, after: Trace) -> tuple[tuple[Threshold, Threshold], ...]:
    """The thresholds read on both sides that do not agree, each once."""
    old = {t.id: t for _, group in before.thresholds for t in group}
    new = {t.id: t for _, group in after.thresholds for t in group}
    return tuple(
        (old[key], new[key])
        for key in sorted(old.keys() & new.keys())
        if old[key].value != new[key].value
    )


def _read(key: str, finding: Finding) -> Read:
    return Read(key, finding.state.value, finding.reason, _words(finding.evidence))


def _words(evidence: Sequence[Datum]) -> tuple[str, ...]:
    return tuple(
        f"{d.what} {d.value} {d.unit}".strip() + (f" {d.at:%d %b %H:%M}" if d.at else "")
        for d in evidence
    )


def _threshold(parameter: Parameter) -> Threshold:
    return Threshold(
        parameter.id, parameter.value, parameter.unit, parameter.basis, tuple(parameter.cite)
    )
