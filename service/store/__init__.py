"""The one durable truth: facts, due list, alerts, history, audit, on SQLite and PostgreSQL."""

from service.store.alerts import Stale
from service.store.audit import AuditEntry, AuditHead, AuditRecord, ChainVerdict
from service.store.cards import Handle, Response
from service.store.due import Due, Quarantined
from service.store.flow import Flow
from service.store.notices import Posted
from service.store.reception import Received
from service.store.retention import Retention
from service.store.settlement import Evaluated
from service.store.store import Store, open_store
from service.store.subscriptions import Heard, Subscription

__all__ = [
    "AuditEntry",
    "AuditHead",
    "AuditRecord",
    "ChainVerdict",
    "Due",
    "Evaluated",
    "Flow",
    "Handle",
    "Heard",
    "Posted",
    "Quarantined",
    "Received",
    "Response",
    "Retention",
    "Stale",
    "Store",
    "Subscription",
    "open_store",
]
