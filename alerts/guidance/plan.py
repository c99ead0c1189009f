"""The staged plan (SPEC 5.5): which advice this patient gets, in which order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from alerts.chart import begun
from alerts.dosing import Certainty, dosed
from alerts.guidance.culprits import confirmed, culprits, live
from alerts.guidance.drugs import drug_advice
from alerts.guidance.patient import Bedside
from alerts.guidance.supportive import (
    action_advice,
    critical_hyperthermia,
    potassium_emergency,
    rigidity_drives_temperature,
)
from alerts.moment import Moment
from alerts.rechallenge import rechallenge
from alerts.statements import (
    Advice,
    Exposure,
    Finding,
    Plan,
    Severity,
    TierName,
    Withdrawal,
)
from alerts.truth import FALSE, TRUE, Truth

# SEV-03: with severity unknown the moderate row is shown, with that label
STAGE_OF = {"MILD": "STG-2", "MODERATE": "STG-3", "SEVERE": "STG-4", "UNKNOWN": "STG-3"}
# non-oral rescue in dopaminergic withdrawal, not standard after an antagonist (SPEC 5.4)
NON_ORAL = ("DRG-APOMORPHINE", "DRG-ROTIGOTINE")
# the rest of a stage's list hangs on the stage alone
_BY_FACTS = frozenset(
    {"MGT-DA-REINSTATE", "MGT-STOP", "MGT-WITHHOLD", "DRG-LORAZEPAM", "DRG-AMANTADINE"}
)
# drugs given for the syndrome itself
_SPECIFIC = frozenset({"lorazepam", "bromocriptine", "amantadine", "dantrolene"})


def plan(
    now: Moment,
    tier: TierName,
    severity: Severity,
    exposures: tuple[Exposure, ...],
    withdrawals: tuple[Withdrawal, ...],
    findings: Mapping[str, Finding] | None = None,
) -> Plan:
    """Staged guidance: requests only at WATCH, withholding at POSSIBLE, the rest from PROBABLE.

    `findings` decide what a stage alone does not: cooling at 41.1 °C whatever the tier. After a
    resolved episode the rules of re-exposure are shown whatever the tier.
    """
    with now.account("plan"):
        return _planned(now, tier, severity, exposures, withdrawals, findings or {})


def _planned(
    now: Moment,
    tier: TierName,
    severity: Severity,
    exposures: tuple[Exposure, ...],
    withdrawals: tuple[Withdrawal, ...],
    told: Mapping[str, Finding],
) -> Plan:
    suspected = tier.rank >= TierName.POSSIBLE.rank
    after, stage = rechallenge(now, again=suspected), _stage(tier, severity)
    if not stage and not critical_hyperthermia(told):
        return Plan("", after)
    found = culprits(now, exposures) if stage else ()
    bedside = Bedside(now, tier, severity, found, live(withdrawals), told, stage)
    keys = dict.fromkeys(_keys(bedside, stage))
    drugs = now.knowledge.drugs
    given = [
        drug_advice(bedside, key) if key in drugs else action_advice(bedside, key) for key in keys
    ]
    advice = _once_withheld(bedside, _labelled(bedside, given))
    return Plan(stage, (*advice, *after), found)


def _stage(tier: TierName, severity: Severity) -> str:
    if tier is TierName.NONE:
        return ""
    if tier is TierName.WATCH:
        return "STG-0"
    return "STG-1" if tier is TierName.POSSIBLE else STAGE_OF[severity.level]


def _keys(bedside: Bedside, stage: str) -> Iterator[str]:
    """The stage's list, with what a fact brings in beside it.

    Critical hyperthermia is cooled first, at any tier (ALR-04); moderate disease whose rigidity
    drives a rising temperature may need dantrolene (severity_moderate, basis D).
    """
    if critical_hyperthermia(bedside.findings):
        yield "MGT-COOL"
    withdrawn = confirmed(bedside.withdrawals)
    for key in _ordered(bedside, stage):
        if key not in _BY_FACTS:
            yield key
            continue
        if _applies(bedside, key, withdrawn):
            yield key
        if key == "MGT-DA-REINSTATE" and bedside.withdrawals and stage != "STG-1":
            yield from NON_ORAL
        if key == "DRG-LORAZEPAM" and rigidity_drives_temperature(bedside):
            yield "DRG-DANTROLENE"
        if key == "DRG-AMANTADINE" and _refractory(bedside):
            yield "DRG-ECT"


def _refractory(bedside: Bedside) -> bool:
    """Still moderate 48 h after the first drug that was given for it: ECT is to be thought of
    before the disease is severe (severity MODERATE_REFRACTORY)."""
    now, chart = bedside.now, bedside.now.chart
    if bedside.stage != "STG-3" or now.onset is None:
        return False
    starts = [
        at
        for drug in _SPECIFIC & bedside.recent_drugs.keys()
        for use in (*chart.orders.get(drug, ()), *chart.doses.get(drug, ()))
        if dosed(now, use).certainty is not Certainty.NONE
        and (at := begun(use)) is not None
        and at >= now.onset
    ]
    return bool(starts) and now.older(min(starts), now.hours("ect.after_h"))


def _ordered(bedside: Bedside, stage: str) -> Sequence[str]:
    """The stage's list; potassium in the emergency range comes first of priority 2 (MGT-ELYTE).

    Priority 1, the cause, stays before it: it is stopped in the same minute.
    """
    knowledge = bedside.now.knowledge
    keys: Sequence[str] = knowledge.stages.get(stage, ())
    if "MGT-ELYTE" not in keys or not potassium_emergency(bedside):
        return keys
    cause = [k for k in keys if k in knowledge.actions and knowledge.actions[k]["priority"] == 1]
    return [*cause, "MGT-ELYTE", *(k for k in keys if k not in cause)]


def _applies(bedside: Bedside, key: str, withdrawn: Truth) -> bool:
    if key == "MGT-DA-REINSTATE":
        return withdrawn is not FALSE
    if key in {"MGT-STOP", "MGT-WITHHOLD"}:
        return bool(bedside.culprits) or withdrawn is not TRUE
    return True


def _labelled(bedside: Bedside, advice: list[Advice]) -> list[Advice]:
    """With severity unknown all that is not for a mild episode too says so (SEV-03)."""
    if bedside.severity.level != "UNKNOWN":
        return advice
    sure, label = bedside.now.knowledge.stages["STG-2"], bedside.labels["severity_unknown"]
    return [a if a.id in sure else replace(a, label=label) for a in advice]


def _once_withheld(bedside: Bedside, advice: list[Advice]) -> list[Advice]:
    """Where age withholds every dose, a card says so once, for all the drugs together."""
    if bedside.child is FALSE:
        return advice
    reason = bedside.labels["paediatric" if bedside.child is TRUE else "age_unknown"]
    drugs = bedside.now.knowledge.drugs
    held = [a for a in advice if a.id in drugs and a.brief.endswith(reason)]
    if not held:
        return advice
    names = ", ".join([a.brief.split(".", 1)[0].lower() for a in held])
    brief = {a.id: "" for a in held} | {held[0].id: f"Drugs ({names}). {reason}"}
    return [_briefly(a, brief[a.id]) if a.id in brief else a for a in advice]


def _briefly(advice: Advice, brief: str) -> Advice:
    """The same advice with other words on a card (spelt out: `replace` costs many times that)."""
    a = advice
    return Advice(a.id, a.title, a.priority, a.warnings, a.lines, a.basis, a.cite, a.label, brief)
