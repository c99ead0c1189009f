"""The other causes on a card: those that fit, and the one that comes before everything."""

from collections.abc import Sequence

from alerts.cards.text import escape
from alerts.statements import Assessment, Finding, Possibility
from alerts.truth import FALSE, TRUE

_TOLD = 5
_HYPERTHERMIA = "DDX-MH"
_SEROTONIN = "DDX-SS"


def malignant_hyperthermia(assessment: Assessment) -> Possibility | None:
    """The entry, where its definition is met and nothing fits better: shown first (ALR-12)."""
    best = assessment.differential[0] if assessment.differential else None
    fits = best is not None and best.id == _HYPERTHERMIA and best.met is TRUE
    return best if fits else None


def clonus_charted(assessment: Assessment) -> bool:
    """Did somebody examine clonus, whichever way it turned out? (Hunter's rules read it.)"""
    known = next((d for d in assessment.differential if d.id == _SEROTONIN), None)
    return known is not None and any("clonus" in said for said in (*known.toward, *known.away))


def recorded_cause(finding: Finding | None) -> str:
    """What stands against a negative work-up: 'sepsis, urinary tract infection' (NEG-02)."""
    if finding is None or finding.state is not FALSE:
        return ""
    named = [d.what.replace("_", " ") for d in finding.evidence if d.value == "confirmed"]
    return ", ".join(dict.fromkeys(named)) or finding.reason


def fitting(differential: Sequence[Possibility]) -> list[Possibility]:
    """The causes that something on the chart points to, in the order of the assessment."""
    return [d for d in differential if d.met is not FALSE and (d.toward or d.met is TRUE)]


def told_causes(differential: Sequence[Possibility]) -> list[str]:
    """A line for each cause that fits, those with only general signs together (DDX-01)."""
    found = fitting(differential)
    told = [d for d in found if d.trigger is TRUE or d.met is TRUE][:_TOLD]
    lines = [_told(entry) for entry in told]
    rest = [escape(d.name) for d in found if d not in told]
    if rest:
        lines.append(f"Also consider, only general signs point there: {'; '.join(rest)}.")
    return lines


def _told(entry: Possibility) -> str:
    met = ", definition met" if entry.met is TRUE else ""
    toward = f" Toward: {escape('; '.join(entry.toward))}." if entry.toward else ""
    away = f" Away: {escape('; '.join(entry.away))}." if entry.away else ""
    return f"{escape(entry.name)}{met}.{toward}{away}"
