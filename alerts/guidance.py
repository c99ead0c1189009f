"""The plan for this patient (SPEC 5): contraindications first, then what to do, every line cited.

The service displays; it never orders (SAF-02). A [U] dose is never rendered (SAF-04), no dose
for anyone under 18 (SAF-06), no dopamine antagonist is ever suggested (SAF-08).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from alerts.chart import UseStatus
from alerts.moment import Moment, taken
from alerts.statements import Advice, Exposure, Plan, Severity, TierName, Withdrawal
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

UNCONFIRMED = "common practice, not confirmed from a primary source - confirm with pharmacy"
FOR_REVIEW = "design decision, needs local sign-off"
PAEDIATRIC = "Under 18 years: doses are not displayed; call a paediatric specialist"
OBSTETRIC = "Pregnancy or breast-feeding recorded: take obstetric advice before this drug"
STAGE_OF = {"MILD": "STG-2", "MODERATE": "STG-3", "SEVERE": "STG-4", "UNKNOWN": "STG-3"}


def plan(
    now: Moment,
    tier: TierName,
    severity: Severity,
    exposures: tuple[Exposure, ...],
    withdrawals: tuple[Withdrawal, ...],
) -> Plan:
    """Staged guidance: requests only at WATCH, withholding at POSSIBLE, the rest from PROBABLE."""
    stage = _stage(tier, severity)
    if not stage:
        return Plan("", ())
    culprits = [e for e in exposures if e.reading in {"full", "extended", "possible"}]
    stopped = [w for w in withdrawals if w.reading in {"full", "extended", "possible"}]
    ids = [key for key in now.knowledge.stages[stage] if _applies(key, culprits, stopped)]
    if stage == "STG-1" and stopped:
        ids.insert(0, "MGT-DA-REINSTATE")
    advice = (_advice(now, key, culprits, stopped) for key in ids)
    return Plan(stage, tuple(advice))


def _stage(tier: TierName, severity: Severity) -> str:
    if tier is TierName.NONE:
        return ""
    if tier is TierName.WATCH:
        return "STG-0"
    return "STG-1" if tier is TierName.POSSIBLE else STAGE_OF[severity.level]


def _applies(key: str, culprits: list[Exposure], stopped: list[Withdrawal]) -> bool:
    if key == "MGT-DA-REINSTATE":
        return bool(stopped)
    if key in {"MGT-STOP", "MGT-WITHHOLD"}:
        return bool(culprits) or not stopped
    return True


def _advice(now: Moment, key: str, culprits: list[Exposure], stopped: list[Withdrawal]) -> Advice:
    if key.startswith("DRG-"):
        return _drug(now, key, now.knowledge.drugs[key])
    entry = now.knowledge.actions[key]
    lines = [_line(raw) for raw in _shown(entry["lines"])]
    warnings: list[str] = []
    if key in {"MGT-STOP", "MGT-WITHHOLD"}:
        lines = [*_culprit_lines(now, culprits), *lines]
        if any(e.long_acting for e in culprits) and key == "MGT-STOP":
            lines += [_line(raw) for raw in entry["depot"]]
        warnings = [_withdrawal_warning(w) for w in stopped]
    if key == "MGT-DA-REINSTATE":
        lines = [*(_reinstate_line(w) for w in stopped), *lines]
    return Advice(
        key,
        entry["title"],
        entry["priority"],
        tuple(warnings),
        tuple(lines),
        _basis(entry["lines"]),
        _cites(entry["lines"]),
    )


def _culprit_lines(now: Moment, culprits: list[Exposure]) -> Iterator[str]:
    """Every antagonist found by name, with last dose (MGT-STOP), the running ones first."""
    seen: set[tuple[str, str | None]] = set()
    ranked = sorted(culprits, key=lambda e: (e.running is not TRUE, e.drug, e.source))
    for exposure in ranked:
        if (exposure.drug, exposure.product) in seen:
            continue
        seen.add((exposure.drug, exposure.product))
        yield _culprit_line(now, exposure, [e for e in culprits if e.drug == exposure.drug])


def _culprit_line(now: Moment, exposure: Exposure, same: list[Exposure]) -> str:
    doses = [e.last_dose for e in same if e.last_dose and e.evidence == "administration"]
    last = max(doses, default=None) or exposure.last_dose
    name = exposure.product.replace("_", " ") if exposure.product else exposure.drug
    parts = [name]
    parts += [exposure.route] if exposure.route else []
    parts.append(f"last dose {_clock(last)}" if last else "last dose not recorded")
    if any(e.running is TRUE for e in same):
        parts.append("order in force")
    if exposure.long_acting and exposure.full_until:
        parts.append(f"depot: expected to act until about {exposure.full_until:%Y-%m-%d}")
    if exposure.reading == "possible":
        parts.append("exposure not certain")
    return ", ".join(parts)


def _withdrawal_warning(withdrawal: Withdrawal) -> str:
    return f"{withdrawal.trigger}: {withdrawal.drug}, {withdrawal.reason}"


def _reinstate_line(withdrawal: Withdrawal) -> str:
    when = f"since {_clock(withdrawal.at)}" if withdrawal.at else "time not recorded"
    dose = (
        f"; dose before the change: {withdrawal.previous_dose}" if withdrawal.previous_dose else ""
    )
    return f"{withdrawal.drug}: {withdrawal.reason} ({withdrawal.trigger}), {when}{dose}"


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M %Z}".strip()


def _drug(now: Moment, key: str, entry: Mapping[str, Any]) -> Advice:
    recorded, listed = _contraindications(now, entry)
    warnings = [f"Recorded: {text}" for text in recorded] + [f"Check: {text}" for text in listed]
    lines: list[str] = []
    if _pregnant(now) and entry["doses"]:
        warnings.insert(0, OBSTETRIC)
    if is_child(now) is not FALSE and entry["doses"]:
        age_known = is_child(now) is TRUE
        lines.append(PAEDIATRIC if age_known else "Age not recorded: doses are for adults only")
    if is_child(now) is not TRUE:
        lines += [_dose(raw) for raw in _shown(entry["doses"])]
        lines += _preparation(now, entry)
    lines += [_line(raw) for raw in _shown(entry["lines"])]
    cited = [*entry["doses"], *entry["lines"]]
    return Advice(
        key,
        entry["title"],
        entry["priority"],
        tuple(warnings),
        tuple(lines),
        _basis(cited),
        _cites(_shown(cited)),
    )


def _shown(raws: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [raw for raw in raws if raw.get("render", "show") != "hide"]


def _line(raw: Mapping[str, Any]) -> str:
    cited = f" [{', '.join(raw['cite'])}]" if raw["cite"] else ""
    label = ""
    if raw.get("render") == "label" or raw["basis"] == "U":
        label = f" ({UNCONFIRMED})"
    elif raw["basis"] == "D":
        label = f" ({FOR_REVIEW})"
    return f"{raw['text']}{label}{cited}"


def _dose(raw: Mapping[str, Any]) -> str:
    """A dose with its route, interval, maximum and citation, or none at all (SAF-04)."""
    return f"{raw['text']}; maximum {raw['maximum']} [{', '.join(raw['cite'])}]"


def _preparation(now: Moment, entry: Mapping[str, Any]) -> Iterator[str]:
    """Dantrolene in milligrams and vials, only with a weight of the last 30 days (SAF-04)."""
    made = entry.get("preparation")
    if not made:
        return
    weights = now.within("body_weight", now.days("dose.weight_age_d"))
    if not weights:
        yield "No weight recorded in 30 days: mg/kg only"
        return
    newest = weights[-1]
    for raw in entry["doses"]:
        for mg_kg in raw.get("mg_kg", ()):
            yield (
                f"{reconstitution(newest.value, mg_kg, made)} (weight {newest.value:g} kg, "
                f"{_clock(newest.at)}) [{', '.join(made['cite'])}]"
            )


def reconstitution(weight_kg: float, mg_kg: float, made: Mapping[str, Any]) -> str:
    """Vial arithmetic: vials = ceil(mg/20), water = 60 × vials, mannitol = 3 × vials."""
    dose = round(weight_kg * mg_kg, 1)
    vials = ceil(dose / made["vial_mg"])
    water, mannitol = vials * made["vial_water_ml"], vials * made["vial_mannitol_g"]
    suspension = dose / made["suspension_mg_ml"]
    return (
        f"{mg_kg:g} mg/kg IV = {dose:g} mg = {vials} vials of 20 mg with {water} mL sterile water "
        f"({mannitol} g mannitol), or {suspension:.1f} mL of the 50 mg/mL suspension"
    )


def _contraindications(now: Moment, entry: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Recorded ones first (SAF-05), each with its citation."""
    recorded: list[str] = []
    listed: list[str] = []
    for raw in entry["contraindications"]:
        (recorded if _is_recorded(now, raw) else listed).append(_line(raw))
    return recorded, listed


