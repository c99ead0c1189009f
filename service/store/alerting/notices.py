"""The outbox: who is to be told, written with the alert's move and sent afterwards.

At least once: a sender that dies between sending and saying so sends again, under the same
(alert, audience, number), by which a receiver knows a repeat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from alerts.lifecycle import Alert, Audience, Notice, Why
from alerts.statements import Channel
from service.store.database.codes import clean, reason_code
from service.store.database.inserts import inserting
from service.store.database.part import Part
from service.store.database.schema import notices

PENDING, SENT, DEAD = "pending", "sent", "dead"


@dataclass(frozen=True, slots=True)
class Posted:
    """A notice in the outbox.

    `tries`: sends begun before this one since it was posted, or revived by hand. `lease`: counts
    every send that was ever begun, this one included. `state`: pending, sent or dead (given up,
    shown until somebody revives it).
    """

    id: int
    tenant: str
    patient: str
    notice: Notice
    state: str
    tries: int
    lease: int
    code: str
    correlation: str
    sent_at: datetime | None = None
    receipt: str = ""

    @property
    def is_repeat(self) -> bool:
        """Claimed: a send was begun before this one, also before it was given up and revived."""
        return self.lease > 1


class Notices(Part):
    """Claim, send, tell how it went."""

    def claim_notices(
        self,
        now: datetime,
        limit: int = 50,
        lease_s: float = 60,
        audiences: Sequence[Audience] | None = None,
    ) -> list[Posted]:
        """Notices that wait to be sent, oldest first, leased to the caller; each counts a try."""

        def write(connection: Connection) -> list[Posted]:
            wanted = select(notices).where(notices.c.state == PENDING, notices.c.next_at <= now)
            if audiences is not None:
                wanted = wanted.where(notices.c.audience.in_([a.value for a in audiences]))
            rows = connection.execute(
                wanted.order_by(notices.c.next_at, notices.c.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            if rows:
                connection.execute(
                    update(notices)
                    .where(notices.c.id.in_([r.id for r in rows]))
                    .values(
                        next_at=now + timedelta(seconds=lease_s),
                        lease=notices.c.lease + 1,
                        tries=notices.c.tries + 1,
                    )
                )
            return [_posted(row, lease=row.lease + 1) for row in rows]

        return self._database.transact(write)

    def keep_notice(self, posted: Posted, until: datetime, receipt: str = "") -> bool:
        """The caller is still at it: nobody else gets it before `until`. `receipt`: of a part that
        has gone, kept at once. False when it is the caller's no longer: then another sends it."""
        told = {"receipt": clean(receipt, 512)} if receipt else {}
        return self._close(posted, next_at=until, **told)

    def notice_sent(self, posted: Posted, now: datetime, receipt: str = "") -> bool:
        """It was sent. False when the lease was taken over (then it may have been sent twice)."""
        return self._close(
            posted, state=SENT, sent_at=now, next_at=None, code="", receipt=clean(receipt, 512)
        )

    def notices_sent(self, receipts: Sequence[tuple[Posted, str]], now: datetime) -> int:
        """Many at once, in one transaction; how many leases were still the caller's."""

        def write(connection: Connection) -> int:
            done = [
                connection.execute(
                    update(notices)
                    .where(
                        notices.c.id == posted.id,
                        notices.c.lease == posted.lease,
                        notices.c.state == PENDING,
                    )
                    .values(
                        state=SENT, sent_at=now, next_at=None, code="", receipt=clean(receipt, 512)
                    )
                ).rowcount
                for posted, receipt in receipts
            ]
            return sum(done)

        return self._database.transact(write)

    def notice_failed(
        self, posted: Posted, code: str, retry_at: datetime | None, receipt: str = ""
    ) -> bool:
        """It was not sent: again at `retry_at`, or never (None: on the list of dead letters).
        `receipt`: of the part that was, and need not be sent again."""
        state = DEAD if retry_at is None else PENDING
        said, told = reason_code(code), clean(receipt, 512)
        return self._close(posted, state=state, next_at=retry_at, code=said, receipt=told)

    def dead_letters(self, tenant: str) -> list[Posted]:
        """Notices that were given up, oldest first."""
        return self._posted(notices.c.tenant == tenant, notices.c.state == DEAD)

    def notices(self, tenant: str, alert_id: str) -> list[Posted]:
        """Every notice of an alert, as posted."""
        return self._posted(notices.c.tenant == tenant, notices.c.alert == alert_id)

    def revive_notice(self, tenant: str, number: int, now: datetime) -> bool:
        """Send a dead letter again: all its tries begin anew. False when there is no such one."""

        def write(connection: Connection) -> bool:
            dead = (notices.c.tenant == tenant, notices.c.id == number, notices.c.state == DEAD)
            values = {"state": PENDING, "next_at": now, "code": "", "tries": 0}
            return connection.execute(update(notices).where(*dead).values(values)).rowcount == 1

        return self._database.transact(write)

    def outbox_depth(self) -> dict[str, int]:
        """How many notices are pending and dead."""
        counted = (
            select(notices.c.state, func.count())
            .where(notices.c.state.in_([PENDING, DEAD]))
            .group_by(notices.c.state)
        )
        with self._database.read() as connection:
            found = {row[0]: int(row[1]) for row in connection.execute(counted)}
        return {PENDING: found.get(PENDING, 0), DEAD: found.get(DEAD, 0)}

    def _close(self, posted: Posted, **values: Any) -> bool:
        """Write, as long as the lease is the caller's."""

        def write(connection: Connection) -> bool:
            mine = (
                notices.c.id == posted.id,
                notices.c.lease == posted.lease,
                notices.c.state == PENDING,
            )
            return connection.execute(update(notices).where(*mine).values(values)).rowcount == 1

        return self._database.transact(write)

    def _posted(self, *which: Any) -> list[Posted]:
        with self._database.read() as connection:
            rows = connection.execute(select(notices).where(*which).order_by(notices.c.id))
            return [_posted(row, lease=row.lease) for row in rows]


def post(connection: Connection, alert: Alert, posted: Sequence[Notice], correlation: str) -> None:
    """Write notices into the outbox. One that is there already stays as it is."""
    rows = [
        {
            "tenant": alert.tenant,
            "patient": alert.patient,
            "alert": alert.id,
            "audience": notice.audience.value,
            "number": notice.number,
            "channel": notice.channel.value,
            "why": notice.why.value,
            "at": notice.at,
            "state": PENDING,
            "next_at": notice.at,
            "lease": 0,
            "tries": 0,
            "code": "",
            "receipt": "",
            "correlation": correlation,
        }
        for notice in posted
    ]
    if rows:
        connection.execute(inserting(connection, notices).on_conflict_do_nothing(), rows)


def _posted(row: Row[Any], lease: int) -> Posted:
    return Posted(
        id=row.id,
        tenant=row.tenant,
        patient=row.patient,
        notice=Notice(
            alert=row.alert,
            channel=Channel(row.channel),
            why=Why(row.why),
            audience=Audience(row.audience),
            number=row.number,
            at=row.at,
        ),
        state=row.state,
        tries=row.tries,
        lease=lease,
        code=row.code,
        correlation=row.correlation,
        sent_at=row.sent_at,
        receipt=row.receipt,
    )
