"""Who a patient is and where, as far as it is on record."""

from datetime import date, datetime

from alerts.chart import Chart


def who(chart: Chart, as_of: datetime) -> str:
    """'Patient p1 · male, 41 y · Ward 7B': only what is on record."""
    parts = [f"Patient {chart.patient}"]
    if chart.details is not None:
        born = chart.details.birth_date
        aged = f"{_years(born, as_of.date())} y" if born else "age not recorded"
        parts.append(f"{chart.details.sex or 'sex not recorded'}, {aged}")
    if place := ward(chart):
        parts.append(place if place.lower().startswith("ward") else f"Ward {place}")
    return " · ".join(parts)


def ward(chart: Chart) -> str:
    """The ward of the latest stay that has not ended; "" when not on record."""
    open_stays = [stay for stay in chart.stays if stay.end is None and stay.ward]
    return str(open_stays[-1].ward) if open_stays else ""


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
