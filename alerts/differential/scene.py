"""What the look-alikes read of the patient: signs, drugs, problems, findings; three-valued.

An entry reads its facts from the Scene and hands them to a judgement, which knows nothing else
of the patient. What the same facts come to under the same rules is worked out once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache, partial
from typing import Concatenate, ParamSpec

from alerts.chart import DAWN, Condition, MedicationUse, SignKind, begun
from alerts.dosing import Certainty, dosed
from alerts.findings.exposed import reconciled
from alerts.knowledge import Knowledge
from alerts.moment import TICK, Moment
from alerts.record import record
from alerts.scales.items import charted, extremes
from alerts.statements import Exposure, Finding, Possibility, Withdrawal
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, either

LEAD_PIPE = frozenset({"lead_pipe", "generalised"})
ORDER = {TRUE: 0, UNKNOWN: 1, FALSE: 2}
Facts = ParamSpec("Facts")
# the words for a fact, with the numbers of the rules in them
Say = Callable[[str], str]
# a look-alike after its place among the others: the met ones first, then facts toward less away
Ranked = tuple[tuple[int, int, int, str], Possibility]


@dataclass(slots=True)
class Scene:
    now: Moment
    findings: Mapping[str, Finding]
    state: Mapping[str, Truth]
    exposures: tuple[Exposure, ...]
    withdrawals: tuple[Withdrawal, ...]
    # fever by either reading of the temperature
    temp: Truth = field(init=False)
    # rigidity said to be lead-pipe or generalised; false when tone is normal
    lead_pipe: Truth = field(init=False)
    # did anybody state that the medication was reconciled, in this encounter?
    reconciled: bool = field(init=False)
    # coded problems that may be present now
    _problems: list[Condition] = field(init=False)
    _signs: dict[SignKind, Truth] = field(default_factory=dict)
    _told: Callable[..., Ranked] = field(init=False)

    def __post_init__(self) -> None:
        self._told = _teller(self.now.knowledge)
        self._problems = [
            c
            for c in self.now.chart.conditions
            if c.active is not FALSE and (c.abated is None or c.abated > self.now.as_of)
        ]
        self.reconciled = reconciled(self.now)
        self.temp = either((self.state["HYP"], self.state["TEMP1"]))
        self.lead_pipe = self.state["RIG"]
        if self.lead_pipe is TRUE:
            shown = {d.value for d in self.findings["RIG"].evidence}
            self.lead_pipe = UNKNOWN if shown.isdisjoint(LEAD_PIPE) else TRUE

    def weigh(
        self,
        entry: str,
        judge: Callable[Concatenate[Say, Facts], "Weighed"],
        *facts: Facts.args,
        **named: Facts.kwargs,
    ) -> Ranked:
        """What the facts say of an entry of the differential (DDX-01)."""
        coded = self.recorded(entry) if self._problems else ()
        return self._told(entry, judge, coded, *facts, **named)

    def recorded(self, entry: str) -> tuple[str, ...]:
        """Kinds of the coded problems that name the entry itself, each once."""
        kinds = self.now.knowledge.criteria["differential"][entry]["coded"]
        return tuple(dict.fromkeys([c.kind for c in self.coded(kinds)]))

    def sign(self, kind: SignKind) -> Truth:
        """Charted in 24 h; false when charted absent; else unknown."""
        return self._signs.get(kind) or self._charted(kind)

    def signs(self, kinds: tuple[SignKind, ...]) -> list[Truth]:
        """Each of these as `sign` says it."""
        known = self._signs
        return [known.get(kind) or self._charted(kind) for kind in kinds]

    def _charted(self, kind: SignKind) -> Truth:
        self.now.hours("ddx.sign_h")
        known = charted(self.now, kind) if kind in self.now.chart.by_sign else UNKNOWN
        self._signs[kind] = known
        return known

    def any_sign(self, *kinds: SignKind) -> Truth:
        """Any of these charted in 24 h; false when charted absent; else unknown."""
        return charted(self.now, *kinds)

    def members(self, name: str) -> frozenset[str]:
        """Drugs of a class, or of a list of the differential."""
        knowledge = self.now.knowledge
        known: frozenset[str] | None = knowledge.memo.get(("differential", name))
        if known is None:
            lists: Mapping[str, list[str]] = knowledge.criteria["differential_drugs"]
            known = frozenset(lists.get(name) or knowledge.classes.get(name, frozenset()))
            knowledge.memo["differential", name] = known
        return known

    def taken(self, name: str, window: timedelta) -> list[MedicationUse]:
        return self.now.taken_of(self.members(name), window)

    def drug(self, name: str, window: timedelta) -> Truth:
        """Taken in the window; false only on a reconciled history."""
        if self.taken(name, window):
            return TRUE
        return FALSE if self.reconciled else UNKNOWN

    def stopped(self, name: str, since: timedelta, until: timedelta) -> Truth:
        """A drug of the class whose last dose or order ended between `since` and `until` ago."""
        named = self.now.on_chart(self.members(name))
        if not named:
            return FALSE if self.reconciled else UNKNOWN
        uses = [
            use
            for ingredient in named
            for index in (self.now.chart.doses, self.now.chart.orders)
            for use in index.get(ingredient, ())
        ]
        spans = [s for u in uses if (s := dosed(self.now, u)).certainty is not NO]
        if not spans:
            return FALSE if self.reconciled else UNKNOWN
        if any(s.running is TRUE for s in spans):
            return FALSE
        last = max((s.last or s.first or FIRST for s in spans), default=FIRST)
        self.now.until(last + until)
        self.now.until(last + since + TICK)
        return TRUE if until <= self.now.as_of - last <= since else FALSE

    def running(self, name: str) -> Truth:
        named = self.now.on_chart(self.members(name))
        if not named:
            return UNKNOWN
        spans = [
            dosed(self.now, use)
            for ingredient in named
            for use in self.now.chart.orders.get(ingredient, ())
        ]
        return TRUE if any(s.running is TRUE for s in spans) else UNKNOWN

    def began_within(self, name: str, window: timedelta) -> Truth:
        """Was a drug of the class begun less than the window before the first finding?"""
        onset = self.now.onset or self.now.as_of
        starts = [at for u in self.taken(name, timedelta(days=90)) if (at := begun(u))]
        if not starts:
            return UNKNOWN
        if self.now.onset is None:
            for at in starts:
                self.now.until(at + window)
        return TRUE if any(timedelta(0) <= onset - at < window for at in starts) else FALSE

    def coded(self, kinds: Iterable[str], *, confirmed: bool = False) -> list[Condition]:
        """Coded problems that may be present now."""
        if not self._problems:
            return []
        wanted = frozenset(kinds)
        return [
            c
            for c in self._problems
            if c.kind in wanted and (not confirmed or c.confirmed is not FALSE)
        ]

    def high(self, kind: str) -> Truth:
        """The newest result of 72 h above its own range."""
        return self._ranged(kind, upper=True)

    def low(self, kind: str) -> Truth:
        """The newest result of 72 h below its own range."""
        return self._ranged(kind, upper=False)

    def _ranged(self, kind: str, *, upper: bool) -> Truth:
        results = self.now.recent(kind, "ck.lookback_h")
        for reading in reversed(results):
            limit = reading.reference_high if upper else reading.reference_low
            if limit is not None:
                beyond = reading.value > limit if upper else reading.value < limit
                return TRUE if beyond else FALSE
        return UNKNOWN

    def hotter(self, parameter: str, *, core: bool = False) -> Truth:
        now, kind, window = self.now, "body_temperature", "temp1.window_h"
        limit, readings = now.knowledge[parameter], now.recent(kind, window)
        if core:
            sites = now.knowledge.sites["core"]
            values = [m.value for m in readings if m.site in sites]
        else:
            values = [*extremes(now, kind, window, readings)] if readings else []
        if not values:
            return UNKNOWN
        return TRUE if max(values) > limit else FALSE


NO = Certainty.NONE
FIRST = DAWN


@record
class Weighed:
    """Facts by their words, and what they say."""

    met: Truth
    definition: Mapping[str, Truth]
    toward: Mapping[str, Truth]
    away: Mapping[str, Truth]
    # the exposure or event without which it does not come about; true where it needs none
    trigger: Truth = TRUE


def _teller(knowledge: Knowledge) -> Callable[..., Ranked]:
    """What facts come to under these rules, kept: the charts of most patients share them."""
    known: Callable[..., Ranked] | None = knowledge.memo.get("possibilities")
    if known is None:
        known = lru_cache(maxsize=4096)(partial(possibility, knowledge))
        knowledge.memo["possibilities"] = known
    return known


def possibility(
    knowledge: Knowledge,
    entry: str,
    judge: Callable[Concatenate[Say, Facts], Weighed],
    coded: tuple[str, ...],
    *facts: Facts.args,
    **named: Facts.kwargs,
) -> Ranked:
    """Facts toward, facts away, facts missing (DDX-01); `coded` problems count toward it."""
    raw = knowledge.criteria["differential"][entry]
    weighed = judge(knowledge.says, *facts, **named)
    toward = [f"recorded: {kind.replace('_', ' ')}" for kind in coded]
    away: list[str] = []
    missing: list[str] = []
    for states, told in (
        (weighed.definition, toward),
        (weighed.toward, toward),
        (weighed.away, away),
    ):
        for text, state in states.items():
            if state is TRUE:
                told.append(text)
            elif state is UNKNOWN:
                missing.append(text)
    trigger = TRUE if coded else weighed.trigger
    return (ORDER[weighed.met], len(away) - len(toward), -len(toward), entry), Possibility(
        entry,
        raw["name"],
        weighed.met,
        tuple(toward),
        tuple(away),
        tuple(missing),
        tuple(raw["cite"]),
        trigger,
    )


def same(conditions: Sequence[Condition]) -> Truth:
    """A coded problem is true; nothing coded is unknown (LOG-01)."""
    return TRUE if conditions else UNKNOWN
