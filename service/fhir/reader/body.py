"""What the readers of single resources share: the context, and who else is in the body."""

from dataclasses import dataclass, field
from typing import Any

from alerts.chart import Fact, Source, Unread
from service.fhir.reader.entry import Entry
from service.fhir.reader.fields import decoded, objects
from service.fhir.reader.reading import DrugIdentity, ReadContext
from service.fhir.reader.reasons import Reason
from service.fhir.reader.references import Index
from service.fhir.reader.times import Stamp

LONGEST_TEXT = 200


@dataclass(slots=True)
class Body:
    """One body being read. `drugs`: Medications in it, by "Medication/id" and by fullUrl.

    `swift`: take the short way where a resource is plain (`plain`); the facts are the same.
    """

    context: ReadContext
    index: Index
    drugs: dict[str, Entry] = field(default_factory=dict)
    swift: bool = True


@dataclass(slots=True)
class Read:
    """What one resource gave."""

    facts: tuple[Fact, ...] = ()
    reason: Reason | str = Reason.NONE
    awaits: str | None = None
    identifies: DrugIdentity | None = None


def contained(entry: Entry) -> dict[str, Any]:
    """Contained resources by id; they resolve inside their parent only (fact 3)."""
    raw = entry.fields.get("contained")
    if raw is None:
        return {}
    try:
        found = decoded(raw)
    except ValueError:
        return {}
    return {str(one["id"]): one for one in objects(found) if one.get("id") is not None}


def unread(
    what: str, text: str, reason: Reason | str, source: Source, when: Stamp | None = None
) -> Unread:
    """A record that could not be used, kept and shown."""
    return Unread(what, text[:LONGEST_TEXT], str(reason), source, when.at if when else None)


def only_unread(what: str, text: str, reason: Reason | str, source: Source) -> Read:
    return Read((unread(what, text, reason, source),), reason)
