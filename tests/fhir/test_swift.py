"""Entries read by their form give what the usual way gives (sent, form, moulds, swift)."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import BadInput, TooLarge
from service.fhir import limits
from service.fhir.reader import ReadContext, Reading, read_body, swift
from service.fhir.reader.bodies import read_envelope
from service.fhir.reader.envelope import open_envelope
from service.fhir.reader.form import are_texts
from service.fhir.reader.sent import NARRATIVE
from service.fhir.reader.swift import Swift
from tests.benchmarks.reading import bundle as ward_bundle
from tests.fhir.charted import CONTEXT, bundle, observation, quantity
from tests.fhir.test_fuzz import BODIES, mutated
from tests.fhir.test_plain import PLAIN

WARD = replace(CONTEXT, received_at=datetime(2026, 1, 10, tzinfo=UTC))
SENT = ward_bundle(60, seed=11)
SMALL = [
    orjson.dumps({**orjson.loads(SENT), "entry": orjson.loads(SENT)["entry"][at : at + 4]})
    for at in range(0, 60, 4)
]
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">37 \u00b0C, "felt warm"</div>'


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterator[None]:
    swift.forget()
    yield
    swift.forget()


def usually(body: bytes, context: ReadContext) -> Any:
    """What the usual way makes of a body: outcomes and facts, or the refusal."""
    try:
        limits.check(body, context.limits)
        reading = read_envelope(open_envelope(body, context.limits), context)
    except BadInput as fault:
        return type(fault), fault.code
    return reading.outcomes, reading.resources


def swiftly(body: bytes, context: ReadContext) -> Any:
    try:
        reading = read_body(body, context)
    except BadInput as fault:
        return type(fault), fault.code
    return reading.outcomes, reading.resources


def agree(body: bytes, context: ReadContext = CONTEXT) -> None:
    """Twice: what the first time has learned may change nothing the second time."""
    wanted = usually(body, context)
    for _ in range(2):
        got = swiftly(body, context)
        assert repr(got) == repr(wanted)
        assert got == wanted


def taken(body: bytes, context: ReadContext) -> int:
    """How many entries of a body are of a known form."""
    reader = Swift(context)
    open_envelope(body, context.limits, reader)
    return len(reader.told()[0])


def learned(context: ReadContext = WARD) -> None:
    """The forms of a ward, and of the plain records, then their layouts."""
    swift.forget()
    for body in (SENT, orjson.dumps(bundle(*PLAIN))) * 3:
        read_body(body, context)


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_sample_reads_the_same(body: bytes) -> None:
    agree(body)
    parsed = orjson.loads(body)
    if parsed.get("resourceType") != "Bundle":
        agree(orjson.dumps(bundle(parsed, {"resource": {**parsed, "id": "another"}})))


def test_what_a_ward_sends_reads_the_same_and_takes_the_form() -> None:
    for seed in range(4):
        agree(ward_bundle(200, seed=seed), WARD)
    fresh = ward_bundle(200, seed=99)
    assert taken(fresh, WARD) > 190
    agree(fresh, WARD)


def changed(chance: random.Random) -> bytes:
    """A body of known forms, damaged: sometimes in its bytes only, within the form."""
    body = chance.choice([*SMALL, *(orjson.dumps(bundle(one)) for one in PLAIN)])
    if chance.random() < 0.5:
        return mutated(body, chance)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(body))
        piece = chance.choice(PIECES)
        kept = at + chance.choice((0, 0, 1, len(piece)))
        body = body[:at] + piece + body[kept:]
    return body


PIECES = [
    b'"', b"\\", b"\\u0041", b'\\"', b" ", b"\n", b",", b"0", b"9", b"-", b".", b"e5", b"x", b"/",
    b"{}", b"[]", b'"a":1,', b'"status":"entered-in-error",', b'"id":"other",', b"null", b"\x01",
    b'","status":"cancelled","x":"', b"\xc3\xa9", b"\xff", b"Z", b"#", b"Patient/other",
]  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_damaged_records_of_a_known_form_read_the_same(seed: int) -> None:
    learned()
    agree(changed(random.Random(seed)), WARD)


@pytest.mark.heavy
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(4))
def test_many_damaged_records_of_a_known_form_read_the_same(seed: int) -> None:
    chance = random.Random(seed)
    for number in range(20_000):
        if number % 500 == 0:
            learned()
        agree(changed(chance), WARD)


def entry(index: int = 0, **changes: Any) -> dict[str, Any]:
    """An entry of the ward's bundle with these elements in its resource."""
    sent: dict[str, Any] = orjson.loads(SENT)["entry"][index]
    sent["resource"].update(changes)
    return sent


