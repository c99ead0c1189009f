"""Caps and channels: what holds a tier down, and who is told how loudly (TIER-05, SPEC 8.3).

What may interrupt is read from the basis codes of the knowledge: a route or a finding that an
unverified value decides never does (ALR-13).
"""

from collections.abc import Mapping
from dataclasses import replace

from alerts.chart import SignKind
from alerts.moment import Moment
from alerts.record import record
from alerts.scales import States
from alerts.statements import Channel, Finding, GateState, TierName
from alerts.tiers import Case, Caveats, Judgement, judge, unverified
from alerts.truth import FALSE, TRUE, UNKNOWN, at_least

NMS = "neuroleptic_malignant_syndrome"
LOUDNESS = list(Channel)
# routes that may interrupt, and the accounts whose values decide them
LOUD = {
    "TIER-4A": ("TIER-4A",),
    "TIER-4B": ("TIER-4B",),
    "TIER-3A": ("TIER-3A",),
    "TIER-3B": ("TIER-3B", "levenson"),
}
PROBABLE = frozenset({"TIER-3A", "TIER-3B"})


@record
class Told:
    """Channel and caps."""

    channel: Channel
    caps: tuple[str, ...]


def capped(
    full: Judgement,
    sound: Judgement,
    states: States,
    caveats: Caveats,
    *,
    child: bool,
    gate_state: GateState,
) -> tuple[Judgement, tuple[str, ...]]:
    """Apply the caps: TIER-05, and POSSIBLE at most under 18 years."""
    caps: list[str] = []
    chosen = full
    if full.name.rank > TierName.POSSIBLE.rank and sound.name.rank < full.name.rank:
        held = sorted({c for key, said in caveats.items() if states[key] is TRUE for c in said})
        caps.append(f"TIER-05: {full.name.value} rests on {', '.join(held)}".replace("_", " "))
        lowered = Judgement(TierName.POSSIBLE, ("TIER-2", *full.rules), full.routes)
        chosen = sound if sound.name.rank > TierName.POSSIBLE.rank else lowered
    if gate_state is GateState.UNVERIFIED:
        caps.append("TIER-05: exposure unverified")
    if child and chosen.name.rank > TierName.POSSIBLE.rank:
        caps.append("under 18 years: no tier above POSSIBLE")
        chosen = Judgement(TierName.POSSIBLE, chosen.rules, chosen.routes)
    return chosen, tuple(caps)


def told(
    now: Moment,
    judged: Judgement,
    firm: Case,
    full: Case,
    findings: Mapping[str, Finding],
    caps: tuple[str, ...],
) -> Told:
    """Who is told (ALR-01 to ALR-04, ALR-12, ALR-13). `firm`: the case without what may not
    interrupt; `full`: all that is true."""
    channel, more = _by_tier(now, judged, firm, full)
    for said, ceiling in _suppressed(now):
        if LOUDNESS.index(channel) > LOUDNESS.index(ceiling):
            channel, more = ceiling, (*more, said)
    comfort = _comfort_care(now)
    if _critical(now, findings) and not comfort:
        channel = Channel.INTERRUPTIVE
    if comfort:
        channel, more = Channel.NONE, (*more, "ALR-12: comfort-only care")
    return Told(channel, (*caps, *more))


def _comfort_care(now: Moment) -> bool:
    decided = [s for s in now.chart.signs_of(SignKind.COMFORT_CARE) if s.at <= now.as_of]
    return bool(decided) and decided[-1].present is TRUE


def _critical(now: Moment, findings: Mapping[str, Finding]) -> bool:
    """ALR-04: core above 41.1 °C with altered mental status, whatever the tier or the cause.

    Who is brought in from the street has no baseline: what is assumed of it holds down tiers
    (TIER-05), not this message.
    """
    finding = findings["TEMP411"]
    doubtful = set(finding.caveats) - {"assumed_baseline"}
    return finding.state is TRUE and not doubtful and not unverified(now, "TEMP411", "MS", "MSB")


def _by_tier(
    now: Moment, judged: Judgement, firm: Case, full: Case
) -> tuple[Channel, tuple[str, ...]]:
    name = judged.name
    if name.rank >= TierName.PROBABLE.rank:
        return _loud(now, firm)
    if name is TierName.PROBABLE_ATYPICAL:
        return Channel.URGENT_TASK, ()
    if name is TierName.POSSIBLE:
        if full.gate is GateState.UNVERIFIED:
            return Channel.PASSIVE, ()
        if _rests_on_confounded_ck(now, full):
            return Channel.PASSIVE, ("CK-03: rests on a CK with an innocent cause on record",)
        return Channel.TASK, ()
    return (Channel.PASSIVE if name is TierName.WATCH else Channel.NONE), ()


def _loud(now: Moment, firm: Case) -> tuple[Channel, tuple[str, ...]]:
    """ALR-02: interruptive only by a route that no unverified value decides (ALR-13)."""
    held: list[str] = []
    for route in sorted(judge(now, firm).routes & LOUD.keys()):
        doubtful = unverified(now, *LOUD[route])
        if doubtful:
            held.append(f"ALR-13: {route} reads {', '.join(dict.fromkeys(doubtful))}, unverified")
        elif route not in PROBABLE or _examined(firm):
            return Channel.INTERRUPTIVE, ()
        else:
            held.append("ALR-02: neither tone nor two other signs with consciousness examined")
    said = held or ["ALR-13: rests on a provisional or unverified value"]
    return Channel.URGENT_TASK, tuple(dict.fromkeys(said))


def _examined(firm: Case) -> bool:
    """ALR-02: RIG examined, or MS with two of HYP, CK and SNS-robust."""
    s = firm.states
    two = at_least(2, (s["HYP"], s["CK"], s["SNS_ROBUST"]))
    return s["RIG"] is TRUE or (s["MS"] is TRUE and two is TRUE)


def _rests_on_confounded_ck(now: Moment, full: Case) -> bool:
    if not full.confounded_ck or full.states["CK"] is not TRUE:
        return False
    without = replace(full, states={**full.states, "CK": UNKNOWN, "CK_ULN": UNKNOWN})
    return judge(now, without).name.rank < TierName.POSSIBLE.rank


def _suppressed(now: Moment) -> list[tuple[str, Channel]]:
    """ALR-12: what lowers the channel, never the tier, and the highest channel left."""
    found = []
    if _attested(now):
        said = "ALR-12: NMS is on record as a diagnosis: management and interactions only"
        found.append((said, Channel.PASSIVE))
    drugs = now.knowledge.criteria["differential_drugs"]["volatile_anaesthetic"]
    with now.account("ALR-12"):
        anaesthetised = now.taken_of(drugs, now.hours("ddx.volatile_h"))
    if anaesthetised:
        said = now.knowledge.says(
            "ALR-12: volatile anaesthetic in {ddx.volatile_h} h: "
            "malignant hyperthermia is shown first"
        )
        found.append((said, Channel.PASSIVE))
    return found


def _attested(now: Moment) -> bool:
    """A prescriber has recorded the diagnosis in this episode."""
    gap = now.hours("episode.gap_h")
    for condition in now.chart.conditions:
        if condition.kind != NMS or condition.confirmed is not TRUE or condition.active is FALSE:
            continue
        at = condition.recorded or condition.onset
        if at is not None and not now.older(at, gap):
            return True
    return False
