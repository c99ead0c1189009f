"""Orders, administrations, dispenses and statements -> MedicationUse; Medication -> its drug.

Recorded, not judged: what a status exposes to is decided in alerts.dosing (SPEC 3.5).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.chart import Evidence, MedicationUse, Source, TimeBasis, UseStatus
from service.fhir.reader import times
from service.fhir.reader.body import Body, Read, unread
from service.fhir.reader.codes import coded
from service.fhir.reader.dosage import Dosage, dosage_of, supply_of
from service.fhir.reader.drugs import Drug, drug_of, entry_identity
from service.fhir.reader.entry import Entry
from service.fhir.reader.fields import Fields, code, objects, value_of
from service.fhir.reader.modifiers import modified
from service.fhir.reader.plain_order import plain_use
from service.fhir.reader.reasons import Reason
from service.fhir.reader.statuses import use_status
from service.fhir.reader.times import Stamp
from service.fhir.reader.when import effective

_ENDED = frozenset({UseStatus.STOPPED, UseStatus.ON_HOLD})
_GIVEN_TIMES = (
    "effectiveDateTime", "effectivePeriod", "effectiveTimeDateTime", "effectiveTimePeriod",
    "occurenceDateTime", "occurencePeriod", "occurenceTiming",
    "occurrenceDateTime", "occurrencePeriod", "occurrenceTiming",
)  # fmt: skip
_STATED_PERIODS = ("effectivePeriod", "effectiveDateTime", "effectiveTiming")


@dataclass(frozen=True, slots=True)
class _Span:
    """When the drug was taken, as far as the record tells."""

    start: datetime | None = None
    end: datetime | None = None
    authored: datetime | None = None
    certain: bool = True
    basis: TimeBasis = TimeBasis.STATED


def read_order(entry: Entry, source: Source, body: Body) -> Read:
    """MedicationRequest (STU3 on), MedicationOrder (DSTU2), MedicationPrescription (DSTU1)."""
    found = entry.fields
    if body.swift and (use := plain_use(found, source, body.context)) is not None:
        return Read((use,))
    dosage = _dosage(entry, body)
    status = use_status(value_of(found, "status"))
    span = _ordered(entry, dosage, status, body)
    return _read(
        entry, source, body, dosage, Evidence.ORDER, status, span,
        intent=code(value_of(found, "intent")) or None,
        do_not_perform="doNotPerform" in found and value_of(found, "doNotPerform") is True,
        reported="reportedReference" in found
        or value_of(found, "reportedBoolean", "reported") is True,
    )  # fmt: skip


def read_administration(entry: Entry, source: Source, body: Body) -> Read:
    """A dose given, or not: `wasNotGiven` (DSTU2) and `notGiven` (STU3) make it not done."""
    found = entry.fields
    status = use_status(value_of(found, "status"))
    if value_of(found, "wasNotGiven") is True or value_of(found, "notGiven") is True:
        status = UseStatus.NOT_DONE
    when = effective(found, _present(found, _GIVEN_TIMES), body.context)
    if isinstance(when, Reason):
        return _undated(entry, source, body, when)
    end = when.until if when.basis is TimeBasis.PERIOD else None
    span = _Span(when.at, end, basis=when.basis)
    if when.basis is TimeBasis.DAY:
        span = _Span(when.at, when.until, basis=when.basis)
    dosage = _dosage(entry, body)
    return _read(entry, source, body, dosage, Evidence.ADMINISTRATION, status, span)


def read_dispense(entry: Entry, source: Source, body: Body) -> Read:
    """Handed over: taken from then on (fact 23), for as long as the supply is said to last."""
    zone = body.context.zone
    handed = times.stamp(value_of(entry.fields, "whenHandedOver"), zone)
    prepared = times.stamp(value_of(entry.fields, "whenPrepared"), zone)
    when = handed or prepared
    supply = supply_of(value_of(entry.fields, "daysSupply"))
    span = _Span(
        handed.at if handed else None,
        when.at + supply if when and supply else None,
        authored=when.at if when else None,
        basis=when.basis if when else TimeBasis.UNDATED,
    )
    status = use_status(value_of(entry.fields, "status"))
    dosage = _dosage(entry, body)
    return _read(entry, source, body, dosage, Evidence.DISPENSE, status, span)


def read_statement(entry: Entry, source: Source, body: Body) -> Read:
    """What somebody says is taken; R5 tells by `adherence`, STU3 by `taken`."""
    found, zone = entry.fields, body.context.zone
    when = next((s for name in _STATED_PERIODS if (s := _spell(found, name, body))), None)
    asserted = times.stamp(value_of(found, "dateAsserted"), zone)
    span = _Span(
        when.at if when else None,
        when.until if when else None,
        asserted.at if asserted else None,
        basis=when.basis if when else TimeBasis.UNDATED if asserted is None else asserted.basis,
    )
    return _read(
        entry, source, body, _dosage(entry, body), Evidence.STATEMENT, _taken(found), span,
        reported=True,
    )  # fmt: skip


def read_medication(entry: Entry, _source: Source, _body: Body) -> Read:
    """A Medication is nobody's: it tells what a drug is (`identifies`)."""
    identity = entry_identity(entry)
    if modified(entry.fields):
        return Read((), Reason.MODIFIER_EXTENSION)
    reason = Reason.NONE if identity.ingredients else Reason.UNMAPPED_DRUG
    return Read((), reason, identifies=identity)


def _dosage(entry: Entry, body: Body) -> Dosage:
    return dosage_of(entry.fields, body.context.zone)


