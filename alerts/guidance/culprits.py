"""MGT-STOP and MGT-DA-REINSTATE: every culprit product by name, or what to give back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from alerts.chart import Evidence, MedicationUse, UseStatus
from alerts.moment import Moment
from alerts.statements import Culprit, Exposure, Withdrawal
from alerts.truth import TRUE, Truth
from alerts.wording import day, stamp

LIVE = frozenset({"full", "extended", "possible"})
_ROUTES = {"im": "IM", "iv": "IV", "sc": "SC", "oral": "by mouth", "td": "patch"}
Uses = Mapping[str, MedicationUse]


def culprits(now: Moment, exposures: Sequence[Exposure]) -> tuple[Culprit, ...]:
    """Orders and doses of one product taken together; the running ones first."""
    chart = now.chart
    uses = {
        use.source.reference: use
        for drug in {e.drug for e in exposures}
        for use in (*chart.orders.get(drug, ()), *chart.doses.get(drug, ()))
    }
    groups: dict[tuple[str, str], list[Exposure]] = {}
    for exposure in exposures:
        if exposure.reading in LIVE or _could_run(uses.get(exposure.source)):
            groups.setdefault((exposure.drug, exposure.product or ""), []).append(exposure)
    found = [_culprit(now, same, uses) for same in groups.values()]
    return tuple(sorted(found, key=_order))


def _order(culprit: Culprit) -> tuple[bool, bool, str]:
    return (not culprit.certain, "order in force" not in culprit.standing, culprit.name)


def _could_run(use: MedicationUse | None) -> bool:
    """An order in force or on hold can bring the next dose, whatever its window says."""
    if use is None or use.evidence is not Evidence.ORDER or use.do_not_perform:
        return False
    return use.status in {UseStatus.ACTIVE, UseStatus.ON_HOLD}


def _culprit(now: Moment, same: Sequence[Exposure], uses: Uses) -> Culprit:
    given = [e for e in same if e.evidence == "administration" and e.last_dose]
    newest = max(given or same, key=lambda e: (e.last_dose or now.as_of, e.source))
    routes = dict.fromkeys([e.route for e in (newest, *same) if e.route])
    depot = any(e.long_acting for e in same)
    antiemetics = now.knowledge.classes.get("antiemetic_antagonist", frozenset())
    antipsychotics = now.knowledge.classes.get("antipsychotic", frozenset())
    return Culprit(
        drug=newest.drug,
        product=newest.product,
        name=_name(now, newest),
        route=" and ".join([_route(r) for r in routes]),
        dose=_dose(uses.get(newest.source)),
        last_dose=newest.last_dose if given else None,
        standing=tuple(_standing(now, same, uses)),
        certain=any(e.reading in {"full", "extended"} for e in same),
        long_acting=depot,
        until=_latest([e.full_until for e in same]) if depot else None,
        window_end=_latest([e.extended_until for e in same]),
        antiemetic=newest.drug in antiemetics and newest.drug not in antipsychotics,
        source=newest.source,
    )


def _name(now: Moment, exposure: Exposure) -> str:
    """The product as its package calls it, or the drug."""
    known = now.knowledge.long_acting.get(exposure.product or "")
    return known.name if known else exposure.drug.replace("_", " ")


def _latest(times: Sequence[datetime | None]) -> datetime | None:
    return max([t for t in times if t], default=None)


def _route(route: str) -> str:
    return _ROUTES.get(route, route)


def _dose(use: MedicationUse | None) -> str:
    if use is None or not use.dose or not use.dose_unit:
        return ""
    return f"{use.dose:g} {use.dose_unit}"


def _standing(now: Moment, same: Sequence[Exposure], uses: Uses) -> Iterator[str]:
    """What the chart says of the product now, each once."""
    orders = [u for e in same if (u := uses.get(e.source)) and u.evidence is Evidence.ORDER]
    if not orders:
        if any(e.running is TRUE for e in same):
            yield "reported as taken"
        return
    active = [u for u in orders if u.status is UseStatus.ACTIVE and _open(u, now.as_of)]
    if any(not u.as_needed for u in active):
        yield "order in force"
    if any(u.as_needed for u in active):
        yield "as-needed order in force"
    if any(u.status is UseStatus.ON_HOLD for u in orders):
        yield "order on hold"
    if not active and any(e.running is TRUE for e in same):
        yield "reported as taken"
    stops = [u.end for u in orders if u.status is UseStatus.STOPPED and u.end is not None]
    if not active and stops:
        yield f"order stopped {stamp(max(stops), now)}"


def _open(use: MedicationUse, as_of: datetime) -> bool:
    return use.end is None or use.end > as_of


def culprit_line(now: Moment, culprit: Culprit) -> str:
    """'haloperidol 5 mg IM, last dose 25 Nov 08:10 UTC, order in force'."""
    parts = [f"{culprit.name}{' (antiemetic)' if culprit.antiemetic else ''}"]
    amount = " ".join(p for p in (culprit.dose, culprit.route) if p)
    parts[0] += f" {amount}" if amount else ""
    last = culprit.last_dose
    parts.append(f"last dose {stamp(last, now)}" if last else "last dose not recorded")
    parts += culprit.standing
    if culprit.long_acting and culprit.until:
        end = culprit.window_end or culprit.until
        parts.append(
            f"depot, cannot be removed: expected to act until about {day(culprit.until, now)}, "
            f"window ends {day(end, now)}"
        )
    if not culprit.certain:
        parts.append("exposure not certain")
    return ", ".join(parts)


def reinstate_line(now: Moment, withdrawal: Withdrawal) -> str:
    """What to give back: the dose is the one on the chart before the change, never ours."""
    name = withdrawal.drug.replace("_", " ")
    when = f"since {stamp(withdrawal.at, now)}" if withdrawal.at else "time not recorded"
    certain = "" if withdrawal.reading != "possible" else "; not certain"
    if withdrawal.trigger == "DAW-DBS":
        return f"Restore the stimulator: {withdrawal.reason}, {when}{certain}"
    return f"{name}: {withdrawal.reason}, {when}{certain}; {before(withdrawal)}"


def before(withdrawal: Withdrawal) -> str:
    """The dose before the change as recorded. After a cut the newest dose is not that dose."""
    if withdrawal.trigger == "DAW-REDUCE":
        return "dose before the cut: the daily mean just named"
    if not withdrawal.previous_dose:
        return "dose before the change not recorded: ask pharmacy, clinic or family"
    # the kidney that took it then may not be the kidney of now (amantadine_renal)
    renal = "; dose now by kidney function" if withdrawal.drug == "amantadine" else ""
    return f"dose before the change, as recorded: {withdrawal.previous_dose}{renal}"


def live(withdrawals: Sequence[Withdrawal]) -> tuple[Withdrawal, ...]:
    """Withdrawals that may still matter, one for each drug and trigger, the certain ones first."""
    kept: dict[tuple[str, str], Withdrawal] = {}
    for found in withdrawals:
        if found.reading in LIVE:
            kept[(found.trigger, found.drug)] = found
    return tuple(sorted(kept.values(), key=lambda w: (w.reading == "possible", w.drug, w.trigger)))


def confirmed(withdrawals: Sequence[Withdrawal]) -> Truth:
    """Was a dopaminergic drug withdrawn, as far as the chart tells?"""
    if any(w.reading in {"full", "extended"} for w in withdrawals):
        return TRUE
    return Truth.UNKNOWN if withdrawals else Truth.FALSE
