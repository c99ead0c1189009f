"""Risk factors on record: context to explain and to order the list (SPEC 3.6, EXP-02).

They are too common to predict NMS in one patient: never points, never the gate (RISK-01).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerts.chart import Evidence, MedicationUse, SignKind, UseStatus, begun
from alerts.dosing import Certainty, dosed
from alerts.exposure import PARENTERAL
from alerts.interactions.doses import daily_mg
from alerts.moment import Moment, datum, sign_datum, use_datum
from alerts.statements import Datum, Exposure, RiskFactor
from alerts.truth import FALSE, TRUE

Found = tuple[str, tuple[Datum, ...]]
GIVEN = frozenset({UseStatus.COMPLETED, UseStatus.IN_PROGRESS})


def risk_factors(now: Moment, exposures: tuple[Exposure, ...]) -> tuple[RiskFactor, ...]:
    """The risk factors that the chart shows, each with its published figure."""
    known = now.knowledge.criteria["risk_factors"]
    with now.account("risk factors"):
        found = dict(_found(now, exposures))
    if not found:
        return ()
    return tuple(
        RiskFactor(key, raw["factor"], raw["effect"], found[key], raw["basis"], tuple(raw["cite"]))
        for key, raw in known.items()
        if key in found
    )


def _found(now: Moment, exposures: tuple[Exposure, ...]) -> Iterator[Found]:
    yield from _drugs(now)
    yield from _antipsychotics(now, exposures)
    yield from _conditions(now)
    details = now.chart.details
    if details is not None and details.sex == "male":
        yield "RF-MALE", (Datum("sex", "male", "", None, details.source.reference),)
    week = now.hours("ms.coded_h")
    agitated = now.present(week, SignKind.AGITATION)
    if agitated:
        yield "RF-AGIT", (sign_datum(agitated[-1]),)
    yield from _iron(now)


def _drugs(now: Moment) -> Iterator[Found]:
    window = now.days("risk.run_up_d")
    for key, name in (
        ("RF-ACH", "anticholinergic"),
        ("RF-LI", "lithium"),
        ("RF-BZD", "benzodiazepine"),
    ):
        taken = now.given(name, window)
        if taken:
            yield key, (use_datum(taken[-1]),)


def _antipsychotics(now: Moment, exposures: tuple[Exposure, ...]) -> Iterator[Found]:
    depots = [e for e in exposures if e.long_acting and e.reading in {"full", "extended"}]
    if depots:
        newest = depots[0]
        at, product = newest.last_dose, newest.product or newest.drug
        yield "RF-LAI", (Datum(product, newest.evidence, "", at, newest.source),)
    uses = _uses(now)
    injected = [
        u
        for u in uses
        if u.evidence is Evidence.ADMINISTRATION
        and u.status in GIVEN
        and u.route in {"im", "iv"}
        and u.long_acting is not TRUE
        and not now.older(u.start or now.as_of, now.days("risk.run_up_d"))
    ]
    if injected:
        yield "RF-IM", (use_datum(injected[-1]),)
    before, after = _numbers(now, uses)
    if after > before > 0:
        yield "RF-POLY", (Datum("antipsychotics", f"{before} → {after}", "", _rose(now, uses), ""),)
    second = now.knowledge.classes["second_generation_antipsychotic"]
    newer = [e for e in exposures if e.drug in second and e.reading in {"full", "extended"}]
    if newer:
        said = newer[0]
        yield "RF-SGA", (Datum(said.drug, said.evidence, "", said.last_dose, said.source),)
    high = _defined_doses(now, uses)
    if high:
        yield "RF-DOSE", high
    switched = [
        u
        for u in uses
        if u.end is not None
        and u.end <= now.as_of
        and not now.older(u.end, now.days("risk.run_up_d"))
        and u.evidence is Evidence.ORDER
    ]
    if switched:
        yield "RF-SWITCH", (use_datum(switched[-1], switched[-1].end),)
    risen = escalation(now, uses)
    if risen:
        yield "RF-ESC", risen


def _defined_doses(now: Moment, uses: list[MedicationUse]) -> tuple[Datum, ...]:
    """Running orders that come to more than two defined daily doses together (guinart2021).

    What is not told (a dose, how often, the route) adds nothing: the sum is the least it can be.
    """
    found, total = [], 0.0
    for use in uses:
        if use.evidence is not Evidence.ORDER or dosed(now, use).running is not TRUE:
            continue
        way = "parenteral" if use.route in PARENTERAL else "oral"
        amount = daily_mg(use) if use.route and use.long_acting is not TRUE else None
        for drug in use.ingredients:
            one = now.knowledge.daily_doses.get(way, {}).get(drug)
            if amount and one:
                total += amount / one
                at = begun(use)
                found.append(Datum(drug, f"{amount:g}", "mg/d", at, use.source.reference))
    return tuple(found) if total > now.knowledge["interaction.ddd_multiple"] else ()


def _uses(now: Moment) -> list[MedicationUse]:
    """Antipsychotic orders, and doses of the last month."""
    since = now.as_of - 2 * now.days("risk.run_up_d")
    found = {
        id(use): use
        for ingredient in now.on_chart(now.knowledge.classes["antipsychotic"])
        for use in (*now.chart.orders.get(ingredient, ()), *now.recent_doses(ingredient, since))
        if dosed(now, use).certainty is not Certainty.NONE
    }
    return sorted(found.values(), key=lambda u: (begun(u) or since, u.source.reference))


def _numbers(now: Moment, uses: list[MedicationUse]) -> tuple[int, int]:
    """How many antipsychotics ran two weeks ago, and run now."""
    window = now.days("risk.run_up_d")
    orders = [u for u in uses if u.evidence is Evidence.ORDER]
    for use in orders:
        for at in (begun(use), use.end):
            if at is not None:
                now.until(at + window)

    def at_work(ago: timedelta) -> int:
        at = now.as_of - ago
        return len(
            {
                i
                for u in orders
                if (started := begun(u)) is not None
                and started <= at
                and (u.end is None or u.end > at)
                for i in u.ingredients
            }
        )

    return at_work(window), at_work(timedelta(0))


def _rose(now: Moment, uses: list[MedicationUse]) -> datetime | None:
    """When the newest antipsychotic order that runs now began."""
    orders = [u for u in uses if u.evidence is Evidence.ORDER]
    running = [u for u in orders if u.end is None or u.end > now.as_of]
    return max((at for u in running if (at := begun(u)) is not None), default=None)


def escalation(now: Moment, uses: list[MedicationUse]) -> tuple[Datum, ...]:
    """EXP-02: the ordered daily amount up 40 % in 14 d, or at all in 72 h (langan2012)."""
    orders = [u for u in uses if u.evidence is Evidence.ORDER and u.dose and begun(u)]
    window, short = now.days("escalation.window_d"), now.hours("escalation.any_h")
    for newer in reversed(orders):
        started = begun(newer)
        if started is None or now.older(started, window):
            continue
        for older in orders:
            earlier = begun(older)
            if earlier is None or earlier >= started or older.ingredients != newer.ingredients:
                continue
            before, after = _daily(older), _daily(newer)
            if older.dose_unit != newer.dose_unit or started - earlier > 2 * window:
                continue
            steep = after >= before * now.knowledge["escalation.ratio"]
            if steep or (after > before and not now.older(started, short)):
                said = f"{before:g} → {after:g} {newer.dose_unit or ''} a day".replace("  ", " ")
                drug = ", ".join(newer.ingredients)
                return (Datum(drug, said, "", started, newer.source.reference),)
    return ()


def _daily(use: MedicationUse) -> float:
    return (use.dose or 0) * (use.times_per_day or 1)


def _conditions(now: Moment) -> Iterator[Found]:
    if not now.chart.conditions:
        now.hours("episode.gap_h")
        return
    for key, raw in now.knowledge.criteria["risk_factors"].items():
        wanted = raw.get("conditions")
        if not wanted:
            continue
        coded = [
            c
            for c in now.chart.conditions
            if c.kind in wanted and (c.active is not FALSE or key == "RF-PRIOR")
        ]
        if key == "RF-PRIOR":
            gap = now.hours("episode.gap_h")
            coded = [c for c in coded if (at := c.onset or c.recorded) and now.older(at, gap)]
        if coded:
            shown = coded[0]
            at = shown.onset or shown.recorded
            yield key, (Datum(shown.kind, "recorded", "", at, shown.source.reference),)


def _iron(now: Moment) -> Iterator[Found]:
    results = now.recent("iron", "risk.run_up_d")
    low = [m for m in results if m.value <= now.knowledge["risk.iron"] and m.comparator is None]
    if not low:
        return
    yield "RF-IRON", (datum(low[-1]),)
    catatonic = now.present(now.hours("ms.coded_h"), SignKind.CATATONIA)
    if catatonic:
        yield "RF-CATIRON", (datum(low[-1]), sign_datum(catatonic[-1]))
