"""The FHIR client against a server that misbehaves: an answer in time, a named failure, no leak."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import pytest
import structlog

from service.fhir.address import base_of
from service.fhir.client import Fetched, FetchLimits, FhirClient, expanded
from tests.security.fhir_server import FakeServer, fake_server

T = TypeVar("T")
TOKEN = "canary-token-7f3a"
# what comes has time to come on a busy machine; what never comes is waited for in haste
LIMITS = FetchLimits(deadline_s=60, pages=3, page_bytes=100_000)
HASTE = replace(LIMITS, deadline_s=0.45)


def run(
    work: Callable[[FakeServer, FhirClient], Coroutine[Any, Any, T]], limits: FetchLimits = LIMITS
) -> T:
    async def whole() -> T:
        async with fake_server() as server:
            client = FhirClient(base_of(server.base), limits)
            try:
                return await work(server, client)
            finally:
                await client.aclose()

    return asyncio.run(whole())


def asked(query: str, limits: FetchLimits = LIMITS) -> Fetched:
    return run(lambda _, client: client.fetch({"key": query}, TOKEN), limits)["key"]


def test_a_good_answer_is_read_and_the_token_goes_with_it() -> None:
    async def work(server: FakeServer, client: FhirClient) -> tuple[Fetched, list[str | None]]:
        found = await client.fetch({"patient": "Patient/p1"}, TOKEN)
        return found["patient"], server.tokens

    found, tokens = run(work)
    assert found.pages[0]["id"] == "p1"
    assert (found.failure, found.complete) == ("", True)
    assert tokens == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize(
    ("query", "failure"),
    [
        ("Slow", "deadline"),
        ("Drip", "deadline"),
        ("Reset", "connect"),
        ("Redirect", "redirect"),
        ("Huge", "too-large"),
        ("Gzip", "encoded"),
        ("Html", "not-json"),
        ("List", "not-fhir"),
        ("Outcome", "outcome"),
        ("Forbidden", "status-403"),
    ],
)
def test_whatever_goes_wrong_has_a_name(query: str, failure: str) -> None:
    found = asked(query, HASTE if failure == "deadline" else LIMITS)
    assert found.failure == failure
    assert found.pages == ()


def test_all_queries_together_end_at_the_deadline() -> None:
    async def work(_: FakeServer, client: FhirClient) -> tuple[dict[str, Fetched], float]:
        begun = time.monotonic()
        queries = {"slow": "Slow", "drip": "Drip", "patient": "Patient/p1"}
        return await client.fetch(queries, None), time.monotonic() - begun

    found, took = run(work, replace(LIMITS, deadline_s=4))
    assert found["patient"].failure == ""
    assert {found["slow"].failure, found["drip"].failure} == {"deadline"}
    assert took < 100  # the slow one and the one that drips take a thousand seconds each


def test_pages_are_followed_up_to_the_bound_and_the_rest_is_said() -> None:
    found = asked("Paged?patient=p1")
    assert [page["entry"][0]["resource"]["id"] for page in found.pages] == ["o1", "o2", "o3"]
    assert not found.complete


@pytest.mark.parametrize("query", ["Elsewhere", "Climbing"])
def test_a_next_page_outside_the_base_is_not_followed(query: str) -> None:
    async def work(server: FakeServer, client: FhirClient) -> tuple[Fetched, int]:
        return (await client.fetch({"key": query}, TOKEN))["key"], len(server.asked)

    found, asked_for = run(work)
    assert (len(found.pages), found.complete, asked_for) == (1, False, 1)


def test_the_circuit_opens_after_failures_in_a_row_and_says_so() -> None:
    async def work(server: FakeServer, client: FhirClient) -> tuple[list[str], int]:
        failures = [
            (await client.fetch({"key": "Forbidden"}, None))["key"].failure
            for _ in range(LIMITS.failures_to_open + 1)
        ]
        return failures, len(server.asked)

    failures, asked_for = run(work)
    assert failures[-1] == "circuit-open"
    assert asked_for == LIMITS.failures_to_open


def test_the_host_is_resolved_once_and_rebinding_changes_nothing() -> None:
    """A name that first resolves to our server and then to another place."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])

    async def whole() -> tuple[Fetched, Fetched]:
        async with fake_server() as server:
            base = base_of(f"http://localhost:{server.port}/fhir")
            client = FhirClient(base, LIMITS, resolve=lambda *_: next(answers))
            first = await client.fetch({"key": "Patient/p1"}, TOKEN)
            await client.aclose()
            again = FhirClient(base, LIMITS, resolve=lambda *_: ["127.0.0.1"])
            second = await again.fetch({"a": "Patient/p1", "b": "Reset", "c": "Patient/p2"}, TOKEN)
            await again.aclose()
            return first["key"], second["c"]

    first, second = asyncio.run(whole())
    assert first.failure == second.failure == ""
    assert next(answers) == ["127.0.0.2"]


def test_the_token_is_in_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    with structlog.testing.capture_logs() as logs:
        for query in ("Patient/p1", "Reset", "Redirect", "Forbidden"):
            asked(query)
    assert TOKEN not in str(logs)
    assert TOKEN not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    "patient",
    [
        "../Patient/x",
        "p1?_include=*",
        "p1\r\nHost: evil",
        "p1/../x",
        "a b",
        "",
        "x" * 65,
        "p%2e",
        7,
    ],
)
def test_a_template_takes_ids_only(patient: object) -> None:
    assert expanded("Patient/{{context.patientId}}", {"patientId": patient}) is None


def test_a_template_is_filled() -> None:
    filled = expanded("Observation?patient={{context.patientId}}&_count=9", {"patientId": "a-1.B"})
    assert filled == "Observation?patient=a-1.B&_count=9"
