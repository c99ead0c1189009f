"""What of the chart bears on the life of an alert beside the assessment: the stay, comfort care,
an attested episode, the newest temperature and CK, and which facts still stand.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import blake2b

from alerts.chart import Chart, Condition, SignKind
from alerts.knowledge import Knowledge
from alerts.lifecycle.promises import Arrivals
from alerts.lifecycle.states import Suppression
from alerts.moment import Moment, moment
from alerts.resolution import resolution
from alerts.statements import Assessment
from alerts.truth import FALSE, TRUE

ATTESTED = "neuroleptic_malignant_syndrome"
COMFORT = "comfort_care"
_SIGNS_OF_EPISODE = ("HYP", "RIG", "MS", "CK")


class Prints:
    """What a fact says, short: its value at its time. What changes by itself (a status, an end)
    is no part of it: a drug that is stopped has not been corrected."""

    def __init__(self, chart: Chart) -> None:
        self._chart = chart

    def of(self, reference: str, at: datetime | None) -> str:
        """ "" when nothing of that reference and time is on the chart."""
        said = sorted(words for when, words in self._index.get(reference, ()) if when in (at, None))
        return blake2b("|".join(said).encode(), digest_size=8).hexdigest() if said else ""

    @cached_property
    def _index(self) -> dict[str, list[tuple[datetime | None, str]]]:
        """Reference -> what it says and when; no time for what holds whatever the time."""
        found: dict[str, list[tuple[datetime | None, str]]] = {}
        for m in self._chart.measurements:
            said = f"{m.kind} {m.value!r} {m.unit}"
            found.setdefault(m.source.reference, []).append((m.at, said))
        for sign in self._chart.signs:
            said = f"{sign.kind} {sign.present}"
            found.setdefault(sign.source.reference, []).append((sign.at, said))
        for use in self._chart.medications:
            found.setdefault(use.source.reference, []).append((None, "+".join(use.ingredients)))
        for condition in self._chart.conditions:
            found.setdefault(condition.source.reference, []).append((None, condition.kind))
        return found


@dataclass(frozen=True, slots=True)
class Circumstances:
    """`present`: references of all facts on the chart; None when the chart was not looked at,
    and then nothing is taken for retracted. `prints`: what each reference says (see Prints).
    `arrivals`: the readings that a promise to monitor awaits. `resolved_at`: SPEC 5.6, stated or
    measured.
    """

    suppression: Suppression = Suppression.NO
    deceased: bool = False
    discharged_at: datetime | None = None
    resolved_at: datetime | None = None
    temperature: float | None = None
    ck: float | None = None
    present: frozenset[str] | None = None
    prints: Prints | None = None
    arrivals: Arrivals | None = None

    def said(self, reference: str, at: datetime | None) -> str:
        return "" if self.prints is None else self.prints.of(reference, at)


def circumstances(
    chart: Chart,
    knowledge: Knowledge,
    assessment: Assessment,
    *,
    present: frozenset[str] | None = None,
) -> Circumstances:
    """Read them from the chart as it stood at the assessment's clock.

    `present`: the references of all facts on the chart, from a caller who keeps them.
    """
    now = moment(chart, knowledge, assessment.as_of)
    temperatures = now.readings("body_temperature")
    cks = now.readings("creatine_kinase")
    return Circumstances(
        suppression=_suppression(now, assessment),
        deceased=chart.details is not None and chart.details.deceased,
        discharged_at=_discharged(now),
        resolved_at=_resolved(now, assessment),
        temperature=temperatures[-1].value if temperatures else None,
        ck=cks[-1].value if cks else None,
        present=frozenset(references(chart)) if present is None else present,
        prints=Prints(chart),
        arrivals=Arrivals(now),
    )


def _suppression(now: Moment, assessment: Assessment) -> Suppression:
    """ALR-12. The order is by how much is silenced."""
    conditions = now.chart.conditions
    stated = [s for s in now.chart.signs_of(SignKind.COMFORT_CARE) if s.at <= now.as_of]
    decided = bool(stated) and stated[-1].present is TRUE
    if decided or any(c.kind == COMFORT and c.active is TRUE for c in conditions):
        return Suppression.COMFORT_CARE
    if any(d.id == "DDX-MH" and d.met is TRUE for d in assessment.differential):
        return Suppression.THEATRE
    if any(_attests(c, now, assessment.onset) for c in conditions):
        return Suppression.ATTESTED
    return Suppression.NO


def _attests(condition: Condition, now: Moment, onset: datetime | None) -> bool:
    """NMS stated for this episode. One left on the problem list from years ago, or without a
    date, must not silence a new one."""
    stated = condition.onset or condition.recorded
    if condition.kind != ATTESTED or condition.confirmed is not TRUE or stated is None:
        return False
    if condition.active is not TRUE or condition.abated is not None:
        return False
    return stated >= (onset or now.as_of) - now.hours("episode.gap_h")


def _discharged(now: Moment) -> datetime | None:
    """When the last stay ended; None while any goes on, or when none is told."""
    ends = [stay.end for stay in now.chart.stays]
    known = [end for end in ends if end is not None and end <= now.as_of]
    return max(known) if known and len(known) == len(ends) else None


def _resolved(now: Moment, assessment: Assessment) -> datetime | None:
    """SPEC 5.6: stated by a clinician, or measured: the four parts that the plan names
    (alerts/resolution.py), and none of the signs of the episode in its own window."""
    stated = [s.at for s in now.chart.signs_of(SignKind.RESOLVED) if s.present is TRUE]
    if stated:
        return stated[-1]
    if any(assessment.findings[key].state is not FALSE for key in _SIGNS_OF_EPISODE):
        return None
    return now.as_of if resolution(now, assessment.findings).state is TRUE else None


def references(chart: Chart) -> Iterable[str]:
    """Of every fact on the chart."""
    for group in (
        chart.measurements,
        chart.signs,
        chart.medications,
        chart.conditions,
        chart.stays,
        chart.unread,
    ):
        yield from (fact.source.reference for fact in group)
