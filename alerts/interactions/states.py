"""The conditions of rows: which reader answers which, and what an unrecorded one means.

Absence of a record is unknown (LOG-01). Whether that is said or still is told by the knowledge,
condition by condition; what is recorded but uncertain is always said.
"""

from collections.abc import Callable, Sequence

from alerts.chart import Condition
from alerts.interactions import doses, episode, measures, signs
from alerts.interactions.situation import NOT_HELD, Held, Situation, undecided
from alerts.interactions.taken import Taken
from alerts.knowledge.records import Row, State
from alerts.statements import Datum
from alerts.truth import FALSE, TRUE, UNKNOWN

UNRECORDED = Held(UNKNOWN)
_PATIENT: dict[str, Callable[[Situation], Held]] = {
    "active_cooling": signs.active_cooling,
    "autonomic_instability": signs.autonomic_instability,
    "ck_high": measures.ck_high,
    "gfr_low": measures.gfr_low,
    "high_protein_feed": signs.high_protein_feed,
    "hyperthermia": measures.hyperthermia,
    "immobility": signs.immobility,
    "nms_history": episode.nms_history,
    "nms_resolved": episode.nms_resolved,
    "nms_watch": episode.nms_watch,
    "nms_within_6_weeks": episode.nms_within_6_weeks,
    "pregnancy": signs.pregnancy,
    "qtc_high": measures.qtc_high,
    "restraint": signs.restraint,
    "stimulator_failure": signs.stimulator_failure,
}
_ROW: dict[str, Callable[[Situation, Row], Held]] = {
    "nms_hyperthermia": episode.nms_hyperthermia,
    "nms_present": episode.nms_present,
    "nms_suspected": episode.nms_suspected,
}
_DRUG: dict[str, Callable[[Situation, Taken], Held]] = {
    "dose_increase": doses.dose_increase,
    "dose_over_ddd": doses.dose_over_ddd,
    "lorazepam_dose": doses.lorazepam_dose,
    "nil_by_mouth": signs.nil_by_mouth,
}
# stops are events, not states: rows that name them are met in stops.py
READERS = frozenset(
    {*_PATIENT, *_ROW, *_DRUG, "abrupt_stop", "new_order_after_onset", "parkinson_disease"}
)


class States:
    """Answers the conditions of one patient at one moment, each that is the patient's once."""

    def __init__(self, situation: Situation, board: list[Taken]) -> None:
        self._situation, self._board = situation, board
        self._known: dict[str, Held] = {}
        # what a row asks of the episode hangs on its least tier alone
        self._by_tier: dict[tuple[str, str], Held] = {}
        self._answers: dict[str, Held] = {}
        self._problems: dict[str, list[Condition]] = {}
        for condition in situation.now.chart.conditions:
            self._problems.setdefault(condition.kind, []).append(condition)

    def answer(self, name: str, row: Row, taken: Taken | None) -> Held:
        """The condition for this row and drug; a still unknown answers false."""
        known = self._answers.get(name)
        if known is not None:
            return known
        state = self._situation.now.knowledge.states[name]
        held = self._answer(state, row, taken)
        if not state.reads or state.reads in _PATIENT:  # the same for every row and drug
            self._answers[name] = held
        return held

    def _answer(self, state: State, row: Row, taken: Taken | None) -> Held:
        held = self._problem(state) if self._problems else _nothing(state)
        if held.state is not TRUE and state.reads:
            read = self._read(state.reads, row, taken)
            held = read if held.state is FALSE or read.state is TRUE else held
        if held.state is UNKNOWN and not held.facts and not state.say_unknown:
            return NOT_HELD
        return held

    def _read(self, reader: str, row: Row, taken: Taken | None) -> Held:
        known = self._known.get(reader)
        if known is not None:
            return known
        if reader in _PATIENT:
            held = self._known[reader] = _PATIENT[reader](self._situation)
            return held
        if reader in _ROW:
            mark = (reader, row.tier_min)
            if mark not in self._by_tier:
                self._by_tier[mark] = _ROW[reader](self._situation, row)
            return self._by_tier[mark]
        if reader == "parkinson_disease":
            return signs.parkinson_disease(self._situation, self._board)
        if taken is None or reader == "abrupt_stop":
            return NOT_HELD
        if reader == "new_order_after_onset":
            return episode.new_order_after_onset(self._situation, row, taken)
        return _DRUG[reader](self._situation, taken)

    def _problem(self, state: State) -> Held:
        """Problems on the list: one that is current decides, an uncertain one is said."""
        found = [c for kind in state.problems for c in self._problems.get(kind, ())]
        if not found:
            return _nothing(state)
        answers = [_current(c, state) for c in found]
        certain = [h for h in answers if h.state is TRUE]
        if certain:
            return _joined(TRUE, certain)
        unsure = [h for h in answers if h.state is UNKNOWN]
        return _joined(UNKNOWN, unsure) if unsure else Held(FALSE if state.reads else UNKNOWN)


def _nothing(state: State) -> Held:
    """No problem on the list names it: what is read besides decides."""
    return NOT_HELD if state.reads else UNRECORDED


def _joined(state: object, answers: list[Held]) -> Held:
    facts = tuple(f for h in answers for f in h.facts)
    note = ", ".join(dict.fromkeys(h.note for h in answers if h.note))
    missing = ", ".join(dict.fromkeys(h.missing for h in answers if h.missing))
    return Held(TRUE, facts, note) if state is TRUE else undecided(missing, *facts)


def _current(condition: Condition, state: State) -> Held:
    at = condition.onset or condition.recorded
    name = condition.kind.replace("_", " ")
    fact = Datum(condition.kind, "recorded", "", at, condition.source.reference)
    if condition.confirmed is FALSE:
        return undecided(f"{name}: not confirmed", fact)
    over = condition.active is FALSE or condition.abated is not None
    if over and not state.ever:
        return NOT_HELD
    if state.vague:
        return undecided(f"{name} is recorded: whether this is {_plain(state.name)}", fact)
    if condition.active is UNKNOWN and not state.ever:
        return undecided(f"whether {name} is current", fact)
    return Held(TRUE, (fact,), name)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def told(kept: Sequence[Held]) -> Held:
    """Several conditions of one side: those that hold together, else what is not known."""
    if len(kept) == 1:
        return kept[0] if kept[0].state is not FALSE else NOT_HELD
    certain = [h for h in kept if h.state is TRUE]
    if certain:
        return _joined(TRUE, certain)
    unsure = [h for h in kept if h.state is UNKNOWN]
    return _joined(UNKNOWN, unsure) if unsure else NOT_HELD
