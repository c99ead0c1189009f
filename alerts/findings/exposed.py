"""EXP, EXPX and EXP72 from the exposures and withdrawals found (SPEC 1.2, EXP-03)."""

from collections.abc import Callable
from datetime import timedelta

from alerts.chart import Evidence, MedicationUse, SignKind
from alerts.dosing import Certainty, dosing
from alerts.moment import Moment
from alerts.statements import Datum, Exposure, Finding, Withdrawal
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

# routes by which an unknown drug may have been a depot; None: the route is not told
MAYBE_DEPOT = frozenset({None, "im", "sc", "depot"})


def exposure_findings(
    now: Moment, exposed: tuple[Exposure, ...], stopped: tuple[Withdrawal, ...]
) -> dict[str, Finding]:
    settled = reconciled(now) and not _unrecognised(now)
    now.hours("exposure.literal_h")  # said of EXP72 whether or not there is a dose to measure
    told = [(e.reading, e.literal, _exposure_datum(e)) for e in exposed]
    if stopped:
        told += [(w.reading, _literal(w), _withdrawal_datum(w)) for w in stopped]
    return {
        "EXP": _exposure("EXP", "full", told, settled=settled),
        "EXPX": _exposure("EXPX", "extended", told, settled=settled),
        "EXP72": _literal_exposure(told, now.knowledge.says, settled=settled),
    }


# an exposure or withdrawal: its reading, whether it is inside the literal hours, and as shown
Told = tuple[str, Truth, Datum]


def _exposure(finding: str, wanted: str, told: list[Told], *, settled: bool) -> Finding:
    hits = tuple([d for reading, _, d in told if reading == wanted])
    if hits:
        return Finding(finding, TRUE, f"inside the {wanted} window of a product", hits)
    maybe = tuple([d for reading, _, d in told if reading == "possible"])
    if maybe:
        return Finding(finding, UNKNOWN, "a possible exposure cannot be decided", maybe)
    if settled:
        return Finding(finding, FALSE, "medication reconciled, no qualifying drug in the window")
    return Finding(
        finding, UNKNOWN, "medication history not reconciled, or a drug unrecognised (EXP-03)"
    )


def _literal_exposure(told: list[Told], say: Callable[[str], str], *, settled: bool) -> Finding:
    hits = tuple([d for _, state, d in told if state is TRUE])
    if hits:
        reason = say("a confirmed dose or stop within {exposure.literal_h} h before a finding")
        return Finding("EXP72", TRUE, reason, hits)
    maybe = tuple([d for _, state, d in told if state is UNKNOWN])
    if maybe:
        return Finding("EXP72", UNKNOWN, "no administration confirms the order", maybe)
    if settled:
        reason = say("medication reconciled, no dose within {exposure.literal_h} h")
        return Finding("EXP72", FALSE, reason)
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


def reconciled(now: Moment) -> bool:
    """Somebody stated that the medication history is complete, in this encounter (EXP-03)."""
    stated = now.ever(SignKind.MEDICATION_RECONCILED)
    if not stated:
        return False
    starts = [s.start for s in now.chart.stays if s.start]
    begin = max(starts, default=None)
    return any(begin is None or s.at >= begin for s in stated)


def _unrecognised(now: Moment) -> bool:
    """A drug on the chart that nobody recognised may be a dopamine antagonist."""
    reach = now.days("unrecognised.reach_d")
    unknown = [use for use in now.chart.medications if not use.ingredients]
    if not unknown and not now.chart.unread:
        return False
    # the note kept beside a drug that was read but not recognised says nothing of its own
    dated = {use.source for use in unknown}
    if any(u.what == "drug" and u.source not in dated for u in now.chart.unread):
        return True
    return any(_may_reach(now, use, reach) for use in unknown)


def _may_reach(now: Moment, use: MedicationUse, reach: timedelta) -> bool:
    """May this drug, were it a dopamine antagonist, still count?

    For good where nothing tells when it ended, and where it may have been a depot, whose window no
    unknown product has; else for the reach after its last dose.
    """
    span = dosing(use, now.as_of)
    if span.certainty is Certainty.NONE:
        return False
    supply = use.evidence is Evidence.DISPENSE and use.end is None
    depot = use.long_acting is TRUE or (use.long_acting is UNKNOWN and use.route in MAYBE_DEPOT)
    if span.running is not FALSE or span.last is None or supply or depot:
        return True
    return not now.older(span.last, reach)


def firm_exposure(exposed: tuple[Exposure, ...], stopped: tuple[Withdrawal, ...]) -> bool:
    """Does EXP hold without a window of basis U? Inside the published 72 h it does (ALR-13)."""
    confirmed = any(e.reading == "full" and (e.basis != "U" or e.within_published) for e in exposed)
    return confirmed or any(w.reading == "full" for w in stopped)
