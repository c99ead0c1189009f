"""What an assessment says to the life of an alert, and the join of two such views.

The join takes the highest level, every domain, and from the newer view what is true now: it is
associative, commutative and idempotent, so order and doubles of assessments change nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerts.lifecycle.circumstances import Circumstances
from alerts.lifecycle.states import MachineState, Mark, Support
from alerts.statements import Assessment, Channel, Finding, Interaction, TierName
from alerts.truth import TRUE

# findings of the patient's own state; exposure alone keeps no episode alive (TIER-10)
CORE = frozenset(
    {"HYP", "TEMP1", "TEMP40", "TEMP411", "RIG", "MS", "MSB", "CK", "SNS", "MET"}
    | {"BPUP", "BPFL", "BPFL_ROBUST", "DIAPH", "INCONT", "HR_RATIO", "RR_RATIO", "SNS_ROBUST"}
)
SEVERITIES = ("", "NONE", "UNKNOWN", "MILD", "MODERATE", "SEVERE")
INTERACTION_LEVELS = ("minor", "moderate", "major", "contraindicated")
CERTAIN = "certain"


@dataclass(frozen=True, slots=True)
class View:
    """`level`: a tier name or an interaction severity; `critical`: ALR-04 holds."""

    level: str
    channel: Channel
    as_of: datetime
    rules: str = ""
    onset: datetime | None = None
    last_true: datetime | None = None
    holds: bool = True
    domains: tuple[str, ...] = ()
    temperature: float | None = None
    ck: float | None = None
    severity: str = ""
    contexts: tuple[str, ...] = ()
    critical: bool = False
    support: tuple[Support, ...] = ()

    @property
    def calls(self) -> bool:
        """Is there anything to tell?"""
        return self.level != TierName.NONE.value or self.critical


def rank(level: str) -> int:
    """The order of urgency of a tier or an interaction severity."""
    if level in INTERACTION_LEVELS:
        return INTERACTION_LEVELS.index(level)
    return TierName(level).rank


def loudness(channel: Channel) -> int:
    return list(Channel).index(channel)


def nms_view(assessment: Assessment, around: Circumstances) -> View:
    """What the tier, its findings and the newest readings say."""
    critical = assessment.findings.get("TEMP411")
    true = [f for f in assessment.findings.values() if f.state is TRUE]
    return View(
        level=assessment.tier.name.value,
        channel=assessment.tier.channel,
        as_of=assessment.as_of,
        rules=assessment.rules,
        onset=assessment.onset,
        last_true=_last_true(true, assessment.as_of),
        holds=any(f.id in CORE for f in true) or assessment.tier.name is not TierName.NONE,
        domains=tuple(sorted(assessment.tier.domains)),
        temperature=around.temperature,
        ck=around.ck,
        severity=assessment.severity.level,
        critical=critical is not None and critical.state is TRUE and not critical.caveats,
        support=_support(true, around),
    )


def pair_view(
    interaction: Interaction, assessment: Assessment, around: Circumstances | None = None
) -> View:
    """What an interaction row says of the running drugs."""
    unsure = bool(interaction.unknown) or "context not certain" in interaction.label
    known = around or Circumstances()
    facts = tuple(
        Support(d.source, d.at, known.said(d.source, d.at)) for d in interaction.facts if d.source
    )
    return View(
        level=interaction.severity,
        channel=interaction.mode,
        as_of=assessment.as_of,
        rules=assessment.rules,
        contexts=() if unsure else (CERTAIN,),
        support=_sorted(facts),
    )


def joined(state: MachineState, view: View) -> MachineState:
    """The state with a view merged in; the older of the two never overrides the newer."""
    level = max(state.level, view.level, key=rank)
    both: dict[str, Any] = {
        "level": level,
        "last_true": _later(state.last_true, view.last_true),
        "domains": tuple(sorted({*state.domains, *view.domains})),
    }
    if view.as_of < state.as_of:
        return replace(state, **both)
    return replace(
        state,
        **both,
        stated=view.level,
        as_of=view.as_of,
        rules=view.rules,
        onset=view.onset,
        holds=view.holds,
        temperature=view.temperature,
        ck=view.ck,
        severity=view.severity,
        contexts=view.contexts,
        critical=view.critical,
        evidence=tuple(s.reference for s in view.support),
    )


def mark_of(state: MachineState) -> Mark:
    """What is known of an alert at the moment a person hides it."""
    return Mark(
        level=state.stated,
        domains=state.domains,
        temperature=state.temperature,
        ck=state.ck,
        severity=state.severity,
        contexts=state.contexts,
    )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [at for at in (one, other) if at is not None]
    return max(known, default=None)


def _last_true(true: list[Finding], as_of: datetime) -> datetime | None:
    times = [f.since for f in true if f.id in CORE and f.since]
    times += [d.at for f in true if f.id in CORE for d in f.evidence if d.at]
    return max((at for at in times if at <= as_of), default=None)


def _support(true: list[Finding], around: Circumstances) -> tuple[Support, ...]:
    facts = {(d.source, d.at) for f in true for d in f.evidence if d.source}
    return _sorted(Support(name, at, around.said(name, at)) for name, at in facts)


def _sorted(found: Iterable[Support]) -> tuple[Support, ...]:
    return tuple(sorted(set(found), key=lambda s: (s.reference, s.at.isoformat() if s.at else "")))
