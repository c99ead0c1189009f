"""Go-live gates (ALR-10): what silent mode says about going loud. Counts, and what they cannot say.

Treated patient-days are the days (UTC) on which a chart shows a dopamine antagonist in force or
given, the denominator of ALR-09. The positive predictive value needs people: it is named, not made.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from alerts.chart import Chart, MedicationUse
from alerts.dosing import Certainty, dosing
from alerts.knowledge import Knowledge
from alerts.lifecycle import Alert
from alerts.statements import Channel
from alerts.truth import TRUE
from service.cds_hooks.analytics import Received

# the gates of ALR-10; basis [D]
SILENT_DAYS = 30
INTERRUPTIVE_PER_1000 = 2.0
OVERRIDE_MOST, OVERRIDE_WEEKS = 0.8, 4
INTERRUPTIVE = "critical"
_SURE = (Certainty.GIVEN, Certainty.PRESUMED)
NOT_KNOWN = (
    "positive predictive value of interruptive alerts (gate: at least 20 %): needs chart review,"
    " and no review is recorded here",
    "sensitivity: needs discharge codes and drug use of all patients",
    "whether a patient whose data never came was treated",
)


class Archive(Protocol):
    def patients(self, tenant: str) -> Sequence[str]: ...

    def chart(self, tenant: str, patient: str) -> Chart | None: ...

    def alerts(
        self, tenant: str, patient: str | None = None, open_only: bool = True
    ) -> Sequence[Alert]: ...

    def reception(
        self, tenant: str, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[Received]: ...


@dataclass(frozen=True, slots=True)
class Gate:
    """`met`: None when it cannot be told."""

    name: str
    wanted: str
    found: str
    met: bool | None


def report(
    archive: Archive, tenant: str, since: datetime, until: datetime, knowledge: Knowledge
) -> dict[str, Any]:
    """Counts, rates per 1000 treated patient-days, and the gates."""
    days = treated_days(archive, tenant, since, until, knowledge)
    received = archive.reception(tenant, since, until)
    opened = [
        alert
        for alert in archive.alerts(tenant, open_only=False)
        if since <= alert.machine.opened_at < until
    ]
    loud = sum(alert.machine.channel is Channel.INTERRUPTIVE for alert in opened)
    critical = [one for one in received if one.indicator == INTERRUPTIVE]
    return {
        "tenant": tenant,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "treated_patient_days": days,
        "alerts_opened": len(opened),
        "alerts_interruptive": loud,
        "cards_shown": sum(one.shown for one in received),
        "cards_hidden": sum(one.hidden for one in received),
        "cards_critical_shown": sum(one.shown for one in critical),
        "cards_critical_hidden": sum(one.hidden for one in critical),
        "alerts_per_1000_days": _rate(len(opened), days),
        "interruptive_per_1000_days": _rate(loud, days),
        "gates": [_as_dict(g) for g in _gates(received, loud, days, until)],
        "not_known": list(NOT_KNOWN),
    }


def _rate(number: int, days: int) -> float | None:
    return round(1000 * number / days, 2) if days else None


def _as_dict(gate: Gate) -> dict[str, Any]:
    return {"gate": gate.name, "wanted": gate.wanted, "found": gate.found, "met": gate.met}


def _gates(received: Sequence[Received], loud: int, days: int, until: datetime) -> Iterator[Gate]:
    silent = {one.day for one in received if one.hidden}
    ran = (max(silent) - min(silent)).days + 1 if silent else 0
    wanted = f"at least {SILENT_DAYS} days"
    yield Gate("silent mode", wanted, f"{ran} days", ran >= SILENT_DAYS)
    yield Gate("predictive value", "at least 20 %", "needs chart review", None)
    rate = _rate(loud, days)
    wanted = f"at most {INTERRUPTIVE_PER_1000:g} per 1000 treated patient-days"
    met = None if rate is None else rate <= INTERRUPTIVE_PER_1000
    found = "no treated days" if rate is None else f"{rate:g}"
    yield Gate("interruptive alerts", wanted, found, met)
    yield _overrides(received, until)


def _overrides(received: Sequence[Received], until: datetime) -> Gate:
    first = until.date() - timedelta(weeks=OVERRIDE_WEEKS)
    loud = [one for one in received if one.indicator == INTERRUPTIVE and one.day >= first]
    over, answered = sum(o.overridden for o in loud), sum(o.accepted + o.overridden for o in loud)
    wanted = f"at most {OVERRIDE_MOST:.0%} of answered critical cards in {OVERRIDE_WEEKS} weeks"
    if not answered:
        return Gate("overrides", wanted, "no feedback", None)
    share = over / answered
    return Gate("overrides", wanted, f"{share:.0%} of {answered}", share <= OVERRIDE_MOST)


def treated_days(
    archive: Archive, tenant: str, since: datetime, until: datetime, knowledge: Knowledge
) -> int:
    """Patient-days with a dopamine antagonist in force or given, each day of a patient once.

    Orders as needed count by their doses alone.
    """
    total = 0
    for patient in archive.patients(tenant):
        chart = archive.chart(tenant, patient)
        if chart is not None:
            total += len(_days_of(chart.medications, since, until, knowledge))
    return total


def _days_of(
    uses: Iterable[MedicationUse], since: datetime, until: datetime, knowledge: Knowledge
) -> set[date]:
    found: set[date] = set()
    for use in uses:
        if not any(knowledge.antagonist(drug) for drug in use.ingredients):
            continue
        span = dosing(use, until)
        if span.certainty not in _SURE or span.first is None:
            continue
        last = until if span.running is TRUE else span.last or span.first
        found |= set(_between(max(span.first, since), min(last, until)))
    return found


def _between(first: datetime, last: datetime) -> Iterator[date]:
    day, end = first.astimezone(UTC).date(), last.astimezone(UTC)
    while first <= last and day <= end.date():
        if not (day == end.date() and end.time() == datetime.min.time() and day != first.date()):
            yield day
        day += timedelta(days=1)
