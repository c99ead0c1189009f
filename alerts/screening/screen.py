"""The screen of one patient: every fact is heard once, the answer costs a comparison."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from alerts.chart import (
    DAWN,
    Condition,
    Fact,
    Measurement,
    MedicationUse,
    Sign,
    SignKind,
)
from alerts.interactions.episode import NMS
from alerts.interactions.signs import PARKINSONIAN
from alerts.knowledge import Knowledge
from alerts.screening.drugs import Listening, alone_rows_speak, treatment_or_dopaminergic
from alerts.screening.readings import (
    Domain,
    Reach,
    SignReach,
    autonomic_signs_reach_a_tier,
    readings,
    signs,
)
from alerts.truth import FALSE

FOREVER = datetime.max.replace(tzinfo=UTC)


class Answer(StrEnum):
    """Why a chart is quiet, or what asks for an assessment. A closed list."""

    NOTHING = "nothing on record could begin a tier or an interaction"
    OVER = "what could have begun a tier is older than its window"
    TEMPERATURE = "a temperature above the threshold"
    RIGIDITY = "rigidity"
    MIND = "a change of consciousness or behaviour"
    MUSCLE = "a creatine kinase at the threshold"
    WITHDRAWAL = "a dopaminergic drug, a treatment of NMS or a stimulator failure"
    EPISODE = "NMS or Parkinson disease on record"
    INTERACTION = "drugs, or a drug and a record, that an interaction row names"
    RULES = "rules under which quiet cannot be told from the facts alone"

    @property
    def quiet(self) -> bool:
        return self is Answer.NOTHING or self is Answer.OVER


_OF = {
    Domain.TEMPERATURE: Answer.TEMPERATURE,
    Domain.RIGIDITY: Answer.RIGIDITY,
    Domain.MIND: Answer.MIND,
    Domain.MUSCLE: Answer.MUSCLE,
}


@dataclass(frozen=True, slots=True)
class _Rules:
    """What of the knowledge is listened for, worked out once for all patients."""

    readings: Mapping[str, Reach]
    signs: Mapping[SignKind, SignReach]
    sound: bool


def _rules(knowledge: Knowledge) -> _Rules:
    found: _Rules | None = knowledge.memo.get("screening")
    if found is None:
        sound = not autonomic_signs_reach_a_tier(knowledge) and not alone_rows_speak(knowledge)
        found = _Rules(readings(knowledge), signs(knowledge), sound)
        knowledge.memo["screening"] = found
    return found


@dataclass(slots=True)
class Screen:
    """`take` every fact of the patient, in any order; `says` answers for any time.

    A fact that is later corrected or taken away keeps its say: that costs an assessment, never an
    alert. Facts that lie after the time asked about count as if they had happened.
    """

    knowledge: Knowledge
    _until: datetime = DAWN
    _why: Answer = Answer.NOTHING
    _heard: _Rules = field(init=False)
    _drugs: Listening = field(init=False)

    def __post_init__(self) -> None:
        self._heard = _rules(self.knowledge)
        self._drugs = Listening(self.knowledge)
        if not self._heard.sound:
            self._stir(FOREVER, Answer.RULES)

    def says(self, at: datetime) -> Answer:
        """Quiet at this time, or what asks for an assessment."""
        if at <= self._until:
            return self._why
        return Answer.NOTHING if self._until is DAWN else Answer.OVER

    def take(self, fact: Fact) -> None:
        if isinstance(fact, Measurement):
            self._reading(fact)
        elif isinstance(fact, MedicationUse):
            self._use(fact)
        elif isinstance(fact, Sign):
            self._sign(fact)
        elif isinstance(fact, Condition):
            self._condition(fact)

    def _reading(self, reading: Measurement) -> None:
        reach = self._heard.readings.get(reading.kind)
        if reach is not None and reach.counts(reading):
            self._stir((reading.until or reading.at) + reach.window, _OF[reach.domain])

    def _sign(self, sign: Sign) -> None:
        reach = self._heard.signs.get(sign.kind)
        if reach is not None and reach.counts(sign):
            self._stir((sign.until or sign.at) + reach.window, _OF[reach.domain])
        if sign.present is FALSE:
            return
        if sign.kind is SignKind.RESOLVED:
            self._stir(FOREVER, Answer.EPISODE)
        elif sign.kind is SignKind.STIMULATOR_FAILURE:
            self._stir(FOREVER, Answer.WITHDRAWAL)
        elif self._drugs.record(f"sign:{sign.kind}"):
            self._stir(FOREVER, Answer.INTERACTION)

    def _use(self, use: MedicationUse) -> None:
        if any(treatment_or_dopaminergic(use.ingredients, self.knowledge)):
            self._stir(FOREVER, Answer.WITHDRAWAL)
        elif self._drugs.take(use):
            self._stir(FOREVER, Answer.INTERACTION)

    def _condition(self, condition: Condition) -> None:
        if condition.kind == NMS or condition.kind in PARKINSONIAN:
            self._stir(FOREVER, Answer.EPISODE)
        elif self._drugs.record(f"condition:{condition.kind}"):
            self._stir(FOREVER, Answer.INTERACTION)

    def _stir(self, until: datetime, why: Answer) -> None:
        if until > self._until:
            self._until, self._why = until, why
