"""A sent entry opened no further than its variable parts: what differs from record to record.

Every string and number that is free to vary between two records of one form has a place here;
whatever else an entry holds belongs to its form (`form`).
"""

from typing import Any

import msgspec

NOTHING = msgspec.Raw(b"")
Path = tuple[str | int, ...]
Values = tuple[str, ...]


class _Meta(msgspec.Struct, frozen=True, gc=False):
    versionId: str = ""  # noqa: N815 - a FHIR element
    lastUpdated: str = ""  # noqa: N815 - a FHIR element


class _Narrative(msgspec.Struct, frozen=True, gc=False):
    div: msgspec.Raw = NOTHING


class _Identifier(msgspec.Struct, frozen=True, gc=False):
    value: str = ""


class _Reference(msgspec.Struct, frozen=True, gc=False):
    reference: str = ""
    display: str = ""


class _Quantity(msgspec.Struct, frozen=True, gc=False):
    value: msgspec.Raw = NOTHING


class _Component(msgspec.Struct, frozen=True, gc=False):
    valueQuantity: _Quantity = _Quantity()  # noqa: N815 - a FHIR element


class _Rate(msgspec.Struct, frozen=True, gc=False):
    doseQuantity: _Quantity = _Quantity()  # noqa: N815 - a FHIR element


class _Dosage(msgspec.Struct, frozen=True, gc=False):
    text: str = ""
    doseAndRate: tuple[_Rate, ...] = (_Rate(),)  # noqa: N815 - a FHIR element


class _Request(msgspec.Struct, frozen=True, gc=False):
    url: str = ""


class Resource(msgspec.Struct, frozen=True, gc=False):
    """An Observation or a MedicationRequest."""

    id: str = ""
    meta: _Meta = _Meta()
    text: _Narrative = _Narrative()
    identifier: tuple[_Identifier, ...] = (_Identifier(),)
    code: msgspec.Raw = NOTHING
    medicationCodeableConcept: msgspec.Raw = NOTHING  # noqa: N815 - a FHIR element
    subject: _Reference = _Reference()
    encounter: _Reference = _Reference()
    effectiveDateTime: str = ""  # noqa: N815 - a FHIR element
    issued: str = ""
    performer: tuple[_Reference, ...] = (_Reference(),)
    valueQuantity: _Quantity = _Quantity()  # noqa: N815 - a FHIR element
    component: tuple[_Component, ...] = ()
    authoredOn: str = ""  # noqa: N815 - a FHIR element
    requester: _Reference = _Reference()
    dosageInstruction: tuple[_Dosage, ...] = (_Dosage(),)  # noqa: N815 - a FHIR element


class Sent(msgspec.Struct, frozen=True, gc=False):
    """An entry of a Bundle."""

    resource: Resource
    fullUrl: str = ""  # noqa: N815 - a FHIR element
    request: _Request = _Request()


# Raises ValueError where a part is not as plain as this, RecursionError.
opened = msgspec.json.Decoder(Sent).decode

# The places of the values below, in their order. Those of RAW are taken with their quotes.
FULL_URL, URL, NARRATIVE, SHARED, WHEN, FIRST_NUMBER = 0, 1, 5, 8, 13, 15
_SHARED: tuple[Path, ...] = (
    ("fullUrl",),
    ("request", "url"),
    ("resource", "id"),
    ("resource", "meta", "versionId"),
    ("resource", "meta", "lastUpdated"),
    ("resource", "text", "div"),
    ("resource", "identifier", 0, "value"),
    ("resource", "subject", "reference"),
    ("resource", "subject", "display"),
    ("resource", "encounter", "reference"),
    ("resource", "encounter", "display"),
)
OBSERVATION_PLACES: tuple[Path, ...] = (
    *_SHARED,
    ("resource", "performer", 0, "reference"),
    ("resource", "performer", 0, "display"),
    ("resource", "effectiveDateTime"),
    ("resource", "issued"),
)
ORDER_PLACES: tuple[Path, ...] = (
    *_SHARED,
    ("resource", "requester", "reference"),
    ("resource", "requester", "display"),
    ("resource", "authoredOn"),
    ("resource", "dosageInstruction", 0, "text"),
    ("resource", "dosageInstruction", 0, "doseAndRate", 0, "doseQuantity", "value"),
)
_VALUE: Path = ("resource", "valueQuantity", "value")
RAW = frozenset({"div", "value"})


def number_places(sent: Sent) -> tuple[Path, ...]:
    """Where an Observation has its numbers: its own, else one in every component."""
    parts = range(len(sent.resource.component))
    inside = tuple(("resource", "component", n, "valueQuantity", "value") for n in parts)
    return inside or (_VALUE,)


def observation_values(sent: Sent) -> Values:
    """What stands in `OBSERVATION_PLACES` and `number_places`. Raises IndexError, ValueError."""
    one = sent.resource
    meta, subject, stay, by = one.meta, one.subject, one.encounter, one.performer[0]
    shared = (
        sent.fullUrl, sent.request.url, one.id, meta.versionId, meta.lastUpdated,
        str(one.text.div, "utf-8"), one.identifier[0].value, subject.reference, subject.display,
        stay.reference, stay.display, by.reference, by.display, one.effectiveDateTime, one.issued,
    )  # fmt: skip
    if one.component:
        return shared + tuple([_text(part.valueQuantity.value) for part in one.component])
    return (*shared, str(one.valueQuantity.value, "utf-8"))


def order_values(sent: Sent) -> Values:
    """What stands in `ORDER_PLACES`. Raises IndexError, ValueError."""
    one = sent.resource
    meta, subject, stay, by = one.meta, one.subject, one.encounter, one.requester
    dosage = one.dosageInstruction[0]
    return (
        sent.fullUrl, sent.request.url, one.id, meta.versionId, meta.lastUpdated,
        str(one.text.div, "utf-8"), one.identifier[0].value, subject.reference, subject.display,
        stay.reference, stay.display, by.reference, by.display, one.authoredOn, dosage.text,
        str(dosage.doseAndRate[0].doseQuantity.value, "utf-8"),
    )  # fmt: skip


def _text(raw: Any) -> str:
    return str(raw, "utf-8")
