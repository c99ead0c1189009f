"""What reading FHIR gives: one outcome per entry, and each resource's facts."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from alerts.chart import Fact, MedicationUse, Source, Unread
from alerts.truth import UNKNOWN, Truth
from service.fhir.limits import Limits
from service.fhir.reader.reasons import Reason

USUAL = Limits()


@dataclass(frozen=True, slots=True)
class ReadContext:
    """Whose data, when received, and how the source writes it.

    `zone` is the tenant's: used for times without one. `only_patient`: refuse everybody else's
    resources (a hook call). `fhir_version`: "1.0".."6.0" or DSTU2..R6 when told (tenant or media
    type); else each resource's own form tells. `base_url`: when set, absolute references to
    another server are not resolved. `strict`: also ask the models of fhir.resources (QA).
    """

    tenant: str
    received_at: datetime
    zone: ZoneInfo
    only_patient: str | None = None
    fhir_version: str | None = None
    base_url: str | None = None
    limits: Limits = USUAL
    strict: bool = False


class Outcome(StrEnum):
    """What became of an entry. A closed list; received == the sum of these."""

    ACCEPTED = "accepted"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    REFUSED = "refused"


class EntryOutcome(msgspec.Struct, frozen=True, gc=False):
    """`location` is a FHIRPath; `reason` a code of `reasons.Reason` ("" when all was read)."""

    index: int
    location: str
    outcome: Outcome
    reason: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class DrugIdentity:
    """What a Medication resource says its drug is. `reference` is "Medication/<id>"."""

    reference: str
    ingredients: tuple[str, ...]
    text: str
    product: str | None = None
    long_acting: Truth = UNKNOWN
    route: str | None = None
    form: str | None = None


class ResourceFacts(msgspec.Struct, frozen=True, gc=False):
    """One resource as read. `patient` is "" for a Medication, and for a retraction whose
    subject was erased too (it retracts by id).

    `digest`: hash of the received bytes. `awaits`: "Medication/123" when the drug reference
    could not be resolved in this body. `identifies`: on Medication resources.
    """

    source: Source
    patient: str
    facts: tuple[Fact, ...]
    retracted: bool
    last_updated: datetime | None
    digest: str
    index: int
    awaits: str | None = None
    identifies: DrugIdentity | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """A subscription notification's envelope. `type`: handshake, heartbeat, event-notification,
    query-status, query-event. `events`: event numbers carried here; `since_start`: the count of
    events since the subscription began. `missing`: references named but not sent (id-only)."""

    subscription: str
    type: str
    topic: str | None = None
    status: str | None = None
    since_start: int | None = None
    events: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A body as read. `next_url`: a searchset goes on there. `incomplete`: the source said that
    data is missing. `model_faults`: in strict reading, what the models refuse, by entry index."""

    outcomes: tuple[EntryOutcome, ...]
    resources: tuple[ResourceFacts, ...]
    notification: Notification | None = None
    bundle_type: str | None = None
    next_url: str | None = None
    incomplete: bool = False
    model_faults: tuple[tuple[int, tuple[str, ...]], ...] = ()


def complete(use: MedicationUse, identity: DrugIdentity) -> MedicationUse:
    """An order with the drug that its Medication turned out to be.

    What the Medication names replaces what was read from a display; a Medication that is itself
    unmapped takes nothing away.
    """
    if not identity.ingredients:
        return replace(use, text=use.text or identity.text)
    return replace(
        use,
        ingredients=identity.ingredients,
        text=use.text or identity.text,
        product=identity.product or use.product,
        long_acting=identity.long_acting
        if identity.long_acting is not UNKNOWN
        else use.long_acting,
        route=use.route or identity.route,
    )


def completed(facts: tuple[Fact, ...], identity: DrugIdentity) -> tuple[Fact, ...]:
    """A resource's facts once its Medication is known: the mark that it was missing goes."""
    done: list[Fact] = []
    for fact in facts:
        if isinstance(fact, MedicationUse):
            done.append(complete(fact, identity))
        elif isinstance(fact, Unread) and fact.reason == Reason.AWAITS_DRUG:
            if not identity.ingredients:
                text = identity.text or fact.text
                done.append(replace(fact, text=text, reason=str(Reason.UNMAPPED_DRUG)))
        else:
            done.append(fact)
    return tuple(done)
