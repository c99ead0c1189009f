"""Damaged samples: no exception but BadInput and TooLarge, and no lost entry.

A few hundred mutations in the default run, a hundred thousand in the heavy one.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import BadInput
from service.fhir.reader import Outcome, read_body, read_drafts
from tests.fhir.charted import CONTEXT, NOW

SAMPLES = [
    p
    for p in sorted((Path(__file__).parent / "samples").glob("*/*.json"))
    if p.stat().st_size < 9000
]
BODIES = [p.read_bytes() for p in SAMPLES]
# What stands where something else should: every JSON type, and what people and programs write.
ODD: list[Any] = [
    None, True, False, 0, -1, 1e300, -1e-300, 12345678901234567890, "", " ", "x", "\u2028", "1e400",
    "NaN", "2026", "2026-13-45", "9999-12-31T23:59:59Z", "0001-01-01", "2026-03-03T08:00:00",
    "entered-in-error", "#", "urn:uuid:x", "Patient/", "Patient/p1/_history/", "a" * 3000, [], {},
    [[]], [None], [{}], {"": None}, {"value": None}, {"reference": None}, {"coding": "x"},
    {"coding": [None, 7, {"system": 1, "code": []}]}, {"repeat": {"period": "x"}}, "\u0000",
]  # fmt: skip
KEYS = [
    "id",
    "status",
    "code",
    "subject",
    "value",
    "valueQuantity",
    "component",
    "contained",
    "medicationReference",
    "dosageInstruction",
    "resourceType",
    "entry",
    "resource",
    "type",
    "effectiveDateTime",
    "meta",
    "extension",
    "modifierExtension",
    "referenceRange",
    "",
]


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    keys = (
        list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    )
    for key in keys:
        yield node, key
        yield from places(node[key])


def mutated(body: bytes, chance: random.Random) -> bytes:
    """One to four changes of the document, and now and then of its bytes."""
    document = orjson.loads(body)
    for _ in range(chance.randint(1, 4)):
        spots = list(places(document))
        if not spots:
            break
        node, key = chance.choice(spots)
        kind = chance.randrange(6)
        if kind == 0:
            del node[key]
        elif kind == 1 and isinstance(node, dict):
            node[chance.choice(KEYS)] = node.pop(key)
        elif kind == 2 and isinstance(node, list):
            node.append(node[key])
        elif kind == 3:
            other, elsewhere = chance.choice(spots)
            try:
                node[key] = orjson.loads(orjson.dumps(other[elsewhere]))
            except (KeyError, IndexError):
                continue
        else:
            node[key] = orjson.loads(orjson.dumps(chance.choice(ODD)))
    changed = orjson.dumps(document)
    if chance.random() < 0.15 and changed:
        at = chance.randrange(len(changed))
        changed = (
            changed[:at] + bytes([chance.randrange(256)]) + changed[at + chance.randrange(3) :]
        )
    return changed


def survives(body: bytes) -> None:
    try:
        reading = read_body(body, CONTEXT)
    except BadInput:
        return
    sent = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    entries = len(sent.get("entry") or []) if sent.get("resourceType") == "Bundle" else 1
    assert [o.index for o in reading.outcomes] == list(range(entries))
    assert all(o.reason != "reader-fault" for o in reading.outcomes)
    accepted = sum(o.outcome is Outcome.ACCEPTED for o in reading.outcomes)
    assert len(reading.resources) == accepted
    for resource in reading.resources:
        assert resource.source.resource_id
        for fact in resource.facts:
            at = getattr(fact, "at", None)
            assert at is None or (at.tzinfo is not None and at <= NOW.replace(year=9999))


def run(rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(rounds):
        body = mutated(BODIES[number % len(BODIES)], chance)
        try:
            survives(body)
        except BaseException:
            print(f"seed {seed}, round {number}, {SAMPLES[number % len(BODIES)].name}")  # noqa: T201
            raise


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(which=st.integers(0, len(BODIES) - 1), seed=st.integers(0, 2**32))
def test_a_damaged_sample_costs_only_what_is_damaged(which: int, seed: int) -> None:
    survives(mutated(BODIES[which], random.Random(seed)))


def test_a_thousand_damaged_samples() -> None:
    run(1000, seed=2026)


@pytest.mark.heavy
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_thousand_damaged_samples(seed: int) -> None:
    run(10_000, seed)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    try:
        survives(body)
    except orjson.JSONDecodeError:
        pytest.fail("read what is not JSON")


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_damaged_drafts(seed: int) -> None:
    chance = random.Random(seed)
    try:
        sent = orjson.loads(mutated(chance.choice(BODIES), chance))
    except orjson.JSONDecodeError:
        sent = {}
    if not isinstance(sent, dict):
        sent = {"entry": sent}
    draft = sent if "entry" in sent else {"entry": [{"resource": sent}]}
    _, outcomes = read_drafts(draft, CONTEXT)
    entries = draft["entry"]
    assert len(outcomes) == (len(entries) if isinstance(entries, list) else 0)
    assert all(o.reason != "reader-fault" for o in outcomes)
