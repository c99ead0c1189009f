"""What this process lately read and judged: the same bytes are not read twice in a quarter hour.

A record system asks about one chart many times an hour, and nearly every byte is the same each
time. A resource is remembered by its exact bytes, for one tenant, patient, zone and FHIR version,
and beside the same Patient, Medication and Device resources (they name what others refer to). What
hangs on a time yet to come is read anew. An assessment is remembered for the same resources and
the same state of the store, until the time from which by its own account it may read differently
(`next_review_at`). Nothing is kept longer than KEPT, nor more than ROOM_BYTES, nor on disk.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from threading import Lock
from typing import Any

from alerts.chart import Chart, Measurement, MedicationUse, Sign, Unread
from alerts.knowledge import Knowledge
from alerts.statements import Assessment
from service.cds_hooks.prefetch import Filled, Prefetched
from service.fhir.reader import (
    Entry,
    EntryOutcome,
    Outcome,
    ReadContext,
    Reading,
    Reason,
    ResourceFacts,
    read_entries,
)

KEPT = timedelta(minutes=15)
ROOM_BYTES = 32 * 1024 * 1024
# assessments of one chart: one for each set of resources that its hooks are called with
JUDGED_MAX = 8
# what a page and an assessment take beside the resources' own bytes (about: an empty chart's)
PAGE_BYTES, JUDGED_BYTES = 4 * 1024, 8 * 1024
_TELL_OF_OTHERS = frozenset({"Patient", "Medication", "Device"})
_OF_OTHERS = tuple(f"{kind}/" for kind in _TELL_OF_OTHERS)


@dataclass(frozen=True, slots=True)
class Judged:
    """A chart and what was said of it. `on_record`: did anything of it come from the store?"""

    chart: Chart
    assessment: Assessment
    on_record: bool
    knowledge: Knowledge
    at: datetime

    def holds(self, knowledge: Knowledge, as_of: datetime) -> bool:
        """Would it be said again, word for word? By the rule REVIEW: nothing changes before the
        next review."""
        until = self.assessment.next_review_at
        return (
            self.knowledge is knowledge
            and timedelta() <= as_of - self.at <= KEPT
            and (until is None or as_of < until)
        )


class _Known:
    """One resource as read, and a number that no other has."""

    __slots__ = ("mark", "number", "resource")

    def __init__(self, resource: ResourceFacts, number: int) -> None:
        self.resource, self.number = resource, number
        self.mark = resource.source.reference


@dataclass(slots=True)
class _Page:
    """One chart. `tellers`: the resources that its readings hang on beside themselves."""

    begun: datetime
    tellers: frozenset[bytes]
    known: dict[bytes, _Known] = field(default_factory=dict)
    judged: dict[Any, Judged] = field(default_factory=dict)
    size: int = PAGE_BYTES
    weighed: int = 0  # as the room counts it
    # the tellers by index, as they were read alone: nothing else was new in that call
    alone: tuple[dict[int, bytes], Reading] | None = None
    whole: "Whole | None" = None

    def __post_init__(self) -> None:
        self.size += sum(map(len, self.tellers))

    @property
    def weight(self) -> int:
        """With the assessment that is about to be made."""
        return self.size + JUDGED_BYTES * min(len(self.judged) + 1, JUDGED_MAX)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a call brought, as read. `refused`: entries that could not be used.

    `mark`: names exactly these facts, None when they may not be remembered. `awaits`: the drugs
    that orders among them name and that did not come. `again`: nothing in it was new, and while
    the page is kept the same entries will be read alike.
    """

    resources: tuple[ResourceFacts, ...]
    refused: tuple[EntryOutcome, ...]
    page: _Page
    mark: tuple[int, ...] | None
    awaits: frozenset[str] = frozenset()
    again: bool = False

    def judged(self, revision: int | None, knowledge: Knowledge, as_of: datetime) -> Judged | None:
        """What was said of the same facts, if it still holds; told as of now."""
        if self.mark is None:
            return None
        found = self.page.judged.get((self.mark, revision))
        if found is None or not found.holds(knowledge, as_of):
            return None
        return replace(found, assessment=replace(found.assessment, as_of=as_of))

    def keep(self, revision: int | None, judged: Judged) -> None:
        if self.mark is None:
            return
        if len(self.page.judged) >= JUDGED_MAX:
            self.page.judged.clear()
        self.page.judged[self.mark, revision] = judged


