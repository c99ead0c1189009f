"""The gate, the core domains and the tier rules (SPEC 4.3).

A tier is judged on three readings of the same findings: all that is true; only what rests on no
assumed baseline, inferred unit, missing laboratory range or preliminary result (TIER-05); and of
these only what no unverified value decides (ALR-13). `alerts.channels` turns them into a channel.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from alerts.knowledge import Knowledge
from alerts.ledger import Account
from alerts.moment import Moment
from alerts.record import record
from alerts.scales import Levenson, States, iec
from alerts.statements import Channel, Exposure, Finding, Gate, GateState, Tier, TierName
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, at_least, either

AUTONOMIC = ("BPUP", "BPFL_ROBUST", "DIAPH", "INCONT", "HR_RATIO", "RR_RATIO")
_SIGNS = itemgetter("HYP", "TEMP1", "RIG", "MS", "MSB", "CK", "SNS", "MET", *AUTONOMIC)
CORE = ("TEMP", "RIG", "MENT", "MUSC", "AUT")
# finding -> what holds it down, of those that something holds down (TIER-05)
Caveats = Mapping[str, tuple[str, ...]]
# findings whose reading is noted under another name (Moment.account)
ACCOUNTS = {
    **dict.fromkeys(("BPUP", "BPFL", "BPFL_ROBUST", "DIAPH", "INCONT", "SNS_ROBUST"), "SNS"),
    **dict.fromkeys(("HR_RATIO", "RR_RATIO"), "MET"),
    **dict.fromkeys(("EXPX", "EXP72"), "EXP"),
}


@record
class Case:
    """What the tier rules read. `trigger`: an active dopaminergic withdrawal (DAW)."""

    states: States
    levenson: Levenson
    gate: GateState
    trigger: bool = False
    confounded_ck: bool = False
    atypical_drug: bool = False
    recent_stiffness: bool = False


@record
class Judgement:
    """The highest tier that holds, the routes that gave it, and every route that holds."""

    name: TierName
    rules: tuple[str, ...]
    routes: frozenset[str] = frozenset()


def gate(findings: Mapping[str, Finding]) -> Gate:
    """Open if EXP or EXPX is true, closed if both are false, else unverified."""
    exp, expx = findings["EXP"], findings["EXPX"]
    if exp.state is TRUE:
        return Gate(GateState.OPEN, exp.reason)
    if expx.state is TRUE:
        return Gate(GateState.OPEN, f"{expx.reason}: passive tiers only")
    if exp.state is FALSE and expx.state is FALSE:
        return Gate(GateState.CLOSED, exp.reason)
    return Gate(GateState.UNVERIFIED, exp.reason)


def gate_of(states: States) -> GateState:
    """The gate of bare states."""
    if TRUE in {states["EXP"], states["EXPX"]}:
        return GateState.OPEN
    closed = states["EXP"] is FALSE and states["EXPX"] is FALSE
    return GateState.CLOSED if closed else GateState.UNVERIFIED


def domains(states: States) -> Mapping[str, Truth]:
    """Core domains TEMP, RIG, MENT (and MENTB for WATCH), MUSC, AUT."""
    return _domains(_SIGNS(states))


@lru_cache(maxsize=4096)  # of all patients, for few pictures differ
def _domains(signs: tuple[Truth, ...]) -> Mapping[str, Truth]:
    hyp, temp1, rig, ms, msb, ck, sns, met, *autonomic = signs
    return MappingProxyType(
        {
            "TEMP": either((hyp, temp1)),
            "RIG": rig,
            "MENT": ms,
            "MENTB": either((ms, msb)),
            "MUSC": ck,
            "AUT": either((sns, met, at_least(2, autonomic))),
        }
    )


def true_domains(states: States) -> set[str]:
    found = domains(states)
    return {key for key in CORE if found[key] is TRUE}


def upper_tier(now: Moment, states: States, state: GateState) -> int:
    """The upper bound for tier rules: NEG always unknown; EXP unknown when the gate is open
    only through EXPX or unverified, so that neither can push a tier down (SPEC 4.3)."""
    read = dict(states) | {"NEG": UNKNOWN}
    if states["EXP"] is not TRUE and state is not GateState.CLOSED:
        read["EXP"] = UNKNOWN
    return iec(read, now.knowledge).upper


def judge(now: Moment, case: Case) -> Judgement:
    """The highest tier whose rule holds, and the rules that gave it."""
    if case.gate is GateState.CLOSED:
        return Judgement(TierName.NONE, ("gate closed",))
    known: dict[Any, _Judged] = now.knowledge.memo.setdefault("judged", {})
    picture = _picture(case)
    judged = known.get(picture)
    if judged is None:
        if len(known) >= PICTURES:
            known.clear()
        judged = known[picture] = _judged(now, case)
    for read in judged.reads:
        now.account_of(read.id).parameters.update(read.parameters)
    return judged.judgement


# cases of all patients that are kept judged: few pictures differ
PICTURES = 4096


@record
class _Judged:
    """A judgement hangs on the case alone, so it is made once; what was read for it is noted
    again for each patient, account by account."""

    judgement: Judgement
    reads: tuple[Account, ...]


def _picture(case: Case) -> tuple[Any, ...]:
    """All that the routes read of a case."""
    return (
        tuple(case.states),
        tuple(case.states.values()),
        case.levenson.majors,
        case.levenson.minors,
        case.gate,
        case.trigger,
        case.confounded_ck,
        case.atypical_drug,
        case.recent_stiffness,
    )


def _judged(now: Moment, case: Case) -> _Judged:
    outer, numbers = now.account_open, now.knowledge.parameters
    reads, found = [Account("TIER reach", {}, {}, numbers)], []
    now.turn_to(reads[0])
    upper = upper_tier(now, case.states, case.gate)
    reachable = upper >= now.knowledge["iec.cutoff"]
    for name, route, holds in ROUTES:
        reads.append(Account(route, {}, {}, numbers))
        now.turn_to(reads[-1])
        if holds(now, case, reachable):
            found.append((name, route))
    now.turn_to(outer)
    if not found:
        return _Judged(Judgement(TierName.NONE, ()), tuple(reads))
    top = found[0][0]
    rules = [route for name, route in found if name is top]
    if top is TierName.WATCH:
        rules += watch_reasons(now.knowledge, case)
    routes = frozenset(route for _, route in found)
    return _Judged(Judgement(top, tuple(rules), routes), tuple(reads))


Route = Callable[[Moment, Case, bool], bool]


def _score_at_cutoff(now: Moment, case: Case, _reachable: bool) -> bool:
    """TIER-4 (A): the score at its cut-off with BP fluctuation read robustly."""
    s = case.states
    if s["EXP"] is not TRUE:
        return False
    robust = iec({**s, "SNS": s["SNS_ROBUST"]}, now.knowledge).lower
    return robust >= now.knowledge["iec.cutoff"]


def _tetrad(_now: Moment, case: Case, _reachable: bool) -> bool:
    """TIER-4 (B): fever, rigidity, mental status and autonomic change (bmj_bp_nms)."""
    s = case.states
    labile = either((s["SNS_ROBUST"], s["MET"]))
    return all(state is TRUE for state in (s["EXP"], s["HYP"], s["RIG"], s["MS"], labile))


def _score_but_workup(now: Moment, case: Case, reachable: bool) -> bool:
    """TIER-3 (A): the cut-off within reach of a negative work-up."""
    s = case.states
    if s["EXP"] is not TRUE or not reachable:
        return False
    without_neg = iec({**s, "NEG": FALSE}, now.knowledge).lower
    return without_neg >= now.knowledge["iec.cutoff"] - now.knowledge["iec.NEG"]


def _levenson_examined(_now: Moment, case: Case, reachable: bool) -> bool:
    """TIER-3 (B): Levenson high probability with RIG or MS true (LEV-02)."""
    s = case.states
    examined = either((s["RIG"], s["MS"]))
    high = case.levenson.high_probability
    return s["EXP"] is TRUE and reachable and high is TRUE and examined is TRUE


def _atypical(_now: Moment, case: Case, _reachable: bool) -> bool:
    """TIER-3b: for drugs that present without rigidity (sarkar2017, belvederi2015)."""
    s = case.states
    temperature = either((s["HYP"], s["TEMP1"]))
    muscle = either((s["CK"], s["CK_ULN"], s["RIG"]))
    met = (s["EXP"], temperature, s["MS"], s["SNS_ROBUST"], muscle)
    return case.atypical_drug and all(x is TRUE for x in met)


def _possible(_now: Moment, case: Case, reachable: bool) -> bool:
    """TIER-2: two domains, one of them TEMP, RIG or MENT; the cut-off not out of reach."""
    true = true_domains(case.states)
    return reachable and len(true) >= 2 and bool({"TEMP", "RIG", "MENT"} & true)


def _watch(now: Moment, case: Case, _reachable: bool) -> bool:
    return bool(watch_reasons(now.knowledge, case))


ROUTES: tuple[tuple[TierName, str, Route], ...] = (
    (TierName.HIGHLY_PROBABLE, "TIER-4A", _score_at_cutoff),
    (TierName.HIGHLY_PROBABLE, "TIER-4B", _tetrad),
    (TierName.PROBABLE, "TIER-3A", _score_but_workup),
    (TierName.PROBABLE, "TIER-3B", _levenson_examined),
    (TierName.PROBABLE_ATYPICAL, "TIER-3b", _atypical),
    (TierName.POSSIBLE, "TIER-2", _possible),
    (TierName.WATCH, "TIER-1", _watch),
)


def watch_reasons(knowledge: Knowledge, case: Case) -> list[str]:
    """TIER-1: the early signs that hold, in words (WARN-01: tone and mind before fever)."""
    d = domains(case.states)
    true = {key for key in CORE if d[key] is TRUE}
    reasons = []
    if "RIG" in true:
        reasons.append("new rigidity")
    if d["MENTB"] is TRUE and true - {"MENT"}:
        reasons.append("mental status and another domain")
    if "TEMP" in true and len(true) > 1:
        reasons.append("temperature and another domain")
    if "MUSC" in true and not case.confounded_ck:
        reasons.append("CK without a confounder")
    if case.trigger and (true or d["MENTB"] is TRUE):
        reasons.append("dopaminergic withdrawal and a domain")
    if case.recent_stiffness and case.gate is GateState.OPEN:
        reasons.append(knowledge.says("rigidity within {ddx.eps_watch_d} days (DDX-EPS)"))
    return reasons


def clean(states: States, caveats: Caveats) -> States:
    """States with every caveated truth taken back to unknown (TIER-05)."""
    return {
        key: UNKNOWN if state is TRUE and key in caveats else state for key, state in states.items()
    }


def firm(now: Moment, states: States, *, exposure: bool) -> dict[str, Truth]:
    """States with every truth that an unverified value decided taken back to unknown (ALR-13).

    `exposure`: EXP holds without a window of basis U.
    """
    kept = dict(states)
    doubtful = _doubtful(now.knowledge)
    for key in [key for key, state in states.items() if state is TRUE]:
        if not doubtful.isdisjoint(now.read_by(key)) or (
            key in ACCOUNTS and not doubtful.isdisjoint(now.read_by(ACCOUNTS[key]))
        ):
            kept[key] = UNKNOWN
    if not exposure and kept["EXP"] is TRUE:
        kept["EXP"] = UNKNOWN
    return kept


def unverified(now: Moment, *accounts: str) -> tuple[str, ...]:
    """Parameters of basis U that were read under these names."""
    doubtful = _doubtful(now.knowledge)
    found: list[str] = []
    for name in accounts:
        keys = now.read_by(name)
        if not doubtful.isdisjoint(keys):
            found += [key for key in keys if key in doubtful]
    return tuple(found)


def _doubtful(knowledge: Knowledge) -> frozenset[str]:
    """Parameters of basis U."""
    known: frozenset[str] | None = knowledge.memo.get("doubtful")
    if known is None:
        found = (key for key, p in knowledge.parameters.items() if p.basis == "U")
        known = knowledge.memo["doubtful"] = frozenset(found)
    return known


def atypical(exposures: tuple[Exposure, ...], drugs: frozenset[str]) -> bool:
    return any(e.reading == "full" and e.drug in drugs for e in exposures)


def statement(
    now: Moment,
    judged: Judgement,
    channel: Channel,
    caps: tuple[str, ...],
    states: States,
    gate_state: GateState,
) -> Tier:
    """The tier as stated, in the words of TIER-08."""
    knowledge, name = now.knowledge, judged.name
    lower = iec(states, knowledge).lower
    words = knowledge.wording.get(name.value, "")
    if name is TierName.HIGHLY_PROBABLE and lower >= knowledge["iec.cutoff"]:
        words = knowledge.wording["AT_CUTOFF"]
    if states["TEMP411"] is TRUE:
        critical = knowledge.wording["CRITICAL_HYPERTHERMIA"]
        words = f"{words}; {critical}" if words else critical
    true = tuple(key for key, state in domains(states).items() if state is TRUE)
    upper = upper_tier(now, states, gate_state)
    return Tier(name, channel, words, judged.rules, caps, true, upper, lower)
