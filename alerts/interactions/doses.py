"""Daily amounts, where the record lets them be worked out (INT-AP-DOSE, INT-LOR-PG)."""

from alerts.chart import MedicationUse
from alerts.evidence import datum
from alerts.interactions.situation import NOT_HELD, Held, Situation, undecided
from alerts.interactions.taken import PARENTERAL, Taken, drug_datum
from alerts.statements import Datum
from alerts.truth import FALSE, TRUE, UNKNOWN

_MG = {"mg": 1.0, "g": 1000.0, "ug": 0.001, "mcg": 0.001}


def daily_mg(use: MedicationUse) -> float | None:
    """Milligrams in 24 h; None when the dose, unit or frequency is not told, or as needed."""
    if use.dose is None or use.dose_unit is None or use.as_needed:
        return None
    unit, _, per = use.dose_unit.replace(" ", "").partition("/")
    factor = _MG.get(unit)
    if factor is None:
        return None
    if per in {"h", "hr", "hour"}:
        return use.dose * factor * 24
    if per in {"d", "day", "24h"}:
        return use.dose * factor
    if per or use.times_per_day is None:
        return None
    return use.dose * factor * use.times_per_day


def _amount(taken: Taken, mg: float) -> Datum:
    return Datum(taken.ingredient, f"{mg:g}", "mg/d", taken.begun, taken.reference, "daily amount")


def dose_over_ddd(situation: Situation, taken: Taken) -> Held:
    """Above two defined daily doses (guinart2021); depots have another one and are left out."""
    knowledge = situation.now.knowledge
    way = "parenteral" if taken.use.route in PARENTERAL else "oral"
    ddd = knowledge.daily_doses.get(way, {}).get(taken.ingredient)
    amount = daily_mg(taken.use)
    if ddd is None or amount is None or taken.use.route is None or taken.use.long_acting is TRUE:
        return Held(UNKNOWN, missing=f"daily dose of {taken.ingredient}")
    if amount <= knowledge["interaction.ddd_multiple"] * ddd:
        return NOT_HELD
    return Held(TRUE, (_amount(taken, amount),), f"{amount / ddd:.1f} defined daily doses")


def dose_increase(situation: Situation, taken: Taken) -> Held:
    """A daily amount 40 % or more above one in force in the last 14 days (langan2012)."""
    now = situation.now
    amount = daily_mg(taken.use)
    window = now.days("interaction.dose_ratio_d")
    before = [
        (earlier, mg)
        for earlier in now.chart.orders.get(taken.ingredient, ())
        if earlier.source.reference != taken.reference
        and earlier.route == taken.use.route
        and (mg := daily_mg(earlier))
        and _earlier(earlier, taken)
        and (earlier.end is None or not now.older(earlier.end, window))
    ]
    if amount is None or not before:
        return Held(UNKNOWN, missing=f"earlier dose of {taken.ingredient}")
    least, mg = min(before, key=lambda b: (b[1], b[0].source.reference))
    if amount < now.knowledge["interaction.dose_ratio"] * mg:
        return NOT_HELD
    known = Taken(least, taken.ingredient, taken.gap, running=False, certain=TRUE)
    note = f"daily dose up from {mg:g} to {amount:g} mg"
    return Held(TRUE, (_amount(taken, amount), _amount(known, mg)), note)


def _earlier(order: MedicationUse, taken: Taken) -> bool:
    begun, then = order.start or order.authored, taken.begun
    return begun is not None and (taken.draft or then is None or begun < then)


def lorazepam_dose(situation: Situation, taken: Taken) -> Held:
    """1 mg/kg a day or more by infusion (yahwak2008), on a recent weight."""
    now = situation.now
    weights = now.within("body_weight", now.days("dose.weight_age_d"))
    amount = daily_mg(taken.use)
    if amount is None:
        return undecided(f"daily dose of {taken.ingredient}", drug_datum(taken))
    if not weights:
        missing = now.knowledge.says("weight of the last {dose.weight_age_d} days")
        return undecided(missing, _amount(taken, amount))
    facts = (_amount(taken, amount), datum(weights[-1]))
    limit = now.knowledge["interaction.lorazepam_mg_kg_day"]
    if amount < limit * weights[-1].value:
        return Held(FALSE, facts)
    return Held(TRUE, facts, f"{amount / weights[-1].value:.2f} mg/kg a day")
