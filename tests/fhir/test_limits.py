"""Hostile bodies are refused fast, with the place, before anything is parsed."""

import gzip
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadInput, TooLarge
from service.fhir.limits import Limits, check
from service.fhir.reader import read_body
from tests.costs import FASTER_THAN_LINEAR, SPAN, cost, growth
from tests.fhir.charted import CONTEXT, LOINC, bundle, temperature

SMALL = Limits(max_bytes=100_000, max_depth=64, max_entries=100)
WHOLE = orjson.dumps(bundle(temperature()))
MEGABYTE = 1_000_000
# on a usual processor an honest megabyte takes 15 ms; what a limit stops may take 50, and a huge
# element 500
REFUSED, ELEMENT = 3, 30
HUGE = 60_000  # repeats in a text: about a megabyte


@cache
def honest(length: int) -> float:
    """What it costs to read so many bytes of temperatures, each an entry of its own."""
    one = len(orjson.dumps({"resource": temperature(id="o12345")}))
    body = orjson.dumps(bundle(*(temperature(id=f"o{n}") for n in range(length // one))))
    context = replace(CONTEXT, limits=Limits(max_entries=100_000))
    assert {o.reason for o in read_body(body, context).outcomes} == {""}
    return cost(lambda: read_body(body, context))


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
    context = replace(CONTEXT, limits=limits)
    with pytest.raises(fault) as refusal:
        read_body(body, context)
    assert refusal.value.code == code

    def refuse() -> None:
        with suppress(fault):
            read_body(body, context)

    bound = honest(len(body)) if len(body) > MEGABYTE else REFUSED * honest(MEGABYTE)
    assert cost(refuse) < bound


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
    "of_size",
    [
        lambda n: {"valueQuantity": None, "valueString": "rigid and stiff " * n},
        lambda n: {"code": {"text": "lead pipe rigidity " * n}},
        lambda n: {"code": {"coding": [{"system": LOINC, "code": "x" * 1000}] * (n // 64)}},
        lambda n: {"note": [{"text": "not haemolysed " * n}]},
        lambda n: {"referenceRange": [{"text": "1" * 15 * n}]},
        lambda n: {"effectiveDateTime": "2026-03-03T08:00:00Z" + " " * 15 * n},
        lambda n: {"subject": {"reference": "Patient/" + "p" * 15 * n}},
        lambda n: {"bodySite": {"text": "oral rectal " * n}},
        lambda n: {"component": [{}] * (n // 8)},
    ],
)
def test_the_cost_of_a_huge_element_grows_no_faster_than_its_size(
    of_size: Callable[[int], dict[str, Any]],
) -> None:
    def body(size: int) -> bytes:
        sent = temperature() | of_size(size)
        return orjson.dumps({name: value for name, value in sent.items() if value is not None})

    small, large = body(HUGE // SPAN), body(HUGE)
    (outcome,) = read_body(large, CONTEXT).outcomes
    assert outcome.reason != "reader-fault"
    grown = growth(lambda: read_body(small, CONTEXT), lambda: read_body(large, CONTEXT))
    assert grown < FASTER_THAN_LINEAR
    assert cost(lambda: read_body(large, CONTEXT), turns=2) < ELEMENT * honest(MEGABYTE)


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
