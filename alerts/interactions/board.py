"""The board: every drug at its places in the rows, and the contexts of SPEC 6."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from alerts.chart import MedicationUse
from alerts.interactions import episode
from alerts.interactions.measures import factor
from alerts.interactions.qualifiers import qualified
from alerts.interactions.signs import PARKINSONIAN
from alerts.interactions.situation import Situation
from alerts.interactions.states import States
from alerts.interactions.taken import Taken, drug_datum, on_board, ordered
from alerts.knowledge import Knowledge
from alerts.knowledge.records import Hit, Row
from alerts.moment import Moment
from alerts.record import record
from alerts.statements import Datum
from alerts.truth import FALSE, TRUE, Truth, both

# lorazepam treats much else: it stands for treatment of NMS only where NMS is
_AMBIGUOUS = "lorazepam"


@record
class Place:
    """A drug on one side of a row. `state` unknown: what `missing` names decides it."""

    taken: Taken
    side: str
    state: Truth
    missing: str


@record
class _Sides:
    """Where an ingredient stands: its hits, the rows of side a and of side b.

    `stateful`: the hits in rows that a state alone can complete.
    """

    hits: tuple[Hit, ...]
    stateful: tuple[Hit, ...]
    a: frozenset[str]
    b: frozenset[str]


def _sides(knowledge: Knowledge, ingredient: str) -> _Sides:
    """The same for every patient, so worked out once."""
    known: _Sides | None = knowledge.memo.get(("sides", ingredient))
    if known is None:
        hits = knowledge.index.drugs.get(ingredient, ())
        known = knowledge.memo["sides", ingredient] = _Sides(
            hits,
            tuple(hit for hit in hits if hit.row.id in knowledge.index.stateful),
            frozenset(hit.row.id for hit in hits if hit.side == "a"),
            frozenset(hit.row.id for hit in hits if hit.side == "b"),
        )
    return known


Places = dict[str, tuple[Row, list[Place], list[Place]]]


class Board:
    """All that the rows are read against for one patient at one moment."""

    def __init__(self, situation: Situation, drafts: Sequence[MedicationUse] = ()) -> None:
        self.situation, self.drafts = situation, drafts
        self.recent = situation.now.hours("interaction.recent_h")
        self.present = on_board(situation.now, longest(situation.now), drafts)
        self.ordering = ordered(drafts)
        everything = [*self.ordering, *self.present]
        self.states = States(situation, everything)
        self._suspicion: dict[str, bool] = {}
        self._past: bool | None = None
        self._parkinsonian: bool | None = None
        self._treated: bool | None = None
        self._factors: dict[str, Datum] = {}
        self._shown: dict[int, Datum] = {}
        # by the contexts of a row, its least tier and the drugs it is met with: many share them
        self._contexts: dict[tuple[object, ...], tuple[str, ...]] = {}
        self._open: frozenset[str] | None = None
        self.places = self._placed(everything)

    def _placed(self, everything: list[Taken]) -> Places:
        """Every drug in every row that can be met; with drafts, only rows that name one of those.

        A row can be met with a drug of this board on both sides, or with a state on one.
        """
        knowledge = self.situation.now.knowledge
        sides = [_sides(knowledge, taken.ingredient) for taken in everything]
        met: set[str] = set()
        if len(everything) > 1:  # one record alone makes no pair
            met = set().union(*[s.a for s in sides]) & set().union(*[s.b for s in sides])
        asked = set().union(
            *[s.a | s.b for s, taken in zip(sides, everything, strict=True) if taken.asked]
        )
        stateful = knowledge.index.stateful
        places: Places = {}
        for side, taken in zip(sides, everything, strict=True):
            for hit in side.hits if met else side.stateful:
                row = hit.row.id
                if row not in met and not (row in stateful and self._applicable(hit.row)):
                    continue
                if self.drafts and row not in asked:
                    continue
                place = self._place(taken, hit)
                if place is not None:
                    _, a, b = places.setdefault(row, (hit.row, [], []))
                    (a if hit.side == "a" else b).append(place)
        return places

    def _applicable(self, row: Row) -> bool:
        """May one of the row's contexts hold with a drug of this board?"""
        if self._open is None:
            self._open = frozenset(self._opened())
        held = not self._open.isdisjoint(row.context)
        return held or ("SUS" in row.context and self.suspected(row))

    def _opened(self) -> Iterator[str]:
        """Contexts that may hold whichever row is met; suspicion hangs on the row's least tier."""
        yield from ("ANY", "PRE")
        if self.after_nms():
            yield "REC"
        treatment = self.situation.now.knowledge.classes["nms_treatment"]
        if any(t.ingredient in treatment for t in (*self.ordering, *self.present)):
            yield "TX"
        if self._pd():
            yield "PD"

    def _place(self, taken: Taken, hit: Hit) -> Place | None:
        if not hit.qualifier and taken.certain is TRUE:
            return Place(taken, hit.side, TRUE, "")
        state, missing = self._qualified(taken, hit.qualifier)
        if state is FALSE:
            return None
        if taken.certain is not TRUE:
            missing = missing or f"whether {taken.ingredient} is taken"
        return Place(taken, hit.side, both((state, taken.certain)), missing)

    def factor(self, kind: str) -> Datum:
        """An individual contextual factor of this patient."""
        known = self._factors.get(kind)
        if known is None:
            known = self._factors[kind] = factor(self.situation, kind)
        return known

    def _qualified(self, taken: Taken, qualifier: str) -> tuple[Truth, str]:
        if qualifier == "culprit":
            if not self.after_nms():
                return FALSE, ""
            return episode.culprit(self.situation, taken.ingredient)
        return qualified(taken, qualifier, self.situation.now.knowledge)

    def shown(self, taken: Taken) -> Datum:
        """The drug as shown, worked out once."""
        known = self._shown.get(id(taken))
        if known is None:
            known = self._shown[id(taken)] = drug_datum(taken)
        return known

    # --- contexts

    def contexts(self, row: Row, drugs: tuple[str, ...]) -> tuple[str, ...]:
        """Which of the row's contexts hold. None: the row is not for this patient.

        Suspicion never silences a row of prevention: PRE holds for every patient with the drugs of
        the row, whatever the tier.
        """
        mark = (row.context, row.tier_min, drugs)
        known = self._contexts.get(mark)
        if known is None:
            known = tuple([name for name in row.context if self._holds(name, row, drugs)])
            self._contexts[mark] = known
        return known

    def _holds(self, name: str, row: Row, drugs: tuple[str, ...]) -> bool:
        if name in {"ANY", "PRE"}:
            return True
        if name == "SUS":
            return self.suspected(row)
        if name == "REC":
            return self.after_nms()
        if name == "TX":
            treatment = self.situation.now.knowledge.classes["nms_treatment"]
            return not treatment.isdisjoint(drugs) or self._treatment()
        return not self.situation.now.knowledge.dopaminergic.isdisjoint(drugs) or self._pd()

    def suspected(self, row: Row) -> bool:
        known = self._suspicion.get(row.tier_min)
        if known is None:
            held = episode.nms_suspected(self.situation, row)
            known = self._suspicion[row.tier_min] = held.state is TRUE
        return known

    def watched(self) -> bool:
        """Any tier, or NMS recorded as an active problem: an episode may be open."""
        if episode.nms_watch(self.situation).state is TRUE:
            return True
        return episode.active_problem(self.situation.now) is not None

    def after_nms(self) -> bool:
        if self._past is None:
            self._past = bool(episode.past_nms(self.situation.now))
        return self._past

    def _treatment(self) -> bool:
        if self._treated is None:
            wanted = self.situation.now.knowledge.classes["nms_treatment"] - {_AMBIGUOUS}
            self._treated = any(
                t.ingredient in wanted and (t.draft or t.running)
                for t in (*self.ordering, *self.present)
            )
        return self._treated

    def _pd(self) -> bool:
        if self._parkinsonian is None:
            now = self.situation.now
            recorded = any(c.kind in PARKINSONIAN for c in now.chart.conditions)
            members = now.knowledge.dopaminergic
            users = (t.ingredient in members for t in (*self.ordering, *self.present))
            self._parkinsonian = recorded or any(users)
        return self._parkinsonian


def longest(now: Moment) -> timedelta:
    """The longest time that any row looks back for a drug."""
    recent, inducer = now.hours("interaction.recent_h"), now.days("interaction.inducer_d")
    rows: timedelta | None = now.knowledge.memo.get("longest")
    if rows is None:
        rows = now.knowledge.memo["longest"] = timedelta(hours=now.knowledge.index.longest_h)
    return max(rows, recent, inducer)


def reach(board: Board, row: Row, taken: Taken) -> timedelta:
    """How long ago this drug may have been taken and still count in this row."""
    if not row.apart:
        return board.recent
    hours = row.apart.get(taken.ingredient, row.apart.get("any"))
    return board.recent if hours is None else timedelta(hours=hours)
