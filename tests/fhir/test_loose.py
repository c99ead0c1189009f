"""Resources outside a Bundle (a hook's prefetch), read by their form: as the usual way."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import BadInput
from service.fhir import limits
from service.fhir.reader import Entry, ReadContext, read_entries, swift
from service.fhir.reader.bodies import read_envelope
from service.fhir.reader.envelope import Envelope
from service.fhir.reader.loose import loose_entries
from service.fhir.reader.swift import Swift
from tests.fhir.charted import CONTEXT, observation, quantity
from tests.fhir.test_fuzz import BODIES, mutated
from tests.fhir.test_swift import SENT, WARD, changed

EMPTY = msgspec.json.Decoder(dict[str, msgspec.Raw])


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterator[None]:
    swift.forget()
    yield
    swift.forget()


def cut_out(body: bytes) -> list[msgspec.Raw]:
    """The resources of a body, as a hook call would bring them."""
    try:
        limits.check(body, limits.Limits())
        held = EMPTY.decode(body)
        parts = msgspec.json.decode(held["entry"], type=list[dict[str, msgspec.Raw]])
    except (BadInput, msgspec.DecodeError, KeyError, UnicodeDecodeError):
        return [msgspec.Raw(body)]
    return [one["resource"] for one in parts if "resource" in one]


def entries(resources: Sequence[msgspec.Raw]) -> list[Entry]:
    return [Entry(2 * n, f"prefetch.key{n % 3}", raw) for n, raw in enumerate(resources)]


def agree(resources: Sequence[msgspec.Raw], context: ReadContext = CONTEXT) -> None:
    """Twice: what the first time has learned may change nothing the second time."""
    usual = read_envelope(Envelope(entries(resources)), context)
    for _ in range(2):
        found = read_entries(entries(resources), context)
        assert repr(found) == repr(usual)
        assert found == usual


def taken(resources: Sequence[msgspec.Raw], context: ReadContext) -> int:
    sent = entries(resources)
    reader = Swift(context)
    loose_entries(sent, reader)
    return len(reader.told()[0])


def raw(*resources: dict[str, Any]) -> list[msgspec.Raw]:
    return [msgspec.Raw(orjson.dumps(one)) for one in resources]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_sample_reads_the_same(body: bytes) -> None:
    agree(cut_out(body))


def test_what_a_ward_sends_takes_the_form_and_reads_the_same() -> None:
    sent = cut_out(SENT)
    agree(sent, WARD)
    read_entries(entries(sent), WARD)
    assert taken(sent, WARD) > 0.8 * len(sent)
    places = [one.location for one in read_entries(entries(sent), WARD).outcomes]
    assert places == [one.location for one in entries(sent)]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_damaged_records_of_a_known_form_read_the_same(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(2):
        read_entries(entries(cut_out(SENT)), WARD)
    whole = [part for _ in range(2) for part in cut_out(changed(chance))]
    agree(whole, WARD)
    one = mutated(bytes(chance.choice(cut_out(SENT))), chance)
    try:
        limits.check(one, limits.Limits())
        EMPTY.decode(one)
    except (BadInput, msgspec.DecodeError, UnicodeDecodeError):
        return
    agree([*whole, msgspec.Raw(one)], WARD)


def test_versions_retractions_and_other_patients_are_told_apart_in_a_known_form() -> None:
    plain = observation(valueQuantity=quantity(38.2, "Cel"), id="o1")
    agree(raw(plain, {**plain, "id": "o2"}))
    assert taken(raw(plain, {**plain, "id": "o2"}), CONTEXT) == 2
    later = {**plain, "meta": {"lastUpdated": "2026-01-02T00:00:00Z"}}
    gone = {**plain, "status": "entered-in-error"}
    other = {**plain, "id": "o3", "subject": {"reference": "Patient/another"}}
    telling = {
        "resourceType": "SubscriptionStatus",
        "type": "event-notification",
        "subscription": {"reference": "Subscription/s"},
        # what it tells of is among the others: nothing of it is missing
        "notificationEvent": [{"eventNumber": "1", "focus": {"reference": "Observation/o1"}}],
    }
    for odd in (later, gone, other, plain, telling):
        for turned in (raw(plain, odd), raw(odd, plain)):
            agree(turned)
            agree(turned, ReadContext("ward", CONTEXT.received_at, CONTEXT.zone, "another"))