@dataclass(frozen=True, slots=True)
class Whole:
    """A prefetch as it came, every resource of it known, and what it gave; of `prefetch` and
    `prefetched` without the resources."""

    text: bytes
    prefetch: Mapping[str, Filled]
    prefetched: Prefetched
    sent: Sent


class Recall:
    """For all tenants of a process; safe for threads, which at worst read something twice."""

    def __init__(self, room_bytes: int = ROOM_BYTES) -> None:
        self._room = room_bytes
        self._weight = 0
        self._pages: OrderedDict[tuple[str, ...], _Page] = OrderedDict()
        self._numbers = count()
        self._guard = Lock()

    def read(self, entries: Sequence[Entry], context: ReadContext) -> Sent:
        """Read what a call brought; the same facts as without remembering."""
        told = {bytes(entry.raw or b""): entry for entry in entries}
        page = self._page(context)
        if page is not None:
            sent = self._completed(page, told, context)
            # of what came twice and was refused, each is told
            if sent is not None and (len(told) == len(entries) or not sent.refused):
                return sent
        return self._anew(told, entries, context)

    def whole(self, context: ReadContext) -> Whole | None:
        """The prefetch that came last, if all of it was known then and still is."""
        page = self._page(context)
        return None if page is None else page.whole

    def learn(self, context: ReadContext, whole: Whole) -> None:
        """Remember a prefetch in one piece. Only what was `again` may be."""
        page = whole.sent.page
        with self._guard:
            page.size += len(whole.text) - (len(page.whole.text) if page.whole else 0)
            page.whole = whole
        self._weigh(_name(context), page, context.received_at)

    def forget(self) -> None:
        """Everything."""
        with self._guard:
            self._pages.clear()
            self._weight = 0

    @property
    def size(self) -> int:
        """Bytes of what is remembered: the resources', and about what was made of them."""
        with self._guard:
            return self._weight

    def _page(self, context: ReadContext) -> _Page | None:
        page = self._pages.get(_name(context))
        if page is None or not timedelta() <= context.received_at - page.begun <= KEPT:
            return None
        return page

    def _completed(
        self, page: _Page, told: dict[bytes, Entry], context: ReadContext
    ) -> Sent | None:
        """With what is known of a chart; None when its neighbours changed, or one came twice."""
        hits = [one for one in map(page.known.get, told) if one is not None]
        missed = {e.index: raw for raw, e in told.items() if raw not in page.known}
        reading = self._missed(page, missed, told, context)
        if _tellers(reading, missed) != page.tellers:
            return None
        marks = {one.mark for one in hits}
        fresh = [r.source.reference for r in reading.resources]
        if len(marks) < len(hits) or len({*marks, *fresh}) < len(hits) + len(fresh):
            return None
        resources = (*[one.resource for one in hits], *reading.resources)
        numbers = self._learned(page, reading, missed, context)
        self._weigh(_name(context), page, context.received_at)
        mark = None if numbers is None else (*[one.number for one in hits], *numbers)
        again = mark is not None and page.alone is not None and page.alone[0] == missed
        return Sent(resources, _refused(reading), page, mark, _awaited(resources), again)

    def _missed(
        self, page: _Page, missed: dict[int, bytes], told: dict[bytes, Entry], context: ReadContext
    ) -> Reading:
        """What is not known, read together; the tellers alone are not read twice either."""
        if page.alone is not None and page.alone[0] == missed:
            return page.alone[1]
        reading = read_entries([told[raw] for raw in missed.values()], context)
        if page.tellers == frozenset(missed.values()) and _holds(reading, context.received_at):
            page.alone = missed, reading
        return reading

    def _anew(
        self, told: dict[bytes, Entry], entries: Sequence[Entry], context: ReadContext
    ) -> Sent:
        """Read the whole; a new page when each resource came once."""
        reading = read_entries(list(entries), context)
        raws = {entry.index: raw for raw, entry in told.items()}
        if len(told) < len(entries):
            raws = {entry.index: bytes(entry.raw or b"") for entry in entries}
        page = _Page(context.received_at, _tellers(reading, raws))
        marks = {r.source.reference for r in reading.resources}
        once = len(marks) == len(reading.resources) and not _versions(reading, told, entries)
        numbers = self._learned(page, reading, raws, context) if once else None
        if once:
            self._keep(_name(context), page, context.received_at)
        awaits = _awaited(reading.resources)
        return Sent(reading.resources, _refused(reading), page, numbers, awaits)

    def _learned(
        self, page: _Page, reading: Reading, raws: dict[int, bytes], context: ReadContext
    ) -> tuple[int, ...] | None:
        """Remember what may be; the numbers of all that gave facts, None when one may not."""
        now = context.received_at
        yet_to_come = {o.index for o in reading.outcomes if o.reason == Reason.FUTURE}
        numbers: list[int] = []
        whole = True
        for resource in reading.resources:
            if resource.source.resource_type in _TELL_OF_OTHERS:
                continue
            if resource.index in yet_to_come or not _settled(resource, now):
                whole = False
                continue
            known = _Known(resource, next(self._numbers))
            raw = raws[resource.index]
            page.known[raw] = known
            page.size += len(raw)
            numbers.append(known.number)
        return tuple(numbers) if whole else None

    def _keep(self, name: tuple[str, ...], page: _Page, at: datetime) -> None:
        with self._guard:
            self._drop(name)
            self._pages[name] = page
        self._weigh(name, page, at)

    def _weigh(self, name: tuple[str, ...], page: _Page, at: datetime) -> None:
        """Count what a page has become. The oldest go: those past their time, and as many as there
        is no room for."""
        with self._guard:
            if self._pages.get(name) is page:
                self._weight += page.weight - page.weighed
                page.weighed = page.weight
            while self._pages:
                oldest, held = next(iter(self._pages.items()))
                if self._weight <= self._room and at - held.begun <= KEPT:
                    return
                self._drop(oldest)

    def _drop(self, name: tuple[str, ...]) -> None:
        gone = self._pages.pop(name, None)
        if gone is not None:
            self._weight -= gone.weighed


