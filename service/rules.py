"""The rules in force: as shipped, or under the overlay that the site has decided on.

NMS_SENTINEL_RULES names the overlay (its form: `alerts/knowledge/overlay.py`). API, workers and
the tenants' channel policy read it here at their start, so that all judge alike; nothing starts
under an overlay that has a fault.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import orjson
import structlog

from alerts.knowledge import Knowledge, KnowledgeFault, faults, load, load_overlay, unread
from service.errors import SettingsFault
from service.fhir import terminology_check
from service.settings import PREFIX, Settings, unwritable
from service.store import RULES, AuditEntry, Store

# the copy that the parts of `serve` read: one that is started again later judges as the others do
KEPT = "rules-in-force.yaml"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Overlay:
    """An overlay as it was read, once, and the rules that it makes."""

    written: bytes
    knowledge: Knowledge


def rules_in_force(settings: Settings) -> Knowledge:
    """The rules of these settings. SettingsFault lists every fault of the overlay, one a line."""
    return load() if settings.rules is None else _read(settings.rules).knowledge


def faults_of(knowledge: Knowledge) -> list[str]:
    """Every fault of rules, beside what the reader knows; empty when sound."""
    return [*faults(knowledge), *unread(knowledge, terminology_check.kinds())]


def mark_of(knowledge: Knowledge) -> str:
    """What tells these rules from others: their version, and a digest of all that they say, and of
    the program's release, which reads them. At most 100 characters."""
    said = [version("nms-sentinel"), knowledge.version, knowledge.sources]
    whole = orjson.dumps(said, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return f"{knowledge.version[:80]} {hashlib.sha256(whole).hexdigest()[:16]}"


@lru_cache(maxsize=4)
def _read(overlay: Path) -> _Overlay:
    """Read once in a process: what began to judge goes on judging so."""
    try:
        written = overlay.read_bytes()
        knowledge = load_overlay(written, overlay.name)
        found = faults_of(knowledge)
    except (KnowledgeFault, KeyError, TypeError, ValueError, OSError) as fault:
        found = [str(fault)]
    if found:
        lines = [f"{PREFIX}RULES: {fault}" for fault in found]
        raise SettingsFault("\n".join(lines), code="rules")
    return _Overlay(written, knowledge)


def kept_rules(settings: Settings) -> Settings:
    """Settings that name a copy of the checked overlay in the data directory."""
    if settings.rules is None:
        return settings
    checked = _read(settings.rules).written
    copy = settings.data_dir / KEPT
    if settings.rules.resolve() != copy.resolve():
        try:
            copy.write_bytes(checked)
        except OSError as fault:
            raise unwritable(settings.data_dir, fault) from fault
    return replace(settings, rules=copy)


def note_rules(settings: Settings, store: Store, now: datetime) -> None:
    """A line of the audit: under which rules this API begins to answer; another when they are not
    those of before, with how many patients the workers now judge anew (monitoring/anew.py)."""
    knowledge = rules_in_force(settings)
    written = _read(settings.rules).written if settings.rules else None
    overlay = "" if written is None else hashlib.sha256(written).hexdigest()
    detail = {"rules": knowledge.version, "shipped": load().version, "overlay": overlay}
    log.info("rules.in_force", **detail)
    told = [_entry(knowledge, now, "rules.in-force", detail)]
    mark, former = mark_of(knowledge), store.in_force(RULES)
    patients = 0 if mark == former else store.judged_otherwise(mark)
    if patients:
        change = {"from": former or "", "to": mark, "patients": str(patients)}
        log.info("rules.changed", **change)
        told.append(_entry(knowledge, now, "rules.changed", change))
    store.record_audit(settings.tenant, told)
    if mark != former:
        store.put_in_force(RULES, mark, now)


def _entry(knowledge: Knowledge, now: datetime, action: str, detail: dict[str, str]) -> AuditEntry:
    return AuditEntry(now, "service", action, subject=f"Rules/{knowledge.version}", detail=detail)
