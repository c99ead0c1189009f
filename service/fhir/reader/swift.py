"""Entries read by the form that they have in common with others before them.

Nearly all that a ward pushes was written by few programs: entry after entry is the same text with
other values in it. Such an entry is opened no further than its values (`sent`), compared with the
form (`form`) and poured into the mould of that form (`moulds`). Whatever fits no form, and every
exception, goes the usual way (`entries`), which gives the same facts; from what was plain there,
forms are learned.

What is remembered is bounded, and is of codes, units and layout only: tenant, zone, patient and
time are those of the entry and its context.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256

from alerts.chart import Source
from service.fhir.reader.assembly import assembler
from service.fhir.reader.entry import LONGEST_ID, Entry
from service.fhir.reader.form import Form, are_texts, form_of
from service.fhir.reader.layout import Layouts
from service.fhir.reader.moulds import Mould, Order, mould_of_observation, mould_of_order
from service.fhir.reader.reading import EntryOutcome, Outcome, ReadContext, ResourceFacts
from service.fhir.reader.sent import (
    FIRST_NUMBER,
    FULL_URL,
    ID,
    OBSERVATION_PLACES,
    ORDER_PLACES,
    SUBJECT,
    UPDATED,
    URL,
    VERSION,
    WHEN,
    Sent,
    Values,
    number_places,
    observation_values,
    opened,
    order_values,
)
from service.fhir.reader.times import stated

# Forms remembered of all codes and of one; longer entries have none.
MOST_FORMS = 1024
FORMS_OF_A_CODE = 8
LONGEST_ENTRY = 8192
# Learning must pay: so many entries were read by the forms of a code for each that was learned.
WORTH = 4
_PATIENT = re.compile(r"Patient/([^/?#\s|]{1,128})")
_LEARNED_TYPES = frozenset({"Observation", "MedicationRequest"})
_ACCEPTED = Outcome.ACCEPTED
_source = assembler(Source)


_Learned = tuple[str, Form, Mould]  # of what resource type


class _Code:
    """The forms in which records of one code came, the latest used first."""

    __slots__ = ("forms", "learned", "used", "values")

    def __init__(self, values: Callable[[Sent], Values]) -> None:
        self.values = values
        self.forms: tuple[_Learned, ...] = ()
        self.learned = self.used = 0

    def fitting(self, text: bytes, values: Values) -> _Learned | None:
        """The form that this is."""
        for one in self.forms:
            if one[1].filled(values) == text:
                self.used += 1
                if one is not self.forms[0]:
                    self.forms = (one, *(other for other in self.forms if other is not one))
                return one
        return None

    def may_learn(self) -> bool:
        return self.learned < FORMS_OF_A_CODE or self.used > WORTH * self.learned

    def learn(self, one: _Learned) -> None:
        self.learned += 1
        self.forms = (one, *self.forms[: FORMS_OF_A_CODE - 1])


# Forms by the bytes of the code that a record is about; when too many, all are forgotten.
_observations: dict[bytes, _Code] = {}
_orders: dict[bytes, _Code] = {}
_layouts: Layouts[_Learned] = Layouts()


def _forms_of(sent: Sent) -> _Code | None:
    one = sent.resource
    if one.code:
        return _observations.get(bytes(one.code))
    return _orders.get(bytes(one.medicationCodeableConcept))


def _open(sent: Sent) -> _Code:
    """The forms of its code, to add one to."""
    codes = (*_observations.values(), *_orders.values())
    if sum(len(code.forms) for code in codes) >= MOST_FORMS:
        forget()
    one = sent.resource
    if one.code:
        return _observations.setdefault(bytes(one.code), _Code(observation_values))
    concept = bytes(one.medicationCodeableConcept)
    return _orders.setdefault(concept, _Code(order_values))


def forget() -> None:
    """Forget every form."""
    _observations.clear()
    _orders.clear()
    _layouts.clear()


def as_entry(resource: bytes) -> bytes:
    """A resource that came without a Bundle, as an entry of one."""
    return b'{"resource":' + resource + b"}"


class Swift:
    """The entries of one body that are of a known form, in the order of the body."""

    def __init__(self, context: ReadContext) -> None:
        self._context = context
        self._places: dict[str, int] = {}  # by "Type/id"
        self._resources: list[ResourceFacts | None] = []
        self._outcomes: list[EntryOutcome | None] = []
        self._urls: list[bytes] = []

    def told(self) -> tuple[list[ResourceFacts], list[EntryOutcome], list[bytes]]:
        """Of every entry that was read, what it gave and its full URL."""
        if len(self._places) == len(self._resources):
            return self._resources, self._outcomes, self._urls  # type: ignore[return-value]
        kept = [n for n, one in enumerate(self._resources) if one is not None]
        lists = (self._resources, self._outcomes, self._urls)
        return tuple([one[n] for n in kept] for one in lists)  # type: ignore[return-value]

    def give_back(self, reference: str) -> int | None:
        """Forget the entry that carries this resource; its index."""
        place = self._places.pop(reference, None)
        outcome = None if place is None else self._outcomes[place]
        if place is None or outcome is None:
            return None
        self._resources[place] = self._outcomes[place] = None
        return outcome.index

    def take(self, index: int, location: str, text: bytes) -> bool:
        """Read an entry of a Bundle, which must be JSON; False when it is to be read the usual
        way. `location`: where its resource stands."""
        try:
            found = _layouts.find(text)
            if found is not None:
                return self._read(index, location, text, found[0], found[1])
            sent = opened(text)
            code = _forms_of(sent)
            if code is None:
                return False
            values = code.values(sent)
            learned = code.fitting(text, values)
            if learned is None or not are_texts(values):
                return False
            if not self._read(index, location, text, learned, values):
                return False
            _layouts.add(text, learned[1], values, learned)
        except (ValueError, IndexError, OverflowError, RecursionError):
            return False
        return True

    def _read(
        self, index: int, location: str, text: bytes, learned: _Learned, values: Values
    ) -> bool:
        kind, form, mould = learned
        context = self._context
        mark = values[ID].decode()
        reference = f"{kind}/{mark}"
        if reference in self._places or not (mark.isprintable() and 0 < len(mark) <= LONGEST_ID):
            return False
        if "/" in mark or mark[0] == " " or mark[-1] == " ":
            return False
        at, patient = stated(values[WHEN].decode()), _patient(values[SUBJECT])
        if at is None or patient is None:
            return False
        if context.only_patient is not None and patient != context.only_patient:
            return False
        changed = values[UPDATED] and stated(values[UPDATED].decode())
        if changed is None:
            return False
        source = _source(context.tenant, kind, mark, _version(values[VERSION]))
        facts = mould.facts(values, at, source, context.received_at)
        if facts is None:
            return False
        url = values[FULL_URL]
        resource = text[form.lead + len(url) : len(text) - form.trail - len(values[URL])]
        digest = sha256(resource).hexdigest()[:32]
        self._places[reference] = len(self._urls)
        self._urls.append(url)
        self._resources.append(
            ResourceFacts(source, patient, facts, False, changed or None, digest, index)
        )
        self._outcomes.append(EntryOutcome(index, location, _ACCEPTED, "", reference))
        return True


@lru_cache(maxsize=8192)
def _patient(reference: bytes) -> str | None:
    """Whose it is, where the reference alone tells: "Patient/1"."""
    match = _PATIENT.fullmatch(str(reference, "utf-8"))
    return match[1] if match and match[1].isascii() else None


@lru_cache(maxsize=1024)
def _version(told: bytes) -> str | None:
    return str(told, "utf-8").strip() or None


def learn(raw: bytes, entry: Entry, source: Source, context: ReadContext) -> None:
    """Learn the form of an entry of a Bundle that was read the usual way, where it is plain."""
    if entry.type not in _LEARNED_TYPES or len(raw) > LONGEST_ENTRY:
        return
    if entry.response or entry.retracted or entry.deleted:
        return
    try:
        sent = opened(raw)
        code = _forms_of(sent)
        if code is not None and not code.may_learn():
            return
        _learn(raw, sent, entry, source, context)
    except (ValueError, IndexError, OverflowError, RecursionError):
        return


def _learn(raw: bytes, sent: Sent, entry: Entry, source: Source, context: ReadContext) -> None:
    of_order = entry.type == "MedicationRequest"
    values = (order_values if of_order else observation_values)(sent)
    if not are_texts(values):
        return
    mould = _mould(entry, values, source, context)
    if mould is None:
        return
    known = _forms_of(sent)
    fitting = known.fitting(raw, values) if known else None
    if fitting is not None:
        like = fitting[2]
        if isinstance(like, Order) and isinstance(mould, Order):
            like.learn(mould)
        return
    places = ORDER_PLACES if of_order else (*OBSERVATION_PLACES, *number_places(sent))
    form = form_of(raw, places, values)
    if form is not None:
        _open(sent).learn((entry.type, form, mould))


def _mould(entry: Entry, values: Values, source: Source, context: ReadContext) -> Mould | None:
    if entry.type == "MedicationRequest":
        return mould_of_order(entry.fields, values[FIRST_NUMBER], source, context)
    return mould_of_observation(entry.fields, source, context)
