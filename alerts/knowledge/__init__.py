"""Dated, cited data and its typed loader."""

from alerts.knowledge.check import faults
from alerts.knowledge.loader import load, load_overlay, with_overlay
from alerts.knowledge.readings import unread
from alerts.knowledge.records import Knowledge, KnowledgeFault
from alerts.knowledge.show import diff, show

__all__ = [
    "Knowledge",
    "KnowledgeFault",
    "diff",
    "faults",
    "load",
    "load_overlay",
    "show",
    "unread",
    "with_overlay",
]
