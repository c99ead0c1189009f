"""Bundles on disk or standard input -> each patient's assessment as it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from alerts.assessment import assess
from alerts.knowledge import Knowledge
from alerts.statements import Assessment
from service.errors import BadInput
from service.fhir.reader import EntryOutcome, Reading
from service.replay.bodies import arrival, read
from service.replay.chronicle import facts_by_patient, latest
from service.replay.files import files_of


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry that was not read: which file, where and why."""

    file: str
    outcome: EntryOutcome


@dataclass(frozen=True, slots=True)
class Standing:
    assessments: tuple[Assessment, ...]
    refused: tuple[Refusal, ...]


def standing(
    paths: Iterable[str],
    rules: Knowledge,
    as_of: datetime | None,
    now: datetime,
    stdin: BinaryIO,
) -> Standing:
    """Assess every patient in the bundles, by patient id.

    Without `as_of` each patient is assessed at the latest time in the own record. Folders are
    searched for .json and .ndjson; "-" is standard input. Raises BadInput naming the file.
    """
    readings: list[Reading] = []
    refused: list[Refusal] = []
    arrived: list[datetime] = []
    for name, body in files_of(paths, stdin):
        try:
            reading = read(body, now)
        except BadInput as refusal:
            raise BadInput(
                f"{name}: {refusal.message}", code=refusal.code, location=refusal.location
            ) from refusal
        readings.append(reading)
        arrived.append(arrival(body, now))
        refused += [Refusal(name, o) for o in reading.outcomes if o.outcome.value == "refused"]
    resources = [r for reading in readings for r in reading.resources]
    found = []
    for patient, facts in sorted(facts_by_patient(resources).items()):
        moment = latest(patient, facts, max(arrived), as_of)
        if moment is not None:
            found.append(assess(moment.chart, rules, moment.at))
    return Standing(tuple(found), tuple(refused))
