"""What is expected of a case: `expected.yaml`, typed, every fault named with its file and key.

case, kind (published | synthetic | malformed), group, why
label: the diagnosis reached      syndrome: true | false (else the label or group tells)
recognised_at: <instant>          # when people first named or treated it: lead time
family: <name>                    # members must all have the same course
expect:
  nothing: true                               # or:
  peak_tier: {at_least: WATCH, at_most: POSSIBLE}
  never_above: POSSIBLE                       # another word for peak_tier at_most
  first_at: {WATCH: {by: <instant>, not_before: <instant>}}
  tier_at: {<instant>: POSSIBLE}              # what stood at that time
  states: {<instant>: {HYP: true, POPE: unknown, score: 38-93}}  # the same, see `instants`
  life: {acts: [...], happens: {<instant>: [...]}}               # alerts and people, see `life`
  first_true: {HYP: {by: <instant>, not_before: <instant>}}
  channel: {at_least: passive, at_most: task} # the loudest of the course
  severity: SEVERE                            # at the peak
  gate: open | closed | unverified            # at the first moment of the peak, else at the end
  ever_true, never_true, unknown_at_peak: [finding ids]
  withdrawals: [drugs]   interactions: [row ids]    # at some moment
  never_interactions: [row ids]   differential: [ids met at some moment]
  asks: [request ids at some moment]   must_mention: [words of the card at the peak]
answer:                                       # malformed bodies only
  error: bad-input | too-large   # or outcomes, measurements, gate_not, only_patient
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import yaml

from alerts.statements import Channel, TierName
from service.errors import BadInput
from service.replay.life import Life, life_of

KEYS = frozenset({
    "nothing", "peak_tier", "first_at", "gate", "ever_true", "never_true", "unknown_at_peak",
    "withdrawals", "interactions", "never_above", "tier_at", "first_true", "channel", "severity",
    "never_interactions", "differential", "asks", "must_mention", "states",
    "life",
})  # fmt: skip
# libyaml where the wheel has it: ten times faster, the same documents
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SYNDROMES = frozenset({"nms", "nms_atypical", "parkinsonism_hyperpyrexia"})


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
    tier_at: Mapping[datetime, TierName] = field(default_factory=dict)
    first_true: Mapping[str, Bound] = field(default_factory=dict)
    loudest: tuple[Channel, Channel] = (Channel.NONE, Channel.INTERRUPTIVE)
    severity: str | None = None
    never_interactions: tuple[str, ...] = ()
    differential: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    must_mention: tuple[str, ...] = ()
    states: Mapping[datetime, Mapping[str, str]] = field(default_factory=dict)
    life: Life | None = None

    @property
    def of_tiers(self) -> bool:
        """Does it speak of nothing but the tiers reached, when, and how loudly?"""
        return self == Expectation(
            self.at_least, self.at_most, first_at=self.first_at, loudest=self.loudest
        )

    @property
    def of_findings(self) -> bool:
        """Does it speak of nothing that only explains: differential, requests, words of a card?"""
        return self == Expectation(
            self.at_least, self.at_most, self.first_at, self.gate, self.ever_true,
            self.never_true, self.unknown_at_peak, self.withdrawals, self.interactions,
            self.tier_at, self.first_true, self.loudest, self.severity, self.never_interactions,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expected:
    """`raw` is the `expect` or `answer` part as written, for reports. `syndrome`: whether this
    is one that must be seen (NMS, or after dopaminergic withdrawal); None when it is not told."""

    case: str
    kind: str
    group: str
    why: str
    raw: Mapping[str, Any]
    expectation: Expectation | None
    answer: Mapping[str, Any] | None
    syndrome: bool | None = None
    recognised_at: datetime | None = None
    family: str = ""
    label: str = ""


def read_expected(path: Path) -> Expected:
    """Read one expected.yaml. Raises BadInput (`bad-expectation`) naming file and key."""
    where = f"{path.parent.name}/{path.name}"
    try:
        return _expected(yaml.load(path.read_text("utf-8"), Loader=_Loader))  # noqa: S506
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as fault:
        detail = f"{type(fault).__name__}: {fault}"
        raise BadInput(
            f"{where} cannot be read ({detail}).", code="bad-expectation", location=where
        ) from fault


def read_truth(path: Path) -> dict[str, Expected]:
    """What a generator planted: `truth.json` of a simulated export, by patient id.

    {"case": ..., "patients": {"p1": {"kind", "group", "why", "syndrome", "expect", ...}}}
    Raises BadInput (`bad-expectation`).
    """
    where = f"{path.parent.name}/{path.name}"
    try:
        told = orjson.loads(path.read_bytes())
        return {
            patient: _expected({"case": told["case"], **one})
            for patient, one in told["patients"].items()
        }
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as fault:
        raise BadInput(
            f"{where} cannot be read ({type(fault).__name__}: {fault}).",
            code="bad-expectation",
            location=where,
        ) from fault


def _expected(told: Mapping[str, Any]) -> Expected:
    expect = told.get("expect")
    return Expected(
        case=str(told["case"]),
        kind=str(told["kind"]),
        group=str(told.get("group", "")),
        why=str(told["why"]),
        raw=expect or told.get("answer") or {},
        expectation=None if expect is None else _expectation(expect),
        answer=told.get("answer"),
        syndrome=_syndrome(told),
        recognised_at=_instant(told.get("recognised_at")),
        family=str(told.get("family", "")),
        label=str(told.get("label", "")),
    )


def _syndrome(told: Mapping[str, Any]) -> bool | None:
    if "syndrome" in told:
        return bool(told["syndrome"])
    return told.get("label") in SYNDROMES if told["kind"] == "published" else None


def _expectation(told: Mapping[str, Any]) -> Expectation:
    if unknown := set(told) - KEYS:
        raise ValueError(f"unknown keys {sorted(unknown)}")
    lowest, highest = _peak(told)
    loud = told.get("channel", {})
    lists = {
        key: tuple(told.get(key, ()))
        for key in (
            "ever_true", "never_true", "unknown_at_peak", "withdrawals", "interactions",
            "never_interactions", "differential", "asks", "must_mention",
        )
    }  # fmt: skip
    return Expectation(
        at_least=lowest,
        at_most=highest,
        first_at={TierName(tier): bound for tier, bound in _bounds(told, "first_at").items()},
        gate=told.get("gate"),
        tier_at={
            at: TierName(tier)
            for text, tier in told.get("tier_at", {}).items()
            if (at := _instant(text)) is not None
        },
        first_true=_bounds(told, "first_true"),
        loudest=(
            Channel(loud.get("at_least", "none")),
            Channel(loud.get("at_most", "interruptive")),
        ),
        severity=told.get("severity"),
        states=_states(told.get("states", {})),
        life=life_of(told.get("life", {})),
        **lists,
    )


def _peak(told: Mapping[str, Any]) -> tuple[TierName, TierName]:
    peak = dict(told.get("peak_tier", {}))
    if unknown := set(peak) - {"at_least", "at_most"}:
        raise ValueError(f"unknown keys {sorted(unknown)} in peak_tier")
    if told.get("nothing"):
        if set(told) & {"peak_tier", "first_at", "never_above"}:
            raise ValueError("nothing, and a tier too")
        peak = {"at_most": "NONE"}
    top = TierName(told.get("never_above", peak.get("at_most", "HIGHLY_PROBABLE")))
    lowest = TierName(peak.get("at_least", "NONE"))
    if lowest.rank > top.rank:
        raise ValueError(f"at least {lowest} and at most {top}")
    return lowest, top


def _bounds(told: Mapping[str, Any], key: str) -> dict[str, Bound]:
    found = {}
    for what, when in told.get(key, {}).items():
        if unknown := set(when) - {"by", "not_before"}:
            raise ValueError(f"unknown keys {sorted(unknown)} in {key}")
        found[what] = Bound(_instant(when.get("by")), _instant(when.get("not_before")))
    return found


def _states(told: Mapping[str, Mapping[str, Any]]) -> dict[datetime, dict[str, str]]:
    """YAML's own true and false are words here, as unknown is one."""
    return {
        at: {key: str(said).lower() if said in (True, False) else str(said)
             for key, said in words.items()}
        for text, words in told.items()
        if (at := _instant(text)) is not None
    }  # fmt: skip


def _instant(text: str | datetime | None) -> datetime | None:
    if text is None:
        return None
    at = text if isinstance(text, datetime) else datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return at
