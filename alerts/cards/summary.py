"""The summary line of a card: state, the facts that carry it, what is missing, the act.

Wording by TIER-08. A summary has fewer than 140 characters; shorter forms are tried in turn.
"""

from collections.abc import Sequence

from alerts.cards.causes import malignant_hyperthermia
from alerts.cards.gaps import acts, first_gap, gaps
from alerts.cards.text import fit, joined, named, plain, quantity
from alerts.chart import DAWN
from alerts.statements import Assessment, Datum, Exposure, Finding, TierName
from alerts.truth import FALSE, TRUE, UNKNOWN
from alerts.wording import happened

# what carries a tier, strongest first; WATCH starts with what comes first in time (WARN-01)
_ORDER = (
    "HYP",
    "TEMP1",
    "RIG",
    "MS",
    "MSB",
    "CK",
    "CK_ULN",
    "SNS",
    "MET",
    "DIAPH",
    "BPUP",
    "INCONT",
)
_WATCH_ORDER = ("RIG", "MS", "MSB", *_ORDER)
_PHRASES = {
    "HYP": "fever",
    "TEMP1": "fever",
    "TEMP40": "fever",
    "RIG": "rigid",
    "MS": "changed consciousness",
    "MSB": "new mental state change",
    "CK": "raised CK",
    "CK_ULN": "CK above its limit",
    "SNS": "autonomic instability",
    "MET": "fast pulse and breathing",
    "DIAPH": "sweating",
    "BPUP": "raised blood pressure",
    "INCONT": "incontinence",
}
_ACVPU = {
    "C": "new confusion",
    "V": "rousable by voice only",
    "P": "rousable by pain only",
    "U": "unresponsive",
}
_SAID_PLAINLY = frozenset(
    ("delirium", "confusion", "drowsiness", "stupor", "coma", "mutism", "agitation", "catatonia")
)
# where a stronger phrase of the same sign is there the weaker is left out
_WEAKER = {"TEMP1": "HYP", "MSB": "MS", "CK_ULN": "CK"}
_WITHDRAWN_ONLY = ("full", "extended")


def nms_summary(assessment: Assessment) -> str:
    """The line for a tier of WATCH or more."""
    tier = assessment.tier.name
    if critical(assessment) and tier.rank < TierName.PROBABLE_ATYPICAL.rank:
        return _time_critical(assessment)
    if malignant_hyperthermia(assessment):
        return _anaesthetised(assessment)
    if tier is TierName.WATCH:
        return _watch(assessment)
    if tier is TierName.POSSIBLE:
        return _possible(assessment)
    return _compatible(assessment)


def critical(assessment: Assessment) -> bool:
    """Core temperature above 41.1 °C with altered mental status: told at any tier (ALR-04)."""
    return _true(assessment, "TEMP411") is not None


def _time_critical(assessment: Assessment) -> str:
    found = assessment.findings["TEMP411"]
    shown = _highest([d for d in found.evidence if d.unit in ("Cel", "°C")])
    measured = f"Core {quantity(shown.value, shown.unit)}" if shown else ""
    core = measured or assessment.says("Core above {temp411.threshold_c} °C")
    also = " NMS possible." if assessment.tier.name is TierName.POSSIBLE else ""
    mind = joined([p for p in fact_phrases(assessment) if "°C" not in p][:1])
    act = "Cool now; critical care."
    return fit(
        (
            f"{core}, {mind}: time-critical whatever the cause.{also} {act}" if mind else "",
            f"{core}, changed consciousness: time-critical whatever the cause.{also} {act}",
            f"{core}: time-critical whatever the cause. {act}",
        )
    )


def _anaesthetised(assessment: Assessment) -> str:
    """Malignant hyperthermia is said first, the tier of NMS beside it (ALR-12, DDX-01)."""
    facts, when = fact_phrases(assessment), "after an anaesthetic"
    return fit(
        [
            f"Malignant hyperthermia fits: {', '.join(facts[:n])} {when}. {also}Critical care."
            for also in ("NMS cannot be told apart yet. ", "")
            for n in (3, 2, 1)
        ]
    )


