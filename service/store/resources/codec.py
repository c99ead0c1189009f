"""Chart facts as compact JSON and back, exactly.

Only what differs from a field's default is written. A field that a later version adds with a
default reads well from older rows; a field that it no longer knows is ignored.
"""

from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from datetime import datetime
from math import isfinite
from operator import attrgetter
from typing import Any, NamedTuple, get_args, get_type_hints

import msgspec

from alerts.chart import (
    Condition,
    Evidence,
    Fact,
    Measurement,
    MedicationUse,
    PatientDetails,
    Sign,
    Source,
    Stay,
    Unread,
    UseStatus,
)
from service.errors import BadInput, Unavailable

TAGS: dict[type, str] = {
    Measurement: "m",
    Sign: "s",
    MedicationUse: "u",
    Condition: "c",
    PatientDetails: "p",
    Stay: "e",
    Unread: "x",
}


_ORDERS = frozenset({Evidence.ORDER, Evidence.STATEMENT})
_OVER = frozenset(
    {UseStatus.STOPPED, UseStatus.COMPLETED, UseStatus.ENDED, UseStatus.CANCELLED}
    | {UseStatus.NOT_DONE, UseStatus.NOT_TAKEN, UseStatus.DECLINED}
)


class Held(msgspec.Struct, omit_defaults=True):
    """The stored form: facts by type. `o`: the tags in their order when types are mixed."""

    m: list[Measurement] = []
    s: list[Sign] = []
    u: list[MedicationUse] = []
    c: list[Condition] = []
    p: list[PatientDetails] = []
    e: list[Stay] = []
    x: list[Unread] = []
    o: str = ""


class _Shape(NamedTuple):
    """A kind of fact: its fields without a default (they come first), the others and their
    defaults; `values_of` gives all values at once; `numbers`, `times`: which fields may hold one.
    """

    needed: tuple[str, ...]
    optional: tuple[str, ...]
    defaults: tuple[Any, ...]
    values_of: Callable[[Any], Any]
    numbers: tuple[str, ...]
    times: tuple[str, ...]


def _shape(kind: type) -> _Shape:
    names = tuple(f.name for f in fields(kind))
    hints = get_type_hints(kind)

    def holding(wanted: type) -> tuple[str, ...]:
        return tuple(n for n in names if wanted in (hints[n], *get_args(hints[n])))

    defaults = tuple(f.default for f in fields(kind) if f.default is not MISSING)
    needed = len(names) - len(defaults)
    return _Shape(
        names[:needed],
        names[needed:],
        defaults,
        attrgetter(*names),
        holding(float),
        holding(datetime),
    )


_SHAPES = {kind: _shape(kind) for kind in (*TAGS, Source)}
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Held)
NO_FACTS = "{}"


def encode(facts: Sequence[Fact]) -> str:
    """The stored form. BadInput (`not-storable`) for what JSON cannot hold exactly."""
    if not facts:
        return NO_FACTS
    try:
        return _encoder.encode(_by_tag(facts)).decode()
    except (UnicodeEncodeError, ValueError, TypeError, OverflowError) as fault:
        raise BadInput("The facts cannot be stored as they are.", code="not-storable") from fault


def _by_tag(facts: Sequence[Fact]) -> dict[str, Any]:
    if len(facts) == 1:
        return {TAGS[type(facts[0])]: [_sparse(facts[0])]}
    held: dict[str, Any] = {}
    order = []
    for fact in facts:
        tag = TAGS[type(fact)]
        held.setdefault(tag, []).append(_sparse(fact))
        order.append(tag)
    if len(held) > 1:
        held["o"] = "".join(order)
    return held


def decode(text: str) -> tuple[Fact, ...]:
    """The facts that `encode` wrote, in their order.

    Unavailable (`store-unreadable`) when it cannot be: a chart without them would be a lie.
    """
    if text == NO_FACTS:
        return ()
    try:
        held = _decoder.decode(text)
    except msgspec.MsgspecError as fault:
        raise Unavailable("Stored facts cannot be read.", code="store-unreadable") from fault
    if not held.o:
        return (*held.m, *held.s, *held.u, *held.c, *held.p, *held.e, *held.x)
    queues = {tag: iter(getattr(held, tag)) for tag in set(held.o)}
    return tuple(next(queues[tag]) for tag in held.o)


def _sparse(fact: Fact) -> dict[str, Any]:
    """What differs from the defaults. This runs for every fact that comes in."""
    shape = _SHAPES[type(fact)]
    made = _differing(shape, fact)
    made["source"] = _differing(_SHAPES[Source], fact.source)
    for name in shape.numbers:
        if name in made and not isfinite(made[name]):
            raise ValueError("a number that is not finite")
    for name in shape.times:
        if name in made and made[name].tzinfo is None:
            raise ValueError("a time without zone")
    return made


def _differing(shape: _Shape, held: Any) -> dict[str, Any]:
    values = shape.values_of(held)
    made = dict(zip(shape.needed, values, strict=False))
    optional = values[len(shape.needed) :]
    if optional != shape.defaults:  # in the usual reading they are
        for name, default, value in zip(shape.optional, shape.defaults, optional, strict=True):
            if value is not default:
                made[name] = value
    return made


class Span(NamedTuple):
    """When facts count. `running`: one of them goes on with no known end."""

    start: datetime | None
    end: datetime | None
    running: bool


def span(facts: Sequence[Fact]) -> Span:
    """From when until when these facts may count, as far as they tell."""
    if len(facts) == 1:
        first, last = _times(facts[0])
        return Span(first, last, last is None and _runs(facts[0]))
    starts: list[datetime] = []
    ends: list[datetime] = []
    running = False
    for fact in facts:
        first, last = _times(fact)
        starts += [first] if first else []
        ends += [last] if last else []
        running = running or (last is None and _runs(fact))
    return Span(min(starts, default=None), max(ends, default=None), running)


def _times(fact: Fact) -> tuple[datetime | None, datetime | None]:
    if isinstance(fact, (Measurement, Sign)):
        return fact.at, fact.until or fact.at
    if isinstance(fact, MedicationUse):
        return fact.start or fact.authored, _use_end(fact)
    if isinstance(fact, Stay):
        return fact.start, fact.end
    if isinstance(fact, Condition):
        return fact.onset or fact.recorded, fact.abated
    if isinstance(fact, Unread):
        return fact.at, fact.at
    return None, None


def _use_end(use: MedicationUse) -> datetime | None:
    """A drug that was stopped or given once is over; an order that runs has no end."""
    if use.end is not None:
        return max(use.end, use.start or use.end)
    if _runs(use):
        return None
    return max((at for at in (use.start, use.authored) if at), default=None)


def _runs(fact: Fact) -> bool:
    """Whether a fact without an end may still hold."""
    if isinstance(fact, MedicationUse):
        return fact.evidence in _ORDERS and fact.status not in _OVER
    return isinstance(fact, Condition | Stay | PatientDetails)
