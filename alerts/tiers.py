"""The gate and the tiers (SPEC 4.3), their caps and their channel (ALR-02, ALR-13).

A tier is judged twice: with every true finding, and with those alone that rest on no assumed
baseline, inferred unit, missing laboratory range or preliminary result. What only the first
reading reaches is capped at POSSIBLE (TIER-05).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.knowledge import Knowledge
from alerts.scales import Levenson, States, iec
from alerts.statements import Channel, Exposure, Finding, Gate, GateState, Tier, TierName
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth, at_least, either

AUTONOMIC = ("BPUP", "BPFL_ROBUST", "DIAPH", "INCONT", "HR_RATIO", "RR_RATIO")


@dataclass(frozen=True, slots=True)
class Case:
    """What the tier rules read. `trigger`: an active dopaminergic withdrawal (DAW)."""

    states: States
    levenson: Levenson
    gate: GateState
    trigger: bool
    confounded_ck: bool
    atypical_drug: bool
    upper_tier: int


@dataclass(frozen=True, slots=True)
class Judgement:
    name: TierName
    rules: tuple[str, ...]


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


def domains(states: States) -> dict[str, Truth]:
    """Core domains TEMP, RIG, MENT (and MENTB for WATCH), MUSC, AUT."""
    scattered = at_least(2, (states[key] for key in AUTONOMIC))
    return {
        "TEMP": either((states["HYP"], states["TEMP1"])),
        "RIG": states["RIG"],
        "MENT": states["MS"],
        "MENTB": states["MSB"],
        "MUSC": states["CK"],
        "AUT": either((states["SNS"], states["MET"], scattered)),
    }


def upper_tier(states: States, knowledge: Knowledge, exp: Truth, state: GateState) -> int:
    """The upper bound for tier rules: NEG always unknown; EXP unknown when the gate is open
    only through EXPX or unverified, so that neither can push a tier down (SPEC 4.3)."""
    read = dict(states) | {"NEG": UNKNOWN}
    if exp is not TRUE and state is not GateState.CLOSED:
        read["EXP"] = UNKNOWN
    return iec(read, knowledge).upper


def judge(case: Case, knowledge: Knowledge) -> Judgement:
    """The highest tier whose rule holds, and the rules that gave it."""
    if case.gate is GateState.CLOSED:
        return Judgement(TierName.NONE, ("gate closed",))
    for name, rule in (
        (TierName.HIGHLY_PROBABLE, _highly_probable),
        (TierName.PROBABLE, _probable),
        (TierName.PROBABLE_ATYPICAL, _atypical),
        (TierName.POSSIBLE, _possible),
        (TierName.WATCH, _watch),
    ):
        rules = rule(case, knowledge)
        if rules:
            return Judgement(name, rules)
    return Judgement(TierName.NONE, ())


def _highly_probable(case: Case, knowledge: Knowledge) -> tuple[str, ...]:
    """TIER-4: (A) the robust score at its cut-off, (B) the clinical tetrad (bmj_bp_nms)."""
    s = case.states
    if s["EXP"] is not TRUE:
        return ()
    robust = iec({**s, "SNS": s["SNS_ROBUST"]}, knowledge).lower
    rules = ["TIER-4A"] if robust >= knowledge["iec.cutoff"] else []
    labile = either((s["SNS_ROBUST"], s["MET"]))
    if all(state is TRUE for state in (s["HYP"], s["RIG"], s["MS"], labile)):
        rules.append("TIER-4B")
    return tuple(rules)


def _probable(case: Case, knowledge: Knowledge) -> tuple[str, ...]:
    """TIER-3: (A) cut-off within reach of a negative work-up, (B) Levenson high probability."""
    s = case.states
    if s["EXP"] is not TRUE or case.upper_tier < knowledge["iec.cutoff"]:
        return ()
    without_neg = iec({**s, "NEG": FALSE}, knowledge).lower
    rules = ["TIER-3A"] if without_neg >= knowledge["iec.cutoff"] - knowledge["iec.NEG"] else []
    examined = either((s["RIG"], s["MS"]))
    if case.levenson.high_probability is TRUE and examined is TRUE:
        rules.append("TIER-3B")
    return tuple(rules)


def _atypical(case: Case, knowledge: Knowledge) -> tuple[str, ...]:
    """TIER-3b: for drugs that present without rigidity (sarkar2017, belvederi2015)."""
    s = case.states
    temperature = either((s["HYP"], s["TEMP1"]))
    muscle = either((s["CK"], s["CK_ULN"], s["RIG"]))
    met = (s["EXP"], temperature, s["MS"], s["SNS_ROBUST"], muscle)
    return ("TIER-3b",) if case.atypical_drug and all(x is TRUE for x in met) else ()


def _possible(case: Case, knowledge: Knowledge) -> tuple[str, ...]:
    d = domains(case.states)
    true = [key for key in ("TEMP", "RIG", "MENT", "MUSC", "AUT") if d[key] is TRUE]
    leading = {"TEMP", "RIG", "MENT"} & set(true)
    reachable = case.upper_tier >= knowledge["iec.cutoff"]
    return ("TIER-2",) if len(true) >= 2 and leading and reachable else ()


def _watch(case: Case, knowledge: Knowledge) -> tuple[str, ...]:
    d = domains(case.states)
    true = {key for key in ("TEMP", "RIG", "MENT", "MUSC", "AUT") if d[key] is TRUE}
    rules = []
    if "RIG" in true:
        rules.append("new rigidity")
    if d["MENTB"] is TRUE and true - {"MENT"}:
        rules.append("mental status and another domain")
    if "TEMP" in true and len(true) > 1:
        rules.append("temperature and another domain")
    if "MUSC" in true and not case.confounded_ck:
        rules.append("CK without a confounder")
    if case.trigger and (true or d["MENTB"] is TRUE):
        rules.append("dopaminergic withdrawal and a domain")
    return ("TIER-1", *rules) if rules else ()


def clean(findings: Mapping[str, Finding]) -> dict[str, Truth]:
    """States with every caveated truth taken back to unknown (TIER-05)."""
    return {
        key: UNKNOWN if f.state is TRUE and f.caveats else f.state for key, f in findings.items()
    }


def final(
    full: Judgement,
    sound: Judgement,
    findings: Mapping[str, Finding],
    *,
    child: bool,
    gate_state: GateState,
) -> tuple[Judgement, tuple[str, ...]]:
    """Apply the caps: TIER-05, and POSSIBLE at most under 18 years."""
    caps: list[str] = []
    chosen = full
    if full.name.rank > TierName.POSSIBLE.rank and sound.name.rank < full.name.rank:
        held = sorted({c for f in findings.values() if f.state is TRUE for c in f.caveats})
        caps.append(f"TIER-05: {full.name.value} rests on {', '.join(held)}".replace("_", " "))
        capped = Judgement(TierName.POSSIBLE, ("TIER-2", *full.rules))
        chosen = sound if sound.name.rank > TierName.POSSIBLE.rank else capped
    if gate_state is GateState.UNVERIFIED:
        caps.append("TIER-05: exposure unverified")
    if child and chosen.name.rank > TierName.POSSIBLE.rank:
        caps.append("under 18 years: no tier above POSSIBLE")
        chosen = Judgement(TierName.POSSIBLE, chosen.rules)
    return chosen, tuple(caps)


def channel(
    judged: Judgement,
    states: States,
    findings: Mapping[str, Finding],
    gate_state: GateState,
    *,
    child: bool,
) -> Channel:
    """Who is told (ALR-01 to ALR-04). `states` are the clean ones: nothing capped interrupts."""
    if findings["TEMP411"].state is TRUE and not findings["TEMP411"].caveats:
        return Channel.INTERRUPTIVE  # ALR-04: whatever the tier or the cause
    name, rules = judged.name, set(judged.rules)
    if name is TierName.HIGHLY_PROBABLE:
        # ALR-13: the cut-off is unverified; only the tetrad may interrupt
        return Channel.INTERRUPTIVE if "TIER-4B" in rules else Channel.URGENT_TASK
    if name is TierName.PROBABLE:
        supported = at_least(2, (states["HYP"], states["CK"], states["SNS_ROBUST"]))
        examined = states["RIG"] is TRUE or (states["MS"] is TRUE and supported is TRUE)
        return Channel.INTERRUPTIVE if "TIER-3B" in rules and examined else Channel.URGENT_TASK
    if name is TierName.PROBABLE_ATYPICAL:
        return Channel.URGENT_TASK
    if name is TierName.POSSIBLE:
        unverified = gate_state is GateState.UNVERIFIED
        return Channel.PASSIVE if unverified and not child else Channel.TASK
    return Channel.PASSIVE if name is TierName.WATCH else Channel.NONE


def atypical(exposures: tuple[Exposure, ...], knowledge: Knowledge) -> bool:
    return any(e.reading == "full" and e.drug in knowledge.atypical_drugs for e in exposures)


def statement(
    judged: Judgement,
    told: Channel,
    caps: tuple[str, ...],
    states: States,
    upper: int,
    lower: int,
    knowledge: Knowledge,
) -> Tier:
    """The tier as stated, in the words of TIER-08."""
    name = judged.name
    words = knowledge.wording.get(name.value, "")
    if name is TierName.HIGHLY_PROBABLE and lower >= knowledge["iec.cutoff"]:
        words = knowledge.wording["AT_CUTOFF"]
    true = tuple(key for key, state in domains(states).items() if state is TRUE)
    return Tier(name, told, words, judged.rules, caps, true, upper, lower)
