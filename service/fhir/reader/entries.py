"""The entries of one body -> outcomes and facts, each entry on its own.

Two passes: first every entry is opened and it is told who and what is in the body, then each is
read. So the order of the entries changes nothing, and a broken one costs only itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter, itemgetter

import structlog

from alerts.chart import Source
from service.fhir.reader.assembly import assembler
from service.fhir.reader.body import Body, Read, contained
from service.fhir.reader.entry import Entry, age, open_entry
from service.fhir.reader.envelope import Envelope
from service.fhir.reader.fields import decoded, objects, string, value_of
from service.fhir.reader.readers import KINDS, resource_types
from service.fhir.reader.reading import EntryOutcome, Outcome, ReadContext, ResourceFacts
from service.fhir.reader.reasons import Reason
from service.fhir.reader.references import Index, identifiers_of, key_of
from service.fhir.reader.swift import Swift, learn

log = structlog.get_logger(__name__)

_IGNORED = frozenset({
    Reason.UNUSED_RESOURCE, Reason.NO_RESOURCE, Reason.OPERATION_OUTCOME,
    Reason.SUBSCRIPTION_STATUS, Reason.ID_ONLY, Reason.NOT_A_CHANGE,
})  # fmt: skip
_TELLS_OF_OTHERS = frozenset({"Patient", "Medication", "Device"})
_ACCEPTED = Outcome.ACCEPTED
_INDEX = attrgetter("index")
_FIRST = itemgetter(0)
_source = assembler(Source)


class Entries:
    """One body's entries. `outcomes` and `resources` after `read`."""

    def __init__(self, context: ReadContext, swift: bool = True) -> None:
        self.context = context
        self.body = Body(context, Index(context.base_url), swift=swift)
        self._outcomes: dict[int, EntryOutcome] = {}
        self._resources: list[ResourceFacts] = []

    def read(
        self, entries: Iterable[Entry], envelope: Envelope | None = None, swift: Swift | None = None
    ) -> tuple[tuple[EntryOutcome, ...], tuple[ResourceFacts, ...]]:
        """Every entry has exactly one outcome, in the order of the body.

        `swift` has read some entries of `envelope`; those that share a resource with one of
        `entries` are read again together with it.
        """
        groups: dict[tuple[str, str], list[Entry]] = {}
        held = list(entries)
        for entry in held:
            reason = self._opened(entry)
            if reason is not None:
                self._settle(entry, reason)
                continue
            groups.setdefault((entry.type, entry.id), []).append(entry)
            again = swift.give_back(entry.reference) if swift else None
            if again is not None and envelope is not None:
                held.append(envelope.entry(again))
        told, outcomes, urls = swift.told() if swift else ([], [], [])
        self._note_urls(groups, told, urls)
        for group in groups.values():
            if len(group) > 1:
                self._newest(sorted(group, key=_INDEX))
            elif self._accept(group[0]) and envelope is not None:
                self._learn(group[0], envelope)
        found, settled = self._resources + told, [*outcomes, *self._outcomes.values()]
        if self._outcomes:
            found.sort(key=_INDEX)
            settled.sort(key=_INDEX)
        return tuple(settled), tuple(found)

    def _learn(self, entry: Entry, envelope: Envelope) -> None:
        sent = envelope.as_sent(entry.index)
        if sent is not None:
            learn(sent, entry, self._resources[-1].source, self.context)

    def _note_urls(
        self,
        groups: Mapping[tuple[str, str], Sequence[Entry]],
        told: Sequence[ResourceFacts],
        urls: Sequence[bytes],
    ) -> None:
        """Full URLs, for the references of neighbours that are read the usual way."""
        if not groups:
            return
        named = [(e.index, e.full_url, e.type, e.id) for group in groups.values() for e in group]
        named += [
            (one.index, str(url, "utf-8"), one.source.resource_type, one.source.resource_id)
            for one, url in zip(told, urls, strict=True)
        ]
        for _, url, kind, mark in sorted(named, key=_FIRST):
            if url:
                self.body.index.urls[url] = (kind, mark)

    def _opened(self, entry: Entry) -> Reason | None:
        """Open it and note who and what it is; a reason when it is not to be read."""
        if entry.deleted:
            return None if entry.type in KINDS else Reason.UNUSED_RESOURCE
        reason = open_entry(entry, self.context.zone)
        if reason is not None:
            return reason
        kind = entry.type
        if kind not in KINDS:
            return _not_read(kind)
        if kind in _TELLS_OF_OTHERS:
            self._note(entry)
        return None

    def _note(self, entry: Entry) -> None:
        """Who and what is in the body, for the references of its neighbours."""
        if entry.type == "Patient":
            self._note_patient(entry)
        else:
            self.body.drugs[entry.reference] = _newer(self.body.drugs.get(entry.reference), entry)
            if entry.full_url:
                self.body.drugs[entry.full_url] = self.body.drugs[entry.reference]

    def _note_patient(self, entry: Entry) -> None:
        try:
            identifiers = identifiers_of(value_of(entry.fields, "identifier"))
        except ValueError:
            identifiers = []
        if "id" not in entry.fields:
            if identifiers:
                entry.id = key_of(identifiers[0])
            elif (entry.full_url or "").startswith("urn:uuid:"):
                entry.id = str(entry.full_url).removeprefix("urn:uuid:")
        self.body.index.add_patient(entry.id, identifiers)

    def _newest(self, group: list[Entry]) -> None:
        """Of several versions of one resource the newest that can be read; the others say why.

        The same id for two patients is two records (fact 72).
        """
        people: dict[str, list[Entry]] = {}
        for entry in group:
            patient, _ = self._subject(entry)
            people.setdefault(patient, []).append(entry)
        if len(people) > 1 and any(e.retracted or e.deleted for e in group):
            people = {"": group}  # a retraction may have lost its subject
        for mine in people.values():
            self._newest_of(sorted(mine, key=age, reverse=True))

    def _newest_of(self, ordered: list[Entry]) -> None:
        winner: Entry | None = None
        for entry in ordered:
            if winner is None:
                winner = entry if self._accept(entry) else None
            elif entry.digest == winner.digest and entry.digest:
                self._settle(entry, Reason.SAME_CONTENT, Outcome.DUPLICATE)
            else:
                self._settle(entry, Reason.OLDER_VERSION, Outcome.SUPERSEDED)

    def _accept(self, entry: Entry) -> bool:
        """Read it; True when its facts count."""
        try:
            return self._read(entry)
        except ValueError:
            self._settle(entry, Reason.DUPLICATE_KEY)
        except Exception as fault:  # our own fault must not cost the neighbours; it is seen
            log.error("fhir.reader-fault", type=entry.type, fault=type(fault).__name__)
            self._settle(entry, Reason.READER_FAULT)
        return False

    def _read(self, entry: Entry) -> bool:
        patient, reason = self._subject(entry)
        gone = entry.retracted or entry.deleted
        if reason and not gone:
            self._settle(entry, reason)
            return False
        only = self.context.only_patient
        if only is not None and patient and patient != only:
            self._settle(entry, Reason.OTHER_PATIENT)
            return False
        source = _source(self.context.tenant, entry.type, entry.id, entry.version)
        if gone:
            told = Read((), Reason.DELETED if entry.deleted else Reason.RETRACTED)
        else:
            told = KINDS[entry.type].read(entry, source, self.body)
        self._resources.append(
            ResourceFacts(
                source,
                patient,
                told.facts,
                gone,
                entry.updated,
                entry.digest,
                entry.index,
                told.awaits,
                told.identifies,
            )
        )
        said = told.reason
        self._outcomes[entry.index] = EntryOutcome(
            entry.index,
            entry.location,
            _ACCEPTED,
            str(said) if said else "",
            f"{entry.type}/{entry.id}",
        )
        return True

    def _subject(self, entry: Entry) -> tuple[str, Reason]:
        """Whose it is; "" with the reason when that cannot be told."""
        kind = entry.type
        if kind == "Patient":
            return entry.id, Reason.NONE
        names = KINDS[kind].subject
        if not names:
            return "", Reason.NONE
        found = entry.fields
        for name in names:
            raw = found.get(name)
            if raw is not None:
                known = self.body.index.known.get(bytes(raw))
                if known is not None:
                    return known
                inside = contained(entry) if b"#" in bytes(raw) else None
                return self.body.index.subject(raw, inside)
        return "", Reason.NO_SUBJECT

    def _settle(self, entry: Entry, reason: Reason, outcome: Outcome | None = None) -> None:
        if outcome is None:
            outcome = Outcome.IGNORED if reason in _IGNORED else Outcome.REFUSED
        self._outcomes[entry.index] = EntryOutcome(
            entry.index, entry.location, outcome, str(reason), entry.reference
        )


