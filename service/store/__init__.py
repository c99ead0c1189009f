"""The one durable truth: facts, due list, alerts, history, audit, on SQLite and PostgreSQL."""

from service.store.alerting.alerts import Stale
from service.store.alerting.notices import Posted
from service.store.callers.subscriptions import Heard, Subscription
from service.store.evaluation.due import Due, Quarantined
from service.store.evaluation.flow import Flow
from service.store.evaluation.former import Again
from service.store.evaluation.settlement import Evaluated
from service.store.keeping.in_force import RULES, SESSION_KEY
from service.store.keeping.retention import Retention
from service.store.oversight.audit import AuditEntry, AuditHead, AuditRecord, ChainVerdict
from service.store.oversight.cards import Answer, Handle
from service.store.oversight.reception import Received
from service.store.people.people import Person
from service.store.people.seen import Sight
from service.store.people.ticks import Tick
from service.store.store import Store, open_store

__all__ = [
    "RULES",
    "SESSION_KEY",
    "Again",
    "Answer",
    "AuditEntry",
    "AuditHead",
    "AuditRecord",
    "ChainVerdict",
    "Due",
    "Evaluated",
    "Flow",
    "Handle",
    "Heard",
    "Person",
    "Posted",
    "Quarantined",
    "Received",
    "Retention",
    "Sight",
    "Stale",
    "Store",
    "Subscription",
    "Tick",
    "open_store",
]
