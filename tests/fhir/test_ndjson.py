"""NDJSON streams: constant memory, each line on its own."""

import io
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import orjson
import pytest

from service.fhir.limits import Limits
from service.fhir.reader import read_ndjson
from tests.fhir.charted import CONTEXT, order, temperature

LINE = orjson.dumps(temperature())


def test_each_line_has_an_outcome_with_its_number() -> None:
    lines = [LINE, b"", b"not json", b"[1]", b'{"resourceType":"Claim"}', LINE + b"}", b"\xff"]
    (reading,) = read_ndjson(io.BytesIO(b"\r\n".join(lines)), CONTEXT)
    assert [(o.location, o.outcome.value, o.reason) for o in reading.outcomes] == [
        ("line 1", "accepted", ""),
        ("line 3", "refused", "not-json"),
        ("line 4", "refused", "not-an-object"),
        ("line 5", "ignored", "unused-resource"),
        ("line 6", "refused", "not-json"),
        ("line 7", "refused", "not-json"),
    ]


def test_a_line_that_is_too_long_or_too_deep_is_refused_alone() -> None:
    small = replace(CONTEXT, limits=Limits(max_bytes=2000))
    long = b'{"resourceType":"Patient","id":"' + b"x" * 9000 + b'"}'
    deep = b'{"a":' * 100 + b"1" + b"}" * 100
    stream = io.BytesIO(b"\n".join([long, deep, LINE, long]))
    (reading,) = read_ndjson(stream, small)
    assert [(o.location, o.reason) for o in reading.outcomes] == [
        ("line 1", "too-large"),
        ("line 2", "too-large"),
        ("line 3", ""),
        ("line 4", "too-large"),
    ]


def test_a_medication_of_another_piece_is_awaited() -> None:
    waiting = order(
        medicationCodeableConcept=None, medicationReference={"reference": "Medication/x"}
    )
    medication = {"resourceType": "Medication", "id": "x", "code": {"text": "haloperidol"}}
    stream = io.BytesIO(orjson.dumps(waiting) + b"\n" + orjson.dumps(medication))
    first, second = read_ndjson(stream, CONTEXT, chunk=1)
    assert first.resources[0].awaits == "Medication/x"
    assert second.resources[0].identifies is not None
    assert second.outcomes[0].index == 1


class _Endless(io.RawIOBase):
    """A stream of `lines` lines that are made as they are read."""

    def __init__(self, lines: int) -> None:
        self._made = self._lines(lines)

    def _lines(self, lines: int) -> Iterator[bytes]:
        for number in range(lines):
            yield orjson.dumps(temperature(id=f"o{number}")) + b"\n"

    def readline(self, size: int | None = -1, /) -> bytes:
        return next(self._made, b"")


@pytest.mark.parametrize("lines", [6_000])
def test_memory_does_not_grow_with_the_stream(lines: int) -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        total = sum(len(r.outcomes) for r in read_ndjson(_Endless(count), CONTEXT, chunk=200))  # type: ignore[arg-type]
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert total == count
        return most

    peak(400)
    assert peak(lines) < 2 * peak(600)
