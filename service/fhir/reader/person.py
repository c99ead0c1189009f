"""Patient and Encounter -> who the patient is, and when they were here."""

from datetime import date
from typing import Any

from alerts.chart import Fact, PatientDetails, Source, Stay
from service.fhir.reader import times
from service.fhir.reader.body import Body, Read, unread
from service.fhir.reader.codes import coded
from service.fhir.reader.entry import Entry
from service.fhir.reader.fields import Fields, code, objects, string, value_of
from service.fhir.reader.modifiers import modified
from service.fhir.reader.reasons import Reason

_SEXES = frozenset({"male", "female", "other"})


def read_patient(entry: Entry, source: Source, _body: Body) -> Read:
    """Birth date, sex, deceased. A date that is not a whole day is not completed by us."""
    found = entry.fields
    gaps: list[Fact] = []
    born: date | None = None
    text = string(value_of(found, "birthDate"))
    if text:
        try:
            first, last = times.days(text[:10])
            born = first if first == last else None
        except ValueError:
            first = None
        if born is None:
            reason = Reason.PARTIAL_DATE if first else Reason.TIME_UNREADABLE
            gaps.append(unread("birth date", text, reason, source))
    sex = code(value_of(found, "gender"))
    deceased = value_of(found, "deceasedBoolean") is True or bool(
        value_of(found, "deceasedDateTime")
    )
    details = PatientDetails(source, born, sex if sex in _SEXES else None, deceased)
    return Read((details, *gaps), gaps[0].reason if gaps else Reason.NONE)  # type: ignore[union-attr]


def read_encounter(entry: Entry, source: Source, body: Body) -> Read:
    """A stay. `actualPeriod` is R5; the newest ward of the list is shown."""
    found = entry.fields
    if modified(found):
        return Read((), Reason.MODIFIER_EXTENSION)
    start, end = times.period(value_of(found, "actualPeriod", "period"), body.context.zone)
    status = code(value_of(found, "status")) or None
    if status == "cancelled":
        return Read((), Reason.STATUS_CANCELLED)
    stay = Stay(
        source,
        start.at if start else None,
        end.latest if end else None,
        status,
        _ward(found),
    )
    return Read((stay,))


def _ward(found: Fields) -> str | None:
    named: list[str] = []
    for one in objects(value_of(found, "location")):
        where: Any = one.get("location")
        name = string(where.get("display")) if isinstance(where, dict) else ""
        if name and one.get("status") in (None, "active"):
            named.append(name)
    if named:
        return named[-1]
    return coded(value_of(found, "serviceType")).label or None
