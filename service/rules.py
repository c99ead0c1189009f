"""The rules in force: as shipped, or under the overlay that the site has decided on.

NMS_SENTINEL_RULES names the overlay (its form: `alerts/knowledge/overlay.py`). API, workers and
the tenants' channel policy read it here at their start, so that all judge alike; nothing starts
under an overlay that has a fault.
"""

import hashlib
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import structlog

from alerts.knowledge import Knowledge, KnowledgeFault, faults, load, unread
from service.errors import SettingsFault
from service.fhir import terminology_check
from service.settings import PREFIX, Settings, unwritable
from service.store import AuditEntry, Store

# the copy that the parts of `serve` read: one that is started again later judges as the others do
KEPT = "rules-in-force.yaml"
log = structlog.get_logger(__name__)


def rules_in_force(settings: Settings) -> Knowledge:
    """The rules of these settings. SettingsFault lists every fault of the overlay, one a line."""
    return load() if settings.rules is None else _under(settings.rules)


def faults_of(knowledge: Knowledge) -> list[str]:
    """Every fault of rules, beside what the reader knows; empty when sound."""
    return [*faults(knowledge), *unread(knowledge, terminology_check.kinds())]


@lru_cache(maxsize=4)
def _under(overlay: Path) -> Knowledge:
    """Read once in a process: what began to judge goes on judging so."""
    try:
        knowledge = load(overlay)
        found = faults_of(knowledge)
    except (KnowledgeFault, KeyError, TypeError, ValueError, OSError) as fault:
        found = [str(fault)]
    if found:
        lines = [f"{PREFIX}RULES: {fault}" for fault in found]
        raise SettingsFault("\n".join(lines), code="rules")
    return knowledge


def kept_rules(settings: Settings) -> Settings:
    """Settings that name a copy of the checked overlay in the data directory."""
    if settings.rules is None:
        return settings
    rules_in_force(settings)
    copy = settings.data_dir / KEPT
    if settings.rules.resolve() != copy.resolve():
        told = settings.rules.read_bytes()
        try:
            copy.write_bytes(told)
        except OSError as fault:
            raise unwritable(settings.data_dir, fault) from fault
    return replace(settings, rules=copy)


def note_rules(settings: Settings, store: Store, now: datetime) -> None:
    """A line of the audit: under which rules this API begins to answer."""
    knowledge = rules_in_force(settings)
    overlay = hashlib.sha256(settings.rules.read_bytes()).hexdigest() if settings.rules else ""
    detail = {"rules": knowledge.version, "shipped": load().version, "overlay": overlay}
    log.info("rules.in_force", **detail)
    entry = AuditEntry(
        now, "service", "rules.in-force", subject=f"Rules/{knowledge.version}", detail=detail
    )
    store.record_audit(settings.tenant, [entry])
