"""Hostile bodies are refused fast, with the place, before anything is parsed."""

import gzip
import time
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadInput, TooLarge
from service.fhir.limits import Limits, check
from service.fhir.reader import read_body
from tests.fhir.charted import CONTEXT, bundle, temperature

SMALL = Limits(max_bytes=100_000, max_depth=64, max_entries=100)
WHOLE = orjson.dumps(bundle(temperature()))


@pytest.mark.parametrize(
    ("body", "fault", "code"),
    [
        (b"", BadInput, "empty-body"),
        (b"  \n", BadInput, "empty-body"),
        (b"[" * 90_000, TooLarge, "too-deep"),
        (b'{"a":' * 15_000, TooLarge, "too-deep"),
        (b"[" * 65 + b"]" * 65, TooLarge, "too-deep"),
        (b" " * 100_001, TooLarge, "too-large"),
        (gzip.compress(WHOLE), BadInput, "compressed"),
        (WHOLE.replace(b"Body", b"B\xff\xfey"), BadInput, "not-utf8"),
        (WHOLE.replace(b"Body", b"\xed\xa0\x80"), BadInput, "not-utf8"),
        (WHOLE.replace(b"Body", b"\\ud800"), BadInput, "not-json"),
        (WHOLE.replace(b"38.4", b"NaN"), BadInput, "not-json"),
        (WHOLE.replace(b"38.4", b"Infinity"), BadInput, "not-json"),
        (WHOLE.replace(b"38.4", b"-Infinity"), BadInput, "not-json"),
        (WHOLE.replace(b"38.4", b"+38.4"), BadInput, "not-json"),
        (WHOLE.replace(b"38.4", b"038.4"), BadInput, "not-json"),
        (WHOLE[:-3], BadInput, "not-json"),
        (WHOLE.replace(b":", b" ", 1), BadInput, "not-json"),
        (b"[]", BadInput, "not-fhir"),
        (b'"Bundle"', BadInput, "not-fhir"),
        (b"null", BadInput, "not-fhir"),
        (b'{"resourceType":"Bundle","type":"batch","entry":{}}', BadInput, "entry-not-a-list"),
        (b'{"resourceType":"Bundle","type":"batch","entry":7}', BadInput, "entry-not-a-list"),
        (b'{"id":"x"}', BadInput, "no-resource-type"),
        (b'{"resourceType":"Bundle","type":"batch","entry":[' + b"{}," * 100 + b"{}]}", TooLarge,
         "too-many-entries"),
        (b"{},"*33_000, TooLarge, "too-many-objects"),
        (b"{" + b'"a":1,' * 800_000 + b"}", TooLarge, "too-many-keys"),
    ],
)  # fmt: skip
def test_a_hostile_body_is_refused_fast(body: bytes, fault: type[BadInput], code: str) -> None:
    limits = SMALL
    if code == "too-many-objects":
        limits = replace(SMALL, max_entries=10)
    elif code == "too-many-keys":
        limits = Limits()
    begun = time.process_time()
    with pytest.raises(fault) as refusal:
        read_body(body, replace(CONTEXT, limits=limits))
    assert time.process_time() - begun < 0.05
    assert refusal.value.code == code


def test_the_place_is_told() -> None:
    with pytest.raises(BadInput) as refusal:
        read_body(WHOLE.replace(b"38.4", b"NaN"), CONTEXT)
    assert refusal.value.location == f"byte {WHOLE.index(b'38.4')}"
    with pytest.raises(BadInput) as bad_text:
        read_body(b'{"x":"' + b"a" * 200_000 + b'\xff"}', CONTEXT)
    assert bad_text.value.location == "byte 200006"


@pytest.mark.parametrize(
    "body",
    [
        b'{"resourceType":"Bundle","type":"batch","type":"history","entry":[{"resource":{}},5]}',
        b'{"resourceType":"Bundle","type":"batch","entry":[{"resource":{},"resource":{}}]}',
        b'{ "resourceType" : "Patient", "id" : "a", "resourceType" : "Claim" }',
    ],
)
def test_a_key_told_twice_in_the_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput) as refusal:
        read_body(body, CONTEXT)
    assert refusal.value.code == "duplicate-key"


@pytest.mark.parametrize("gap", [b"", b" ", b"\n  "])
def test_a_key_told_twice_in_a_resource_refuses_that_entry_only(gap: bytes) -> None:
    twice = b'{"resourceType":"Patient","id":"p1","gender":"male","gender":"female"}'
    twice = twice.replace(b",", b"," + gap).replace(b":", b":" + gap)
    body = b'{"resourceType":"Bundle","type":"batch","entry":[{"resource":%s},{"resource":%s}]}'
    reading = read_body(body % (twice, orjson.dumps(temperature())), CONTEXT)
    assert [(o.outcome.value, o.reason) for o in reading.outcomes] == [
        ("refused", "duplicate-key"),
        ("accepted", ""),
    ]


def test_as_deep_as_the_limit_is_read() -> None:
    deep: object = "x"
    for _ in range(60):
        deep = [deep]
    sent = temperature() | {"extension": deep}
    assert read_body(orjson.dumps(sent), CONTEXT).outcomes[0].outcome.value == "accepted"


@pytest.mark.parametrize(
    "elements",
    [
        {"valueQuantity": None, "valueString": "rigid and stiff " * 60_000},
        {"code": {"text": "lead pipe rigidity " * 60_000}},
        {"code": {"coding": [{"system": "http://loinc.org", "code": "x" * 1000}] * 900}},
        {"note": [{"text": "not haemolysed " * 60_000}]},
        {"referenceRange": [{"text": "1" * 900_000}]},
        {"effectiveDateTime": "2026-03-03T08:00:00Z" + " " * 900_000},
        {"subject": {"reference": "Patient/" + "p" * 900_000}},
        {"bodySite": {"text": "oral rectal " * 60_000}},
        {"component": [{}] * 30_000},
    ],
)
def test_a_huge_element_costs_little_time(elements: dict[str, Any]) -> None:
    sent = temperature() | elements
    body = orjson.dumps({name: value for name, value in sent.items() if value is not None})
    read_body(orjson.dumps(temperature()), CONTEXT)  # tables are loaded
    begun = time.process_time()
    (outcome,) = read_body(body, CONTEXT).outcomes
    assert time.process_time() - begun < 0.5
    assert outcome.reason != "reader-fault"


STRINGS = st.text(alphabet='{}[]"\\ab', max_size=8)
TREES = st.recursive(
    STRINGS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=3)
)


def depth_of(tree: object) -> int:
    if isinstance(tree, dict):
        return 1 + max((depth_of(value) for value in tree.values()), default=0)
    if isinstance(tree, list):
        return 1 + max((depth_of(value) for value in tree), default=0)
    return 0


@given(TREES, st.integers(1, 6))
def test_the_depth_is_exact_whatever_the_strings_hold(tree: object, most: int) -> None:
    body = orjson.dumps(tree)
    limits = Limits(max_depth=most)
    if depth_of(tree) > most:
        with pytest.raises(TooLarge):
            check(body, limits)
    else:
        check(body, limits)
