"""The short way and the thorough way give the same facts (plain, plain_order, assembly)."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.chart import Evidence, Measurement, MedicationUse, Source, UseStatus
from service.errors import BadInput
from service.fhir import limits
from service.fhir.reader import EntryOutcome, ReadContext, ResourceFacts
from service.fhir.reader.assembly import assembler
from service.fhir.reader.entries import Entries
from service.fhir.reader.entry import open_entry
from service.fhir.reader.envelope import open_envelope
from service.fhir.reader.plain import plain_readings
from service.fhir.reader.plain_order import plain_use
from tests.benchmarks.reading import bundle as ward_bundle
from tests.fhir.charted import (
    AT,
    CONTEXT,
    LOINC,
    NOW,
    PULSE,
    bundle,
    coding,
    observation,
    order,
    quantity,
    temperature,
)
from tests.fhir.test_fuzz import BODIES, mutated

Told = tuple[tuple[EntryOutcome, ...], tuple[ResourceFacts, ...]]
SOURCE = Source("ward", "Observation", "o1", "1")


def both(body: bytes, context: ReadContext = CONTEXT) -> tuple[Told, Told] | None:
    """What the two ways make of a body; None when it is refused as a whole."""
    try:
        limits.check(body, context.limits)
        swift = Entries(context).read(open_envelope(body, context.limits).entries)
        thorough = Entries(context, swift=False).read(open_envelope(body, context.limits).entries)
    except BadInput:
        return None
    return swift, thorough


def agree(body: bytes, context: ReadContext = CONTEXT) -> None:
    told = both(body, context)
    if told is not None:
        assert repr(told[0]) == repr(told[1])
        assert told[0] == told[1]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_both_ways_agree_on_a_sample(body: bytes) -> None:
    agree(body)


def test_both_ways_agree_on_what_a_ward_sends() -> None:
    context = replace(CONTEXT, received_at=datetime(2026, 1, 10, tzinfo=UTC))
    for seed in range(5):
        agree(ward_bundle(200, seed=seed), context)


PLAIN: list[Any] = [
    temperature(),
    temperature(101.3, "[degF]"),
    observation(PULSE, valueQuantity=quantity(88, "/min"), interpretation=[coding("x", "H")]),
    observation(
        coding(LOINC, "2157-6", text="CK"),
        valueQuantity=quantity(900, "U/L"),
        referenceRange=[{"low": quantity(30, "U/L"), "high": quantity(200, "U/L")}],
        note=[{"text": "sample haemolysed"}],
    ),
    observation(
        coding(LOINC, "85354-9"),
        component=[
            {
                "code": coding("http://loinc.org", "8480-6"),
                "valueQuantity": quantity(170, "mm[Hg]"),
            },
            {"code": coding("http://loinc.org", "8462-4"), "valueQuantity": quantity(95, "mm[Hg]")},
        ],
    ),
    order(dosageInstruction=[{"route": coding("http://snomed.info/sct", "26643006")}]),
]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), samples=st.booleans())
def test_both_ways_agree_on_damaged_records(seed: int, samples: bool) -> None:
    chance = random.Random(seed)
    body = chance.choice(BODIES) if samples else orjson.dumps(bundle(chance.choice(PLAIN)))
    agree(mutated(body, chance))


@pytest.mark.heavy
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(4))
def test_both_ways_agree_on_many_damaged_records(seed: int) -> None:
    chance = random.Random(seed)
    plain = [orjson.dumps(bundle(one)) for one in PLAIN]
    for _ in range(20_000):
        agree(mutated(chance.choice(plain), chance))


DIGITS = [
    "38", "38.4", "38.40", "-0", "0", "1e1", "3.84e1", "384E-1", "1e400", "1e-30", "12", "45.01",
    "66.899999999999991", "1234567890123456789.0123456789", '"38.4"', "null", "true", "[38]",
    "{}", "101.3", "0.1e2", "1e13", "999999999999.9",
]  # fmt: skip


@pytest.mark.parametrize("digits", DIGITS)
@pytest.mark.parametrize("unit", [
    '"unit":"Cel","code":"Cel"', '"code":"[degF]"', '"unit":"/min"', '"unit":"?"', '"value":7',
    '"comparator":">","code":"Cel"', '"code":"Cel","extension":[{"value":3}]',
    '"x":"\\"value\\":1"',
])  # fmt: skip
@pytest.mark.parametrize("first", [True, False])
def test_both_ways_agree_on_odd_quantities(digits: str, unit: str, first: bool) -> None:
    value = f'"value": {digits}'
    sent = f"{{{value},{unit}}}" if first else f"{{{unit},{value}}}"
    for code in (temperature()["code"], PULSE):
        body = orjson.dumps(observation(code, valueQuantity={"@": 1}))
        agree(body.replace(b'{"@":1}', sent.encode()))


@pytest.mark.parametrize("when", [
    AT, "2026-03-03T09:00:00Z", "2026-03-03", "2026-03", "2026-03-03T09:00:00", "20260303T090000Z",
    "2026-W10-2T09:00:00Z", " 2026-03-03T09:00:00Z ", "2027-01-01T00:00:00Z", 20260303, None,
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-03-03T09:00:00\u200b+01:00",
    "2026-03-03T12:05:00Z", "2026-03-03T09:00Z", "2026-03-03T24:00:00Z", {"2026": 1}, ["x"],
])  # fmt: skip
def test_both_ways_agree_on_times(when: Any) -> None:
    agree(orjson.dumps(bundle(temperature(effectiveDateTime=when), order(authoredOn=when))))


def test_plain_records_take_the_short_way() -> None:
    for resource in PLAIN:
        entry = open_envelope(orjson.dumps(resource), CONTEXT.limits).entries[0]
        assert open_entry(entry, CONTEXT.zone) is None
        way = plain_use if entry.type == "MedicationRequest" else plain_readings
        assert way(entry.fields, SOURCE, CONTEXT)


def test_an_assembled_fact_is_the_fact() -> None:
    at = NOW - timedelta(hours=1)
    reading = ("heart_rate", at, 88.0, "/min", SOURCE)
    assert assembler(Measurement)(*reading) == Measurement(*reading)
    assert hash(assembler(Source)("a", "b", "c")) == hash(Source("a", "b", "c"))
    use = (("haloperidol",), "x", Evidence.ORDER, UseStatus.ACTIVE, SOURCE)
    assert replace(assembler(MedicationUse)(*use), text="y") == MedicationUse(
        ("haloperidol",), "y", Evidence.ORDER, UseStatus.ACTIVE, SOURCE
    )
    made = assembler(Source)("a", "b", "c")
    with pytest.raises(AttributeError):
        made.version = "changed"  # type: ignore[misc]
