"""`accept`: what was read from one body goes into the store in one transaction.

Facts, retractions, counts and the due list together or not at all: only after it may anybody
answer 2xx.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Connection, insert, select

from service.fhir.reader import EntryOutcome, Outcome, Reading
from service.store.database.engine import Again
from service.store.database.part import Part
from service.store.database.schema import intake, resources
from service.store.evaluation.due import touch
from service.store.oversight.audit import AuditEntry, append
from service.store.resources.facts import MEDICATION
from service.store.resources.row import NOT_STORABLE, Row, storable
from service.store.resources.standing import Key, Standing, standing, standing_of, version_of
from service.store.resources.upsert import upsert_resources
from service.store.resources.versions import is_newer, says_newer

_COUNTED = insert(intake)
ANOTHERS_ID = "id-of-another-patient"
_CHUNK = 500
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
        rows, refused = storable(reading.resources, tenant, received)

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
    rows: Sequence[tuple[int, Row]],
    refused: Sequence[int],
    tenant: str,
    received: datetime,
    correlation: str,
) -> tuple[tuple[EntryOutcome, ...], set[str]]:
    """One transaction: outcomes, and the patients whose chart changed.

    Again when another writer stored one of the resources meanwhile.
    """
    keys = [(row.resource_type, row.resource_id) for _, row in rows]
    placed = _Placed(standing(connection, tenant, keys))
    told: dict[int, list[Outcome]] = {index: [Outcome.REFUSED] for index in refused}
    for key, (index, row) in zip(keys, rows, strict=True):
        told.setdefault(index, []).append(placed.place(key, row))
    writes, touched = placed.writes, placed.touched
    rows_in_order = [writes[key] for key in sorted(writes)]
    if rows_in_order and upsert_resources(connection, rows_in_order) != len(rows_in_order):
        raise Again
    touched |= _awaiting(connection, tenant, [name for kind, name in writes if kind == MEDICATION])
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
    found = Counter(entry.outcome for entry in outcomes)
    counts = {outcome.value: number for outcome, number in found.items()}
    outcome = "refused" if set(found) == {Outcome.REFUSED} else "success"
    whole = AuditEntry(
        at, client, "intake.take", outcome, "system", correlation=correlation, detail=counts
    )
    written = (
        AuditEntry(at, client, "chart.write", "success", "system", p, correlation=correlation)
        for p in sorted(touched)
    )
    return [whole, *written]


class _Placed:
    """The resources of one body, decided one by one. `writes`: the rows to be written by key;
    `touched`: patients whose chart they change."""

    def __init__(self, held: dict[Key, Standing]) -> None:
        self._held = held
        self.writes: dict[Key, Row] = {}
        self.touched: set[str] = set()

    def place(self, key: Key, row: Row) -> Outcome:
        known = self._held.get(key)
        if known is None and key in self.writes:
            known = standing_of(self.writes[key])
        if known is None:
            self.writes[key] = row
            self.touched.add(row.patient)
            return Outcome.ACCEPTED
        return self._beside(key, row, known)

    def _beside(self, key: Key, row: Row, known: Standing) -> Outcome:
        """The store, or this body, holds the resource already."""
        arrived = version_of(row)
        if _anothers(row, known) and not says_newer(arrived, known.version):
            older = says_newer(known.version, arrived)
            return Outcome.SUPERSEDED if older else Outcome.REFUSED
        newer = is_newer(arrived, known.version)
        patient = row.patient or known.patient  # a retraction may have lost its subject
        same = (known.digest, known.retracted, known.patient) == (
            row.digest,
            row.retracted,
            patient,
        )
        if not newer:
            return Outcome.DUPLICATE if same else Outcome.SUPERSEDED
        if same and known.version == arrived._replace(received_at=known.version.received_at):
            return Outcome.DUPLICATE
        # a row that this transaction has placed already keeps its revision
        revision = known.revision if key in self.writes else known.revision + 1
        written = row._replace(patient=patient, revision=revision)
        self.writes[key], self._held[key] = written, standing_of(written)
        if same:
            return Outcome.DUPLICATE
        self.touched |= {patient, known.patient}
        return Outcome.ACCEPTED


def _anothers(row: Row, known: Standing) -> bool:
    """The same id with another patient. Ids are not unique in the field (fact 72): without a
    newer version it is refused, which the sender is told, and the first patient keeps the fact."""
    return bool(row.patient and known.patient and row.patient != known.patient)


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
    counts = Counter(entry.outcome for entry in outcomes)
    connection.execute(
        _COUNTED,
        {
            "tenant": tenant,
            "received_at": received,
            "correlation": correlation,
            "bundles": 1,
            "received": len(outcomes),
            **{outcome.value: counts[outcome] for outcome in Outcome},
        },
    )
