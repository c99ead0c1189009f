"""Lines of NDJSON and lone resources read by their form give what the usual way gives."""

import io
import random
from collections.abc import Iterator
from unittest.mock import patch

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.fhir.reader import ReadContext, Reading, read_body, read_ndjson, swift
from service.fhir.reader.swift import Swift
from tests.benchmarks.reading import bundle as ward_bundle
from tests.fhir.charted import CONTEXT, temperature
from tests.fhir.test_fuzz import BODIES, mutated
from tests.fhir.test_plain import PLAIN
from tests.fhir.test_swift import PIECES, SENT, WARD
from tests.fhir.test_swift import agree as agree_on_a_body

RESOURCES = [one["resource"] for one in orjson.loads(SENT)["entry"]] + PLAIN


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterator[None]:
    swift.forget()
    yield
    swift.forget()


def read(stream: bytes, context: ReadContext, chunk: int) -> list[Reading]:
    return list(read_ndjson(io.BytesIO(stream), context, chunk))


def agree(stream: bytes, context: ReadContext = CONTEXT, chunk: int = 500) -> None:
    """Twice: what the first time has learned may change nothing the second time."""
    with patch.object(Swift, "take", return_value=False):
        wanted = read(stream, context, chunk)
    for _ in range(2):
        got = read(stream, context, chunk)
        assert repr(got) == repr(wanted)
        assert got == wanted


def learned() -> None:
    """The forms of lines, then their layouts."""
    swift.forget()
    for _ in range(3):
        read(b"\n".join(map(orjson.dumps, RESOURCES)), WARD, 500)


def parts_of(body: bytes) -> list[bytes]:
    told = orjson.loads(body)
    entries = told.get("entry", []) if told.get("resourceType") == "Bundle" else []
    return [orjson.dumps(one["resource"]) for one in entries if "resource" in one] or [body]


def test_samples_read_the_same_as_lines() -> None:
    for body in BODIES:
        agree(b"\n".join(parts_of(body)))


def test_what_a_ward_exports_takes_the_form_and_reads_the_same() -> None:
    for seed in range(3):
        lines = parts_of(ward_bundle(120, seed=seed))
        for ends in (b"\n", b"\r\n", b" \n\n"):
            agree(ends.join(lines), WARD)
            agree(ends.join([*lines, lines[3], b"{", *lines[7:9]]), WARD, chunk=50)
    with patch.object(Swift, "_read", autospec=True, side_effect=Swift._read) as by_form:
        told = read(b"\n".join(parts_of(ward_bundle(100, seed=77))), WARD, 500)
    assert len(told[0].outcomes) == 100
    assert by_form.call_count > 90


def damaged(chance: random.Random) -> bytes:
    """One to eight lines, some of them damaged, now and then in their bytes only."""
    lines = []
    for one in chance.choices(RESOURCES, k=chance.randint(1, 8)):
        line = orjson.dumps(one)
        if chance.random() < 0.3:
            line = mutated(line, chance)
        while chance.random() < 0.3:
            at = chance.randrange(len(line) + 1)
            line = line[:at] + chance.choice(PIECES) + line[at + chance.choice((0, 0, 1)) :]
        lines.append(line)
    return chance.choice((b"\n", b"\r\n")).join(lines)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_damaged_lines_and_lone_resources_of_a_known_form_read_the_same(seed: int) -> None:
    learned()
    stream = damaged(random.Random(seed))
    agree(stream, WARD)
    agree_on_a_body(stream.splitlines()[0], WARD)


@pytest.mark.heavy
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(4))
def test_many_damaged_lines_of_a_known_form_read_the_same(seed: int) -> None:
    chance = random.Random(seed)
    for number in range(10_000):
        if number % 500 == 0:
            learned()
        stream = damaged(chance)
        agree(stream, WARD, chance.choice((2, 500)))
        agree_on_a_body(stream.splitlines()[0], WARD)


def test_a_lone_resource_takes_the_form() -> None:
    for number in range(3):
        agree_on_a_body(orjson.dumps({**RESOURCES[1], "id": f"o{number}"}), WARD)
    with patch.object(Swift, "_read", autospec=True, side_effect=Swift._read) as by_form:
        told = read_body(orjson.dumps({**RESOURCES[1], "id": "o9"}), WARD)
    assert by_form.call_count == 1
    assert [(o.location, o.reference) for o in told.outcomes] == [("Observation", "Observation/o9")]


def test_the_same_content_is_the_same_record_whatever_ends_its_line() -> None:
    line = orjson.dumps(temperature())
    alone = read_body(line, CONTEXT).resources[0].digest
    for ends in (b"\n", b"\r\n", b" \n"):
        first, last = (one.resources[0] for one in read(line + ends + line, CONTEXT, 1))
        assert first.digest == last.digest == alone
        (both,) = read(line + ends + line, CONTEXT, 2)
        assert sorted(o.outcome.value for o in both.outcomes) == ["accepted", "duplicate"]


def test_a_subscription_status_before_a_gap_costs_no_line() -> None:
    status = b'{"resourceType":"SubscriptionStatus","type":"heartbeat"}'
    line = orjson.dumps(temperature())
    (told,) = read(status + b"\n\nbroken\n" + line, CONTEXT, 500)
    assert [(o.index, o.outcome.value) for o in told.outcomes] == [
        (0, "ignored"), (2, "refused"), (3, "accepted"),
    ]  # fmt: skip
    agree(status + b"\n\nbroken\n" + line)
