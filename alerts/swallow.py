"""What stops a swallowed drug: nil by mouth, a tube, ileus, vomiting (SPEC 3.4, DAW-ROUTE)."""

from collections.abc import Iterator
from datetime import datetime

from alerts.chart import Condition, Sign, SignKind
from alerts.moment import Moment
from alerts.truth import FALSE, TRUE

# problems that stop a swallowed drug (DAW-ROUTE)
_PROBLEMS = {
    "npo_status": "nil by mouth",
    "ileus": "ileus",
    "nausea_vomiting": "vomiting",
    "gastroparesis": "gastroparesis",
    "dysphagia": "dysphagia",
}


def swallow_lost(now: Moment) -> list[tuple[datetime | None, str]]:
    """What stands now against a swallowed drug, with its first time; None where undated."""
    return [*_signs(now), *_conditions(now)]


def _signs(now: Moment) -> Iterator[tuple[datetime | None, str]]:
    """Nil by mouth, a tube or a failed swallow, charted and not taken back since."""
    for kind in (SignKind.NIL_BY_MOUTH, SignKind.ENTERAL_TUBE, SignKind.DYSPHAGIA):
        charted = [s for s in now.chart.signs_of(kind) if s.at <= now.as_of]
        first: Sign | None = None
        for sign in charted:
            first = (first or sign) if sign.present is TRUE else None
        if first is not None:
            yield first.at, kind.value.replace("_", " ")


def _conditions(now: Moment) -> Iterator[tuple[datetime | None, str]]:
    """Nil by mouth, ileus, vomiting or dysphagia among the problems; undated: possible only."""
    for condition in now.chart.conditions:
        said = _PROBLEMS.get(condition.kind)
        if said and condition.active is not FALSE and not _over(condition, now.as_of):
            yield condition.onset or condition.recorded, said


def _over(condition: Condition, as_of: datetime) -> bool:
    return condition.abated is not None and condition.abated <= as_of