def _present(found: Fields, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name in found) or names[:1]


def _spell(found: Fields, name: str, body: Body) -> Stamp | None:
    if name not in found:
        return None
    value, zone = value_of(found, name), body.context.zone
    if name.endswith("Period"):
        return times.spell(value, zone)
    return times.timing(value, zone) if name.endswith("Timing") else times.stamp(value, zone)


def _ordered(entry: Entry, dosage: Dosage, status: UseStatus, body: Body) -> _Span:
    """SPEC 3.5: dose times, then bounds, then duration; a stop without a time is the last
    change of the record, and uncertain."""
    found, zone = entry.fields, body.context.zone
    authored = times.stamp(value_of(found, "authoredOn", "dateWritten"), zone)
    start, end = dosage.start, dosage.end
    if "effectiveDosePeriod" in found and start is None:
        first, last = times.period(value_of(found, "effectiveDosePeriod"), zone)
        start, end = (first.at if first else None), (last.latest if last else end)
    if end is None and dosage.length is not None and (start or authored):
        end = (start or authored.at) + dosage.length  # type: ignore[union-attr]
    if start is None and authored is None:
        start = _supplied_from(found, body)
    certain = True
    if status in _ENDED:
        stopped = _stopped_at(found, body)
        if stopped or end is None or end > body.context.received_at:
            end, certain = (stopped or entry.updated or end), stopped is not None
    basis = dosage.basis if start else (authored.basis if authored else TimeBasis.UNDATED)
    return _Span(start, end, authored.at if authored else None, certain, basis)


def _supplied_from(found: Fields, body: Body) -> datetime | None:
    """An order without a date: not before its supply was valid (fact 19)."""
    request = value_of(found, "dispenseRequest")
    if not isinstance(request, dict):
        return None
    start, _ = times.period(request.get("validityPeriod"), body.context.zone)
    return start.at if start else None


def _stopped_at(found: Fields, body: Body) -> datetime | None:
    """When the status changed, where the version of FHIR says so (R5, DSTU2)."""
    told = times.stamp(value_of(found, "statusChanged", "dateEnded"), body.context.zone)
    return told.latest if told else None


_TAKEN = {"y": UseStatus.ACTIVE, "n": UseStatus.NOT_TAKEN, "unk": UseStatus.UNKNOWN}
_ADHERENCE = {
    "taking": UseStatus.ACTIVE,
    "taking-as-directed": UseStatus.ACTIVE,
    "taking-not-as-directed": UseStatus.ACTIVE,
    "not-taking": UseStatus.NOT_TAKEN,
    "on-hold": UseStatus.ON_HOLD,
    "on-hold-as-directed": UseStatus.ON_HOLD,
    "on-hold-not-as-directed": UseStatus.ON_HOLD,
    "stopped": UseStatus.STOPPED,
    "stopped-as-directed": UseStatus.STOPPED,
    "stopped-not-as-directed": UseStatus.STOPPED,
    "unknown": UseStatus.UNKNOWN,
}


def _taken(found: Fields) -> UseStatus:
    status = use_status(value_of(found, "status"))
    if value_of(found, "wasNotTaken") is True:
        return UseStatus.NOT_TAKEN
    if "adherence" in found:
        for one in objects(value_of(found, "adherence")):
            marks = [mark.lower() for _, mark in coded(one.get("code")).codings]
            return next((_ADHERENCE[m] for m in marks if m in _ADHERENCE), UseStatus.UNKNOWN)
    taken = code(value_of(found, "taken"))
    if taken in _TAKEN and _TAKEN[taken] is not UseStatus.ACTIVE:
        return _TAKEN[taken]
    return status


def _read(
    entry: Entry,
    source: Source,
    body: Body,
    dosage: Dosage,
    evidence: Evidence,
    status: UseStatus,
    span: _Span,
    **told: Any,
) -> Read:
    drug = drug_of(entry, body, dosage.route)
    if modified(entry.fields):
        return _unusable(drug, Reason.MODIFIER_EXTENSION, source)
    if not drug.is_told and drug.awaits is None:
        return _unusable(drug, Reason.NO_DRUG, source)
    identity = drug.identity
    use = MedicationUse(
        ingredients=identity.ingredients,
        text=identity.text,
        evidence=evidence,
        status=status,
        source=source,
        start=span.start,
        end=span.end,
        authored=span.authored,
        stop_certain=span.certain,
        as_needed=dosage.as_needed,
        route=identity.route,
        product=identity.product,
        long_acting=identity.long_acting,
        dose=dosage.dose,
        dose_unit=dosage.unit,
        times_per_day=dosage.per_day,
        time_basis=span.basis,
        **told,
    )
    if identity.ingredients:
        return Read((use,), Reason.NONE, drug.awaits)
    reason = Reason.UNMAPPED_DRUG if drug.awaits is None else Reason.AWAITS_DRUG
    shown = unread("drug", identity.text or drug.awaits or "", reason, source)
    return Read((use, shown), reason, drug.awaits)


def _unusable(drug: Drug, reason: Reason, source: Source) -> Read:
    """A record of a drug that may not be used, or names none: kept and shown."""
    fact = unread("drug", drug.identity.text or "drug not named", reason, source)
    return Read((fact,), reason)


def _undated(entry: Entry, source: Source, body: Body, reason: Reason) -> Read:
    drug = drug_of(entry, body, coded(None))
    shown = f"{drug.identity.text} (administration)".strip()
    return Read((unread("time", shown, reason, source),), reason)
