"""How long what is kept: as the operator chose, no shorter than the rules in force look back."""

from collections.abc import Iterator
from datetime import timedelta

from alerts.knowledge import Knowledge, load
from service.rules import rules_in_force
from service.settings import Settings
from service.store import Retention

_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1)}


def retention_of(settings: Settings) -> Retention:
    """Of these settings; None keeps for ever.

    `Retention` holds what the rules as shipped need. Where a site's overlay makes an exposure
    window longer (SPEC 3.2), exposures are kept for it. Where it makes another number of hours or
    days longer, everything is: the data do not say on which facts that number looks back.
    """
    knowledge, shipped = rules_in_force(settings), Retention()
    longer = max(_lengthened(knowledge), default=timedelta(0))
    return Retention(
        readings=max(timedelta(days=settings.keep_readings_days), longer),
        baseline=max(shipped.baseline, longer),
        exposures=max(shipped.exposures, longer, *_exposures(knowledge)),
        alerts=_days(settings.keep_alerts_days),
        audit=_days(settings.keep_audit_days),
        cards=_days(settings.keep_cards_days),
    )


def _days(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(days=number)


def _exposures(knowledge: Knowledge) -> Iterator[timedelta]:
    """For how long a drug counts after it was given."""
    yield timedelta(days=knowledge.possible_d)
    for windows in (knowledge.short_acting, knowledge.long_acting):
        for window in windows.values():
            yield timedelta(days=max(window.full_d, window.extended_d))
    for row in knowledge.interactions:
        for hours in row.apart.values():
            yield timedelta(hours=hours)


def _lengthened(knowledge: Knowledge) -> Iterator[timedelta]:
    """Numbers of the rules that the site made longer than they are shipped."""
    shipped = load().parameters
    for key, number in knowledge.parameters.items():
        unit = _UNITS.get(number.unit)
        if unit is not None and number.value > shipped[key].value:
            yield number.value * unit
