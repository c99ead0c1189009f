"""All findings of a chart at a moment, with onset and exposure, in the order they need each other."""

from dataclasses import dataclass
from datetime import datetime

from alerts.chart import SignKind
from alerts.exposure import exposures
from alerts.findings.creatine_kinase import above_normal, ck_times, creatine_kinase
from alerts.findings.mental_status import broad_mental_status, mental_status, mental_times
from alerts.findings.metabolism import ratios
from alerts.findings.rigidity import rigidity, rigidity_times
from alerts.findings.sympathetic import bp_baselines, components, lability
from alerts.findings.temperature import critical, fever_times, first_fever, forty, hyperthermia
from alerts.findings.workup import workup
from alerts.moment import Moment
from alerts.statements import Datum, Exposure, Finding, Withdrawal
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth
from alerts.withdrawal import withdrawals

EPISODE_SIGNS = ("RIG", "MS", "HYP", "CK", "SNS", "MET")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found, when it began, and what the patient was exposed to."""

    findings: dict[str, Finding]
    onset: datetime | None
    events: tuple[datetime, ...]
    exposures: tuple[Exposure, ...]
    withdrawals: tuple[Withdrawal, ...]


def read_findings(now: Moment) -> Reading:
    events = _episode(
        now,
        [
            *rigidity_times(now),
            *mental_times(now),
            *fever_times(now),
            *ck_times(now),
        ],
    )
    onset = events[0] if events else None
    findings = _signs(now, onset)
    lability_times = [
        f.since for f in (findings["SNS"], findings["MET"]) if f.state is TRUE and f.since
    ]
    events = _episode(now, [*events, *lability_times])
    onset = events[0] if events else None
    exposed, stopped = exposures(now, events), withdrawals(now, events)
    findings |= _exposure_findings(now, exposed, stopped)
    return Reading(findings, onset, events, exposed, stopped)


def _episode(now: Moment, times: list[datetime]) -> tuple[datetime, ...]:
    """The times of the running episode: a gap of 168 h ends one (TIER-10)."""
    gap = now.hours("episode.gap_h")
    kept: list[datetime] = []
    newest = now.as_of
    for at in sorted(set(times), reverse=True):
        if newest - at > gap:
            break
        kept.append(at)
        newest = at
    return tuple(reversed(kept))


def _signs(now: Moment, onset: datetime | None) -> dict[str, Finding]:
    strict = mental_status(now, onset)
    broad = broad_mental_status(now, strict)
    parts = components(now, bp_baselines(now, onset))
    minimum = int(now.knowledge["sns.components"])
    shared = [parts["BPUP"], parts["DIAPH"], parts["INCONT"]]
    found = [
        hyperthermia(now),
        first_fever(now),
        forty(now),
        critical(now, strict),
        rigidity(now),
        strict,
        broad,
        creatine_kinase(now, onset),
        above_normal(now),
        lability("SNS", [*shared, parts["BPFL"]], minimum),
        lability("SNS_ROBUST", [*shared, parts["BPFL_ROBUST"]], minimum),
        workup(now, onset),
    ]
    return {f.id: f for f in found} | parts | ratios(now, onset)


def _exposure_findings(
    now: Moment, exposed: tuple[Exposure, ...], stopped: tuple[Withdrawal, ...]
) -> dict[str, Finding]:
    reconciled = _reconciled(now)
    readings = [(e.reading, _exposure_datum(e)) for e in exposed]
    readings += [(w.reading, _withdrawal_datum(w)) for w in stopped]
    literal = [(e.literal, _exposure_datum(e)) for e in exposed]
    literal += [(_literal(w), _withdrawal_datum(w)) for w in stopped]
    found = [
        _exposure("EXP", "full", readings, reconciled=reconciled),
        _exposure("EXPX", "extended", readings, reconciled=reconciled),
        _literal_exposure(literal, reconciled=reconciled),
    ]
    return {f.id: f for f in found}


def _exposure(
    finding: str, wanted: str, readings: list[tuple[str, Datum]], *, reconciled: bool
) -> Finding:
    hits = tuple(d for reading, d in readings if reading == wanted)
    if hits:
        return Finding(finding, TRUE, f"inside the {wanted} window of a product", hits)
    maybe = tuple(d for reading, d in readings if reading == "possible")
    if maybe:
        return Finding(finding, UNKNOWN, "a possible exposure cannot be decided", maybe)
    if reconciled:
        return Finding(finding, FALSE, "medication reconciled, no qualifying drug in the window")
    return Finding(finding, UNKNOWN, "medication history not reconciled (EXP-03)")


def _literal_exposure(literal: list[tuple[Truth, Datum]], *, reconciled: bool) -> Finding:
    hits = tuple(d for state, d in literal if state is TRUE)
    if hits:
        return Finding("EXP72", TRUE, "a confirmed dose or stop within 72 h before a finding", hits)
    maybe = tuple(d for state, d in literal if state is UNKNOWN)
    if maybe:
        return Finding("EXP72", UNKNOWN, "no administration confirms the order", maybe)
    if reconciled:
        return Finding("EXP72", FALSE, "medication reconciled, no dose within 72 h")
    return Finding("EXP72", UNKNOWN, "medication history not reconciled (EXP-03)")


def _literal(withdrawal: Withdrawal) -> Truth:
    if withdrawal.reading == "full":
        return UNKNOWN if "uncertain" in withdrawal.reason else TRUE
    return UNKNOWN if withdrawal.reading == "possible" else FALSE


def _exposure_datum(exposure: Exposure) -> Datum:
    label = exposure.product or exposure.route or ""
    return Datum(
        exposure.drug,
        exposure.evidence,
        "",
        exposure.last_dose,
        exposure.source,
        label.replace("_", " "),
    )


def _withdrawal_datum(withdrawal: Withdrawal) -> Datum:
    return Datum(
        withdrawal.drug, withdrawal.reason, "", withdrawal.at, withdrawal.source, withdrawal.trigger
    )


def _reconciled(now: Moment) -> bool:
    """Somebody stated that the medication history is complete, in this encounter."""
    stated = [s for s in now.chart.signs_of(SignKind.MEDICATION_RECONCILED) if s.present is TRUE]
    starts = [s.start for s in now.chart.stays if s.start]
    begin = max(starts, default=None)
    return any(begin is None or s.at >= begin for s in stated)
