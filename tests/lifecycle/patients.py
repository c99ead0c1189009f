"""Assessments as an alert's life sees them: a tier, its domains, a few newest readings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from alerts.lifecycle import Alert, Circumstances, Move, advance
from alerts.statements import (
    Assessment,
    Channel,
    Datum,
    Finding,
    Gate,
    GateState,
    Interaction,
    Interval,
    Plan,
    Severity,
    Tier,
    TierName,
)
from alerts.truth import FALSE, TRUE

T0 = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CHANNELS = {
    "NONE": Channel.NONE,
    "WATCH": Channel.PASSIVE,
    "POSSIBLE": Channel.TASK,
    "PROBABLE_ATYPICAL": Channel.URGENT_TASK,
    "PROBABLE": Channel.URGENT_TASK,
    "HIGHLY_PROBABLE": Channel.INTERRUPTIVE,
}
FINDING_OF = {"TEMP": "HYP", "RIG": "RIG", "MENT": "MS", "MUSC": "CK", "AUT": "SNS"}


def interaction(
    rule: str = "INT-DAN-VER",
    drugs: tuple[str, ...] = ("dantrolene", "verapamil"),
    severity: str = "contraindicated",
    label: str = "",
) -> Interaction:
    facts = tuple(Datum(d, "order", "", T0, f"MedicationRequest/{d}") for d in drugs)
    return Interaction(
        rule, severity, drugs, Channel.PASSIVE, "", "", "", ("TX",), facts, (), "V", (), label
    )


def assessed(
    at: datetime,
    tier: str = "POSSIBLE",
    domains: Sequence[str] = ("RIG", "TEMP"),
    *,
    interactions: Sequence[Interaction] = (),
    channel: Channel | None = None,
    severity: str = "MILD",
    critical: bool = False,
    evidence: Sequence[str] = ("Observation/1",),
    evidence_at: datetime | None = None,
) -> Assessment:
    """An assessment at a clock; its true findings rest on `evidence`, newest `evidence_at`."""
    held = domains if tier != "NONE" else ()
    data = tuple(Datum("sign", "1", "", evidence_at or at, ref) for ref in evidence)
    findings = {
        FINDING_OF[d]: Finding(FINDING_OF[d], TRUE, "seen", data, since=evidence_at or at)
        for d in held
    }
    hot = TRUE if critical else FALSE
    findings["TEMP411"] = Finding("TEMP411", hot, "", data if critical else ())
    name = TierName(tier)
    told = Channel.INTERRUPTIVE if critical else channel or CHANNELS[tier]
    return Assessment(
        patient="p1",
        as_of=at,
        rules="test",
        gate=Gate(GateState.OPEN, "exposed"),
        onset=None,
        findings=findings,
        iec=Interval(0, 100),
        iec_literal=Interval(0, 100),
        scales={},
        tier=Tier(name, told, "", (), (), tuple(held)),
        exposures=(),
        withdrawals=(),
        differential=(),
        severity=Severity(severity if held else "NONE", None, ()),
        plan=Plan("", ()),
        interactions=tuple(interactions),
        ask_next=(),
        next_review_at=None,
        unmapped=(),
        incomplete=(),
        disclaimer="",
    )


def ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"a{next(numbers)}"


@dataclass
class Ward:
    """The alerts of one patient as a store would keep them: moves applied, history appended."""

    alerts: dict[str, Alert] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    new_id: Callable[[], str] = field(default_factory=ids)

    def see(self, assessment: Assessment, around: Circumstances | None = None) -> list[Move]:
        """The machine looks at a new assessment."""
        made = advance(
            list(self.alerts.values()),
            assessment,
            "t",
            assessment.as_of,
            self.new_id,
            around=around or Circumstances(),
        )
        for move in made:
            self.keep(move)
        return list(made)

    def keep(self, move: Move) -> Move:
        """Write a move over the version that it was made from, as a store does."""
        held = self.alerts.get(move.alert.id)
        changed = bool(move.history or move.notices)
        if held is not None and move.alert.version == held.version:
            assert not changed
        else:
            assert move.alert.version == (held.version if held else 0) + 1
        self.alerts[move.alert.id] = move.alert
        self.moves.append(move)
        return move

    @property
    def only(self) -> Alert:
        (alert,) = self.alerts.values()
        return alert

    def said(self) -> list[str]:
        """The history as "what why" words."""
        return [f"{e.what} {e.why}" for move in self.moves for e in move.history]

    def told(self) -> list[str]:
        return [f"{n.audience} {n.channel} {n.why}" for move in self.moves for n in move.notices]


def shifted(alert: Alert, **machine: object) -> Alert:
    return replace(alert, machine=replace(alert.machine, **machine))  # type: ignore[arg-type]
