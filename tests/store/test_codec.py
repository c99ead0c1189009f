"""Facts come back from their stored form exactly as they were."""

import types
import typing
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.chart import Fact, Measurement, Source
from service.errors import BadInput, Unavailable
from service.store.resources.codec import TAGS, decode, encode

KINDS = typing.get_args(Fact)
NEAR = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(
    min_value=NEAR.replace(year=1900), max_value=NEAR.replace(year=2200), timezones=ZONES
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.text(max_size=12)
PLAIN: dict[object, st.SearchStrategy[Any]] = {
    datetime: MOMENTS,
    float: NUMBERS,
    str: WORDS,
    bool: st.booleans(),
    date: st.dates(),
    type(None): st.none(),
}


def any_of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type: nothing is left to what Hypothesis would guess."""
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, types.UnionType):
        return st.one_of(*(any_of(part) for part in typing.get_args(hint)))
    if typing.get_origin(hint) is tuple:
        return st.lists(any_of(typing.get_args(hint)[0]), max_size=3).map(tuple)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    hints = typing.get_type_hints(hint)
    return st.builds(hint, **{name: any_of(part) for name, part in hints.items()})


ANY_FACT = st.one_of(*(any_of(kind) for kind in KINDS))
SOURCE = Source("ward", "Observation", "1", "2")
AT = datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=1)))


def offsets(fact: Fact) -> list[timedelta | None]:
    """The zones as written: a page shows the time as the source told it."""
    times = (getattr(fact, f.name) for f in fields(fact))
    return [t.utcoffset() for t in times if isinstance(t, datetime)]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ANY_FACT, max_size=6).map(tuple))
def test_any_facts_come_back_equal_and_in_order(facts: tuple[Fact, ...]) -> None:
    back = decode(encode(facts))
    assert back == facts
    assert [type(f) for f in back] == [type(f) for f in facts]
    assert [offsets(f) for f in back] == [offsets(f) for f in facts]


def test_every_kind_of_fact_has_its_place() -> None:
    assert set(TAGS) == set(KINDS)
    assert len(set(TAGS.values())) == len(TAGS)


def test_the_stored_form_leaves_defaults_out() -> None:
    plain = encode((Measurement("heart_rate", AT, 90.0, "/min", SOURCE),))
    assert plain == (
        '{"m":[{"kind":"heart_rate","at":"2026-01-01T08:00:00+01:00","value":90.0,"unit":"/min",'
        '"source":{"tenant":"ward","resource_type":"Observation","resource_id":"1","version":"2"}'
        "}]}"
    )


def test_a_named_zone_comes_back_as_its_offset_at_that_moment() -> None:
    at = datetime(2026, 7, 1, 8, tzinfo=ZoneInfo("Europe/Berlin"))
    back = decode(encode((Measurement("heart_rate", at, 90.0, "/min", SOURCE),)))[0]
    assert isinstance(back, Measurement)
    assert back.at.isoformat() == "2026-07-01T08:00:00+02:00"
    assert back.at.astimezone(UTC) == at.astimezone(UTC)


def test_a_field_of_a_later_version_is_ignored_and_a_missing_one_has_its_default() -> None:
    text = encode((Measurement("heart_rate", AT, 90.0, "/min", SOURCE),))
    newer = text.replace('"kind"', '"invented_later":1,"kind"')
    assert decode(newer) == decode(text)


@pytest.mark.parametrize(
    "fact",
    [
        Measurement("heart_rate", AT, float("nan"), "/min", SOURCE),
        Measurement("heart_rate", AT, float("inf"), "/min", SOURCE),
        Measurement("heart_rate", AT, 1.0, "\ud800", SOURCE),
        Measurement("heart_rate", AT.replace(tzinfo=None), 1.0, "/min", SOURCE),
    ],
    ids=["nan", "infinite", "half a character", "no zone"],
)
def test_what_cannot_be_held_exactly_is_refused(fact: Measurement) -> None:
    with pytest.raises(BadInput) as refused:
        encode((fact,))
    assert refused.value.code == "not-storable"


@pytest.mark.parametrize("text", ["", "{", '{"m":[{"kind":"x"}]}', '{"s":[{"kind":"no sign"}]}'])
def test_unreadable_facts_are_a_fault_and_never_an_empty_chart(text: str) -> None:
    with pytest.raises(Unavailable) as fault:
        decode(text)
    assert fault.value.code == "store-unreadable"


def test_no_facts_are_the_empty_object() -> None:
    assert encode(()) == "{}"
    assert decode("{}") == ()
