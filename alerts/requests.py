"""What to ask for next (SPEC 4.4), and what each answer could change."""

from collections.abc import Iterator, Mapping

from alerts.knowledge import Knowledge
from alerts.moment import Moment
from alerts.scales import ITEMS
from alerts.statements import Exposure, Finding, Interval, Request, TierName
from alerts.tiers import domains
from alerts.truth import TRUE, UNKNOWN

# the request whose answer settles a finding
SETTLES = {
    "NEXT-TEMP": "HYP",
    "NEXT-TONE": "RIG",
    "NEXT-MS": "MS",
    "NEXT-CK": "CK",
    "NEXT-RECON": "EXP",
}


def requests(
    now: Moment,
    findings: Mapping[str, Finding],
    tier: TierName,
    score: Interval,
    exposures: tuple[Exposure, ...],
) -> tuple[Request, ...]:
    """The missing facts, most telling first: examination, temperature, CK, then the rest."""
    texts = now.knowledge.data_requests
    wanted = set(_wanted(now, findings, tier, exposures))
    return tuple(
        Request(key, texts[key], could_change(key, findings, score, now.knowledge))
        for key in texts
        if key in wanted
    )


def _wanted(
    now: Moment, findings: Mapping[str, Finding], tier: TierName, exposures: tuple[Exposure, ...]
) -> Iterator[str]:
    states = {key: f.state for key, f in findings.items()}
    core = domains(states)
    stirred = any(state is TRUE for state in core.values()) or tier is not TierName.NONE
    exposed = any(e.reading in {"full", "extended", "possible"} for e in exposures)
    if states["HYP"] is UNKNOWN and (states["TEMP1"] is TRUE or stirred):
        yield "NEXT-TEMP"
    if states["RIG"] is UNKNOWN and stirred:
        yield "NEXT-TONE"
    if states["MS"] is UNKNOWN and (stirred or exposed):
        yield "NEXT-MS"
    if states["CK"] is UNKNOWN and stirred:
        yield "NEXT-CK"
    if states["RIG"] is TRUE or now.given("serotonergic", now.days("baseline.from_d")):
        if stirred:
            yield "NEXT-REFLEX"
    if states["EXP"] is UNKNOWN and stirred:
        yield "NEXT-RECON"
    if tier.rank >= TierName.POSSIBLE.rank:
        yield "NEXT-CHEM"
        yield "NEXT-IRON"
    if core["TEMP"] is TRUE:
        yield "NEXT-INFECT"
    if now.given("lithium", now.days("recurrence.wait_d")) and stirred:
        yield "NEXT-LITH"
    if states["MSB"] is TRUE and _catatonic(findings["MSB"]):
        yield "NEXT-CATA"


def _catatonic(finding: Finding) -> bool:
    return any(e.what in {"mutism", "catatonia", "stupor"} for e in finding.evidence)


def could_change(
    key: str, findings: Mapping[str, Finding], score: Interval, knowledge: Knowledge
) -> str:
    """ "would lift the score from 55-82 to 65-82": the lower end when the answer is yes."""
    item = SETTLES.get(key)
    if item is None or item not in ITEMS or findings[item].state is not UNKNOWN:
        return ""
    points = int(knowledge[f"iec.{item}"])
    before = f"{score.lower}–{score.upper}"
    return (
        f"if present, the score goes from {before} to {score.lower + points}–{score.upper}; "
        f"if absent, to {score.lower}–{score.upper - points}"
    )
