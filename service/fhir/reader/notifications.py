"""Subscription notifications: R4 and its backport (Parameters), R4B and R5 (SubscriptionStatus).

The envelope is told to the intake, which tracks event numbers: a number that is missing is an
event that was lost on the way.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from service.fhir.reader.entry import Entry
from service.fhir.reader.fields import decoded, objects, string
from service.fhir.reader.numbers import decimal
from service.fhir.reader.reading import Notification

_KINDS = frozenset({
    "handshake", "heartbeat", "event-notification", "query-status", "query-event",
})  # fmt: skip


def is_status(raw: msgspec.Raw | bytes) -> bool:
    text = bytes(raw)
    return b'"SubscriptionStatus"' in text or (b'"Parameters"' in text and b"subscription" in text)


def notification(entry: Entry, others: Iterable[Entry]) -> Notification | None:
    """What the first entry says about the subscription; None when it says nothing."""
    if entry.raw is None:
        return None
    try:
        status = decoded(entry.raw)
    except ValueError:
        return None
    if not isinstance(status, dict):
        return None
    if status.get("resourceType") == "Parameters":
        return _backport(status, others)
    if status.get("resourceType") != "SubscriptionStatus":
        return None
    events = list(objects(status.get("notificationEvent")))
    focuses = [_reference(event.get("focus")) for event in events]
    return _told(
        _reference(status.get("subscription")),
        string(status.get("type")),
        string(status.get("topic")),
        string(status.get("status")),
        status.get("eventsSinceSubscriptionStart", status.get("eventsInNotification")),
        [event.get("eventNumber") for event in events],
        focuses,
        others,
    )


def _backport(status: dict[str, Any], others: Iterable[Entry]) -> Notification | None:
    told: dict[str, Any] = {}
    events: list[dict[str, Any]] = []
    for parameter in objects(status.get("parameter")):
        name = string(parameter.get("name"))
        if name == "notification-event":
            events.append(
                {string(p.get("name")): _value(p) for p in objects(parameter.get("part"))}
            )
        else:
            told[name] = _value(parameter)
    if "subscription" not in told or string(told.get("type")) not in _KINDS:
        return None
    return _told(
        _reference(told["subscription"]),
        string(told.get("type")),
        string(told.get("topic")),
        string(told.get("status")),
        told.get("events-since-subscription-start"),
        [event.get("event-number") for event in events],
        [_reference(event.get("focus")) for event in events],
        others,
    )


def _value(parameter: dict[str, Any]) -> Any:
    return next((v for k, v in parameter.items() if k.startswith("value")), None)


def _told(
    subscription: str,
    kind: str,
    topic: str,
    status: str,
    since_start: Any,
    numbers: list[Any],
    focuses: list[str],
    others: Iterable[Entry],
) -> Notification:
    sent = set(_sent(others))
    missing = tuple(f for f in dict.fromkeys(focuses) if f and _short(f) not in sent)
    return Notification(
        subscription=subscription,
        type=kind,
        topic=topic or None,
        status=status or None,
        since_start=_count(since_start),
        events=tuple(n for number in numbers if (n := _count(number)) is not None),
        missing=missing,
    )


def _sent(others: Iterable[Entry]) -> Iterator[str]:
    """The resources that came along, or were told to be gone."""
    for entry in others:
        if entry.deleted or (entry.raw is not None and entry.full_url):
            yield _short(entry.full_url or "")
        if entry.reference:
            yield entry.reference


def _short(reference: str) -> str:
    return "/".join(reference.split("/_history/", maxsplit=1)[0].split("/")[-2:])


def _reference(value: Any) -> str:
    if isinstance(value, dict):
        return string(value.get("reference"))
    return string(value)


def _count(value: Any) -> int | None:
    """Numbers come as strings and as integers (fact 98)."""
    number = decimal(value)
    if number is None or number < 0 or number != number.to_integral_value() or number > 10**15:
        return None
    return int(number)
