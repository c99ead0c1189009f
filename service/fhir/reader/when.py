"""The clinical time of an observation or a dose, by the element that tells it."""

from collections.abc import Sequence

from alerts.chart import TimeBasis
from service.fhir.reader import times
from service.fhir.reader.fields import Fields, value_of
from service.fhir.reader.reading import ReadContext
from service.fhir.reader.reasons import Reason
from service.fhir.reader.times import Stamp


def effective(found: Fields, names: Sequence[str], context: ReadContext) -> Stamp | Reason:
    """When it was; else why that cannot be told.

    The effective time rules (fact 67). Without one, the issue time is an upper bound (fact 62).
    """
    raw = found.get("effectiveDateTime") if names[0] == "effectiveDateTime" else None
    if raw is not None:
        told = times.plain(bytes(raw), context.zone)
        if told is not None and told.at <= context.received_at:
            return told
        return _checked(told, context)
    for name in names:
        if name in found:
            return _checked(_spelled(found, name, context), context)
    if "issued" in found:
        issued = times.stamp(_decoded(found, "issued"), context.zone)
        if issued is None:
            return Reason.TIME_UNREADABLE
        return _checked(Stamp(issued.latest, None, TimeBasis.ISSUED), context)
    return Reason.NO_TIME


def _spelled(found: Fields, name: str, context: ReadContext) -> Stamp | None:
    value = _decoded(found, name)
    if name.endswith("Period"):
        return times.spell(value, context.zone)
    if name.endswith("Timing"):
        return times.timing(value, context.zone)
    return times.stamp(value, context.zone)


def _decoded(found: Fields, name: str) -> object:
    try:
        return value_of(found, name)
    except ValueError:
        return None


def _checked(told: Stamp | None, context: ReadContext) -> Stamp | Reason:
    if told is None:
        return Reason.TIME_UNREADABLE
    return Reason.FUTURE if times.is_future(told.at, context.received_at) else told
