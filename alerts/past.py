"""The chart as it stood at a moment: what had not happened yet is left out (LOG-06)."""

from dataclasses import replace
from datetime import datetime

from alerts.chart import Chart, MedicationUse, begun


def as_it_stood(chart: Chart, as_of: datetime) -> Chart:
    """Only what had happened by `as_of`; a later stop has not happened yet."""
    return replace(
        chart,
        measurements=tuple(m for m in chart.measurements if m.at <= as_of),
        signs=tuple(s for s in chart.signs if s.at <= as_of),
        medications=tuple(u for u in chart.medications if _begun_by(u, as_of)),
        conditions=tuple(c for c in chart.conditions if (c.onset or c.recorded or as_of) <= as_of),
        stays=tuple(s for s in chart.stays if (s.start or as_of) <= as_of),
        unread=tuple(u for u in chart.unread if (u.at or as_of) <= as_of),
        by_kind={k: tuple(m for m in ms if m.at <= as_of) for k, ms in chart.by_kind.items()},
        by_sign={k: tuple(s for s in ss if s.at <= as_of) for k, ss in chart.by_sign.items()},
        doses={k: tuple(u for u in us if _begun_by(u, as_of)) for k, us in chart.doses.items()},
        orders={k: tuple(u for u in us if _begun_by(u, as_of)) for k, us in chart.orders.items()},
    )


def _begun_by(use: MedicationUse, as_of: datetime) -> bool:
    at = begun(use)
    return at is None or at <= as_of
