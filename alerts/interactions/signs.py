"""Conditions read from bedside signs, device states and the person's details."""

from datetime import timedelta

from alerts.chart import Sign, SignKind
from alerts.evidence import sign_datum
from alerts.interactions.situation import NOT_HELD, Held, Situation, undecided
from alerts.interactions.taken import Taken, drug_datum
from alerts.statements import Datum
from alerts.truth import FALSE, TRUE, UNKNOWN

# how far back a state that lasts until it is ended is looked for
_STANDING = timedelta(days=30)
_STILL = (SignKind.VENTILATED, SignKind.STUPOR, SignKind.COMA, SignKind.CATATONIA)
# routes that go on without a swallow
TUBELESS = frozenset({"td", "sc", "iv", "ng", "peg", "enteral", "tube", "intestinal"})
PARKINSONIAN = frozenset({"parkinson_disease", "parkinsonism_other", "lewy_body_dementia"})
# dopaminergic drugs that are often taken for something other than Parkinson disease
_OTHER_USES = frozenset({"bromocriptine", "cabergoline", "amantadine"})


def _state(sign: Sign | None) -> Held:
    if sign is None:
        return Held(UNKNOWN, missing="not recorded")
    fact, name = sign_datum(sign), sign.kind.value.replace("_", " ")
    if sign.present is TRUE:
        return Held(TRUE, (fact,), name)
    return Held(FALSE, (fact,)) if sign.present is FALSE else undecided(f"{name}: uncertain", fact)


def _last(situation: Situation, window: timedelta, *kinds: SignKind) -> Held:
    signs = situation.now.signs(window, *kinds)
    return _state(signs[-1] if signs else None)


def active_cooling(situation: Situation) -> Held:
    window = situation.now.hours("interaction.sign_h")
    return _last(situation, window, SignKind.ACTIVE_COOLING, SignKind.TARGETED_TEMPERATURE)


def restraint(situation: Situation) -> Held:
    return _last(situation, situation.now.hours("interaction.sign_h"), SignKind.RESTRAINT)


def high_protein_feed(situation: Situation) -> Held:
    return _last(situation, _STANDING, SignKind.HIGH_PROTEIN_FEED)


def stimulator_failure(situation: Situation) -> Held:
    return _last(situation, _STANDING, SignKind.STIMULATOR_FAILURE)


def nil_by_mouth(situation: Situation, taken: Taken) -> Held:
    """Nil by mouth, for a drug that goes by mouth; another route is no loss (DAW-ROUTE)."""
    if taken.use.route in TUBELESS:
        return NOT_HELD
    held = _last(situation, _STANDING, SignKind.NIL_BY_MOUTH)
    if held.state is not UNKNOWN or held.facts:
        return held
    for condition in situation.now.chart.conditions:
        if condition.kind == "npo_status" and condition.active is not FALSE:
            at = condition.onset or condition.recorded
            fact = Datum("npo_status", "recorded", "", at, condition.source.reference)
            return Held(TRUE, (fact,), "nil by mouth")
    return held


def immobility(situation: Situation) -> Held:
    """Ventilated, stuporous or catatonic for 72 h without a record of the contrary."""
    now = situation.now
    limit = now.hours("interaction.immobile_h")
    for kind in _STILL:
        run: list[Sign] = []
        for sign in now.signs(_STANDING, kind):
            run = [*run, sign] if sign.present is TRUE else []
        if run and now.older(run[0].at, limit) and not now.older(run[-1].at, limit):
            facts = (sign_datum(run[0]), sign_datum(run[-1]))
            return Held(TRUE, facts, f"{kind.value} for more than {limit.days} days")
    falls = [s for s in now.signs(_STANDING, SignKind.FALL) if s.present is TRUE]
    if falls and now.older(falls[-1].at, limit):
        return undecided("whether immobile since", sign_datum(falls[-1]))
    return Held(UNKNOWN, missing="mobility")


def autonomic_instability(situation: Situation) -> Held:
    """Sympathetic lability as the findings read it."""
    for key in ("SNS_ROBUST", "SNS"):
        finding = situation.findings.get(key)
        if finding is not None and finding.state is TRUE:
            return Held(TRUE, finding.evidence, finding.reason)
    return Held(UNKNOWN, missing="autonomic state")


def parkinson_disease(situation: Situation, board: list[Taken]) -> Held:
    """Recorded, or not recorded in somebody who takes a drug for it."""
    for condition in situation.now.chart.conditions:
        if condition.kind in PARKINSONIAN:
            at = condition.onset or condition.recorded
            fact = Datum(condition.kind, "recorded", "", at, condition.source.reference)
            return Held(TRUE, (fact,), condition.kind.replace("_", " "))
    members = situation.now.knowledge.dopaminergic - _OTHER_USES
    users = [t for t in board if t.ingredient in members and not t.draft]
    if users:
        drug = min(users, key=lambda t: (t.ingredient, t.reference))
        missing = f"Parkinson disease not recorded, but takes {drug.ingredient}"
        return undecided(missing, drug_datum(drug))
    return Held(UNKNOWN, missing="Parkinson disease")


def pregnancy(situation: Situation) -> Held:
    details = situation.now.chart.details
    if details is not None and details.sex == "male":
        return NOT_HELD
    unsure: Held | None = None
    for condition in situation.now.chart.conditions:
        if condition.kind not in {"pregnancy", "breastfeeding"} or condition.abated is not None:
            continue
        at = condition.onset or condition.recorded
        fact = Datum(condition.kind, "recorded", "", at, condition.source.reference)
        if condition.active is TRUE:
            return Held(TRUE, (fact,), condition.kind)
        if condition.active is UNKNOWN:
            unsure = undecided(f"whether {condition.kind} is current", fact)
    return unsure or Held(UNKNOWN, missing="pregnancy or lactation")
