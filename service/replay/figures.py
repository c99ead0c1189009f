"""The counts a committee decides by: who is seen, who is called for nothing, how early, how often.

PPV and alerts per 1000 patient-days follow SPEC 8.2, model A: one decision per admission of 10 d,
so that 1000 patient-days are 100 admissions. Published cases are selected; what is counted on them
says how the rules treat such cases, not how often they meet them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

from alerts.statements import TierName
from service.replay.report import Report
from service.replay.result import CaseResult

# SPEC 8.2: incidence of NMS per treated admission
INCIDENCES = (0.0002, 0.0004, 0.0011, 0.003, 0.01)
ADMISSIONS_PER_1000_DAYS = 100
Z95 = 1.959964
LEVELS: tuple[tuple[str, Callable[[CaseResult], bool]], ...] = (
    ("WATCH or higher", lambda c: _rank(c) >= TierName.WATCH.rank),
    ("POSSIBLE or higher", lambda c: _rank(c) >= TierName.POSSIBLE.rank),
    ("PROBABLE or higher", lambda c: _rank(c) >= TierName.PROBABLE_ATYPICAL.rank),
    ("Interrupts a prescriber", lambda c: c.called.interruptive > 0),
)


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`, with the 95 % interval of Wilson; `rate` None when `whole` is 0."""

    part: int
    whole: int

    @property
    def rate(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float]:
        if not self.whole:
            return 0.0, 1.0
        n, p, z2 = self.whole, self.part / self.whole, Z95 * Z95
        middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = Z95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Level:
    """How well one level of alert tells the syndrome from the rest of the labelled cases."""

    name: str
    sensitivity: Share
    specificity: Share
    # by INCIDENCES; `at_worst` with the lower ends of both intervals
    ppv: tuple[float | None, ...]
    at_worst: tuple[float | None, ...]
    per_1000_days: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Lead:
    """Hours from the first POSSIBLE to the stated recognition; negative: after it; None: never."""

    case: str
    hours: float | None


@dataclass(frozen=True, slots=True)
class Burden:
    """What production would have called for on unselected courses, with nobody answering."""

    days: float
    opened: int
    calls: int
    interruptive: int
    pairs: int

    def per_1000(self, count: int) -> float | None:
        return 1000 * count / self.days if self.days else None


@dataclass(frozen=True, slots=True)
class Figures:
    labelled: int
    levels: tuple[Level, ...]
    leads: tuple[Lead, ...]
    burden: Burden


def figures(report: Report) -> Figures:
    labelled = labelled_cases(report)
    return Figures(
        labelled=len(labelled),
        levels=tuple(_level(name, reached, labelled) for name, reached in LEVELS),
        leads=tuple(_lead(case) for case in labelled if case.told.recognised_at is not None),
        burden=_burden([c for c in report.cases if c.told.kind in ("", "simulated")]),
    )


def labelled_cases(report: Report) -> list[CaseResult]:
    """The published cases, whose diagnosis somebody reached; without any, the planted ones."""
    told = [c for c in report.cases if c.told.syndrome is not None and c.patient]
    published = [c for c in told if c.told.kind == "published"]
    return published or told


def ppv(incidence: float, sensitivity: float, specificity: float) -> float | None:
    """SPEC 8.2. None when nobody would be alerted."""
    true, false = incidence * sensitivity, (1 - incidence) * (1 - specificity)
    return true / (true + false) if true + false > 0 else None


def alerts_per_1000_days(incidence: float, sensitivity: float, specificity: float) -> float:
    """SPEC 8.2, model A."""
    alerted = incidence * sensitivity + (1 - incidence) * (1 - specificity)
    return ADMISSIONS_PER_1000_DAYS * alerted


def _rank(case: CaseResult) -> int:
    return TierName(case.peak_tier).rank


def _level(
    name: str, reached: Callable[[CaseResult], bool], labelled: Sequence[CaseResult]
) -> Level:
    ill = [reached(c) for c in labelled if c.told.syndrome]
    well = [reached(c) for c in labelled if not c.told.syndrome]
    sensitivity, specificity = Share(sum(ill), len(ill)), Share(well.count(False), len(well))
    se, sp = sensitivity.rate, specificity.rate
    known = se is not None and sp is not None
    return Level(
        name,
        sensitivity,
        specificity,
        tuple(ppv(i, se or 0, sp or 0) if known else None for i in INCIDENCES),
        tuple(ppv(i, sensitivity.interval[0], specificity.interval[0]) for i in INCIDENCES),
        tuple(alerts_per_1000_days(i, se or 0, sp or 0) if known else None for i in INCIDENCES),
    )


def _lead(case: CaseResult) -> Lead:
    at, recognised = case.first_at.get(TierName.POSSIBLE.value), case.told.recognised_at
    if at is None or recognised is None:
        return Lead(case.case if case.told.kind != "simulated" else case.patient, None)
    hours = (recognised - at).total_seconds() / 3600
    return Lead(case.case if case.told.kind != "simulated" else case.patient, hours)


def _burden(cases: Sequence[CaseResult]) -> Burden:
    return Burden(
        days=sum(c.called.days for c in cases),
        opened=sum(c.called.opened for c in cases),
        calls=sum(c.called.calls for c in cases),
        interruptive=sum(c.called.interruptive for c in cases),
        pairs=sum(c.called.pairs for c in cases),
    )
