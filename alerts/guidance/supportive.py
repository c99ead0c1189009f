"""Supportive care for this patient: the lines of an action, with what the chart adds (SPEC 5.3)."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from alerts.coagulation import coagulation
from alerts.evidence import above
from alerts.guidance.contraindications import checks
from alerts.guidance.culprits import before, culprit_line, reinstate_line
from alerts.guidance.patient import Bedside
from alerts.knowledge import Knowledge
from alerts.resolution import resolution
from alerts.severity import RENAL_FAILURE
from alerts.statements import Advice, Finding, TierName
from alerts.truth import FALSE, TRUE, UNKNOWN
from alerts.wording import (
    Standing,
    all_citations,
    line,
    measured,
    shown,
    standing_lines,
    weakest_basis,
)


@dataclass(slots=True)
class Added:
    """What the chart adds to an action: cautions, first lines, a better brief, more rows.

    `rows`: lists of lines that stand beside an action's own, by their action and name.
    """

    warnings: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    rows: tuple[tuple[str, str], ...] = ()
    brief: str | None = None


_NOTHING = Added()
_MET = {TRUE: "met", FALSE: "not met", UNKNOWN: "not known"}


def action_advice(bedside: Bedside, key: str) -> Advice:
    """The advice of one MGT entry for this patient."""
    knowledge = bedside.now.knowledge
    known: Advice | None = knowledge.memo.get(("advice", key))
    if known is not None:
        return known
    entry, make = knowledge.actions[key], _ADDED.get(key)
    if make is not None:
        return _advice(bedside, key, entry, make(bedside))
    said = _advice(bedside, key, entry, _NOTHING)
    if "cautions" not in entry:  # the same for every patient
        knowledge.memo["advice", key] = said
    return said


def _advice(bedside: Bedside, key: str, entry: Mapping[str, Any], added: Added) -> Advice:
    standing = _standing(bedside, key, added.rows)
    recorded = checks(bedside, entry).recorded if "cautions" in entry else ()
    return Advice(
        key,
        entry["title"],
        entry["priority"],
        (*added.warnings, *recorded),
        (*added.lines, *standing.lines),
        standing.basis,
        standing.cite,
        brief=entry.get("brief", "") if added.brief is None else added.brief,
    )


def _standing(bedside: Bedside, key: str, rows: tuple[tuple[str, str], ...]) -> Standing:
    """The lines of an action for every patient who needs these rows beside them, made once."""
    knowledge, labels = bedside.now.knowledge, bedside.labels
    known: Standing | None = knowledge.memo.get(("action", key, rows))
    if known is None:
        known = standing_lines(knowledge, knowledge.actions[key]["lines"], labels)
        if rows:
            more = shown([raw for action, name in rows for raw in knowledge.actions[action][name]])
            known = Standing(
                (*more, *known.rows),
                (*[line(raw, labels) for raw in more], *known.lines),
                weakest_basis([*more, *known.rows]),
                all_citations([*known.rows, *more]),
            )
        knowledge.memo["action", key, rows] = known
    return known


def _stop(bedside: Bedside) -> Added:
    """Every culprit product by name with its last dose; depots with their tail."""
    now = bedside.now
    added = Added(lines=[culprit_line(now, c) for c in bedside.culprits])
    if not bedside.culprits:
        added.lines.append("No dopamine antagonist found on this chart: reconcile drugs from home")
    if any(c.long_acting for c in bedside.culprits):
        added.rows += (("MGT-STOP", "depot"),)
    recent = bedside.recent_drugs.keys() - {c.drug for c in bedside.culprits}
    if found := _to_review(now.knowledge, recent):
        added.lines.append(f"On the chart, to review: {', '.join(found)}")
        added.rows += (("MGT-STOP", "review"),)
    added.warnings = [
        f"Dopaminergic withdrawal too: {reinstate_line(now, w)}" for w in bedside.withdrawals
    ]
    return added


def _withhold(bedside: Bedside) -> Added:
    """As MGT-STOP; without a drug to name the line never asks to withhold another one."""
    added = _stop(bedside)
    if not bedside.culprits:
        added.brief = "No dopamine antagonist found on this chart: reconcile drugs from home"
    return added


def _to_review(knowledge: Knowledge, drugs: Set[str]) -> list[str]:
    """Drugs that add to the picture: lithium, anticholinergic and serotonergic ones."""
    if not drugs:
        return []
    nothing: frozenset[str] = frozenset()
    classes = [knowledge.classes.get(n, nothing) for n in ("anticholinergic", "serotonergic")]
    return sorted(d for d in drugs if d == "lithium" or any(d in members for members in classes))


def _reinstate(bedside: Bedside) -> Added:
    lines = [reinstate_line(bedside.now, w) for w in bedside.withdrawals]
    lost = [w for w in bedside.withdrawals if w.trigger in {"DAW-ROUTE", "DAW-ABSORB"}]
    if lost:
        lines.append("The oral route is in doubt: tube, then the non-oral alternatives below")
    rows = (("MGT-DA-REINSTATE", "amantadine"),) if _withdrawn(bedside, "amantadine") else ()
    said = "; ".join(
        f"{w.drug.replace('_', ' ')} ({before(w)})"
        for w in bedside.withdrawals
        if w.trigger != "DAW-DBS"
    )
    brief = f"Restart as before, by tube if needed: {said}" if said else "Restore the stimulator"
    return Added(lines=lines, rows=rows, brief=brief)


def _withdrawn(bedside: Bedside, drug: str) -> bool:
    return any(w.drug == drug for w in bedside.withdrawals)


def _escalate(bedside: Bedside) -> Added:
    met, unknown = bedside.severity.critical_care, bedside.severity.unknown
    possible = bedside.tier is TierName.POSSIBLE
    lines = [f"{'Would be met' if possible else 'Met'} now: {'; '.join(met)}"] if met else []
    if unknown:
        lines.append(f"Not known, and could meet it: {'; '.join(unknown)}")
    urgent = met and not (possible and bedside.severity.level == "MODERATE")
    brief = f"Discuss with critical care now: {'; '.join(met)}" if urgent else ""
    if bedside.child is TRUE:
        lines.insert(0, bedside.labels["paediatric"])
        brief = (
            f"{brief}. {bedside.labels['paediatric']}" if brief else bedside.labels["paediatric"]
        )
    return Added(lines=lines, brief=brief)


def _cool(bedside: Bedside) -> Added:
    reading = bedside.newest("body_temperature", "dose.laboratory_age_h")
    if reading is None:
        missing = "Temperature not recorded in {dose.laboratory_age_h} h: "
        return Added(lines=[bedside.says(f"{missing}measure core temperature now")])
    said = measured(reading, bedside.now)
    if reading.site not in bedside.now.knowledge.sites["core"]:
        said += f" ({reading.site or 'site not recorded'}): measure core temperature"
    start = bedside.now.knowledge["cooling.start_c"]
    cool = reading.value >= start
    brief = None if cool else f"Core temperature now; cool actively from {start:g} °C"
    return Added(lines=[f"Newest: {said}"], brief=brief)


def _fluid(bedside: Bedside) -> Added:
    """The urine target by CK; in mL/h where a weight is on record."""
    added, weight, k = _overload(bedside), bedside.weight, bedside.now.knowledge
    if weight is not None:
        added.lines.append(_fluid_target(k, weight.value))
    ck = bedside.newest("creatine_kinase", "ck.lookback_h")
    if ck is None:
        added.lines.append(
            bedside.says(
                "CK not recorded in {ck.lookback_h} h: take the rhabdomyolysis target until known"
            )
        )
        return added
    limit = k["rhabdomyolysis.ck_u_l"]
    high = (ck.reference_high or 0) * k["rhabdomyolysis.ck_multiple"]
    raised = ck.value > limit or (bool(high) and ck.value > high)
    added.lines.append(f"Newest: {measured(ck, bedside.now)}")
    added.rows = (("MGT-FLUID", "rhabdomyolysis" if raised else "without_rhabdomyolysis"),)
    return added


def _overload(bedside: Bedside) -> Added:
    """Who may not be filled by the weight alone, by what is coded or measured (MGT-FLUID)."""
    entry = bedside.now.knowledge.actions["MGT-FLUID"]
    failing = [s for s in bedside.severity.critical_care if s.startswith(RENAL_FAILURE)]
    (caution,) = entry["cautions"]
    names = [n for n in (checks(bedside, entry).brief, *(RENAL_FAILURE for _ in failing)) if n]
    if not names:
        return Added()
    return Added(
        warnings=[f"Caution, measured: {s}. {line(caution, bedside.labels)}" for s in failing],
        brief=f"Fluid with caution ({', '.join(names)}): start low, watch for pulmonary oedema",
    )


def _fluid_target(knowledge: Knowledge, weight_kg: float) -> str:
    """The displayed default for a weight, never above its cap (MGT-FLUID)."""
    cap = knowledge["fluid.cap_ml_h"]
    least, most = (weight_kg * knowledge[f"fluid.{end}_ml_kg_h"] for end in ("least", "most"))
    target = knowledge.says("target of {fluid.least_ml_kg_h} to {fluid.most_ml_kg_h} mL/kg/h")
    said = f"At {weight_kg:g} kg the {target} is"
    if least >= cap:
        return f"{said} {cap:g} mL/h, the displayed maximum"
    if most > cap:
        return f"{said} {least:.0f} to {cap:g} mL/h, the displayed maximum"
    return f"{said} {least:.0f} to {most:.0f} mL/h"


def _electrolytes(bedside: Bedside) -> Added:
    potassium, k = bedside.newest("potassium", "dose.laboratory_age_h"), bedside.now.knowledge
    if potassium is None:
        missing = bedside.says("otassium not recorded in {dose.laboratory_age_h} h")
        return Added(
            lines=[f"P{missing}: send now"],
            brief=f"Potassium, calcium, phosphate, gas now: p{missing}",
        )
    said = measured(potassium, bedside.now)
    if "haemolysed" in potassium.flags:
        said += ", haemolysed: repeat now"
    if potassium_emergency(bedside):
        return Added(
            warnings=[f"Emergency: {said}"], brief=f"Hyperkalaemia, emergency, correct now: {said}"
        )
    if above(potassium, k["potassium.alert"]) is TRUE:
        return Added(warnings=[f"Alert: {said}"], brief=f"Hyperkalaemia: {said}")
    return Added(lines=[f"Newest: {said}"], brief="")


def potassium_emergency(bedside: Bedside) -> bool:
    """Is the newest potassium in the emergency range (MGT-ELYTE)?"""
    newest = bedside.newest("potassium", "dose.laboratory_age_h")
    if newest is None:
        return False
    return above(newest, bedside.now.knowledge["potassium.emergency"]) is TRUE


def _monitoring(bedside: Bedside) -> Added:
    """On a card critical care stands for it; the schedule is on the patient page."""
    return Added(brief="" if bedside.severity.critical_care else None)


def _clotting(bedside: Bedside) -> Added:
    score = coagulation(bedside.now)
    read = f" from {', '.join(score.parts)}" if score.parts else ""
    lines = [f"ISTH score now {score.lower}–{score.upper} of 8 points{read}"]
    if score.missing:
        window = bedside.says("Not recorded in {dic.window_h} h")
        lines.append(f"{window}: {', '.join(score.missing)}")
    if score.overt is TRUE:
        said = f"Overt DIC by the ISTH score: {score.lower}–{score.upper} of 8 points"
        return Added(warnings=[said], lines=lines, brief=f"{said}: haematology")
    return Added(lines=lines)


def _thrombosis(bedside: Bedside) -> Added:
    score = coagulation(bedside.now)
    if score.overt is TRUE:
        return Added(warnings=[f"ISTH DIC score {score.lower}–{score.upper} of 8 points"])
    if score.overt is UNKNOWN:
        return Added(warnings=["Platelets and clotting incomplete: check before prophylaxis"])
    return Added()


def _resolution(bedside: Bedside) -> Added:
    """How far each part of resolution is met now (SPEC 5.6)."""
    parts = resolution(bedside.now, bedside.findings).parts
    return Added(lines=[f"{p.name}: {_MET[p.state]} ({p.reason})" for p in parts])


def critical_hyperthermia(findings: Mapping[str, Finding]) -> bool:
    """Core above 41.1 °C with altered mental status: time-critical whatever the tier (ALR-04)."""
    known = findings.get("TEMP411")
    return known is not None and known.state is TRUE


def rigidity_drives_temperature(bedside: Bedside) -> bool:
    """Moderate, rigid, above 38.5 °C and rising: where dantrolene may be needed before severe."""
    if bedside.severity.level != "MODERATE" or bedside.state("RIG") is not TRUE:
        return False
    readings = bedside.now.recent("body_temperature", "severity.window_h")
    limit = bedside.now.knowledge["severity.cooling_c"]
    return len(readings) > 1 and readings[-1].value > max(limit, readings[-2].value)


_ADDED: Mapping[str, Callable[[Bedside], Added]] = {
    "MGT-STOP": _stop,
    "MGT-WITHHOLD": _withhold,
    "MGT-DA-REINSTATE": _reinstate,
    "MGT-ESCALATE": _escalate,
    "MGT-COOL": _cool,
    "MGT-FLUID": _fluid,
    "MGT-ELYTE": _electrolytes,
    "MGT-MONITOR": _monitoring,
    "MGT-DIC": _clotting,
    "MGT-VTE": _thrombosis,
    "MGT-RESOLUTION": _resolution,
}
