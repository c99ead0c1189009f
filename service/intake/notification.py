"""What a subscription notification tells besides its data: is anything missing before it?"""

from collections.abc import Sequence
from datetime import datetime

from service.fhir.reader import EntryOutcome, Notification
from service.store import Heard, Store

NOT_FETCHED = "not-fetched"
EVENTS = ("event-notification", "query-event")
# the graver one is what is answered and counted
_STANDING = {
    Heard.RESTARTED: "restarted",
    Heard.GAP: "gap",
    Heard.LATE: "late",
    Heard.REPEAT: "repeated",
    Heard.NEXT: "in-order",
    Heard.STILL: "in-order",
}
_GRAVEST_FIRST = ("restarted", "gap", "late", "repeated", "in-order")


def standing(
    store: Store,
    tenant: str,
    name: str,
    told: Notification,
    at: datetime,
    outcomes: Sequence[EntryOutcome],
) -> str:
    """restarted, gap, not-fetched, late, repeated or in-order; the store remembers the numbers.

    `name`: of the subscription in the address. `outcomes`: of the entries, the status included.
    """
    heard = [store.note_event(tenant, name, number, at) for number in sorted(told.events)]
    if told.type not in EVENTS and told.since_start is not None:
        heard.append(store.note_heartbeat(tenant, name, told.since_start, at))
    found = {_said(store, tenant, name, each) for each in heard} or {"in-order"}
    gravest = next(word for word in _GRAVEST_FIRST if word in found)
    if _without_data(told, outcomes) and gravest not in ("restarted", "gap"):
        return NOT_FETCHED
    return gravest


def _without_data(told: Notification, outcomes: Sequence[EntryOutcome]) -> bool:
    """Whether it names data that it does not hold (id-only), or says only that there is some."""
    if told.type not in EVENTS:
        return False
    sent = {found.reference for found in outcomes if found.reference}
    named = {
        "/".join(reference.split("/_history/")[0].split("/")[-2:]) for reference in told.missing
    }
    return bool(named - sent) or len(outcomes) < 2


def _said(store: Store, tenant: str, name: str, heard: Heard) -> str:
    """A subscription first heard of in the middle has a gap before."""
    if heard is not Heard.FIRST:
        return _STANDING[heard]
    known = store.subscription(tenant, name)
    return "gap" if known is not None and known.missing else "in-order"
