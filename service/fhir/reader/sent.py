"""A sent entry opened no further than its variable parts: what differs from record to record.

Every string and number that is free to vary between two records of one form has a place here;
whatever else an entry holds belongs to its form (`form`).
"""

import msgspec

NOTHING = msgspec.Raw(b"")
Path = tuple[str | int, ...]
Values = tuple[bytes, ...]


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

# The places of the values below, in their order, as bytes: a text without its quotes, a
# narrative as escaped as it came. What stands in RAW may be anything.
FULL_URL, URL, ID, VERSION, UPDATED, NARRATIVE = range(6)
SUBJECT, WHEN, FIRST_NUMBER = 7, 13, 15
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
RAW = frozenset({"value"})


def number_places(sent: Sent) -> tuple[Path, ...]:
    """Where an Observation has its numbers: its own, else one in every component."""
    parts = range(len(sent.resource.component))
    inside = tuple(("resource", "component", n, "valueQuantity", "value") for n in parts)
    return inside or (_VALUE,)


def observation_values(sent: Sent) -> Values:
    """What stands in `OBSERVATION_PLACES` and `number_places`. Raises IndexError, ValueError."""
    one = sent.resource
    shared = _shared_values(sent, one.performer[0], one.effectiveDateTime, one.issued)
    if one.component:
        return shared + tuple([bytes(part.valueQuantity.value) for part in one.component])
    return (*shared, bytes(one.valueQuantity.value))


def order_values(sent: Sent) -> Values:
    """What stands in `ORDER_PLACES`. Raises IndexError, ValueError."""
    one = sent.resource
    dosage = one.dosageInstruction[0]
    shared = _shared_values(sent, one.requester, one.authoredOn, dosage.text)
    return (*shared, bytes(dosage.doseAndRate[0].doseQuantity.value))


def _shared_values(sent: Sent, by: _Reference, when: str, more: str) -> Values:
    one = sent.resource
    meta, subject, stay = one.meta, one.subject, one.encounter
    before = (sent.fullUrl, sent.request.url, one.id, meta.versionId, meta.lastUpdated)
    after = (
        one.identifier[0].value, subject.reference, subject.display, stay.reference, stay.display,
        by.reference, by.display, when, more,
    )  # fmt: skip
    return (*map(str.encode, before), _inside(bytes(one.text.div)), *map(str.encode, after))


def _inside(narrative: bytes) -> bytes:
    if narrative[:1] not in (b"", b'"'):
        raise ValueError("a narrative that is no text")
    return narrative[1:-1]
