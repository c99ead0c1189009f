"""The board: every drug at its places in the rows, and the contexts of SPEC 6."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from alerts.chart import MedicationUse
from alerts.interactions import episode
from alerts.interactions.qualifiers import qualified
from alerts.interactions.signs import PARKINSONIAN
from alerts.interactions.situation import Situation
from alerts.interactions.states import States
from alerts.interactions.taken import Taken, on_board, ordered
from alerts.knowledge import Knowledge
from alerts.knowledge.records import Row
from alerts.truth import FALSE, TRUE, Truth, both

# lorazepam treats much else: it stands for treatment of NMS only where NMS is
_AMBIGUOUS = "lorazepam"


@dataclass(frozen=True, slots=True)
class Place:
    """A drug on one side of a row. `state` unknown: what `missing` names decides it."""

    taken: Taken
    side: str
    state: Truth
    missing: str


Places = dict[str, tuple[Row, list[Place], list[Place]]]


class Board:
    """All that the rows are read against for one patient at one moment."""

    def __init__(self, situation: Situation, drafts: Sequence[MedicationUse] = ()) -> None:
        self.situation, self.drafts = situation, drafts
        knowledge = situation.now.knowledge
        self.present = on_board(situation.now, longest(knowledge), drafts)
        self.ordering = ordered(drafts)
        everything = [*self.ordering, *self.present]
        self.states = States(situation, everything)
        self._suspicion: dict[str, bool] = {}
        self._past: bool | None = None
        self._parkinsonian: bool | None = None
        self._treated: bool | None = None
        self.places = self._placed(everything)

    def _placed(self, everything: list[Taken]) -> Places:
        knowledge = self.situation.now.knowledge
        places: Places = {}
        for taken in everything:
            for hit in knowledge.index.drugs.get(taken.ingredient, ()):
                state, missing = self._qualified(taken, hit.qualifier)
                if state is FALSE:
                    continue
                if taken.certain is not TRUE:
                    missing = missing or f"whether {taken.ingredient} is taken"
                place = Place(taken, hit.side, both((state, taken.certain)), missing)
                _, a, b = places.setdefault(hit.row.id, (hit.row, [], []))
                (a if hit.side == "a" else b).append(place)
        return places

    def _qualified(self, taken: Taken, qualifier: str) -> tuple[Truth, str]:
        if qualifier == "culprit":
            if not self.after_nms():
                return FALSE, ""
            return episode.culprit(self.situation, taken.ingredient)
        return qualified(taken, qualifier, self.situation.now.knowledge)

    # --- contexts

    def contexts(self, row: Row, drugs: Sequence[str]) -> tuple[str, ...]:
        """Which of the row's contexts hold. None: the row is not for this patient.

        Suspicion never silences a row of prevention: PRE holds for every patient with the drugs of
        the row, whatever the tier.
        """
        return tuple(name for name in row.context if self._holds(name, row, drugs))

    def _holds(self, name: str, row: Row, drugs: Sequence[str]) -> bool:
        if name in {"ANY", "PRE"}:
            return True
        if name == "SUS":
            return self.suspected(row)
        if name == "REC":
            return self.after_nms()
        if name == "TX":
            treatment = self.situation.now.knowledge.classes["nms_treatment"]
            return any(d in treatment for d in drugs) or self._treatment()
        return any(d in self.situation.now.knowledge.dopaminergic for d in drugs) or self._pd()

    def suspected(self, row: Row) -> bool:
        if row.tier_min not in self._suspicion:
            held = episode.nms_suspected(self.situation, row)
            self._suspicion[row.tier_min] = held.state is TRUE
        return self._suspicion[row.tier_min]

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


def longest(knowledge: Knowledge) -> timedelta:
    """The longest time that any row looks back for a drug."""
    hours = [h for row in knowledge.interactions for h in row.apart.values()]
    hours.append(knowledge["interaction.recent_h"])
    return max(timedelta(hours=max(hours)), timedelta(days=knowledge["interaction.inducer_d"]))


def reach(board: Board, row: Row, taken: Taken) -> timedelta:
    """How long ago this drug may have been taken and still count in this row."""
    fallback = board.situation.now.knowledge["interaction.recent_h"]
    hours = row.apart.get(taken.ingredient, row.apart.get("any", fallback))
    return timedelta(hours=hours)
