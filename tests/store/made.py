"""Small makers: a resource as read, a body of them, the moves of an alert."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from msgspec import structs

from alerts.chart import Evidence, Fact, Measurement, MedicationUse, Source, UseStatus
from alerts.lifecycle import (
    RULES,
    Alert,
    AlertKind,
    Audience,
    HistoryEntry,
    MachineState,
    Move,
    Notice,
    What,
    Why,
)
from alerts.statements import Channel
from service.fhir.reader import DrugIdentity, EntryOutcome, Outcome, Reading, ResourceFacts
from service.store import Due, Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TENANT = "ward"


def later(**by: float) -> datetime:
    return NOW + timedelta(**by)


def temperature(
    name: str,
    patient: str = "p1",
    value: float = 38.5,
    *,
    version: str | None = None,
    updated: datetime | None = None,
    retracted: bool = False,
    preliminary: bool = False,
    at: datetime = NOW,
    index: int = 0,
    tenant: str = TENANT,
    kind: str = "body_temperature",
) -> ResourceFacts:
    """One Observation as read."""
    source = Source(tenant, "Observation", name, version)
    facts = (Measurement(kind, at, value, "Cel", source, preliminary=preliminary),)
    told = (name, patient, value, version, updated, retracted, preliminary, at)
    return ResourceFacts(
        source=source,
        patient=patient,
        facts=() if retracted else facts,
        retracted=retracted,
        last_updated=updated,
        digest=hashlib.sha256(repr(told).encode()).hexdigest(),
        index=index,
    )


def order(
    name: str,
    patient: str = "p1",
    *,
    awaits: str | None = None,
    ingredients: tuple[str, ...] = (),
    status: UseStatus = UseStatus.ACTIVE,
    start: datetime = NOW,
    end: datetime | None = None,
    evidence: Evidence = Evidence.ORDER,
    index: int = 0,
) -> ResourceFacts:
    """One MedicationRequest as read."""
    source = Source(TENANT, "MedicationRequest", name)
    use = MedicationUse(ingredients, "as written", evidence, status, source, start=start, end=end)
    digest = hashlib.sha256(repr((use, awaits)).encode()).hexdigest()
    return ResourceFacts(source, patient, (use,), False, None, digest, index, awaits=awaits)


def drug(name: str, *ingredients: str, index: int = 0, retracted: bool = False) -> ResourceFacts:
    """One Medication as read."""
    source = Source(TENANT, "Medication", name)
    identity = DrugIdentity(f"Medication/{name}", ingredients, "as named")
    digest = hashlib.sha256(repr((identity, retracted)).encode()).hexdigest()
    return ResourceFacts(
        source,
        "",
        (),
        retracted,
        None,
        digest,
        index,
        identifies=None if retracted else identity,
    )


def other(name: str, fact: Fact, patient: str = "p1", kind: str = "Condition") -> ResourceFacts:
    source = Source(TENANT, kind, name)
    digest = hashlib.sha256(repr(fact).encode()).hexdigest()
    return ResourceFacts(source, patient, (fact,), False, None, digest, 0)


def body(*resources: ResourceFacts, also: Sequence[EntryOutcome] = ()) -> Reading:
    """A body with one entry for each resource, and `also` entries that were not read."""
    placed = tuple(structs.replace(r, index=n) for n, r in enumerate(resources))
    read = tuple(
        EntryOutcome(n, f"Bundle.entry[{n}]", Outcome.ACCEPTED, "", r.source.reference)
        for n, r in enumerate(placed)
    )
    rest = tuple(structs.replace(entry, index=len(read) + n) for n, entry in enumerate(also))
    return Reading(outcomes=(*read, *rest), resources=placed)


def take(
    store: Store,
    *resources: ResourceFacts,
    at: datetime = NOW,
    tenant: str = TENANT,
    correlation: str = "c",
) -> list[str]:
    """Accept these; the outcomes as words."""
    told = store.accept(body(*resources), tenant, at, correlation)
    return [entry.outcome.value for entry in told]


def machine(level: str = "WATCH", at: datetime = NOW) -> MachineState:
    return MachineState(
        level=level,
        stated=level,
        channel=Channel.PASSIVE,
        opened_at=at,
        changed_at=at,
        as_of=at,
        called_at=at,
    )


def opened(
    name: str = "a1", patient: str = "p1", subject: str = "episode-1", at: datetime = NOW
) -> Move:
    """The first move of an alert, with a notice."""
    alert = Alert(name, TENANT, patient, AlertKind.NMS, subject, machine(at=at))
    return Move(
        alert,
        (HistoryEntry(name, at, What.OPENED, RULES, Why.TIER_REACHED),),
        (Notice(name, Channel.PASSIVE, Why.TIER_REACHED, Audience.PHARMACIST, 1, at),),
    )


def moved(alert: Alert, level: str, at: datetime) -> Move:
    """The machine raises it."""
    return Move(
        replace(alert, machine=replace(alert.machine, level=level), version=alert.version + 1),
        (HistoryEntry(alert.id, at, What.ROSE, RULES, Why.TIER_ROSE),),
    )


def ended(alert: Alert, at: datetime) -> Move:
    """The machine ends it."""
    return Move(
        replace(
            alert,
            machine=replace(alert.machine, ended_at=at, end_reason=Why.DIED),
            version=alert.version + 1,
        ),
        (HistoryEntry(alert.id, at, What.ENDED, RULES, Why.DIED),),
    )


def due_now(store: Store, patient: str = "p1", at: datetime = NOW) -> Due:
    """Make the patient due and claim it alone."""
    store.make_due(TENANT, patient, at, "new-data")
    claimed = [d for d in store.claim_due(at, limit=1000) if d.patient == patient]
    assert len(claimed) == 1
    return claimed[0]


def raised(store: Store, name: str = "a1", patient: str = "p1", at: datetime = NOW) -> Alert:
    """An alert on record."""
    move = opened(name, patient, at=at)
    assert store.settle(due_now(store, patient, at), [move], {"tier": "WATCH"}, None, at)
    return move.alert