def _newer(known: Entry | None, entry: Entry) -> Entry:
    return entry if known is None or age(entry) > age(known) else known


def _not_read(kind: str) -> Reason:
    if kind == "OperationOutcome":
        return Reason.OPERATION_OUTCOME
    if kind == "Bundle":
        return Reason.NESTED_BUNDLE
    if kind in ("SubscriptionStatus", "Parameters"):
        return (
            Reason.SUBSCRIPTION_STATUS if kind == "SubscriptionStatus" else Reason.UNUSED_RESOURCE
        )
    return Reason.UNUSED_RESOURCE if kind in resource_types() else Reason.UNKNOWN_RESOURCE


def tells_of_gaps(entries: Iterable[Entry]) -> Iterator[bool]:
    """Did the source say that data is missing (fact 86)?"""
    for entry in entries:
        if entry.type != "OperationOutcome":
            continue
        try:
            issues = list(objects(decoded(entry.fields["issue"])))
        except (KeyError, ValueError):
            continue
        for issue in issues:
            severe = string(issue.get("severity")) in ("error", "fatal")
            yield severe or string(issue.get("code")) in _GAPS


_GAPS = frozenset({
    "suppressed", "incomplete", "forbidden", "security", "timeout", "throttled", "too-costly",
})  # fmt: skip