ODD_VALUES: list[dict[str, Any]] = [
    {"id": None}, {"id": ""}, {"id": " x "}, {"id": "a/b"}, {"id": "x" * 129}, {"id": 'a"b'},
    {"id": "\u200b"}, {"id": "\u00e9"}, {"id": 7},
    {"meta": {"versionId": 7, "lastUpdated": "2026-01-09T10:00:00Z"}},
    {"meta": {"versionId": " 2 ", "lastUpdated": "2026-01-09"}}, {"meta": {"lastUpdated": ""}},
    {"subject": {"reference": "Patient/p1/_history/2"}}, {"subject": {"reference": "#p1"}},
    {"subject": {"reference": "Group/p1"}}, {"subject": {"reference": "Patient/p 1"}},
    {"subject": {"reference": "urn:uuid:1"}}, {"subject": {"display": "Somebody"}},
    {"subject": None},
    {"effectiveDateTime": "2026-01-09"}, {"effectiveDateTime": "2027-01-09T10:00:00Z"},
    {"effectiveDateTime": "2026-01-09T10:00:00"}, {"effectiveDateTime": "yesterday"},
    {"status": "entered-in-error"}, {"status": "registered"}, {"status": "preliminary"},
    {"text": {"status": "generated", "div": DIV}}, {"text": {"div": {"a": [[[[[1]]]]]}}},
    {"identifier": []}, {"performer": []}, {"performer": {"reference": "x"}},
    {"dataAbsentReason": {"text": "unknown"}}, {"modifierExtension": [{"url": "x"}]},
    {"note": [{"text": "haemolysed"}]}, {"method": {"text": "rectal"}},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD_VALUES, ids=range(len(ODD_VALUES)))
@pytest.mark.parametrize("index", [1, 2, 8, 12])
def test_odd_values_in_a_known_form_read_the_same(odd: dict[str, Any], index: int) -> None:
    learned()
    body = orjson.dumps(bundle(entry(index, **odd), entry(index), entry(index + 10)))
    agree(body, WARD)


def test_narratives_with_quotes_are_no_hindrance() -> None:
    text = {"status": "generated", "div": DIV}
    told = [orjson.dumps(bundle(entry(1, id=mark, text=text))) for mark in ("a", "b")]
    agree(told[0], WARD)
    assert taken(told[1], WARD) == 1
    agree(told[1], WARD)


def test_a_narrative_that_is_no_text_is_looked_at() -> None:
    learned()
    deep = b"[" * 100 + b"]" * 100
    body = orjson.dumps(bundle(entry(1), entry(2)))
    narrative = orjson.dumps(entry(1)["resource"]["text"]["div"])
    assert taken(body, WARD) == 2
    agree(body.replace(narrative, deep), WARD)
    with pytest.raises(TooLarge):
        read_body(body.replace(narrative, deep), WARD)


def test_nothing_deep_hides_around_the_entries_or_in_them() -> None:
    learned()
    deep = b"[" * 100 + b"]" * 100
    body = orjson.dumps(bundle(entry(1), entry(2)))
    for at in (b'"entry":', b'"fullUrl":', b'"request":', b'"subject":', b'"method":', b'"code":'):
        agree(body.replace(at, b'"x":' + deep + b"," + at, 1), WARD)
    with pytest.raises(TooLarge):
        read_body(body.replace(b'"request":', b'"x":' + deep + b',"request":'), WARD)


def test_only_a_narrative_may_hold_escapes() -> None:
    before, after = (b"a",) * NARRATIVE, (b"b", b"c")
    assert are_texts((*before, b'<p class=\\"x\\">\\\\', *after))
    assert not are_texts((*before, b'<p class="x">', *after))
    assert not are_texts((*before, b"ends in \\", *after))
    for bad in (b'a"b', b"a\\b"):
        assert not are_texts((bad, *before[1:], b"", *after))
        assert not are_texts((*before, b"", b"b", bad))


def test_a_value_that_pretends_to_be_elements_is_a_value() -> None:
    learned()
    told = entry(1, id="a")
    for fake in ('x","status":"cancelled', 'x\\","y":"', "x\\u0022"):
        told["resource"]["subject"] = {"reference": "Patient/patient-1", "display": fake}
        agree(orjson.dumps(bundle(told)), WARD)
        raw = orjson.dumps(bundle(entry(1, id="a")))
        agree(raw.replace(b"Test, Patient", fake.encode()), WARD)


