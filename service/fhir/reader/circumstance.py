"""Procedure, Device and its use -> circumstances that mask or confound (TEMP-04, CK-03, SNS-03)."""

from alerts.chart import Fact, Sign, SignKind, Source
from alerts.truth import TRUE
from service.fhir.reader import times
from service.fhir.reader.answers import circumstances, sign_rows
from service.fhir.reader.body import Body, Read, contained, only_unread
from service.fhir.reader.codes import Coded, coded
from service.fhir.reader.entry import Entry
from service.fhir.reader.fields import Fields, code, value_of
from service.fhir.reader.modifiers import modified
from service.fhir.reader.reasons import Reason
from service.fhir.reader.references import target
from service.fhir.reader.times import Stamp
from service.fhir.reader.when import effective
from service.fhir.terminology import terminology

_NOT_DONE = frozenset({"not-done", "preparation", "aborted", "suspended", "planned", "intended"})
# a statement of people counts when they have finished: half a reconciliation excludes no drug
_WHEN_DONE = frozenset({SignKind.MEDICATION_RECONCILED})
_PERFORMED = (
    "performedDateTime", "performedPeriod", "occurrenceDateTime", "occurrencePeriod",
    "occurrenceTiming",
)  # fmt: skip
_USED = ("timingDateTime", "timingPeriod", "timingTiming", "whenUsed", "recordedOn")


def read_procedure(entry: Entry, source: Source, body: Body) -> Read:
    """What was done, where it changes what the signs mean; other procedures are not used."""
    found = entry.fields
    what = coded(value_of(found, "code"))
    return _read(found, what, _PERFORMED, source, body)


def read_device_use(entry: Entry, source: Source, body: Body) -> Read:
    """DeviceUseStatement, DeviceUsage (R5): what a patient has in place, from when to when."""
    found = entry.fields
    device = value_of(found, "device")
    words = _device_words(device, entry, body)
    return _read(found, words, _USED, source, body)


def read_device(entry: Entry, source: Source, _body: Body) -> Read:
    """A device alone tells no time of use."""
    what = coded(value_of(entry.fields, "type", "definition"))
    if not _kinds(what):
        return Read((), Reason.NOTHING_USED)
    return only_unread("observation", what.label, Reason.NO_TIME, source)


def _device_words(device: object, entry: Entry, body: Body) -> Coded:
    """R5 has a CodeableReference; before, a Reference whose display or target names it."""
    if isinstance(device, dict) and isinstance(device.get("concept"), dict):
        return coded(device)
    inner = device.get("reference") if isinstance(device, dict) else None
    who = target(inner if isinstance(inner, dict) else device)
    if who.contained:
        held = contained(entry).get(who.contained)
        named = coded(held.get("type")) if isinstance(held, dict) else Coded()
        return named or Coded(text=who.display)
    known = body.drugs.get(f"Device/{who.id}") if who.id else body.drugs.get(who.url)
    if known is not None:
        return coded(value_of(known.fields, "type"))
    return Coded(text=who.display)


def _read(found: Fields, what: Coded, names: tuple[str, ...], source: Source, body: Body) -> Read:
    if modified(found):
        return only_unread("observation", what.label, Reason.MODIFIER_EXTENSION, source)
    if code(value_of(found, "status")) in _NOT_DONE or value_of(found, "notPerformed") is True:
        return Read((), Reason.NOTHING_USED)
    kinds = _kinds(what)
    if code(value_of(found, "status")) != "completed":
        kinds = tuple(kind for kind in kinds if kind not in _WHEN_DONE)
    if not kinds:
        return Read((), Reason.NOTHING_USED)
    present = tuple(name for name in names if name in found) or names[:1]
    when = _when(found, present, body)
    if isinstance(when, Reason):
        return only_unread("time", what.label, when, source)
    return Read(tuple(_sign(kind, what, source, when) for kind in kinds))


def _when(found: Fields, names: tuple[str, ...], body: Body) -> Stamp | Reason:
    if names[0] in ("whenUsed",):
        spell = times.spell(value_of(found, names[0]), body.context.zone)
        return spell or Reason.TIME_UNREADABLE
    return effective(found, names, body.context)


def _kinds(what: Coded) -> tuple[SignKind, ...]:
    words = " ".join((what.text, *what.displays))
    found = [kind for kind, pattern in circumstances() if pattern.search(words)]
    table = sign_rows()
    found += [
        row.kind
        for m in terminology().findings(what.codings, what.words)
        for row in table.get(m.concept, ())
        if row.present is TRUE and not (m.negated or m.family or m.history)
    ]
    return tuple(dict.fromkeys(found))


def _sign(kind: SignKind, what: Coded, source: Source, when: Stamp) -> Fact:
    return Sign(
        kind=kind,
        at=when.at,
        present=TRUE,
        source=source,
        until=when.until,
        structured=bool(what.codings),
        time_basis=when.basis,
    )
