"""One row of `resources`: what the table holds, in the order of its columns.

A row is the tuple that goes to the driver as it is. Times are microseconds since 1970 UTC, so
that nothing is converted on the way and back: this runs for every resource that comes in.
"""

from collections.abc import Iterable
from datetime import datetime
from operator import gt
from typing import NamedTuple

import msgspec

from service.errors import BadInput
from service.fhir.reader import ResourceFacts
from service.store.database.columns import stamp
from service.store.keeping.retention import keeping
from service.store.resources.codec import encode, span
from service.store.resources.versions import number_of

NOT_STORABLE = "not-storable"
# of the keys below, in their order
_SIZES = (64, 256, 256, 128, 128, 256)


class Row(NamedTuple):
    """`patient` is "" for a Medication; `awaits`: id of the Medication whose name is not known."""

    tenant: str
    resource_type: str
    resource_id: str
    patient: str
    version: str | None
    version_number: int | None
    last_updated: int | None
    received_at: int
    revision: int
    digest: str
    retracted: bool
    preliminary: bool
    keep: str
    effective_from: int | None
    effective_until: int | None
    awaits: str | None
    identity: str | None
    facts: str


def storable(
    found: Iterable[ResourceFacts], tenant: str, received: datetime
) -> tuple[list[tuple[int, Row]], list[int]]:
    """Rows with the entry they came from, and the entries that cannot be stored as they are."""
    rows, refused = [], []
    at = stamp(received)
    for resource in found:
        try:
            rows.append((resource.index, row_of(resource, tenant, at)))
        except BadInput:
            refused.append(resource.index)
    return rows, refused


def row_of(resource: ResourceFacts, tenant: str, received: int) -> Row:
    """The row of a resource that nobody has stored yet (revision 1). BadInput when it cannot be."""
    source, retracted = resource.source, resource.retracted
    facts = () if retracted else resource.facts
    awaits = resource.awaits.rpartition("/")[2] if resource.awaits else None
    _check(
        source.resource_type,
        source.resource_id,
        resource.patient,
        source.version or "",
        resource.digest,
        awaits or "",
    )
    times = span(facts)
    start = _stamped(times.start)
    end = start if times.end is times.start else _stamped(times.end)
    if times.running:
        end = None
    elif end is None:
        end = received
    drug = None if retracted else resource.identifies
    return Row(
        tenant,
        source.resource_type,
        source.resource_id,
        resource.patient,
        source.version,
        number_of(source.version),
        _stamped(resource.last_updated),
        received,
        1,
        resource.digest,
        retracted,
        _preliminary(facts),
        keeping(source.resource_type, facts).value,
        start,
        end,
        awaits,
        msgspec.json.encode(drug).decode() if drug else None,
        encode(facts),
    )


def _stamped(at: datetime | None) -> int | None:
    return None if at is None else stamp(at)


def _preliminary(facts: Iterable[object]) -> bool:
    """All of them are, and there is one."""
    found = False
    for fact in facts:
        if not getattr(fact, "preliminary", False):
            return False
        found = True
    return found


def _check(*keys: str) -> None:
    """Keys that a database would refuse or cut must not fail the whole body."""
    together = "".join(keys)
    if "\0" in together or not _encodes(together):
        raise BadInput("A key holds what cannot be stored.", code=NOT_STORABLE)
    if any(map(gt, map(len, keys), _SIZES)):
        raise BadInput("A key is too long to be stored.", code=NOT_STORABLE)


def _encodes(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
