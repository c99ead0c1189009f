"""The summary line of a card: state, the facts that carry it, what is missing, the act.

Wording by TIER-08. A summary has fewer than 140 characters; shorter forms are tried in turn.
"""

from collections.abc import Sequence

from alerts.cards.text import fit, joined, named, plain, quantity
from alerts.statements import Assessment, Datum, Exposure, Finding, Interaction, TierName
from alerts.truth import FALSE, TRUE, UNKNOWN

# what carries a tier, strongest first; WATCH starts with what comes first in time (WARN-01)
_ORDER = ("HYP", "TEMP1", "RIG", "MS", "MSB", "CK", "SNS", "MET", "DIAPH", "BPUP", "INCONT")
_WATCH_ORDER = ("RIG", "MS", "MSB", *_ORDER)
_PHRASES = {
    "HYP": "fever",
    "TEMP1": "fever",
    "TEMP40": "fever",
    "RIG": "rigid",
    "MS": "new altered consciousness",
    "MSB": "new mental state change",
    "CK": "raised CK",
    "SNS": "autonomic instability",
    "MET": "fast pulse and breathing",
    "DIAPH": "sweating",
    "BPUP": "raised blood pressure",
    "INCONT": "incontinence",
}
# request: (what is missing, the act), most telling first (SPEC 1.3, 4.4)
_ASKS = {
    "NEXT-TONE": ("Tone not examined", "check rigidity"),
    "NEXT-MS": ("Consciousness not recorded", "check ACVPU"),
    "NEXT-TEMP": ("Temperature not certain", "take it twice, oral or core"),
    "NEXT-CK": ("CK not known", "send CK"),
    "NEXT-RECON": ("Drug history not certain", "reconcile drugs"),
    "NEXT-REFLEX": ("Clonus not examined", "check clonus, reflexes"),
}
_WITHDRAWN_ONLY = ("full", "extended")


def nms_summary(assessment: Assessment) -> str:
    """The line for a tier of WATCH or more."""
    tier = assessment.tier.name
    facts = fact_phrases(assessment)
    two, three = joined(facts[:2]), joined(facts[:3])
    where = _setting(assessment)
    missing, act = _ask(assessment)
    if tier is TierName.WATCH:
        acts = joined([a for _, a in _asks(assessment)][:3]) or "examine"
        return fit(
            (
                f"Early signs seen: {two}{where}. Next: {acts}.",
                f"Early signs seen: {two}{where}. {missing}: {act}." if act else "",
                f"Early signs seen: {two}. Next: {act or 'examine'}.",
                "Early signs seen in an exposed patient: check at the bedside.",
            )
        )
    if tier is TierName.POSSIBLE:
        also = ", send CK" if act and act != "send CK" and _asked(assessment, "NEXT-CK") else ""
        said = f" {missing}: {act}{also}." if act else " Check at the bedside."
        short = f" {missing}: {act}." if act else " Check at the bedside."
        return fit(
            (
                f"NMS possible: {two}{where}.{said}",
                f"NMS possible: {two}{where}.{short}",
                f"NMS possible: {two}.{short}",
                "NMS possible, check at the bedside.",
            )
        )
    doing = _act_now(assessment)
    return fit(
        (
            f"Compatible with NMS: {three}{where if not doing[1] else ''}. {doing[0]}",
            f"Compatible with NMS: {two}. {doing[0]}",
            f"Compatible with NMS: {two}. {doing[2]}",
            f"Findings compatible with NMS. {doing[2]}",
        )
    )


def fact_phrases(assessment: Assessment) -> list[str]:
    """The true findings in a few words each, the strongest first."""
    order = _WATCH_ORDER if assessment.tier.name is TierName.WATCH else _ORDER
    true = [f for key in dict.fromkeys(order) if (f := _true(assessment, key)) is not None]
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


