"""The clerk: a delivery is read, stored in one transaction, and only then answered."""

from collections import Counter
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from service.errors import BadInput
from service.fhir.limits import Limits
from service.fhir.reader import (
    EntryOutcome,
    Outcome,
    ReadContext,
    Reading,
    read_body,
    read_ndjson,
)
from service.intake import notification
from service.intake.answers import notification_answer, resource_answer, response_bundle
from service.intake.delivery import Delivery, Form, Receipt
from service.intake.parts import checked, is_bundle
from service.outcome import encoded
from service.security.callers import tenants_of
from service.security.tenants import Tenant
from service.settings import Settings
from service.store import Store, open_store

log = structlog.get_logger(__name__)


def make_clerk(settings: Settings) -> "Clerk":
    """A clerk with a store of its own, for a process of the intake."""
    store = open_store(settings.database_url)
    return Clerk(store, tenants_of(settings), settings.zone, limits_of(settings))


def limits_of(settings: Settings) -> Limits:
    """The limits on a pushed body."""
    return Limits(settings.max_bytes, settings.max_depth, settings.max_entries)


class Clerk:
    """Takes one delivery in, synchronously. Raises BadInput (nothing taken) or Unavailable.

    `zone`: of a tenant that no file describes.
    """

    def __init__(
        self, store: Store, tenants: Mapping[str, Tenant], zone: ZoneInfo, limits: Limits
    ) -> None:
        self._store = store
        self._tenants = tenants
        self._zone = zone
        self._limits = limits

    def __call__(self, given: Delivery) -> Receipt:
        receipt = self._taken(given)
        log.info("intake.taken", form=given.form.value, client=given.client, **_told(receipt))
        return receipt

    def _taken(self, given: Delivery) -> Receipt:
        if given.form is Form.NOTIFICATION and not given.body.strip():
            return bare_notification()
        if given.form is Form.NDJSON:
            return self._lines(given)
        checked(given, self._limits)
        reading = read_body(given.body, self._context(given))
        outcomes = self._kept(reading, given)
        if given.form is Form.NOTIFICATION:
            return self._notified(given, reading, outcomes)
        return receipt(given, reading, outcomes)

    def close(self) -> None:
        self._store.close()

    def _context(self, given: Delivery) -> ReadContext:
        tenant = self._tenants.get(given.tenant) or Tenant(given.tenant, self._zone)
        return ReadContext(
            tenant=given.tenant,
            received_at=given.received_at,
            zone=tenant.zone,
            fhir_version=given.fhir_version or tenant.fhir_version,
            limits=self._limits,
        )

    def _kept(self, reading: Reading, given: Delivery) -> tuple[EntryOutcome, ...]:
        return self._store.accept(
            reading, given.tenant, given.received_at, given.correlation, given.client
        )

    def _lines(self, given: Delivery) -> Receipt:
        """NDJSON, a transaction for each chunk: what was stored before a fault may come again."""
        outcomes: list[EntryOutcome] = []
        for reading in read_ndjson(BytesIO(given.body), self._context(given)):
            outcomes += self._kept(reading, given)
        if not outcomes:
            raise BadInput("The body is empty.", code="empty-body", location="http.body")
        status, answer = resource_answer(outcomes)
        return Receipt(status, encoded(answer), sums(outcomes), refusals(outcomes))

    def _notified(
        self, given: Delivery, reading: Reading, outcomes: Sequence[EntryOutcome]
    ) -> Receipt:
        kind, standing = "resource", "in-order"
        if reading.notification is not None:
            kind = reading.notification.type
            standing = notification.standing(
                self._store,
                given.tenant,
                given.subscription,
                reading.notification,
                given.received_at,
                outcomes,
            )
        body = encoded(notification_answer(outcomes, kind, standing))
        return Receipt(200, body, sums(outcomes), refusals(outcomes), kind, standing)


def bare_notification() -> Receipt:
    """An R4 rest-hook without payload: something changed, but not what."""
    body = encoded(notification_answer((), "empty", "not-fetched"))
    return Receipt(200, body, kind="empty", standing="not-fetched")


def receipt(given: Delivery, reading: Reading, outcomes: Sequence[EntryOutcome]) -> Receipt:
    """The answer for a body, in the form in which it came."""
    if given.form is Form.BUNDLE and is_bundle(given.body):
        answer = response_bundle(reading.bundle_type or "", outcomes)
        return Receipt(200, encoded(answer), sums(outcomes), refusals(outcomes))
    status, outcome = resource_answer(outcomes)
    return Receipt(status, encoded(outcome), sums(outcomes), refusals(outcomes))


def sums(outcomes: Sequence[EntryOutcome]) -> dict[str, int]:
    """Outcome -> how many, in the order of the closed list; none at 0."""
    found = Counter(each.outcome for each in outcomes)
    return {outcome.value: found[outcome] for outcome in Outcome if found[outcome]}


def _told(receipt: Receipt) -> Mapping[str, Any]:
    """For the log: numbers only."""
    told = {"kind": receipt.kind, "standing": receipt.standing} if receipt.kind else {}
    return {"received": receipt.received, **receipt.outcomes, **told}


def refusals(outcomes: Sequence[EntryOutcome]) -> tuple[str, ...]:
    return tuple(each.reason for each in outcomes if each.outcome is Outcome.REFUSED)
