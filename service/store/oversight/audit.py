"""The audit: every access and decision, append-only, each row bound to the one before.

The hash of a row covers the hash of the row before it, so that a change, a removal or another
order shows. The newest hash stands in `audit_chain`, in the same transaction: a cut tail shows
too. Who could rewrite the whole store must be caught from outside: keep `audit_head` elsewhere.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from service.store.callers.keys import first_uses, forget_uses
from service.store.database.codes import clean
from service.store.database.columns import stamp
from service.store.database.inserts import inserting
from service.store.database.part import Part
from service.store.database.schema import audit, audit_chain

GENESIS = "0" * 64
_PAGE = 1000
# how long such a name counts: nobody's journal lies unread for longer
_REMEMBERED = timedelta(days=90)
_ONCE = "audit"
# built once: every access and every body runs them
_OF_TENANT = audit_chain.c.tenant == bindparam("of")
_HEAD = select(audit_chain.c.seq, audit_chain.c.hash).where(_OF_TENANT)
_LOCKED_HEAD = _HEAD.with_for_update()
_GROW = update(audit_chain).where(_OF_TENANT)
_ADD = insert(audit)
_LIMITS = {
    "who": 256,
    "role": 64,
    "action": 64,
    "patient": 256,
    "subject": 256,
    "outcome": 64,
    "why": 256,
    "correlation": 128,
}


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to whom, why, and what came of it.

    `action`: a code (patient.read, alert.claim, hook.patient-view, user.sign-in ...). `patient`:
    the patient concerned, "" for none. `subject`: what else ("Alert/1", a client id).
    `detail`: plain JSON values, codes and ids only.
    """

    at: datetime
    who: str
    action: str
    outcome: str = "success"
    role: str = ""
    patient: str = ""
    subject: str = ""
    why: str = ""
    correlation: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An entry with its place in the chain."""

    seq: int
    hash: str
    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The newest place of a chain: what to keep outside the store."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """`fault`: "" or changed, missing, cut, head-missing, anchor. `at`: the first bad number."""

    sound: bool
    checked: int
    fault: str = ""
    at: int | None = None


class Audit(Part):
    """Write, read, verify. There is no way to change a row."""

    def record_audit(
        self,
        tenant: str,
        entries: Sequence[AuditEntry],
        *,
        once: str = "",
        forget: Sequence[str] = (),
    ) -> AuditHead:
        """Append in the given order; durable when it returns. Answers the new head.

        `once`: a name under which nothing is appended a second time, "" for none. `forget`: such
        names that will not come again.
        """

        def write(connection: Connection) -> AuditHead:
            forget_uses(connection, _ONCE, forget)
            if once and not _first_time(connection, once, max(entry.at for entry in entries)):
                return _head(connection, tenant)
            return append(connection, tenant, entries)

        return self._database.transact(write)

    def record_first(
        self,
        tenant: str,
        keys: Mapping[str, str],
        until: datetime,
        entry: Callable[[list[str]], AuditEntry],
    ) -> list[str]:
        """Append one row about what no process has told yet; nothing when all of it was.

        `keys`: what must count once -> what it stands for (a patient). They count anew after
        `until`. The row and its keys are one transaction: told once, and never less.
        """

        def write(connection: Connection) -> list[str]:
            at = entry(list(keys.values())).at
            fresh = first_uses(connection, "told", list(keys), until, at)
            told = [what for key, what in keys.items() if key in fresh]
            if told:
                append(connection, tenant, [entry(told)])
            return told

        return self._database.transact(write) if keys else []

    def audit_head(self, tenant: str) -> AuditHead:
        with self._database.read() as connection:
            return _head(connection, tenant)

    def audit(
        self,
        tenant: str,
        after: int = 0,
        limit: int = 500,
        patient: str | None = None,
    ) -> list[AuditRecord]:
        """Records with a number above `after`, oldest first; of one patient when told."""
        wanted = select(audit).where(audit.c.tenant == tenant, audit.c.seq > after)
        if patient is not None:
            wanted = wanted.where(audit.c.patient == patient)
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(audit.c.seq).limit(limit)).all()
        return [AuditRecord(row.seq, row.hash, _entry(row)) for row in rows]

    def verify_audit(self, tenant: str, anchor: AuditHead | None = None) -> ChainVerdict:
        """Compute the whole chain anew. `anchor`: a head that was kept outside the store."""
        with self._database.read() as connection:
            return _verify(connection, tenant, anchor)

    def audited_tenants(self) -> list[str]:
        """Tenants that have a chain."""
        with self._database.read() as connection:
            wanted = select(audit_chain.c.tenant).order_by(audit_chain.c.tenant)
            return list(connection.execute(wanted).scalars())


def _first_time(connection: Connection, name: str, at: datetime) -> bool:
    return bool(first_uses(connection, _ONCE, [name], at + _REMEMBERED, at))


def append(connection: Connection, tenant: str, entries: Sequence[AuditEntry]) -> AuditHead:
    """Within a transaction. The chain's row is locked until the commit: one writer a tenant."""
    head = _locked_head(connection, tenant)
    rows, seq, last = [], head.seq, head.hash
    for entry in entries:
        seq += 1
        row = _columns(tenant, seq, entry)
        last = row["hash"] = _hash(last, row)
        rows.append(row)
    if not rows:
        return head
    connection.execute(_ADD, rows)
    connection.execute(_GROW, {"of": tenant, "seq": seq, "hash": last})
    return AuditHead(seq, last)