def _watch(assessment: Assessment) -> str:
    two, where = joined(fact_phrases(assessment)[:2]), _setting(assessment)
    wanted = acts(assessment)
    most, first = joined(wanted[:3]) or "examine", joined(wanted[:1]) or "examine"
    return fit(
        (
            f"Early signs seen: {two}{where}. Next: {most}.",
            f"Early signs seen: {two}{where}. Next: {first}.",
            f"Early signs seen: {two}. Next: {first}.",
            "Early signs seen in an exposed patient: check at the bedside.",
        )
    )


def _possible(assessment: Assessment) -> str:
    two, where = joined(fact_phrases(assessment)[:2]), _setting(assessment)
    missing, act = first_gap(assessment)
    blood = gaps(assessment).get("NEXT-CK", ("", ""))[1]
    also = f", {blood}" if blood and blood != act else ""
    care = "; critical care" if assessment.severity.level == "SEVERE" else ""
    said = f" {missing}: {act}{also}{care}." if act else f" Check at the bedside{care}."
    short = f" {missing}: {act}." if act else " Check at the bedside."
    return fit(
        (
            f"NMS possible: {two}{where}.{said}",
            f"NMS possible: {two}{where}.{short}",
            f"NMS possible: {two}.{short}",
            "NMS possible, check at the bedside.",
        )
    )


def _compatible(assessment: Assessment) -> str:
    """As many of the facts as fit, what is missing, and the whole act before the last fact."""
    facts = fact_phrases(assessment)
    said = first_gap(assessment)[0]
    missing = f" {said}." if said and "Clonus" not in said else ""
    since, doing = _since_stop(assessment), _acts_now(assessment)
    stopped = f",{since}" if since else ""
    tries = [
        f"Compatible with NMS: {', '.join(facts[:n])}{stopped}.{gap} {act}"
        for act in doing
        for n, gap in ((4, missing), (3, missing), (4, ""), (3, ""), (2, missing), (2, ""))
    ]
    return fit((*tries, f"Findings compatible with NMS. {doing[-1]}"))


def fact_phrases(assessment: Assessment) -> list[str]:
    """The true findings in a few words each, the strongest first."""
    order = _WATCH_ORDER if assessment.tier.name is TierName.WATCH else _ORDER
    true = [
        found
        for key in dict.fromkeys(order)
        if (found := _true(assessment, key)) is not None
        and _true(assessment, _WEAKER.get(key, "")) is None
    ]
    said = dict.fromkeys(_phrase(f) for f in true)
    if not said and assessment.withdrawals:
        return ["early signs"]
    return list(said)


def missing_summary(assessment: Assessment, failures: Sequence[str]) -> str:
    """The line when NMS cannot be assessed: what is missing and what to record."""
    drugs = joined([named(e.drug) for e in new_antagonists(assessment)][:2])
    where = f" on newly started {drugs}" if drugs else ""
    gaps = missing_vitals(assessment)
    if gaps:
        return fit(
            (
                f"Cannot assess NMS: no {joined(gaps, 'or')}{where}. Record {joined(gaps)}.",
                f"Cannot assess NMS: no {joined(gaps, 'or')}. Record {joined(gaps)}.",
                "Cannot assess NMS: vital data missing. Record temperature and tone.",
            )
        )
    why = plain(failures[0], 60) if failures else "data incomplete"
    return fit(
        (
            f"Cannot assess NMS fully: {why}. Check the chart and the patient.",
            "Cannot assess NMS fully: some data could not be read. Check the chart.",
        )
    )


def missing_vitals(assessment: Assessment) -> list[str]:
    """The vital facts nobody recorded: temperature, consciousness, CK."""
    names = (("HYP", "temperature"), ("MS", "consciousness"), ("CK", "CK"))
    return [said for key, said in names if _empty(assessment.findings.get(key))]


def new_antagonists(assessment: Assessment) -> list[Exposure]:
    """Running dopamine antagonists started, raised or given within 7 days (EXP-01 HIGH)."""
    return [
        e
        for e in assessment.exposures
        if e.recency == "HIGH" and e.running is not FALSE and e.reading in ("full", "possible")
    ]


def _true(assessment: Assessment, key: str) -> Finding | None:
    finding = assessment.findings.get(key)
    return finding if finding is not None and finding.state is TRUE else None


