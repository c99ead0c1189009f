"""Levenson's criteria of 1985, through secondary sources (LEV-01, LEV-02)."""

from collections.abc import Mapping

from alerts.moment import Moment
from alerts.record import record
from alerts.scales.items import leucocytosis, low_pressure, reached
from alerts.truth import Truth, at_least, both, either

MAJORS = ("fever", "rigidity", "CK above {levenson.ck_u_l} U/L")
MINORS = (
    "heart rate {levenson.hr} or more",
    "abnormal blood pressure",
    "respiratory rate {levenson.rr} or more",
    "altered consciousness",
    "diaphoresis",
    "leucocytosis",
)

_MEASURED = frozenset({"creatine_kinase", "heart_rate", "systolic_bp", "respiratory_rate", "wbc"})


@record
class Levenson:
    """Majors: fever, rigidity, CK > 1000. Minors: six signs (SPEC 1.6)."""

    majors: tuple[Truth, ...]
    minors: tuple[Truth, ...]

    @property
    def high_probability(self) -> Truth:
        """Three majors, or two majors and at least four minors (levenson1985)."""
        three, two, four = self._majors(3), self._majors(2), self._minors(4)
        return either((three, both((two, four))))

    @property
    def probable(self) -> Truth:
        """The extension that sepsis satisfies: shown, it lifts no tier by itself (LEV-02)."""
        two_and_two = both((self._majors(2), self._minors(2)))
        return either((two_and_two, both((self._majors(1), self._minors(4)))))

    def _majors(self, least: int) -> Truth:
        return at_least(least, self.majors)

    def _minors(self, least: int) -> Truth:
        return at_least(least, self.minors)


def levenson(now: Moment, state: Mapping[str, Truth], *, firm: bool = False) -> Levenson:
    """The machine reading of Levenson's criteria (LEV-01), limits from secondary sources.

    `firm`: without preliminary values and inferred units (TIER-05).
    """
    muscle, pulse, low, breath, white = _measured(now, firm=firm)
    return Levenson(
        majors=(either((state["HYP"], state["TEMP1"])), state["RIG"], muscle),
        minors=(
            pulse,
            either((state["BPUP"], state["BPFL_ROBUST"], low)),
            breath,
            state["MS"],
            state["DIAPH"],
            white,
        ),
    )


def _measured(now: Moment, *, firm: bool) -> tuple[Truth, Truth, Truth, Truth, Truth]:
    """CK, heart rate, low pressure, respiratory rate, white cells: the same whatever the states.

    Where every reading of them is final and in its own unit, the firm answer is the other one.
    """
    if firm and ("levenson", False) in now.answers:
        firm = not _MEASURED.isdisjoint(now.chart.by_kind.keys() - now.chart.plain)
    mark = ("levenson", firm)
    known: tuple[Truth, Truth, Truth, Truth, Truth] | None = now.answers.get(mark)
    if known is None:
        window = "met.window_h"
        known = now.answers[mark] = (
            reached(
                now, "creatine_kinase", "levenson.ck_u_l", "ck.lookback_h", strict=True, firm=firm
            ),
            reached(now, "heart_rate", "levenson.hr", window, firm=firm),
            low_pressure(now, firm=firm),
            reached(now, "respiratory_rate", "levenson.rr", window, firm=firm),
            leucocytosis(now, firm=firm),
        )
    return known
