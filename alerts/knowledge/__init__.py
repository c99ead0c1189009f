"""Dated, cited data and its typed loader."""

from alerts.knowledge.check import diff, faults, show
from alerts.knowledge.loader import Knowledge, KnowledgeFault, load, with_overlay

__all__ = ["Knowledge", "KnowledgeFault", "diff", "faults", "load", "show", "with_overlay"]