def _phrase(finding: Finding) -> str:
    readings = [d for d in finding.evidence if d.unit]
    if finding.id in ("HYP", "TEMP1", "TEMP40"):
        shown = _highest([d for d in readings if d.unit in ("Cel", "°C")])
        return quantity(shown.value, shown.unit) if shown else _PHRASES[finding.id]
    if finding.id in ("CK", "CK_ULN"):
        shown = _highest([d for d in readings if d.unit == "U/L"])
        return f"CK {quantity(shown.value, shown.unit)}" if shown else _PHRASES[finding.id]
    if finding.id in ("MS", "MSB"):
        return _mind(finding)
    return _PHRASES.get(finding.id, named(finding.id))


def _mind(finding: Finding) -> str:
    """Consciousness as it was charted last, in a word."""
    charted = [d for d in finding.evidence if d.at is not None]
    latest = sorted(charted, key=lambda d: d.at or DAWN, reverse=True)
    for fact in latest:
        if fact.what == "acvpu" and fact.value in _ACVPU:
            return _ACVPU[fact.value]
    for fact in latest:
        if fact.what == "gcs_total":
            return f"GCS {fact.value}"
        if not fact.unit and fact.source and fact.what in _SAID_PLAINLY:
            return named(fact.what)
    return _PHRASES[finding.id]


def _highest(readings: Sequence[Datum]) -> Datum | None:
    valued = [(v, d) for d in readings if (v := _number(d.value)) is not None]
    return max(valued, key=lambda pair: pair[0])[1] if valued else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _empty(finding: Finding | None) -> bool:
    if finding is None:
        return True
    return finding.state is UNKNOWN and not any(d.source for d in finding.evidence)


def _setting(assessment: Assessment) -> str:
    drugs = running_names(assessment)
    if drugs:
        return f" on {joined(drugs[:2])}"
    return _since_stop(assessment)


def _since_stop(assessment: Assessment) -> str:
    """' 36 h after levodopa was stopped': the withdrawal that the picture follows."""
    stops = [w for w in assessment.withdrawals if w.reading in _WITHDRAWN_ONLY]
    if not stops:
        return ""
    stop = stops[0]
    done = happened(stop.trigger)
    hours = int((assessment.as_of - stop.at).total_seconds() // 3600) if stop.at else None
    ago = "" if hours is None else f" {hours} h"
    return f"{ago} after {plain(named(stop.drug), 40)} {done}"


def running_names(assessment: Assessment) -> list[str]:
    """Names of the dopamine antagonists in effect, those still given first."""
    here = [e for e in assessment.exposures if e.reading in ("full", "extended", "possible")]
    ordered = sorted(here, key=lambda e: (e.running is not TRUE, e.reading != "full"))
    return list(dict.fromkeys(plain(named(e.drug), 40) for e in ordered))


def _acts_now(assessment: Assessment) -> tuple[str, ...]:
    """The act in words, the fullest first."""
    advice = {a.id for a in assessment.plan.advice}
    withdrawn = [w for w in assessment.withdrawals if w.reading in _WITHDRAWN_ONLY]
    drugs = [c.name for c in assessment.plan.culprits if c.certain or c.standing]
    stop = f"Stop {joined(drugs[:3])}" if drugs and "MGT-STOP" in advice else ""
    if len(drugs) > 3 and stop:
        stop = f"Stop {', '.join(drugs[:2])} and {len(drugs) - 2} more"
    if "MGT-DA-REINSTATE" in advice and withdrawn:
        also = f" {stop}." if stop else ""
        before = withdrawn[0].previous_dose if withdrawn[0].trigger != "DAW-REDUCE" else ""
        dose = f" (was {plain(before, 30)})" if before else ""
        return (
            f"Restart it now{dose}, by tube if needed.{also}",
            f"Restart it now, by tube if needed.{also}",
            f"Restart {named(withdrawn[0].drug)} as before.{also}",
            f"Restart {named(withdrawn[0].drug)} as before.",
        )
    care = "critical care" if assessment.severity.critical_care else "urgent bedside review"
    if stop:
        first = f"Stop {plain(drugs[0], 40)}"
        more = f" and {len(drugs) - 1} more" if len(drugs) > 1 else ""
        return f"{stop}; {care}.", f"{first}{more}; {care}.", f"{first}{more}."
    return f"Urgent bedside check; {care}.", "Urgent bedside check."
