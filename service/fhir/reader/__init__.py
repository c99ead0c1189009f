"""FHIR of every kind -> dated, normalised, attributed facts, or the reason why not.

One door: `read_body`, `read_resources`, `read_entries`, `read_drafts`, `read_ndjson`.
"""

from service.fhir.reader.bodies import read_body, read_entries, read_resources
from service.fhir.reader.drafts import read_drafts
from service.fhir.reader.entry import Entry
from service.fhir.reader.ndjson import read_ndjson
from service.fhir.reader.reading import (
    DrugIdentity,
    EntryOutcome,
    Notification,
    Outcome,
    ReadContext,
    Reading,
    ResourceFacts,
    complete,
    completed,
)
from service.fhir.reader.reasons import Reason

__all__ = [
    "DrugIdentity",
    "Entry",
    "EntryOutcome",
    "Notification",
    "Outcome",
    "ReadContext",
    "Reading",
    "Reason",
    "ResourceFacts",
    "complete",
    "completed",
    "read_body",
    "read_drafts",
    "read_entries",
    "read_ndjson",
    "read_resources",
]
