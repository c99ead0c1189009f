"""Telling people beyond the worklist: the outbox, sent at least once and recorded after the send.

Every notice is on the worklist and in its live stream from the moment it is written. Here the
rest: signed webhooks, e-mail and the record system (record.py), as the operator's file says; what
cannot be delivered is tried again with growing pauses and ends on the visible list of dead
letters, never in silence. The operator's file (YAML):

    webhooks:                       # signed: how to check it, service/security/webhook.py
      - name: bleep
        url: https://bleep.hospital.example/nms
        secret: at-least-32-characters-known-to-both
        audiences: [nurse, second-on-call]      # none: all that are told beside the worklist
    mail:
      host: mail.hospital.example
      port: 25                      # starttls: true unless said otherwise; user, password
      sender: sentinel@hospital.example
      to: {nurse: [ward-7@hospital.example]}
    record: []                      # form: service/monitoring/record.py

Dead letters: `nms-sentinel dead-letters list`, `... send-again`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
import yaml

from alerts.lifecycle import Audience
from service.errors import SettingsFault
from service.logs import bind
from service.monitoring.holding import LEASE_S, Holding
from service.monitoring.record import Record, record_of, write
from service.security.mail import Mailbox, post
from service.security.webhook import NotDelivered, Sender, Target, faults_of
from service.settings import Settings
from service.store import Posted, Store

# a sender that dies leaves no more than so many notices to its lease; on the worklist, where
# nothing has to be sent, many at a time
CLAIMED, LISTED = 4, 50
# seconds before the second, third ... try; after the last one a dead letter (about 4 h in all)
RETRY_S = (10, 30, 120, 300, 900, 1800, 3600, 7200)
# begins the receipt of a letter; no webhook's does: its name holds no colon
LETTER = "letter: "
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Channels:
    """Where notices go beside the worklist. Empty: the worklist is all there is."""

    webhooks: tuple[Target, ...] = ()
    mailbox: Mailbox | None = None
    records: tuple[Record, ...] = ()

    @property
    def silent(self) -> bool:
        """Nothing is ever sent."""
        return not (self.webhooks or self.mailbox or self.records)

    def webhooks_for(self, audience: Audience) -> list[Target]:
        told = [t for t in self.webhooks if audience.value in t.audiences]
        if audience is not Audience.WORKLIST:
            told += [t for t in self.webhooks if not t.audiences]
        return told

    def reach(self, tenant: str, audience: Audience) -> bool:
        """Is there anything to send beside the worklist?"""
        outward = self.webhooks_for(audience) or self.letters_for(audience)
        return bool(outward or self.records_for(tenant, audience))

    def records_for(self, tenant: str, audience: Audience) -> list[Record]:
        return [place for place in self.records if place.takes(tenant, audience.value)]

    def letters_for(self, audience: Audience) -> tuple[str, ...]:
        return self.mailbox.to.get(audience.value, ()) if self.mailbox else ()


def channels_of(settings: Settings) -> Channels:
    """The channels of the operator's file (YAML: `webhooks`, `mail`, `record`); none without it.

    SettingsFault names every fault at once.
    """
    if settings.notify is None:
        return Channels()
    try:
        held = yaml.safe_load(settings.notify.read_text(encoding="utf-8")) or {}
        webhooks = tuple(_target(given) for given in held.get("webhooks", ()))
        mailbox = _mailbox(held["mail"]) if held.get("mail") else None
        records = tuple(record_of(given) for given in held.get("record", ()))
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as fault:
        said = f"NMS_SENTINEL_NOTIFY: cannot be read ({type(fault).__name__}: {_key(fault)})"
        raise SettingsFault(said, code="notify") from fault
    faults = [said for target in webhooks for said in faults_of(target)]
    named = {a for t in webhooks for a in t.audiences} | set(mailbox.to if mailbox else ())
    named |= {a for place in records for a in place.audiences}
    known = {audience.value for audience in Audience}
    faults += [f"{name}: there is no such audience" for name in sorted(named - known)]
    if faults:
        raise SettingsFault(
            "\n".join(f"NMS_SENTINEL_NOTIFY: {said}" for said in faults), code="notify"
        )
    return Channels(webhooks, mailbox, records)


def dispatch(
    store: Store,
    channels: Channels,
    clock: Callable[[], datetime],
    base_url: str,
) -> int:
    """Send what waits in the outbox; how many notices were dealt with.

    Raises Unavailable when the store is away; what was sent and not recorded is sent again. What
    a slow receiver kept waiting for longer than a lease is sent if nobody else has begun with it.
    """
    done, limit = 0, LISTED if channels.silent else CLAIMED
    with Sender() as sender:
        while claimed := store.claim_notices(clock(), limit, LEASE_S):
            outward = [p for p in claimed if channels.reach(p.tenant, p.notice.audience)]
            listed = [(p, "worklist") for p in claimed if p not in outward]
            if listed:
                store.notices_sent(listed, clock())
            for posted in outward:
                holding = Holding(store, posted, clock)
                if holding.begin():
                    with bind(correlation=posted.correlation), holding:
                        _deal(store, channels, sender, holding, clock, base_url)
            done += len(claimed)
    return done


def _deal(
    store: Store,
    channels: Channels,
    sender: Sender,
    holding: Holding,
    clock: Callable[[], datetime],
    base_url: str,
) -> None:
    posted = holding.posted
    receipts, fault = _send(store, channels, sender, holding, clock(), base_url)
    if holding.lost:
        log.warning("notice.taken_over", **_ids(posted))
        return
    if fault:
        letter = "".join(r for r in receipts if r.startswith(LETTER))
        _retry(store, posted, fault, clock(), letter)
        return
    store.notice_sent(posted, clock(), ", ".join(receipts))
    log.info("notice.sent", **_ids(posted), receipts=len(receipts))


def _send(
    store: Store,
    channels: Channels,
    sender: Sender,
    holding: Holding,
    now: datetime,
    base_url: str,
) -> tuple[list[str], str]:
    """To every channel of the audience, also when one fails: a receiver that is away must not
    silence the others. The receipts, and the code of the first fault. After a fault all are tried
    again (a repeat is known by its delivery id, a gap would not be) but for the letter that went:
    people would read it each time."""
    posted, notice = holding.posted, holding.posted.notice
    delivery = f"{notice.alert}/{notice.audience.value}/{notice.number}"
    link = f"{base_url.rstrip('/')}/worklist#a-{notice.alert}"
    message = _message(posted, delivery, link)
    at = int(now.timestamp())
    ways: list[Callable[[], Sequence[str]]] = [
        partial(_webhook, sender, target, message, attempt=posted.lease, at=at)
        for target in channels.webhooks_for(notice.audience)
    ]
    receivers = channels.letters_for(notice.audience)
    if receivers and channels.mailbox is not None:
        ways.append(partial(_letter, channels.mailbox, receivers, holding, delivery, link))
    ways += [
        partial(write, store, place, posted, delivery, link)
        for place in channels.records_for(posted.tenant, notice.audience)
    ]
    receipts: list[str] = []
    faults: list[str] = []
    for way in ways:
        if holding.lost:
            break
        try:
            receipts += way()
        except NotDelivered as fault:
            faults.append(fault.code)
    return receipts, faults[0] if faults else ""


def _message(posted: Posted, delivery: str, link: str) -> dict[str, Any]:
    notice = posted.notice
    return {
        "delivery": delivery,
        "repeat": posted.is_repeat,
        "tenant": posted.tenant,
        "alert": notice.alert,
        "audience": notice.audience.value,
        "channel": notice.channel.value,
        "why": notice.why.value,
        "at": notice.at.isoformat(),
        "link": link,
    }


def _webhook(
    sender: Sender, target: Target, message: dict[str, Any], *, attempt: int, at: int
) -> Sequence[str]:
    delivery = message["delivery"]
    return [sender.deliver(target, message, delivery=delivery, attempt=attempt, at=at)]


def _letter(
    box: Mailbox,
    receivers: tuple[str, ...],
    holding: Holding,
    delivery: str,
    link: str,
) -> Sequence[str]:
    """The letter's receipt; the one it has when an earlier try got it away. On record at once: who
    takes over from here on does not write a second one."""
    posted = holding.posted
    if posted.receipt.startswith(LETTER):
        return [posted.receipt]
    notice = posted.notice
    subject = f"NMS Sentinel: {notice.channel.value.replace('_', ' ')} ({notice.why.value})"
    text = f"An alert needs you: {link}\n"
    receipt = LETTER + post(box, receivers, subject, text, delivery)
    holding.gone(receipt)
    return [receipt]


def _retry(store: Store, posted: Posted, code: str, now: datetime, letter: str) -> None:
    last = posted.tries >= len(RETRY_S)
    again = None if last else now + timedelta(seconds=RETRY_S[posted.tries])
    store.notice_failed(posted, code, again, letter)
    event = "notice.dead" if last else "notice.not_sent"
    log.error(event, **_ids(posted), code=code, tries=posted.lease)


def _ids(posted: Posted) -> dict[str, Any]:
    notice = posted.notice
    return {"alert": notice.alert, "audience": notice.audience.value, "number": notice.number}


def _target(given: Any) -> Target:
    audiences = frozenset(str(name) for name in given.get("audiences", ()))
    return Target(str(given["name"]), str(given["url"]), str(given["secret"]), audiences)


def _mailbox(given: Any) -> Mailbox:
    return Mailbox(
        host=str(given["host"]),
        sender=str(given["sender"]),
        to={
            str(audience): tuple(map(str, [to] if isinstance(to, str) else to))
            for audience, to in given["to"].items()
        },
        port=int(given.get("port", 25)),
        starttls=bool(given.get("starttls", True)),
        user=str(given.get("user", "")),
        password=str(given.get("password", "")),
    )


def _key(fault: Exception) -> str:
    """The key that is missing; never a value, which may be a secret."""
    return str(fault.args[0])[:40] if isinstance(fault, KeyError) else "wrong shape"
