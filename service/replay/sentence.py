"""The sentence that decides, and the counts behind it: the same words in text and on the page."""

from collections import Counter
from collections.abc import Sequence

from alerts.statements import TierName
from service.replay.compare import Change, Kind
from service.replay.figures import labelled_cases
from service.replay.report import Report

WORDS = {
    Kind.LOST: "lost",
    Kind.LOWER: "lower",
    Kind.LATER: "later",
    Kind.QUIETER: "less insistent",
    Kind.HIGHER: "higher",
    Kind.EARLIER: "earlier",
    Kind.LOUDER: "more insistent",
    Kind.INTERACTION: "with other interactions",
    Kind.REASON: "for another reason",
    Kind.NEW: "new",
    Kind.GONE: "gone",
}


def headline(report: Report) -> str:
    """Of one version: does it do what is expected?"""
    off = [case for case in report.cases if not case.ok]
    if not off:
        return f"Rules {report.rules}: {len(report.cases)} cases, all as expected."
    counts = Counter(case.verdict.value for case in off)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    return f"Rules {report.rules}: {len(off)} of {len(report.cases)} cases differ: {told}."


def comparison(before: Report, after: Report, found: Sequence[Change]) -> str:
    """Of two versions: what does the newer one change, and is anybody lost?"""
    whole = len(after.cases)
    if not found:
        return f"Version {after.rules} changes none of {whole} cases against {before.rules}."
    counts = Counter(change.kind for change in found)
    told = [f"{counts[kind]} {words}" for kind, words in WORDS.items() if counts[kind]]
    told += _interruptions(before, after)
    lost = counts[Kind.LOST]
    end = f"{lost} NMS {'case' if lost == 1 else 'cases'} lost" if lost else "no NMS case lost"
    rest = [words for words in told if not words.endswith(" lost")]
    listed = f"{', '.join(rest)}; " if rest else ""
    return f"Version {after.rules} changes {len(found)} of {whole} cases: {listed}{end}."


def _interruptions(before: Report, after: Report) -> list[str]:
    old = {(c.case, c.patient) for c in before.cases if c.called.interruptive}
    new = {(c.case, c.patient) for c in after.cases if c.called.interruptive}
    told = []
    if old - new:
        told.append(f"{len(old - new)} no longer interruptive")
    if new - old:
        told.append(f"{len(new - old)} newly interruptive")
    return told


def seen(report: Report) -> str:
    """How the labelled cases fare, in a sentence; "" when none is labelled."""
    labelled = labelled_cases(report)
    ill = [c for c in labelled if c.told.syndrome]
    well = [c for c in labelled if not c.told.syndrome]
    if not labelled:
        return ""
    level = TierName.POSSIBLE.rank
    reached = sum(TierName(c.peak_tier).rank >= level for c in ill)
    loud = sum(c.called.interruptive > 0 for c in well)
    return (
        f"{reached} of {len(ill)} cases of the syndrome reach POSSIBLE or higher; {loud} of"
        f" {len(well)} look-alikes and well patients interrupt a prescriber."
    )
