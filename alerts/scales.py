"""Scores from findings, always as intervals (LOG-03): IEC 2011, and Levenson's counts."""

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.knowledge import Knowledge
from alerts.moment import Moment, above
from alerts.statements import Finding, Interval
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, at_least, either

ITEMS = ("EXP", "HYP", "RIG", "MS", "CK", "SNS", "MET", "NEG")
States = Mapping[str, Truth]


def iec(states: States, knowledge: Knowledge, *, exposure: str = "EXP") -> Interval:
    """Points of true items to points of true and unknown items (gurrera2011).

    `exposure`: EXP (pharmacokinetic reading) or EXP72 (the literal one, SPEC 1.4).
    """
    lower = upper = 0
    for item in ITEMS:
        state = states[exposure if item == "EXP" else item]
        points = int(knowledge[f"iec.{item}"])
        lower += points if state is TRUE else 0
        upper += points if state is not FALSE else 0
    return Interval(lower, upper)


@dataclass(frozen=True, slots=True)
class Levenson:
    """Majors: fever, rigidity, CK > 1000. Minors: six signs (SPEC 1.6)."""

    majors: tuple[Truth, ...]
    minors: tuple[Truth, ...]

    @property
    def high_probability(self) -> Truth:
        """Three majors, or two majors and at least four minors (levenson1985)."""
        three = at_least(3, self.majors)
        two, four = at_least(2, self.majors), at_least(4, self.minors)
        both = FALSE if FALSE in {two, four} else UNKNOWN if UNKNOWN in {two, four} else TRUE
        return either((three, both))


def levenson(now: Moment, findings: Mapping[str, Finding]) -> Levenson:
    """The machine reading of Levenson's criteria (LEV-01), limits from secondary sources."""
    state = {key: finding.state for key, finding in findings.items()}
    return Levenson(
        majors=(
            either((state["HYP"], state["TEMP1"])),
            state["RIG"],
            _newest(now, "creatine_kinase", "levenson.ck_u_l", "ck.lookback_h", strict=True),
        ),
        minors=(
            _newest(now, "heart_rate", "levenson.hr", "met.window_h"),
            either((state["BPUP"], state["BPFL_ROBUST"], _hypotension(now))),
            _newest(now, "respiratory_rate", "levenson.rr", "met.window_h"),
            state["MS"],
            state["DIAPH"],
            _newest(now, "wbc", "levenson.wbc", "ck.lookback_h"),
        ),
    )


def _newest(now: Moment, kind: str, parameter: str, window: str, *, strict: bool = False) -> Truth:
    """Any reading of the window at or above the limit; false only when some were read."""
    readings = [m for m in now.within(kind, now.hours(window)) if not m.flags]
    states = [above(m, now.knowledge[parameter], strict=strict) for m in readings]
    return either(states) if states else UNKNOWN


def _hypotension(now: Moment) -> Truth:
    readings = now.within("systolic_bp", now.hours("met.window_h"))
    if not readings:
        return UNKNOWN
    low = any(m.value < now.knowledge["levenson.low_sbp"] for m in readings)
    return TRUE if low else FALSE
