"""What to ask for next (SPEC 4.4), and what each answer could change, by judging again."""

from collections.abc import Callable, Iterator, Mapping

from alerts.chart import SignKind
from alerts.moment import Moment, trusted_sites
from alerts.scales import ITEMS, States, iec
from alerts.statements import Exposure, Interval, Request, TierName
from alerts.tiers import domains
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

# the request whose answer settles a finding, and the answer in words
SETTLES = {
    "NEXT-TEMP": ("HYP", "a second temperature above {hyp.threshold_c} °C"),
    "NEXT-TONE": ("RIG", "rigidity on examination"),
    "NEXT-MS": ("MS", "a reduced level of consciousness"),
    "NEXT-CK": ("CK", "a CK at least {ck.multiple} × ULN"),
    "NEXT-RECON": ("EXP", "an exposure confirmed"),
}
CATATONIC = (SignKind.MUTISM, SignKind.CATATONIA, SignKind.STUPOR)
Judge = Callable[[States, str], TierName]


def requests(
    now: Moment,
    states: States,
    tier: TierName,
    score: Interval,
    exposures: tuple[Exposure, ...],
    judge: Judge,
) -> tuple[Request, ...]:
    """The missing facts, most telling first: examination, temperature, CK, then the rest.

    `judge` gives the tier that other states would reach, one of them answered.
    """
    texts = now.knowledge.data_requests
    with now.account("requests"):
        wanted = set(_wanted(now, states, tier, exposures))
        return tuple(
            [
                Request(key, texts[key], could_change(now, key, states, score, tier, judge))
                for key in texts
                if key in wanted
            ]
        )


def _wanted(
    now: Moment, states: States, tier: TierName, exposures: tuple[Exposure, ...]
) -> Iterator[str]:
    core = domains(states)
    stirred = any(state is TRUE for state in core.values()) or tier is not TierName.NONE
    exposed = any(e.reading in {"full", "extended", "possible"} for e in exposures)
    if _temperature_wanted(now, states, stirred=stirred):
        yield "NEXT-TEMP"
    if states["RIG"] is UNKNOWN and stirred:
        yield "NEXT-TONE"
    if states["MS"] is UNKNOWN and (stirred or exposed):
        yield "NEXT-MS"
    if states["CK"] is UNKNOWN and stirred:
        yield "NEXT-CK"
    if states["RIG"] is TRUE or (
        stirred and now.given("serotonergic", now.days("ddx.serotonergic_d"))
    ):
        yield "NEXT-REFLEX"
    if states["EXP"] is UNKNOWN and stirred:
        yield "NEXT-RECON"
    if tier.rank >= TierName.POSSIBLE.rank:
        yield "NEXT-CHEM"
        yield "NEXT-IRON"
        if any(e.drug == "clozapine" and e.reading == "full" for e in exposures):
            yield "NEXT-CLOZ"
    if core["TEMP"] is TRUE:
        yield "NEXT-INFECT"
    if stirred and now.given("lithium", now.days("ddx.lithium_d")):
        yield "NEXT-LITH"
    if states["MSB"] is TRUE and now.present(now.hours("ms.coded_h"), *CATATONIC):
        yield "NEXT-CATA"


def _temperature_wanted(now: Moment, states: Mapping[str, Truth], *, stirred: bool) -> bool:
    """TEMP1 with HYP unknown; or only peripheral readings; or nothing while other signs stir."""
    if states["HYP"] is UNKNOWN and (states["TEMP1"] is TRUE or stirred):
        return True
    readings = now.recent("body_temperature", "temp1.window_h")
    trusted = trusted_sites(now.knowledge)
    return stirred and bool(readings) and not any(m.site in trusted for m in readings)


def could_change(
    now: Moment,
    key: str,
    states: States,
    score: Interval,
    tier: TierName,
    judge: Judge,
) -> str:
    """ "a CK at least 4 × ULN would lift the score from 55–82 to 65–82": judged again."""
    item, words = SETTLES.get(key, ("", ""))
    if item not in ITEMS or states[item] is not UNKNOWN:
        return ""
    present, absent = answered(states, item, TRUE), answered(states, item, FALSE)
    lifted, lowered = iec(present, now.knowledge), iec(absent, now.knowledge)
    reached = judge(present, item)
    more = f" and the tier from {tier.value} to {reached.value}" if reached is not tier else ""
    return (
        f"{now.knowledge.says(words)} would lift the score from {_span(score)} to {_span(lifted)}"
        f"{more}; "
        f"without it the score is {_span(lowered)}"
    )


def answered(states: States, item: str, state: Truth) -> States:
    """The states as they would be with one of them settled."""
    if item == "MS" and state is TRUE:
        return {**states, item: state, "MSB": TRUE}
    return {**states, item: state}


def _span(score: Interval) -> str:
    return f"{score.lower}–{score.upper}"