def _locked_head(connection: Connection, tenant: str) -> AuditHead:
    """The head, which begins with the first entry of a tenant."""
    row = connection.execute(_LOCKED_HEAD, {"of": tenant}).first()
    if row is None:
        connection.execute(
            inserting(connection, audit_chain)
            .values(tenant=tenant, seq=0, hash=GENESIS, pruned_to=0, pruned_hash=GENESIS)
            .on_conflict_do_nothing()
        )
        row = connection.execute(_LOCKED_HEAD, {"of": tenant}).one()
    return AuditHead(row.seq, row.hash)


def _head(connection: Connection, tenant: str) -> AuditHead:
    row = connection.execute(_HEAD, {"of": tenant}).first()
    return AuditHead(row.seq, row.hash) if row else AuditHead(0, GENESIS)


def _columns(tenant: str, seq: int, entry: AuditEntry) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "seq": seq,
        "at": entry.at,
        **{name: clean(getattr(entry, name), limit) for name, limit in _LIMITS.items()},
        "detail": orjson.dumps(dict(entry.detail), option=orjson.OPT_SORT_KEYS).decode(),
    }


def _hash(previous: str, row: Mapping[str, Any]) -> str:
    told = [previous, row["tenant"], row["seq"], stamp(row["at"])]
    told += [row[name] for name in _LIMITS]
    return hashlib.sha256(orjson.dumps([*told, row["detail"]])).hexdigest()


def _verify(connection: Connection, tenant: str, anchor: AuditHead | None) -> ChainVerdict:
    chain = connection.execute(select(audit_chain).where(audit_chain.c.tenant == tenant)).first()
    if chain is None:
        first = connection.execute(select(audit.c.seq).where(audit.c.tenant == tenant)).first()
        lost = first is not None or (anchor is not None and anchor.seq > 0)
        return ChainVerdict(not lost, 0, "head-missing" if lost else "", 0 if lost else None)
    seq, last, checked = chain.pruned_to, chain.pruned_hash, 0
    for row in _pages(connection, tenant, seq):
        if row.seq != seq + 1:
            return ChainVerdict(False, checked, "missing", seq + 1)
        seq, last = row.seq, _hash(last, row._asdict())
        if last != row.hash:
            return ChainVerdict(False, checked, "changed", seq)
        if anchor is not None and anchor.seq == seq and anchor.hash != last:
            return ChainVerdict(False, checked, "anchor", seq)
        checked += 1
    if (seq, last) != (chain.seq, chain.hash):
        return ChainVerdict(False, checked, "cut", seq + 1)
    if anchor is not None and anchor.seq > seq:
        return ChainVerdict(False, checked, "anchor", seq + 1)
    return ChainVerdict(True, checked)


def _pages(connection: Connection, tenant: str, after: int) -> Iterator[Row[Any]]:
    """All rows above `after` that are there, also such as should not be."""
    while True:
        wanted = select(audit).where(audit.c.tenant == tenant, audit.c.seq > after)
        rows = connection.execute(wanted.order_by(audit.c.seq).limit(_PAGE)).all()
        if not rows:
            return
        yield from rows
        after = rows[-1].seq


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        at=row.at,
        detail=orjson.loads(row.detail),
        **{name: getattr(row, name) for name in _LIMITS},
    )
