"""The one door of the package: `assess(chart, knowledge, as_of)` says everything once."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from alerts.channels import capped, told
from alerts.chart import Chart, SignKind, Unread
from alerts.context import risk_factors
from alerts.differential import differential, weighable
from alerts.findings import Reading, read_findings
from alerts.findings.exposed import firm_exposure
from alerts.findings.rigidity import generalised
from alerts.guidance import comes_of_age, is_child, plan
from alerts.interactions import Situation, running_interactions
from alerts.knowledge import Knowledge
from alerts.moment import Moment, moment
from alerts.plain import as_dict
from alerts.record import record
from alerts.requests import requests
from alerts.risks import unread_risks
from alerts.scales import States, entered, iec, levenson, scales
from alerts.severity import severity
from alerts.statements import (
    Assessment,
    Datum,
    Finding,
    Gate,
    Interaction,
    Interval,
    Plan,
    Request,
    Scale,
    Severity,
    Tier,
    TierName,
)
from alerts.tiers import (
    Case,
    Caveats,
    Judgement,
    atypical,
    clean,
    firm,
    gate,
    gate_of,
    judge,
    statement,
)
from alerts.truth import TRUE, UNKNOWN

__all__ = ["Assessment", "as_dict", "assess"]

_UNPLANNED = Plan("", ())
VITALS = (("body_temperature", "temperature"), ("heart_rate", "heart rate"))


def assess(
    chart: Chart, knowledge: Knowledge, as_of: datetime, *, brief: bool = False
) -> Assessment:
    """Assess one patient's chart as it stood at `as_of` (zone-aware; ValueError if not).

    `brief`: what is found, its tier, channel, severity and interactions, and nothing that explains
    them: a survey of many patients. Its `next_review_at` speaks of what was read for that only.
    """
    if as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone")
    now = moment(chart, knowledge, as_of)
    reading = read_findings(now)
    findings = reading.findings
    entry = gate(findings)
    judging = _Judging.of(now, reading)
    tier = judging.tier(entry)
    score, literal, cutoff = _scored(now, reading.states)
    level = severity(now, findings, tier.name)
    situation = Situation(now, tier.name, reading.onset, reading.withdrawals, reading.findings)
    sets = () if brief else _scales(now, reading, tier.name)
    weighed = not brief or _anaesthetised(now)
    return Assessment(
        patient=chart.patient,
        as_of=as_of,
        rules=knowledge.version,
        gate=entry,
        onset=reading.onset,
        findings=findings,
        iec=score,
        iec_literal=literal,
        scales={s.id: s.met for s in sets if s.met is not None},
        tier=tier,
        exposures=reading.exposures,
        withdrawals=reading.withdrawals,
        differential=_differential(now, reading, tier.name) if weighed else (),
        severity=level,
        plan=_UNPLANNED if brief else _planned(now, reading, tier.name, level),
        interactions=_interactions(situation),
        ask_next=() if brief else _asked(now, reading, tier.name, score, judging),
        unmapped=tuple(_unmapped(u) for u in chart.unread if u.at is None or u.at <= as_of),
        incomplete=tuple(_incomplete(now, reading)),
        disclaimer=knowledge.disclaimer,
        cutoff=cutoff,
        scale_details=sets,
        **({} if brief else _risks(now, reading)),
        trace=() if brief else now.steps(),
        numbers=knowledge.parameters,
        # last: whatever was read above has noted when it would read differently
        next_review_at=now.next_change,
    )


def _interactions(situation: Situation) -> tuple[Interaction, ...]:
    with situation.now.account("interactions"):
        return running_interactions(situation)


def _scored(now: Moment, states: States) -> tuple[Interval, Interval, int]:
    """The published score, the same by the literal 72 h, and the cut-off shown beside them."""
    with now.account("iec"):
        literal = iec(states, now.knowledge, exposure="EXP72")
        return iec(states, now.knowledge), literal, int(now.knowledge["iec.cutoff"])


@record
class _Judging:
    """The facts of one patient as the tier rules take them."""

    now: Moment
    reading: Reading
    child: bool
    atypical_drug: bool
    trigger: bool
    confounded: bool
    stiff: bool

    @classmethod
    def of(cls, now: Moment, reading: Reading) -> "_Judging":
        comes_of_age(now)
        return cls(
            now,
            reading,
            child=is_child(now) is TRUE,
            atypical_drug=atypical(reading.exposures, now.knowledge.atypical_drugs),
            trigger=any(w.reading in {"full", "extended"} for w in reading.withdrawals),
            confounded=len(reading.findings["CK"].evidence) > 1,
            stiff=_stiff(now, reading),
        )

    def tier(self, entry: Gate) -> Tier:
        """Judged on all that is true, on what is sound, and on what may interrupt."""
        now, findings = self.now, self.reading.findings
        judged, caps, full, sound = self._judged(self.reading.states, _caveats(findings))
        exposure = firm_exposure(self.reading.exposures, self.reading.withdrawals)
        firm_case = self._case(firm(now, sound.states, exposure=exposure), firmly=True)
        said = told(now, judged, firm_case, full, findings, caps)
        return statement(now, judged, said.channel, said.caps, full.states, entry.state)

    def would_be(self, states: States, answered: str) -> TierName:
        """The tier that other states would reach, one of them answered beyond doubt."""
        caveats = _caveats(self.reading.findings)
        caveats.pop(answered, None)
        return self._judged(states, caveats)[0].name

    def _judged(
        self, states: States, caveats: Caveats
    ) -> tuple[Judgement, tuple[str, ...], Case, Case]:
        full = sound = self._case(states)
        if caveats:
            sound = self._case(clean(states, caveats), firmly=True)
        all_true = judge(self.now, full)
        held = judge(self.now, sound) if sound is not full else all_true
        child, entry = self.child, full.gate
        judged, caps = capped(all_true, held, states, caveats, child=child, gate_state=entry)
        return judged, caps, full, sound

    def _case(self, states: States, *, firmly: bool = False) -> Case:
        with self.now.account("levenson"):
            counts = levenson(self.now, states, firm=firmly)
        return Case(
            states=states,
            levenson=counts,
            gate=gate_of(states),
            trigger=self.trigger,
            confounded_ck=self.confounded,
            atypical_drug=self.atypical_drug,
            recent_stiffness=self.stiff,
        )


def _caveats(findings: Mapping[str, Finding]) -> dict[str, tuple[str, ...]]:
    """The caveats of the findings that have any."""
    return {key: f.caveats for key, f in findings.items() if f.caveats}


def _stiff(now: Moment, reading: Reading) -> bool:
    """Rigidity in the last week: what was on WATCH for it stays there for 7 days (DDX-EPS)."""
    with now.account("DDX-EPS"):
        rigid = generalised(now, now.signs(now.days("ddx.eps_watch_d"), SignKind.RIGIDITY))
        return any(s.at in reading.events for s in rigid)


def _anaesthetised(now: Moment) -> bool:
    """A volatile anaesthetic on the chart: the differential may then silence an alert (ALR-12)."""
    return bool(now.on_chart(now.knowledge.criteria["differential_drugs"]["volatile_anaesthetic"]))


def _planned(now: Moment, reading: Reading, tier: TierName, level: Severity) -> Plan:
    return plan(now, tier, level, reading.exposures, reading.withdrawals, reading.findings)


def _asked(
    now: Moment, reading: Reading, tier: TierName, score: Interval, judging: _Judging
) -> tuple[Request, ...]:
    return requests(now, reading.states, tier, score, reading.exposures, judging.would_be)


def _stirred(reading: Reading, tier: TierName) -> bool:
    """Is there anything to weigh: a sign of the episode, a tier, an agitated mind?"""
    broad = reading.findings["MSB"].state
    return tier is not TierName.NONE or bool(reading.events) or broad is TRUE


def _scales(now: Moment, reading: Reading, tier: TierName) -> tuple[Scale, ...]:
    """The other criteria sets, once there is a sign to count; entered totals always."""
    if not _stirred(reading, tier):
        return entered(now)
    counts = levenson(now, reading.states)
    return scales(now, reading.states, counts, reading.exposures, reading.withdrawals)


def _differential(now: Moment, reading: Reading, tier: TierName) -> tuple[Any, ...]:
    if not _stirred(reading, tier) and not weighable(now):
        return ()
    r = reading
    return differential(now, r.findings, r.states, r.exposures, r.withdrawals)


def _risks(now: Moment, reading: Reading) -> dict[str, Any]:
    """Context for whoever is or may be exposed: what was found, and what is not looked for."""
    exposed = any(e.reading != "ended" for e in reading.exposures)
    if not exposed and reading.findings["EXP"].state is UNKNOWN and not reading.withdrawals:
        return {}
    found = risk_factors(now, reading.exposures)
    return {"risk_factors": found, "risk_factors_unread": unread_risks(now.knowledge)}


def _unmapped(unread: Unread) -> Datum:
    return Datum(unread.what, unread.text, "", unread.at, unread.source.reference, unread.reason)


def _incomplete(now: Moment, reading: Reading) -> Iterator[str]:
    """SAF-10: an exposed patient whose signs nobody recorded is not a well patient."""
    exposed = any(e.reading in {"full", "extended", "possible"} for e in reading.exposures)
    withdrawn = any(w.reading in {"full", "extended"} for w in reading.withdrawals)
    if not exposed and not withdrawn:
        return
    with now.account("SAF-10"):
        silent = [name for kind, name in VITALS if not now.recent(kind, "incomplete.vitals_h")]
    for name in silent:
        yield now.knowledge.says(f"no {name} in {{incomplete.vitals_h}} h")
    if any(u.what == "drug" for u in now.chart.unread):
        yield "a drug on the chart could not be recognised"
