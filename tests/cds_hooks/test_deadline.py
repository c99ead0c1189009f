"""A call that must fetch is answered in time, with what was there (cds-hooks: 2 s, hard stop 4 s).

The servers here never answer what they are slow with, or wait for all queries to be there: so no
test can pass by the speed of the machine, and none fails by it (a call has `PATIENCE_S`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from service.cds_hooks.routes import RESERVE_S
from service.cds_hooks.services import PREFETCH
from service.fhir.address import base_of
from service.fhir.client import Fetched, FhirClient
from service.fhir.reader import ReadContext, read_resources
from service.security.tenants import DEADLINE_MS
from service.store import open_store
from tests.cds_hooks.served import NOW, SICK, TENANT, UTC_ZONE, Hooks, request
from tests.cds_hooks.test_completion import PERSON, advice, fetched, no_prefetch
from tests.security.fhir_server import FakeServer

HARD_STOP_S = 4.0
# for a machine that is busy with other things; what never comes takes longer
PATIENCE_S = 100.0
# where one part never comes, the others have this long
SOON_S = 6.0
SAID = "org.nms-sentinel.answer"


def never(*kinds: str) -> Callable[[FakeServer], None]:
    return lambda server: server.odd.update(dict.fromkeys(kinds, "Never"))


def nothing_of_both(body: dict[str, Any], _: FakeServer) -> None:
    """The client looked, and found none of what the slow server does not give."""
    body["prefetch"] |= {"conditions": None, "statements": None}


def told(answer: httpx.Response) -> str:
    found: list[str] = answer.json()["extension"][SAID].get("incomplete", [])
    return "; ".join(found)


def test_everything_is_asked_for_at_once(tmp_path: Path) -> None:
    """A server that answers nobody before all seven have asked: one after the other, none came."""

    def together(server: FakeServer) -> None:
        server.together = len(PREFETCH)

    full, _, _ = fetched(tmp_path, "patient-view", lambda *_: None)
    late, server, _ = fetched(
        tmp_path, "patient-view", no_prefetch, together, fetch_deadline_s=PATIENCE_S
    )
    assert advice(late) == advice(full) != []
    assert len(server.asked) == len(PREFETCH)
    assert "not sent" not in told(late)


def test_what_never_comes_is_named_and_the_rest_is_answered_within_the_deadline(
    tmp_path: Path,
) -> None:
    slow = never("Condition", "MedicationStatement")
    part, _, took = fetched(tmp_path, "patient-view", no_prefetch, slow, fetch_deadline_s=SOON_S)
    full, _, _ = fetched(tmp_path, "patient-view", nothing_of_both)
    assert advice(part) == advice(full) != []
    assert "problems were not sent" in told(part)
    assert "reported medicines were not sent" in told(part)
    assert "vital signs" not in told(part)
    assert took < SOON_S + PATIENCE_S


def test_a_required_part_that_never_comes_is_a_412_that_says_so_at_the_hard_stop(
    tmp_path: Path,
) -> None:
    answer, _, took = fetched(
        tmp_path, "patient-view", no_prefetch, never("Observation"), fetch_deadline_s=SOON_S
    )
    assert answer.status_code == 412
    issue = answer.json()["issue"][0]
    assert issue["location"] == ["prefetch.observations"]
    assert "observations (deadline)" in issue["diagnostics"]
    assert "medications (" not in issue["diagnostics"]
    assert took < SOON_S + PATIENCE_S


def test_a_chart_on_record_is_answered_from_when_the_server_never_answers(tmp_path: Path) -> None:
    """The same advice as with the whole prefetch: a dead server takes nothing away."""
    full, _, _ = fetched(tmp_path, "patient-view", lambda *_: None)
    store = open_store(f"sqlite:///{tmp_path / 'hooks.db'}")
    context = ReadContext(TENANT, NOW, UTC_ZONE)
    store.accept(read_resources([PERSON, *SICK], context), TENANT, NOW, "test")
    store.close()
    kinds = {query.partition("?")[0].partition("/")[0] for query in PREFETCH.values()}
    dead = never(*kinds)
    answer, _, _ = fetched(tmp_path, "patient-view", no_prefetch, dead, fetch_deadline_s=0.5)
    assert advice(answer) == advice(full) != []
    assert "data received earlier was used" in told(answer)


def test_pages_that_came_in_time_count_and_the_gap_is_said(tmp_path: Path) -> None:
    """Each search gives its first page and never the next: what was read is advised upon."""

    def first_page_only(server: FakeServer) -> None:
        server.page_size = 1
        server.last_page = 1

    answer, server, _ = fetched(
        tmp_path, "patient-view", no_prefetch, first_page_only, fetch_deadline_s=SOON_S
    )
    assert answer.status_code == 200
    assert any("page=" in one for one in server.asked)
    assert "only the first page of vital signs and examinations" in told(answer)


@pytest.mark.parametrize("late_s", [0.0, 0.4])
def test_the_deadline_is_of_the_whole_call(
    tmp_path: Path, late_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the client took to send its body is not there for the server any more."""
    given: list[float] = []

    async def fetch(
        self: FhirClient, queries: dict[str, str], token: str | None, deadline_s: float
    ) -> dict[str, Fetched]:
        given.append(deadline_s)
        return {key: Fetched(failure="deadline") for key in queries}

    monkeypatch.setattr(FhirClient, "fetch", fetch)
    base = base_of("http://127.0.0.1:9/fhir")
    hooks = Hooks(tmp_path, fhir_base=base, fetch_deadline_s=HARD_STOP_S)
    body = orjson.dumps(request("patient-view", chart=SICK, fhirServer=base.url, prefetch={}))

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:10]
        await asyncio.sleep(late_s)
        yield body[10:]

    answer = hooks.ask(
        "POST",
        "/cds-services/nms-patient-view",
        content=slowly(),
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 412
    assert RESERVE_S <= given[0] <= HARD_STOP_S - RESERVE_S - late_s


def test_no_tenant_can_be_given_more_than_the_hard_stop() -> None:
    assert DEADLINE_MS[1] == HARD_STOP_S * 1000
