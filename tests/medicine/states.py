"""Patients as bare states of findings, for the rules that read nothing else."""

from collections.abc import Iterable, Mapping

from alerts.chart import chart_of
from alerts.knowledge import Knowledge, load
from alerts.moment import Moment, moment
from alerts.scales import ITEMS, Levenson
from alerts.tiers import Case, gate_of
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, either
from tests.medicine.ward import NOW

EVERY = (
    *ITEMS,
    *("EXPX", "EXP72", "TEMP1", "TEMP40", "TEMP411", "MSB", "CK_ULN", "SNS_ROBUST"),
    *("BPUP", "BPFL", "BPFL_ROBUST", "DIAPH", "INCONT", "HR_RATIO", "RR_RATIO"),
)


def empty_moment(knowledge: Knowledge | None = None) -> Moment:
    return moment(chart_of("p1", []), knowledge or load(), NOW)


def states_from(
    true: Iterable[str] = (), false: Iterable[str] = (), unknown: Iterable[str] = ()
) -> dict[str, Truth]:
    """States of the eight items; what derives from them follows them."""
    told = dict.fromkeys(EVERY, UNKNOWN)
    told |= (
        dict.fromkeys(true, TRUE) | dict.fromkeys(false, FALSE) | dict.fromkeys(unknown, UNKNOWN)
    )
    told["SNS_ROBUST"] = told["SNS"]
    told["TEMP1"] = told["HYP"]
    told["MSB"] = told["MS"]
    told["EXPX"] = FALSE if told["EXP"] is FALSE else UNKNOWN
    if told["MET"] is not TRUE:
        told["HR_RATIO"] = told["RR_RATIO"] = told["MET"]
    return told


def levenson_of(states: Mapping[str, Truth]) -> Levenson:
    """Levenson's counts as far as the items tell; pulse, breathing and WBC not charted."""
    majors = (either((states["HYP"], states["TEMP1"])), states["RIG"], UNKNOWN)
    bp = either((states["BPUP"], states["BPFL_ROBUST"]))
    minors = (UNKNOWN, bp, UNKNOWN, states["MS"], states["DIAPH"], UNKNOWN)
    return Levenson(majors, minors)


def case_of(states: Mapping[str, Truth], *, trigger: bool = False) -> Case:
    return Case(dict(states), levenson_of(states), gate_of(states), trigger=trigger)
