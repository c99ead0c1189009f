"""What must hold of a drug besides its name: route, form, dose (the part after @ in a row)."""

from alerts.interactions.doses import daily_mg
from alerts.interactions.taken import PARENTERAL, Taken
from alerts.knowledge import Knowledge
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth


def qualified(taken: Taken, qualifier: str, knowledge: Knowledge) -> tuple[Truth, str]:
    """Does the qualifier hold, and if that cannot be decided, what is not recorded."""
    if not qualifier:
        return TRUE, ""
    check = _PLAIN.get(qualifier)
    state = check(taken) if check else _INFORMED[qualifier](taken, knowledge)
    return state, f"{_ASKED[qualifier]} of {taken.ingredient}" if state is UNKNOWN else ""


def _route(taken: Taken, routes: frozenset[str]) -> Truth:
    route = taken.use.route
    if route is None:
        return UNKNOWN
    return TRUE if route in routes else FALSE


def _im(taken: Taken) -> Truth:
    """A depot injection is intramuscular too, but not what the label speaks of."""
    if taken.use.route == "depot" or taken.use.long_acting is TRUE:
        return UNKNOWN
    return _route(taken, frozenset({"im"}))


def _parenteral(taken: Taken) -> Truth:
    return _route(taken, PARENTERAL)


def _infusion(taken: Taken) -> Truth:
    """Intravenous and told to be continuous; intravenous alone does not decide it."""
    use = taken.use
    if _route(taken, frozenset({"iv"})) is FALSE:
        return FALSE
    told = "infus" in use.text.lower() or "/h" in (use.dose_unit or "")
    if use.route == "iv" and told:
        return TRUE
    return UNKNOWN if told or use.route is None or use.times_per_day is None else FALSE


def _vial(taken: Taken) -> Truth:
    """The 20 mg vials are intravenous; the concentrated suspension is another product."""
    if "suspension" in taken.use.text.lower() or "ryanodex" in taken.use.text.lower():
        return FALSE
    return _route(taken, frozenset({"iv"}))


def _long_acting(taken: Taken, knowledge: Knowledge) -> Truth:
    if taken.use.product in knowledge.long_acting or taken.use.route == "depot":
        return TRUE
    if taken.use.long_acting is UNKNOWN:
        if taken.ingredient not in knowledge.depot_ingredients:
            return FALSE
        return UNKNOWN if taken.use.route in {None, "im", "sc"} else FALSE
    return taken.use.long_acting


def _over_2_g_day(taken: Taken, knowledge: Knowledge) -> Truth:
    amount = daily_mg(taken.use)
    if amount is None:
        return UNKNOWN
    return TRUE if amount > knowledge["interaction.paracetamol_mg_day"] else FALSE


_PLAIN = {"im": _im, "parenteral": _parenteral, "infusion": _infusion, "vial": _vial}
_INFORMED = {"long_acting": _long_acting, "over_2_g_day": _over_2_g_day}
_ASKED = {
    "im": "intramuscular route",
    "parenteral": "route",
    "infusion": "continuous infusion",
    "vial": "route or product",
    "long_acting": "long-acting form",
    "over_2_g_day": "daily dose",
}
