"""EXP, EXPX and EXP72 from the exposures and withdrawals found (SPEC 1.2, EXP-03)."""

from alerts.chart import SignKind, begun
from alerts.moment import NEVER_TAKEN, Moment
from alerts.statements import Datum, Exposure, Finding, Withdrawal
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth


def exposure_findings(
    now: Moment, exposed: tuple[Exposure, ...], stopped: tuple[Withdrawal, ...]
) -> dict[str, Finding]:
    settled = _reconciled(now) and not _unrecognised(now)
    readings = [(e.reading, _exposure_datum(e)) for e in exposed]
    readings += [(w.reading, _withdrawal_datum(w)) for w in stopped]
    literal = [(e.literal, _exposure_datum(e)) for e in exposed]
    literal += [(_literal(w), _withdrawal_datum(w)) for w in stopped]
    found = [
        _exposure("EXP", "full", readings, settled=settled),
        _exposure("EXPX", "extended", readings, settled=settled),
        _literal_exposure(literal, settled=settled),
    ]
    return {f.id: f for f in found}


def _exposure(
    finding: str, wanted: str, readings: list[tuple[str, Datum]], *, settled: bool
) -> Finding:
    hits = tuple(d for reading, d in readings if reading == wanted)
    if hits:
        return Finding(finding, TRUE, f"inside the {wanted} window of a product", hits)
    maybe = tuple(d for reading, d in readings if reading == "possible")
    if maybe:
        return Finding(finding, UNKNOWN, "a possible exposure cannot be decided", maybe)
    if settled:
        return Finding(finding, FALSE, "medication reconciled, no qualifying drug in the window")
    return Finding(
        finding, UNKNOWN, "medication history not reconciled, or a drug unrecognised (EXP-03)"
    )


def _literal_exposure(literal: list[tuple[Truth, Datum]], *, settled: bool) -> Finding:
    hits = tuple(d for state, d in literal if state is TRUE)
    if hits:
        return Finding("EXP72", TRUE, "a confirmed dose or stop within 72 h before a finding", hits)
    maybe = tuple(d for state, d in literal if state is UNKNOWN)
    if maybe:
        return Finding("EXP72", UNKNOWN, "no administration confirms the order", maybe)
    if settled:
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
    stated = now.ever(SignKind.MEDICATION_RECONCILED)
    starts = [s.start for s in now.chart.stays if s.start]
    begin = max(starts, default=None)
    return any(begin is None or s.at >= begin for s in stated)


def _unrecognised(now: Moment) -> bool:
    """A drug on the chart that nobody recognised may be a dopamine antagonist."""
    reach = now.days("unrecognised.reach_d")
    if any(u.what == "drug" for u in now.chart.unread):
        return True
    for use in now.chart.medications:
        if not use.ingredients and use.status.value not in NEVER_TAKEN:
            at = use.end or begun(use)
            if at is None or not now.older(at, reach):
                return True
    return False


def firm_exposure(exposed: tuple[Exposure, ...], stopped: tuple[Withdrawal, ...]) -> bool:
    """Does EXP hold without a window of basis U? Inside the published 72 h it does (ALR-13)."""
    confirmed = any(e.reading == "full" and (e.basis != "U" or e.within_published) for e in exposed)
    return confirmed or any(w.reading == "full" for w in stopped)
