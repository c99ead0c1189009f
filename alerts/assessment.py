"""The one door of the package: `assess(chart, knowledge, as_of)` says everything once."""

from datetime import datetime
from typing import Any

from alerts.chart import Chart
from alerts.knowledge import Knowledge
from alerts.statements import Assessment

__all__ = ["Assessment", "as_dict", "assess"]


def assess(chart: Chart, knowledge: Knowledge, as_of: datetime) -> Assessment:
    """Assess one patient's chart as it stood at `as_of` (zone-aware)."""
    raise NotImplementedError


def as_dict(assessment: Assessment) -> dict[str, Any]:
    """The stable JSON form of an assessment (DESIGN, interfaces that stay)."""
    raise NotImplementedError