def _is_recorded(now: Moment, raw: Mapping[str, Any]) -> bool:
    kinds = set(raw["conditions"])
    if any(c.kind in kinds and c.active is not FALSE for c in now.chart.conditions):
        return True
    members: set[str] = set()
    for name in raw["drugs"]:
        known = now.knowledge.classes.get(name.removeprefix("class:"), frozenset())
        members |= known if name.startswith("class:") else {name}
    window = timedelta(days=2)
    return any(
        taken(use, members, now.as_of, window) and use.status is not UseStatus.DRAFT
        for use in now.chart.medications
    )


def _pregnant(now: Moment) -> bool:
    kinds = {"pregnancy", "breastfeeding"}
    return any(c.kind in kinds and c.active is not FALSE for c in now.chart.conditions)


def is_child(now: Moment) -> Truth:
    """Under 18 at this moment? Unknown without a birth date."""
    details = now.chart.details
    if details is None or details.birth_date is None:
        return UNKNOWN
    born, today = details.birth_date, now.as_of.date()
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return TRUE if age < now.knowledge["tier.adult_y"] else FALSE


def _basis(raws: list[Mapping[str, Any]]) -> str:
    """The weakest basis among the lines shown."""
    bases = [raw["basis"] for raw in _shown(raws)] or ["D"]
    return str(max(bases, key="VSDU".index))


def _cites(raws: list[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for raw in raws for key in raw["cite"]))
