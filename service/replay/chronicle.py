"""The chart as it stood at each moment something arrived.

One bundle (or bulk export) holds a whole course: its facts become known at their effective times,
and what lies later (the end of an order, an abatement) is not yet known. Several bundles are a
sequence: each changes the chart when it arrives, newer versions win, retractions take facts away.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from alerts.chart import (
    DAWN,
    Chart,
    Fact,
    chart_of,
)
from service.fhir.reader import DrugIdentity, Reading, ResourceFacts, completed
from service.replay.bodies import known_from
from service.replay.growing import Growing, as_told, end_of

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Moment:
    """One patient's chart at an instant."""

    at: datetime
    chart: Chart


@dataclass(frozen=True, slots=True)
class Arrived:
    """A reading and when it arrived."""

    at: datetime
    reading: Reading


def chronicle(arrived: Sequence[Arrived], until: datetime | None) -> dict[str, list[Moment]]:
    """Each patient's moments, oldest first, none after `until`; `until` itself is the last."""
    return {patient: list(moments) for patient, moments in courses(arrived, until)}


def courses(
    arrived: Sequence[Arrived], until: datetime | None
) -> Iterator[tuple[str, Iterator[Moment]]]:
    """The same, one patient and one chart at a time: patients by id."""
    if len(arrived) == 1:
        one = arrived[0]
        for patient, facts in sorted(facts_by_patient(one.reading.resources).items()):
            yield patient, by_effective_time(patient, facts, one.at, until)
        return
    moments = _by_arrival(sorted(arrived, key=lambda a: a.at), until)
    yield from ((patient, iter(series)) for patient, series in sorted(moments.items()))


def newest(resources: Iterable[ResourceFacts]) -> dict[Key, ResourceFacts]:
    """Of several versions of a resource the newest, retractions included."""
    record = Record()
    for one in resources:
        record.take(one)
    return record.held


def facts_by_patient(resources: Iterable[ResourceFacts]) -> dict[str, list[Fact]]:
    """Every patient's facts as the newest versions tell them, drugs named by their Medication."""
    record = Record()
    for one in resources:
        record.take(one)
    return {patient: record.facts(patient) for patient in record.patients()}


@dataclass(slots=True)
class Record:
    """Resources as they stand: the newest version of each, by patient."""

    held: dict[Key, ResourceFacts] = field(default_factory=dict)
    owned: dict[str, dict[Key, None]] = field(default_factory=dict)
    drugs: dict[str, DrugIdentity] = field(default_factory=dict)
    waiting: dict[str, set[str]] = field(default_factory=dict)

    def take(self, one: ResourceFacts) -> set[str]:
        """Lay one resource down; the patients whose chart it may have changed."""
        key = (one.source.resource_type, one.source.resource_id)
        known = self.held.get(key)
        if known is not None and _older(one, known):
            return set()
        touched = {one.patient} if one.patient else set()
        if known is not None and known.patient:
            touched.add(known.patient)
            self.owned[known.patient].pop(key, None)
        self.held[key] = one
        if one.patient:
            self.owned.setdefault(one.patient, {})[key] = None
        if one.awaits:
            self.waiting.setdefault(one.awaits, set()).add(one.patient)
        return touched | self._named(one) if key[0] == "Medication" else touched

    def _named(self, one: ResourceFacts) -> set[str]:
        """The patients for whom a Medication names a drug."""
        if one.identifies is None or one.retracted:
            self.drugs.pop(one.source.reference, None)
        else:
            self.drugs[one.source.reference] = one.identifies
        return self.waiting.get(one.source.reference, set())

    def patients(self) -> list[str]:
        return list(self.owned)

    def facts(self, patient: str) -> list[Fact]:
        found: list[Fact] = []
        for key in self.owned.get(patient, ()):
            one = self.held[key]
            if one.retracted:
                continue
            drug = self.drugs.get(one.awaits) if one.awaits else None
            found.extend(one.facts if drug is None else completed(one.facts, drug))
        return found


def _older(one: ResourceFacts, known: ResourceFacts) -> bool:
    if one.last_updated is None or known.last_updated is None:
        return False
    return one.last_updated < known.last_updated


def by_effective_time(
    patient: str, facts: Sequence[Fact], told_until: datetime, until: datetime | None
) -> Iterator[Moment]:
    """The moments of one record: its facts at their own times, ends up to `told_until`."""
    # what has no time of its own was always there
    waiting = sorted(facts, key=lambda fact: known_from(fact) or DAWN, reverse=True)
    growing = Growing(patient)
    for at in moments_of(facts, told_until, until):
        while waiting and (known_from(waiting[-1]) or DAWN) <= at:
            growing.add(waiting.pop())
        yield Moment(at, growing.chart(at))


def moments_of(
    facts: Iterable[Fact], told_until: datetime, until: datetime | None
) -> list[datetime]:
    """The times at which something of a record became known, none after `until`, which is one."""
    times = _times(facts, told_until)
    if until is not None:
        times = {at for at in times if at <= until} | {until.astimezone(UTC)}
    return sorted(times)


def latest(
    patient: str, facts: Sequence[Fact], told_until: datetime, until: datetime | None
) -> Moment | None:
    """The last of these moments alone; None when nothing is dated."""
    times = _times(facts, told_until)
    at = until.astimezone(UTC) if until is not None else max(times, default=None)
    if at is None:
        return None
    known = [as_told(fact, at) for fact in facts if (known_from(fact) or DAWN) <= at]
    return Moment(at, chart_of(patient, known))


def _times(facts: Iterable[Fact], told_until: datetime) -> set[datetime]:
    told = {known_from(fact) for fact in facts}
    # what ends is an event too, when the record tells of it
    told |= {end for fact in facts if (end := end_of(fact)) is not None and end <= told_until}
    return {at.astimezone(UTC) for at in told if at is not None}


def _by_arrival(arrived: Sequence[Arrived], until: datetime | None) -> dict[str, list[Moment]]:
    moments: dict[str, list[Moment]] = {}
    record = Record()
    for one in arrived:
        if until is not None and one.at > until:
            break
        touched: set[str] = set()
        for resource in one.reading.resources:
            touched |= record.take(resource)
        for patient in sorted(touched):
            chart = chart_of(patient, record.facts(patient))
            moments.setdefault(patient, []).append(Moment(one.at.astimezone(UTC), chart))
    if until is not None:
        for series in moments.values():
            series.append(Moment(until.astimezone(UTC), series[-1].chart))
    return moments
