"""Dated, cited data and its typed loader."""

from alerts.knowledge.loader import Knowledge, load

__all__ = ["Knowledge", "load"]
