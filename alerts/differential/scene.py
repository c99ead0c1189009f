"""What the look-alikes read of the patient: signs, drugs, problems, findings; three-valued."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from alerts.chart import DAWN, Condition, MedicationUse, SignKind, begun
from alerts.dosing import Certainty, dosing
from alerts.knowledge import Knowledge
from alerts.moment import TICK, Moment
from alerts.record import record
from alerts.scales.items import charted
from alerts.statements import Exposure, Finding, Possibility, Withdrawal
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, either

LEAD_PIPE = frozenset({"lead_pipe", "generalised"})


@dataclass(slots=True)
class Scene:
    now: Moment
    findings: Mapping[str, Finding]
    exposures: tuple[Exposure, ...]
    withdrawals: tuple[Withdrawal, ...]
    state: dict[str, Truth]
    # fever by either reading of the temperature
    temp: Truth = field(init=False)
    # rigidity said to be lead-pipe or generalised; false when tone is normal
    lead_pipe: Truth = field(init=False)
    _signs: dict[tuple[SignKind, ...], Truth] = field(default_factory=dict)
    _reconciled: bool | None = None

    def __post_init__(self) -> None:
        self.temp = either((self.state["HYP"], self.state["TEMP1"]))
        self.lead_pipe = self.state["RIG"]
        if self.lead_pipe is TRUE:
            shown = {d.value for d in self.findings["RIG"].evidence}
            self.lead_pipe = UNKNOWN if shown.isdisjoint(LEAD_PIPE) else TRUE

    def says(self, text: str) -> str:
        """The words for a fact, with the numbers of the rules in them."""
        return self.now.knowledge.says(text)

    def sign(self, *kinds: SignKind) -> Truth:
        """Any of these charted in 24 h; false when charted absent; else unknown."""
        known = self._signs.get(kinds)
        if known is None:
            known = self._signs[kinds] = charted(self.now, *kinds)
        return known

    @property
    def reconciled(self) -> bool:
        if self._reconciled is None:
            self._reconciled = bool(self.now.ever(SignKind.MEDICATION_RECONCILED))
        return self._reconciled

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
        uses = [
            use
            for ingredient in self.now.on_chart(self.members(name))
            for index in (self.now.chart.doses, self.now.chart.orders)
            for use in index.get(ingredient, ())
        ]
        spans = [s for u in uses if (s := dosing(u, self.now.as_of)).certainty is not NO]
        if not spans:
            return FALSE if self.reconciled else UNKNOWN
        if any(s.running is TRUE for s in spans):
            return FALSE
        last = max((s.last or s.first or FIRST for s in spans), default=FIRST)
        self.now.until(last + until)
        self.now.until(last + since + TICK)
        return TRUE if until <= self.now.as_of - last <= since else FALSE

    def running(self, name: str) -> Truth:
        spans = [
            dosing(use, self.now.as_of)
            for ingredient in self.now.on_chart(self.members(name))
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
        if not self.now.chart.conditions:
            return []
        wanted = frozenset(kinds)
        return [
            c
            for c in self.now.chart.conditions
            if c.kind in wanted
            and c.active is not FALSE
            and (c.abated is None or c.abated > self.now.as_of)
            and (not confirmed or c.confirmed is not FALSE)
        ]

    def high(self, kind: str) -> Truth:
        """The newest result of 72 h above its own range."""
        return self._ranged(kind, upper=True)

    def low(self, kind: str) -> Truth:
        """The newest result of 72 h below its own range."""
        return self._ranged(kind, upper=False)

    def _ranged(self, kind: str, *, upper: bool) -> Truth:
        results = self.now.within(kind, self.now.hours("ck.lookback_h"))
        for reading in reversed(results):
            limit = reading.reference_high if upper else reading.reference_low
            if limit is not None:
                beyond = reading.value > limit if upper else reading.value < limit
                return TRUE if beyond else FALSE
        return UNKNOWN

    def hotter(self, parameter: str, *, core: bool = False) -> Truth:
        limit = self.now.knowledge[parameter]
        sites = self.now.knowledge.sites["core"]
        window = self.now.hours("temp1.window_h")
        readings = self.now.within("body_temperature", window)
        chosen = [m for m in readings if not core or m.site in sites]
        if not chosen:
            return UNKNOWN
        return TRUE if any(m.value > limit for m in chosen) else FALSE


NO = Certainty.NONE
FIRST = DAWN


@record
class Weighed:
    """Facts by their words, and what they say."""

    id: str
    met: Truth
    definition: Mapping[str, Truth]
    toward: Mapping[str, Truth]
    away: Mapping[str, Truth]
    # the exposure or event without which it does not come about; true where it needs none
    trigger: Truth = TRUE


def possibility(scene: Scene, weighed: Weighed) -> Possibility:
    """Facts toward, facts away, facts missing (DDX-01)."""
    entry = _entry(scene.now.knowledge, weighed.id)
    named = scene.coded(entry["coded"]) if scene.now.chart.conditions else []
    toward = list(dict.fromkeys([f"recorded: {c.kind.replace('_', ' ')}" for c in named]))
    away: list[str] = []
    missing: list[str] = []
    for facts, told in (
        (weighed.definition, toward),
        (weighed.toward, toward),
        (weighed.away, away),
    ):
        for text, state in facts.items():
            if state is TRUE:
                told.append(text)
            elif state is UNKNOWN:
                missing.append(text)
    return Possibility(
        weighed.id,
        entry["name"],
        weighed.met,
        tuple(toward),
        tuple(away),
        tuple(missing),
        entry["cite"],
        TRUE if named else weighed.trigger,
    )


def _entry(knowledge: Knowledge, key: str) -> Mapping[str, Any]:
    """Name, citations and coded problems of an entry of the differential."""
    known: Mapping[str, Any] | None = knowledge.memo.get(("differential entry", key))
    if known is None:
        raw = knowledge.criteria["differential"][key]
        known = {**raw, "cite": tuple(raw["cite"]), "coded": frozenset(raw["coded"])}
        knowledge.memo["differential entry", key] = known
    return known


def negated(state: Truth) -> Truth:
    if state is UNKNOWN:
        return UNKNOWN
    return FALSE if state is TRUE else TRUE


def same(conditions: Sequence[Condition]) -> Truth:
    """A coded problem is true; nothing coded is unknown (LOG-01)."""
    return TRUE if conditions else UNKNOWN
