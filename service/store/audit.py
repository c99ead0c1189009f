"""The audit: every access and decision, append-only, each row bound to the one before.

The hash of a row covers the hash of the row before it, so that a change, a removal or another
order shows. The newest hash stands in `audit_chain`, in the same transaction: a cut tail shows
too. Who could rewrite the whole store must be caught from outside: keep `audit_head` elsewhere.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, insert, select, update

from service.store.codes import clean
from service.store.columns import stamp
from service.store.inserts import inserting
from service.store.part import Part
from service.store.schema import audit, audit_chain

GENESIS = "0" * 64
_PAGE = 1000
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

    def record_audit(self, tenant: str, entries: Sequence[AuditEntry]) -> AuditHead:
        """Append in the given order; durable when it returns. Answers the new head."""
        return self._database.transact(lambda c: append(c, tenant, entries))

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


def append(connection: Connection, tenant: str, entries: Sequence[AuditEntry]) -> AuditHead:
    """Within a transaction. The chain's row is locked until the commit: one writer a tenant."""
    connection.execute(
        inserting(connection, audit_chain)
        .values(tenant=tenant, seq=0, hash=GENESIS, pruned_to=0, pruned_hash=GENESIS)
        .on_conflict_do_nothing()
    )
    head = _head(connection, tenant, lock=True)
    rows, seq, last = [], head.seq, head.hash
    for entry in entries:
        seq += 1
        row = _columns(tenant, seq, entry)
        last = row["hash"] = _hash(last, row)
        rows.append(row)
    if not rows:
        return head
    connection.execute(insert(audit), rows)
    connection.execute(
        update(audit_chain).where(audit_chain.c.tenant == tenant).values(seq=seq, hash=last)
    )
    return AuditHead(seq, last)


def _head(connection: Connection, tenant: str, *, lock: bool = False) -> AuditHead:
    wanted = select(audit_chain.c.seq, audit_chain.c.hash).where(audit_chain.c.tenant == tenant)
    row = connection.execute(wanted.with_for_update() if lock else wanted).first()
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
