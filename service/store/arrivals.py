"""`accept`: what was read from one body goes into the store in one transaction.

Facts, retractions, counts and the due list together or not at all: only after it may anybody
answer 2xx.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select

from service.errors import BadInput
from service.fhir.reader import EntryOutcome, Outcome, Reading, ResourceFacts
from service.store.audit import AuditEntry, append
from service.store.codec import encode, span
from service.store.due import touch
from service.store.engine import Again
from service.store.facts import MEDICATION
from service.store.part import Part
from service.store.retention import keeping
from service.store.schema import intake, resources
from service.store.standing import Key, Standing, standing
from service.store.upsert import upsert_resources
from service.store.versions import Version, finality, is_newer, number_of, says_newer

NOT_STORABLE = "not-storable"
ANOTHERS_ID = "id-of-another-patient"
_CHUNK = 500
_LIMITS = {
    "resource_type": 64,
    "resource_id": 256,
    "patient": 256,
    "version": 128,
    "digest": 128,
    "awaits": 256,
}
# how good an outcome is when one entry holds several resources
_BEST = (
    Outcome.ACCEPTED,
    Outcome.REFUSED,
    Outcome.IGNORED,
    Outcome.SUPERSEDED,
    Outcome.DUPLICATE,
)
_REASONS = {
    Outcome.SUPERSEDED: "newer-version-held",
    Outcome.DUPLICATE: "same-content",
    Outcome.REFUSED: ANOTHERS_ID,
}


class Arrivals(Part):
    """The way in."""

    def accept(
        self,
        reading: Reading,
        tenant: str,
        received: datetime,
        correlation: str,
        client: str = "",
    ) -> tuple[EntryOutcome, ...]:
        """Store what was read; one outcome per entry, in the order of `reading.outcomes`.

        Newer versions win in any order of arrival, retractions apply and are remembered, the same
        again is a duplicate; every touched patient is due now. `client`: who sent it, for the
        audit, which is written in the same transaction; "" writes none. Raises Unavailable when
        nothing could be stored: then nothing was.
        """
        rows, refused = _storable(reading.resources, tenant, received)

        def write(connection: Connection) -> tuple[EntryOutcome, ...]:
            outcomes, touched = _accept(
                connection, reading, rows, refused, tenant, received, correlation
            )
            if client:
                append(
                    connection, tenant, _audited(outcomes, touched, received, correlation, client)
                )
            return outcomes

        return self._database.transact(write)


def _accept(
    connection: Connection,
    reading: Reading,
    rows: Sequence[tuple[int, dict[str, Any]]],
    refused: Sequence[int],
    tenant: str,
    received: datetime,
    correlation: str,
) -> tuple[tuple[EntryOutcome, ...], set[str]]:
    """One transaction: outcomes, and the patients whose chart changed.

    Again when another writer stored one of the resources meanwhile.
    """
    held = standing(connection, tenant, (_key(row) for _, row in rows))
    told: dict[int, list[Outcome]] = {index: [Outcome.REFUSED] for index in refused}
    writes: dict[Key, dict[str, Any]] = {}
    touched: set[str] = set()
    for index, row in rows:
        outcome, patients = _place(row, held, writes)
        told.setdefault(index, []).append(outcome)
        touched |= patients
    rows_in_order = [writes[key] for key in sorted(writes)]
    if rows_in_order and upsert_resources(connection, rows_in_order) != len(rows_in_order):
        raise Again
    named = [row["resource_id"] for row in writes.values() if row["resource_type"] == MEDICATION]
    touched |= _awaiting(connection, tenant, named)
    touch(connection, tenant, touched - {""}, received, "new-data", correlation)
    unfit = frozenset(refused)
    outcomes = tuple(
        _outcome(entry, told.get(entry.index), unfit=entry.index in unfit)
        for entry in reading.outcomes
    )
    _count(connection, outcomes, tenant, received, correlation)
    return outcomes, touched - {""}


def _audited(
    outcomes: Sequence[EntryOutcome],
    touched: Iterable[str],
    at: datetime,
    correlation: str,
    client: str,
) -> list[AuditEntry]:
    """One row for the body, and one for each patient whose chart it changed."""
    counts = Counter(entry.outcome.value for entry in outcomes)
    outcome = "refused" if counts and set(counts) == {Outcome.REFUSED.value} else "success"
    whole = AuditEntry(
        at, client, "intake.take", outcome, "system", correlation=correlation, detail=counts
    )
    written = (
        AuditEntry(at, client, "chart.write", "success", "system", p, correlation=correlation)
        for p in sorted(touched)
    )
    return [whole, *written]


def _place(
    row: dict[str, Any], held: dict[Key, Standing], writes: dict[Key, dict[str, Any]]
) -> tuple[Outcome, set[str]]:
    """Decide about one resource; `held` and `writes` follow."""
    key = _key(row)
    known = held.get(key)
    arrived = _version(row)
    if known is None:
        held[key] = Standing(row["patient"], arrived, row["digest"], row["retracted"], 1)
        writes[key] = {**row, "revision": 1}
        return Outcome.ACCEPTED, {row["patient"]}
    if _anothers(row, known) and not says_newer(arrived, known.version):
        older = says_newer(known.version, arrived)
        return Outcome.SUPERSEDED if older else Outcome.REFUSED, set()
    newer = is_newer(arrived, known.version)
    patient = row["patient"] or known.patient  # a retraction may have lost its subject
    same = (known.digest, known.retracted, known.patient) == (
        row["digest"],
        row["retracted"],
        patient,
    )
    if not newer:
        return Outcome.DUPLICATE if same else Outcome.SUPERSEDED, set()
    if same and known.version == replace(arrived, received_at=known.version.received_at):
        return Outcome.DUPLICATE, set()
    # a row that this transaction has placed already keeps its revision
    revision = known.revision if key in writes else known.revision + 1
    held[key] = Standing(patient, arrived, row["digest"], row["retracted"], revision)
    writes[key] = {**row, "patient": patient, "revision": revision}
    if same:
        return Outcome.DUPLICATE, set()
    return Outcome.ACCEPTED, {patient, known.patient}


def _anothers(row: dict[str, Any], known: Standing) -> bool:
    """The same id with another patient. Ids are not unique in the field (fact 72): without a
    newer version it is refused, which the sender is told, and the first patient keeps the fact."""
    return bool(row["patient"] and known.patient and row["patient"] != known.patient)


def _storable(
    found: Iterable[ResourceFacts], tenant: str, received: datetime
) -> tuple[list[tuple[int, dict[str, Any]]], list[int]]:
    """Rows with the entry they came from, and the entries that cannot be stored as they are."""
    rows, refused = [], []
    for resource in found:
        try:
            rows.append((resource.index, _row(resource, tenant, received)))
        except BadInput:
            refused.append(resource.index)
    return rows, refused


def _row(resource: ResourceFacts, tenant: str, received: datetime) -> dict[str, Any]:
    source = resource.source
    facts = () if resource.retracted else resource.facts
    counts = span(facts)
    end = None if counts.running else counts.end or received
    preliminary = bool(facts) and all(getattr(f, "preliminary", False) for f in facts)
    drug = resource.identifies
    row = {
        "tenant": tenant,
        "resource_type": source.resource_type,
        "resource_id": source.resource_id,
        "patient": resource.patient,
        "version": source.version,
        "version_number": number_of(source.version),
        "last_updated": resource.last_updated,
        "received_at": received,
        "digest": resource.digest,
        "retracted": resource.retracted,
        "preliminary": preliminary,
        "keep": keeping(source.resource_type, facts).value,
        "effective_from": counts.start,
        "effective_until": end,
        "awaits": resource.awaits.rpartition("/")[2] if resource.awaits else None,
        "identity": msgspec.json.encode(drug).decode() if drug and not resource.retracted else None,
        "facts": encode(facts),
    }
    _check(row)
    return row


def _check(row: dict[str, Any]) -> None:
    """Keys that a database would refuse or cut must not fail the whole body."""
    keys = [row[name] or "" for name in _LIMITS]
    together = "".join(keys)
    if "\0" in together or not _encodes(together):
        raise BadInput("A key holds what cannot be stored.", code=NOT_STORABLE)
    if any(len(key) > limit for key, limit in zip(keys, _LIMITS.values(), strict=True)):
        raise BadInput("A key is too long to be stored.", code=NOT_STORABLE)


def _encodes(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _awaiting(connection: Connection, tenant: str, drugs: list[str]) -> set[str]:
    """Patients with orders whose drug these Medications name."""
    found: set[str] = set()
    for begin in range(0, len(drugs), _CHUNK):
        wanted = select(resources.c.patient).where(
            resources.c.tenant == tenant,
            resources.c.awaits.in_(drugs[begin : begin + _CHUNK]),
            resources.c.awaits.is_not(None),
        )
        found.update(connection.execute(wanted.distinct()).scalars())
    return found


def _outcome(entry: EntryOutcome, stored: list[Outcome] | None, *, unfit: bool) -> EntryOutcome:
    """The reader's outcome, or what became of it here."""
    if not stored or entry.outcome is not Outcome.ACCEPTED:
        return entry
    best = min(stored, key=_BEST.index)
    if best is Outcome.ACCEPTED:
        return entry
    reason = NOT_STORABLE if unfit else _REASONS.get(best, NOT_STORABLE)
    return replace(entry, outcome=best, reason=reason)


def _count(
    connection: Connection,
    outcomes: Sequence[EntryOutcome],
    tenant: str,
    received: datetime,
    correlation: str,
) -> None:
    """One row a body; the database itself checks that the sum is right."""
    counts = Counter(entry.outcome.value for entry in outcomes)
    connection.execute(
        insert(intake).values(
            tenant=tenant,
            received_at=received,
            correlation=correlation,
            bundles=1,
            received=len(outcomes),
            **{outcome.value: counts[outcome.value] for outcome in Outcome},
        )
    )


def _key(row: dict[str, Any]) -> Key:
    return row["resource_type"], row["resource_id"]


def _version(row: dict[str, Any]) -> Version:
    return Version(
        last_updated=row["last_updated"],
        number=row["version_number"],
        finality=finality(retracted=row["retracted"], preliminary=row["preliminary"]),
        received_at=row["received_at"],
    )
