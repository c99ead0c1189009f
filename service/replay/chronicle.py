"""The chart as it stood at each moment something arrived.

One bundle holds a whole course: its facts become known at their effective times, and what lies
later (the end of an order, an abatement) is not yet known. Several bundles are a sequence: each
changes the chart when it arrives, newer versions win, retractions take facts away.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from alerts.chart import (
    Chart,
    Condition,
    Evidence,
    Fact,
    MedicationUse,
    Stay,
    UseStatus,
    chart_of,
)
from alerts.truth import TRUE
from service.fhir.reader import Reading, ResourceFacts
from service.replay.bodies import known_from

ENDED = {UseStatus.STOPPED, UseStatus.COMPLETED, UseStatus.ENDED, UseStatus.ON_HOLD}


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
    if len(arrived) == 1:
        return _by_effective_time(arrived[0], until)
    return _by_arrival(sorted(arrived, key=lambda a: a.at), until)


def newest(resources: Iterable[ResourceFacts]) -> dict[tuple[str, str], ResourceFacts]:
    """Of several versions of a resource the newest, retractions included."""
    kept: dict[tuple[str, str], ResourceFacts] = {}
    for one in resources:
        key = (one.source.resource_type, one.source.resource_id)
        known = kept.get(key)
        if known is None or not _older(one, known):
            kept[key] = one
    return kept


def facts_by_patient(resources: Iterable[ResourceFacts]) -> dict[str, list[Fact]]:
    facts: dict[str, list[Fact]] = {}
    for one in newest(resources).values():
        if not one.retracted:
            facts.setdefault(one.patient, []).extend(one.facts)
    return facts


def _older(one: ResourceFacts, known: ResourceFacts) -> bool:
    if one.last_updated is None or known.last_updated is None:
        return False
    return one.last_updated < known.last_updated


def _by_effective_time(one: Arrived, until: datetime | None) -> dict[str, list[Moment]]:
    moments: dict[str, list[Moment]] = {}
    for patient, facts in sorted(facts_by_patient(one.reading.resources).items()):
        told = [known_from(fact) for fact in facts]
        # what ends is an event too, when the record tells of it
        told += [end for fact in facts if (end := _end(fact)) is not None and end <= one.at]
        times = {at.astimezone(UTC) for at in told if at is not None}
        if until is not None:
            times = {at for at in times if at <= until} | {until.astimezone(UTC)}
        moments[patient] = [
            Moment(at, chart_of(patient, _known(facts, at))) for at in sorted(times)
        ]
    return moments


def _by_arrival(arrived: Sequence[Arrived], until: datetime | None) -> dict[str, list[Moment]]:
    moments: dict[str, list[Moment]] = {}
    seen: list[ResourceFacts] = []
    for one in arrived:
        if until is not None and one.at > until:
            break
        seen.extend(one.reading.resources)
        touched = {r.patient for r in one.reading.resources}
        facts = facts_by_patient(seen)
        for patient in sorted(touched):
            chart = chart_of(patient, facts.get(patient, []))
            moments.setdefault(patient, []).append(Moment(one.at.astimezone(UTC), chart))
    if until is not None:
        for series in moments.values():
            series.append(Moment(until.astimezone(UTC), series[-1].chart))
    return moments


def _known(facts: Iterable[Fact], at: datetime) -> list[Fact]:
    kept = []
    for fact in facts:
        since = known_from(fact)
        if since is None or since <= at:
            kept.append(_as_told(fact, at))
    return kept


def _end(fact: Fact) -> datetime | None:
    if isinstance(fact, MedicationUse | Stay):
        return fact.end
    return fact.abated if isinstance(fact, Condition) else None


def _as_told(fact: Fact, at: datetime) -> Fact:
    """The fact as the record told it at `at`: an end that lies ahead is not known yet."""
    end = _end(fact)
    if end is None or end <= at:
        return fact
    if isinstance(fact, MedicationUse):
        running = UseStatus.ACTIVE
        if fact.evidence is Evidence.ADMINISTRATION:
            running = UseStatus.IN_PROGRESS
        status = running if fact.status in ENDED else fact.status
        return replace(fact, end=None, status=status)
    if isinstance(fact, Condition):
        return replace(fact, abated=None, active=TRUE)
    if isinstance(fact, Stay):
        return replace(fact, end=None)
    return fact