def interaction_summary(row: Interaction) -> str:
    """The line of an interaction: the drugs, what happens, the act."""
    drugs = " with ".join(named(d).removeprefix("condition:") for d in row.drugs[:3])
    drugs = plain(drugs[:1].upper() + drugs[1:], 70)
    effect = plain(row.effect, 120)
    act = plain(row.management, 120).rstrip(".")
    first = act.split(". ")[0].split(";")[0]
    verdict = "Do not combine" if row.severity == "contraindicated" else "Check before giving"
    label = "Unconfirmed: " if row.basis == "U" else ""
    return fit(
        (
            f"{label}{drugs}: {effect.lower()}. {act}.",
            f"{label}{drugs}: {effect.lower()}. {first}.",
            f"{label}{drugs}: {effect.split(',')[0].lower()}. {first}.",
            f"{label}{drugs}: {effect.split(',')[0].lower()}. {verdict}.",
            f"{label}{drugs}. {verdict}.",
        )
    )


def _true(assessment: Assessment, key: str) -> Finding | None:
    finding = assessment.findings.get(key)
    return finding if finding is not None and finding.state is TRUE else None


def _phrase(finding: Finding) -> str:
    readings = [d for d in finding.evidence if d.unit]
    if finding.id in ("HYP", "TEMP1", "TEMP40"):
        shown = _highest([d for d in readings if d.unit in ("Cel", "°C")])
        return quantity(shown.value, shown.unit) if shown else _PHRASES[finding.id]
    if finding.id == "CK":
        shown = _highest([d for d in readings if d.unit == "U/L"])
        return f"CK {quantity(shown.value, shown.unit)}" if shown else _PHRASES["CK"]
    return _PHRASES.get(finding.id, named(finding.id))


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


def _asks(assessment: Assessment) -> list[tuple[str, str]]:
    asked = {request.id for request in assessment.ask_next}
    return [said for key, said in _ASKS.items() if key in asked]


def _ask(assessment: Assessment) -> tuple[str, str]:
    return next(iter(_asks(assessment)), ("", ""))


def _asked(assessment: Assessment, key: str) -> bool:
    return any(request.id == key for request in assessment.ask_next)


def _setting(assessment: Assessment) -> str:
    drugs = running_names(assessment)
    if drugs:
        return f" on {joined(drugs[:2])}"
    stopped = [w.drug for w in assessment.withdrawals if w.reading in _WITHDRAWN_ONLY]
    return f" after {named(stopped[0])} was stopped or reduced" if stopped else ""


def running_names(assessment: Assessment) -> list[str]:
    """Names of the dopamine antagonists in effect, those still given first."""
    here = [e for e in assessment.exposures if e.reading in ("full", "extended", "possible")]
    ordered = sorted(here, key=lambda e: (e.running is not TRUE, e.reading != "full"))
    return list(dict.fromkeys(plain(named(e.drug), 40) for e in ordered))


def _act_now(assessment: Assessment) -> tuple[str, bool, str]:
    """The act in words, whether it names the drugs already, and a short form."""
    advice = {a.id for a in assessment.plan.advice}
    withdrawn = [w for w in assessment.withdrawals if w.reading in _WITHDRAWN_ONLY]
    running = [
        named(e.drug) for e in assessment.exposures if e.running is TRUE and e.reading == "full"
    ]
    drugs = joined(list(dict.fromkeys(running))[:3])
    if "MGT-DA-REINSTATE" in advice and withdrawn:
        drug = named(withdrawn[0].drug)
        also = f"; stop {drugs}" if drugs else ""
        act = f"{drug.capitalize()} stopped: restart it as before, by tube if needed{also}."
        return act, True, f"Restart {drug} as before."
    if assessment.tier.name is TierName.PROBABLE_ATYPICAL:
        held = f"Review {drugs} now; " if drugs else ""
        return f"{held}urgent bedside check.", bool(drugs), "Urgent bedside check."
    if drugs and "MGT-STOP" in advice:
        return f"Stop {drugs}; critical care.", True, f"Stop {drugs}."
    return "Urgent bedside check; discuss with critical care.", False, "Urgent bedside check."
