"""Interaction rows: when each applies to this patient (being written)."""

from collections.abc import Sequence
from datetime import datetime

from alerts.chart import Chart, MedicationUse
from alerts.knowledge import Knowledge
from alerts.statements import Assessment, Interaction


def order_interactions(
    drafts: Sequence[MedicationUse],
    chart: Chart,
    assessment: Assessment,
    knowledge: Knowledge,
    as_of: datetime,
) -> tuple[Interaction, ...]:
    """Rows that the draft orders set off against each other and the chart (hooks)."""
    raise NotImplementedError
