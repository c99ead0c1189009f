"""What is expected of a case: `expected.yaml`, typed, every fault named with its file and key.

case, kind (published | synthetic | malformed), group, label, why
expect:
  nothing: true                               # or:
  peak_tier: {at_least: WATCH, at_most: POSSIBLE}
  first_at: {WATCH: {by: <instant>, not_before: <instant>}}
  gate: open | closed | unverified            # at the first moment of the peak, else at the end
  ever_true, never_true, unknown_at_peak: [finding ids]
  withdrawals: [drugs]   interactions: [row ids]    # at some moment
answer:                                       # malformed bodies only
  error: bad-input | too-large   # or outcomes, measurements, gate_not, only_patient
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from alerts.statements import TierName
from service.errors import BadInput

KEYS = frozenset({
    "nothing", "peak_tier", "first_at", "gate", "ever_true", "never_true", "unknown_at_peak",
    "withdrawals", "interactions",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bound:
    """When a tier must first be reached: by then, and not before."""

    by: datetime | None
    not_before: datetime | None


@dataclass(frozen=True, slots=True)
class Expectation:
    at_least: TierName
    at_most: TierName
    first_at: Mapping[TierName, Bound] = field(default_factory=dict)
    gate: str | None = None
    ever_true: tuple[str, ...] = ()
    never_true: tuple[str, ...] = ()
    unknown_at_peak: tuple[str, ...] = ()
    withdrawals: tuple[str, ...] = ()
    interactions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """`raw` is the `expect` or `answer` part as written, for reports."""

    case: str
    kind: str
    group: str
    why: str
    raw: Mapping[str, Any]
    expectation: Expectation | None
    answer: Mapping[str, Any] | None


def read_expected(path: Path) -> Expected:
    """Read one expected.yaml. Raises BadInput (`bad-expectation`) naming file and key."""
    where = f"{path.parent.name}/{path.name}"
    try:
        told = yaml.safe_load(path.read_text("utf-8"))
        expect = told.get("expect")
        return Expected(
            case=str(told["case"]),
            kind=str(told["kind"]),
            group=str(told.get("group", "")),
            why=str(told["why"]),
            raw=expect or told.get("answer") or {},
            expectation=None if expect is None else _expectation(expect),
            answer=told.get("answer"),
        )
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as fault:
        detail = f"{type(fault).__name__}: {fault}"
        raise BadInput(
            f"{where} cannot be read ({detail}).", code="bad-expectation", location=where
        ) from fault


def _expectation(told: Mapping[str, Any]) -> Expectation:
    if unknown := set(told) - KEYS:
        raise ValueError(f"unknown keys {sorted(unknown)}")
    peak = dict(told.get("peak_tier", {}))
    if told.get("nothing"):
        peak = {"at_most": "NONE"}
    return Expectation(
        at_least=TierName(peak.get("at_least", "NONE")),
        at_most=TierName(peak.get("at_most", "HIGHLY_PROBABLE")),
        first_at={
            TierName(tier): Bound(_instant(when.get("by")), _instant(when.get("not_before")))
            for tier, when in told.get("first_at", {}).items()
        },
        gate=told.get("gate"),
        ever_true=tuple(told.get("ever_true", ())),
        never_true=tuple(told.get("never_true", ())),
        unknown_at_peak=tuple(told.get("unknown_at_peak", ())),
        withdrawals=tuple(told.get("withdrawals", ())),
        interactions=tuple(told.get("interactions", ())),
    )


def _instant(text: str | datetime | None) -> datetime | None:
    if text is None:
        return None
    at = text if isinstance(text, datetime) else datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return at