def _name(context: ReadContext) -> tuple[str, ...]:
    version, patient = context.fhir_version or "", context.only_patient or ""
    return (context.tenant, patient, context.zone.key, version)


def _tellers(reading: Reading, raws: dict[int, bytes]) -> frozenset[bytes]:
    """The resources that others may refer to, accepted or not."""
    return frozenset(
        [raws[one.index] for one in reading.outcomes if one.reference.startswith(_OF_OTHERS)]
    )


def _versions(reading: Reading, told: dict[bytes, Entry], entries: Sequence[Entry]) -> bool:
    """Did two versions of one resource come? (The same bytes twice are one.)"""
    beaten = sum(o.outcome is Outcome.SUPERSEDED for o in reading.outcomes)
    twice = sum(o.outcome is Outcome.DUPLICATE for o in reading.outcomes)
    return beaten > 0 or twice > len(entries) - len(told)


def _refused(reading: Reading) -> tuple[EntryOutcome, ...]:
    return tuple(o for o in reading.outcomes if o.outcome is Outcome.REFUSED)


def _awaited(resources: Sequence[ResourceFacts]) -> frozenset[str]:
    return frozenset([one.awaits for one in resources if one.awaits])


def _holds(reading: Reading, now: datetime) -> bool:
    """Would the same be read again whenever?"""
    return all(o.outcome is Outcome.ACCEPTED and not o.reason for o in reading.outcomes) and all(
        _settled(resource, now) for resource in reading.resources
    )


def _settled(resource: ResourceFacts, now: datetime) -> bool:
    """Does nothing in it hang on a time yet to come?"""
    return all(_past(fact, now) for fact in resource.facts)


def _past(fact: Any, now: datetime) -> bool:
    if isinstance(fact, (Measurement, Sign)):
        return fact.at <= now
    if isinstance(fact, MedicationUse):
        # an order that ended before its planned end: read differently once that has come
        return fact.stop_certain and (fact.start is None or fact.start <= now)
    return not isinstance(fact, Unread) or fact.reason != Reason.FUTURE


def facts_of(resources: Iterable[ResourceFacts]) -> list[Any]:
    """What the resources say, retracted ones left out."""
    return [fact for one in resources if not one.retracted for fact in one.facts]