@pytest.mark.parametrize(
    "fake",
    [
        b'x","y":"abcde',
        b'Test\\", Patie',
        b"Test, \\u0041a",
        b'","reference"',
        b"Test, \xc3\xa9atient",
    ],
)
def test_a_value_as_long_as_the_one_before_is_not_taken_for_it(fake: bytes) -> None:
    learned()
    raw = orjson.dumps(bundle(entry(1)))
    assert len(fake.decode()) == len("Test, Patient")
    agree(raw.replace(b"Test, Patient", fake), WARD)
    text = b"Entered at the bedside."
    for told in (
        b'Entered", "x":"bedside.',
        b"Entered at the bed\\\\\\\\.",
        b'Entered at the bedside\\"',
    ):
        agree(raw.replace(text, told[: len(text)]), WARD)


@pytest.mark.parametrize("where", ["fullUrl", "url"])
@pytest.mark.parametrize("with_it", ["observatio\u00e9-00000001", "observatio\u00e9n-00000001"])
def test_an_address_that_is_not_ascii_moves_no_byte(where: str, with_it: str) -> None:
    learned()
    told = entry(1)
    named = told if where == "fullUrl" else told["request"]
    named[where] = named[where].replace("observation-00000001", with_it)
    agree(orjson.dumps(bundle(told, entry(2))), WARD)


def test_elements_in_the_place_of_a_value_are_elements() -> None:
    learned()
    told = entry(1)
    raw = orjson.dumps(bundle(told))
    issued = b'"issued":"' + told["resource"]["issued"].encode()
    fake = b'"issued":"2026-1","status":"unknown'
    assert raw.count(issued) == 1
    assert len(fake) == len(issued)
    twice = raw.replace(issued, fake)
    agree(twice, WARD)
    assert read_body(twice, WARD).outcomes[0].reason == "duplicate-key"


@pytest.mark.parametrize("key", [b'"status":"final",', b'"id":"zz",', b'"meta":{},'])
def test_a_key_that_comes_twice_is_refused_in_a_known_form(key: bytes) -> None:
    learned()
    body = orjson.dumps(bundle(entry(1), entry(2)))
    twice = body.replace(
        b'"resourceType":"Observation",', b'"resourceType":"Observation",' + key, 1
    )
    agree(twice, WARD)
    assert [o.reason for o in read_body(twice, WARD).outcomes] == ["duplicate-key", ""]


def test_two_versions_in_one_body_are_compared_whichever_is_of_a_known_form() -> None:
    learned()
    old = entry(1, meta={"versionId": "1", "lastUpdated": "2026-01-08T10:00:00+00:00"})
    for new in (entry(1), entry(1, status="entered-in-error"), entry(1, bodySite={"text": "ear"})):
        for order in ((old, new), (new, old), (new, old, new)):
            agree(orjson.dumps(bundle(*order)), WARD)


def test_a_deletion_takes_away_what_is_of_a_known_form() -> None:
    learned()
    mark = entry(1)["resource"]["id"]
    gone = {"request": {"method": "DELETE", "url": f"Observation/{mark}"}}
    for order in ((gone, entry(1)), (entry(1), gone)):
        agree(orjson.dumps(bundle(*order, kind="transaction")), WARD)


def test_a_subject_named_by_the_url_of_a_known_form_is_no_patient() -> None:
    learned()
    other = observation(
        subject={"reference": entry(1)["fullUrl"]}, valueQuantity=quantity(38, "Cel")
    )
    agree(orjson.dumps(bundle(entry(1), other)), WARD)


def test_memory_leaks_nothing_between_tenants_zones_and_patients() -> None:
    learned()
    body = ward_bundle(40, seed=3)
    for context in (
        replace(WARD, tenant="other"),
        replace(WARD, zone=ZoneInfo("Asia/Tokyo")),
        replace(WARD, only_patient="patient-1"),
        replace(WARD, received_at=datetime(2026, 1, 7, tzinfo=UTC)),
    ):
        agree(body, context)


def read_all(body: bytes) -> Reading:
    return read_body(body, WARD)


def test_what_is_remembered_is_bounded() -> None:
    for number in range(swift.MOST_FORMS + 300):
        code = {"coding": [{"system": "http://loinc.org", "code": "8310-5"}], "text": f"t{number}"}
        read_all(orjson.dumps(bundle(entry(1, code=code, valueQuantity=quantity(38, "Cel")))))
    codes = swift._observations.values()
    assert 0 < sum(len(code.forms) for code in codes) <= swift.MOST_FORMS
    for number in range(200):  # one code in ever new forms: learning stops
        read_all(orjson.dumps(bundle(entry(1, **{f"x{number}": number}))))
    assert all(code.learned <= swift.FORMS_OF_A_CODE + 1 for code in swift._observations.values())
