"""Which drugs of a chart could set off an interaction row while no tier holds (SPEC 6).

Of a row's contexts only those that need no tier, no past NMS and no dopaminergic treatment can hold
in a quiet chart. What remains is a pair of drugs, or a drug and something recorded: the latter is
turned into tokens ("condition:restraint", "sign:physical_restraint") that the drug listens for. A
state that needs more than a record of its own (a value, a stale result that is said) makes the drug
itself stir. Every choice here errs towards stirring.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from alerts.chart import Evidence, MedicationUse, SignKind
from alerts.interactions.doses import daily_mg
from alerts.interactions.qualifiers import qualified
from alerts.interactions.taken import STOPPING, Taken
from alerts.knowledge import Knowledge
from alerts.knowledge.records import Hit, Row
from alerts.statements import TierName
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

# readers that answer "not held" without such a record: the signs and problems they look for
_RECORDS: dict[str, tuple[str, ...]] = {
    "": (),
    "active_cooling": (
        f"sign:{SignKind.ACTIVE_COOLING}",
        f"sign:{SignKind.TARGETED_TEMPERATURE}",
    ),
    "restraint": (f"sign:{SignKind.RESTRAINT}",),
    "high_protein_feed": (f"sign:{SignKind.HIGH_PROTEIN_FEED}",),
    "stimulator_failure": (f"sign:{SignKind.STIMULATOR_FAILURE}",),
    "nil_by_mouth": (f"sign:{SignKind.NIL_BY_MOUTH}", "condition:npo_status"),
    "immobility": tuple(
        f"sign:{kind}"
        for kind in (
            SignKind.VENTILATED,
            SignKind.STUPOR,
            SignKind.COMA,
            SignKind.CATATONIA,
            SignKind.FALL,
        )
    ),
    "pregnancy": ("condition:pregnancy", "condition:breastfeeding"),
}
# readers that answer "false" while there is neither a tier nor NMS on record
_OF_THE_EPISODE = frozenset({
    "nms_history", "nms_hyperthermia", "nms_present", "nms_resolved", "nms_suspected",
    "nms_watch", "nms_within_6_weeks", "new_order_after_onset",
})  # fmt: skip
# met by a stop (`stops`), by the problem or a dopaminergic drug, or by doses: seen to apart
_ELSEWHERE = frozenset({"abrupt_stop", "parkinson_disease"})
_DOSES = frozenset({"dose_over_ddd", "dose_increase"})
_ABRUPT = "abrupt_stop"
_AMBIGUOUS = "lorazepam"
_NO_TIME = timedelta(0)
Fitting = tuple[str, Truth]


@dataclass(slots=True)
class Listening:
    """What the drugs of one chart listen for. `take` answers whether the chart now stirs."""

    knowledge: Knowledge
    # row -> the substances on its sides, each with whether it fits or may fit
    _sides: dict[str, tuple[set[Fitting], set[Fitting]]] = field(default_factory=dict)
    _wanted: set[str] = field(default_factory=set)
    _recorded: set[str] = field(default_factory=set)
    _dosed: dict[str, set[str]] = field(default_factory=dict)
    # records alike in all that is read here: nothing new is learned of the next one
    _known: set[tuple[object, ...] | None] = field(default_factory=set)

    def __post_init__(self) -> None:
        for row in self.knowledge.index.alone:
            self._wanted |= _alone(row, self.knowledge) or set()

    def record(self, token: str) -> bool:
        """A sign or a problem came."""
        self._recorded.add(token)
        return token in self._wanted

    def take(self, use: MedicationUse) -> bool:
        """A record of a drug came."""
        mark = _mark(use)
        if mark is not None and mark in self._known:
            return False
        self._known.add(mark)
        stirs = [self._drug(use, ingredient) for ingredient in use.ingredients]
        return any(stirs) or not self._wanted.isdisjoint(self._recorded)

    def _drug(self, use: MedicationUse, ingredient: str) -> bool:
        knowledge = self.knowledge
        taken = Taken(use, ingredient, _NO_TIME, running=True, certain=TRUE)
        stirs = self._dose(use, ingredient)
        for hit in knowledge.index.drugs.get(ingredient, ()):
            if hit.qualifier == "culprit" or not may_speak(hit.row, knowledge, ingredient):
                continue
            fits = qualified(taken, hit.qualifier, knowledge)[0]
            if fits is FALSE:
                continue
            stirs |= self._meets(hit, ingredient, fits) | self._states(hit, taken, fits)
            stirs |= _stopped(hit, use, knowledge)
        return stirs

    def _meets(self, hit: Hit, ingredient: str, fits: Truth) -> bool:
        """Does it stand opposite another substance in a row? Two that may fit are not said."""
        a, b = self._sides.setdefault(hit.row.id, (set(), set()))
        own, other = (a, b) if hit.side == "a" else (b, a)
        substance = self.knowledge.substance(ingredient)
        own.add((substance, fits))
        return any(s != substance and TRUE in (fits, fit) for s, fit in other)

    def _states(self, hit: Hit, taken: Taken, fits: Truth) -> bool:
        """Listen for what the other side of the row names; True for what cannot be listened for."""
        index, states = self.knowledge.index, self.knowledge.states
        names = index.states[hit.row.id][1 if hit.side == "a" else 0]
        stirs = False
        for name in names:
            state = states[name]
            if state.reads == "dose_over_ddd":
                stirs |= _over(taken, self.knowledge)
                continue
            if state.reads == "lorazepam_dose" and fits is UNKNOWN and not daily_mg(taken.use):
                continue  # two unknowns are not said
            tokens = listened(name, self.knowledge)
            if tokens is None:
                return True
            self._wanted |= tokens
        return stirs

    def _dose(self, use: MedicationUse, ingredient: str) -> bool:
        """Two records of one drug with a daily amount: it may have been raised."""
        if not daily_mg(use):
            return False
        held = self._dosed.setdefault(ingredient, set())
        held.add(use.source.reference)
        return len(held) > 1


def _mark(use: MedicationUse) -> tuple[object, ...] | None:
    """All that is read of a record without a daily amount; None for one that has it."""
    if use.dose is not None and (use.times_per_day is not None or "/" in (use.dose_unit or "")):
        return None
    return (
        use.ingredients, use.text, use.route, use.product, use.long_acting, use.status,
        use.evidence, use.times_per_day is None,
    )  # fmt: skip


def may_speak(row: Row, knowledge: Knowledge, ingredient: str = "") -> bool:
    """Can a context of the row hold with no tier, no past NMS and no dopaminergic treatment?"""
    if not {"ANY", "PRE"}.isdisjoint(row.context):
        return True
    if "SUS" in row.context and TierName[row.tier_min] is TierName.NONE:
        return True
    # lorazepam treats much else: of the treatment of NMS it alone is no reason to assess
    return "TX" in row.context and (
        ingredient == _AMBIGUOUS or _AMBIGUOUS in _drugs_of(row, knowledge)
    )


def _drugs_of(row: Row, knowledge: Knowledge) -> set[str]:
    found = knowledge.memo.get(("drugs of", row.id))
    if found is None:
        found = {
            ingredient
            for ingredient, hits in knowledge.index.drugs.items()
            if any(hit.row.id == row.id for hit in hits)
        }
        knowledge.memo["drugs of", row.id] = found
    members: set[str] = found
    return members


def listened(name: str, knowledge: Knowledge) -> set[str] | None:
    """The tokens without which a condition does not hold; None when it can hold without any."""
    state = knowledge.states[name]
    problems = {f"condition:{kind}" for kind in state.problems}
    if state.reads in _OF_THE_EPISODE:
        return None if _needs_no_tier(name, knowledge) else problems
    if state.say_unknown:
        return None
    if state.reads in _ELSEWHERE or state.reads in _DOSES:
        return problems
    records = _RECORDS.get(state.reads)
    return None if records is None else problems | set(records)


def _needs_no_tier(name: str, knowledge: Knowledge) -> bool:
    rows = (r for r in knowledge.interactions if name in sum(knowledge.index.states[r.id], ()))
    return any(TierName[row.tier_min] is TierName.NONE for row in rows)


def _alone(row: Row, knowledge: Knowledge) -> set[str] | None:
    """What a row of two conditions needs on record; None when neither side needs anything."""
    for names in knowledge.index.states[row.id]:
        tokens = [listened(name, knowledge) for name in names]
        if all(t is not None for t in tokens):
            return {token for t in tokens if t is not None for token in t}
    return None


def alone_rows_speak(knowledge: Knowledge) -> bool:
    """Is there a row of conditions that nothing on record need set off?"""
    return any(_alone(row, knowledge) is None for row in knowledge.index.alone)


def _over(taken: Taken, knowledge: Knowledge) -> bool:
    """More than the multiple of a defined daily dose, by whichever way."""
    amount = daily_mg(taken.use)
    doses = (told.get(taken.ingredient) for told in knowledge.daily_doses.values())
    multiple = knowledge["interaction.ddd_multiple"]
    return amount is not None and any(d is not None and amount > multiple * d for d in doses)


def _stopped(hit: Hit, use: MedicationUse, knowledge: Knowledge) -> bool:
    """An order that ended where the row speaks of abrupt stops."""
    abrupt = hit.side == "a" and _ABRUPT in knowledge.index.states[hit.row.id][1]
    return abrupt and use.evidence is Evidence.ORDER and use.status in STOPPING


def treatment_or_dopaminergic(ingredients: Iterable[str], knowledge: Knowledge) -> Iterator[str]:
    """Drugs that open contexts by themselves: a dopaminergic one, a treatment of NMS."""
    treatment = knowledge.classes["nms_treatment"] - {_AMBIGUOUS}
    yield from (i for i in ingredients if i in knowledge.dopaminergic or i in treatment)
