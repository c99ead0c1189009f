"""What every request passes: ids, limits before reading, safe headers, an answer for all faults."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response

from service.edge.cors import Cors
from service.edge.faults import Faults
from service.edge.limits import BodyLimits
from service.edge.media import JSON_FORMS, accept_form, content_form
from service.edge.passage import Passage
from service.edge.rate import Rate
from service.errors import BadInput, TooMany, Unavailable

MOST = 1000


def page(status: int, words: str) -> Response:
    return PlainTextResponse(words, status)


def app(*, https: bool = False, origins: tuple[str, ...] = ("*",), seconds: float = 5) -> FastAPI:
    faults, made = Faults(page), FastAPI(docs_url=None, openapi_url=None)

    @made.post("/fhir")
    @made.post("/cds-services/x")
    async def echo(request: Request) -> dict[str, Any]:
        content_form(request, JSON_FORMS)
        accept_form(request)
        return {"bytes": len(await request.body()), "correlation": request.state.correlation}

    @made.get("/fhir/breaks")
    @made.get("/worklist/breaks")
    @made.get("/api/v1/breaks")
    @made.get("/cds-services/breaks")
    async def breaks() -> None:
        raise ZeroDivisionError("secret canary")

    @made.get("/fhir/away")
    async def away() -> None:
        raise Unavailable("The store is busy.", code="store-locked")

    @made.get("/api/v1/bad")
    async def bad() -> None:
        raise BadInput("No.", code="no", location="x")

    faults.install(made)
    made.add_middleware(
        BodyLimits, faults=faults, largest=(("/fhir", MOST), ("/cds", MOST)), seconds=seconds
    )
    made.add_middleware(Passage, faults=faults, https=https, docs=False)
    made.add_middleware(Cors, origins=origins)
    return made


def ask(method: str, path: str, made: FastAPI | None = None, **held: Any) -> httpx.Response:
    async def whole() -> httpx.Response:
        transport = httpx.ASGITransport(made or app())
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **held)

    return asyncio.run(whole())


def post(path: str = "/fhir", body: Any = b"{}", **headers: str) -> httpx.Response:
    given = {"content-type": "application/fhir+json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return ask("POST", path, content=body, headers=given)


def code(answer: httpx.Response) -> str:
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert answer.headers["content-type"].startswith("application/fhir+json")
    (issue,) = outcome["issue"]
    assert issue["severity"] in ("error", "fatal")
    return str(issue["details"]["coding"][0]["code"])


def test_a_request_has_its_id_and_safe_headers() -> None:
    answer = post(x_request_id="abc-1", x_correlation_id="chart:9")
    assert answer.status_code == 200
    assert answer.headers["x-request-id"] == "abc-1"
    assert answer.headers["x-correlation-id"] == answer.json()["correlation"] == "chart:9"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("given", ["", "a b", "x" * 101, "<script>", "../../etc"])
def test_an_id_that_is_none_is_replaced(given: str) -> None:
    answer = post(x_request_id=given)
    assert answer.headers["x-request-id"] not in ("", given)
    assert len(answer.headers["x-request-id"]) == 32


def test_behind_https_browsers_are_told_to_stay_there() -> None:
    answer = ask("GET", "/fhir/away", app(https=True))
    assert "max-age" in answer.headers["strict-transport-security"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/fhir/breaks", "outcome"), ("/cds-services/breaks", "outcome"),
        ("/api/v1/breaks", "program"), ("/worklist/breaks", "page"),
    ],
)  # fmt: skip
def test_a_failure_of_ours_is_said_and_tells_nothing(path: str, kind: str) -> None:
    answer = ask("GET", path)
    assert answer.status_code == 500
    assert "canary" not in answer.text
    assert "Traceback" not in answer.text
    if kind == "outcome":
        assert code(answer) == "http-500"
    if kind == "program":
        assert answer.json()["error"]["code"] == "http-500"


def test_what_is_away_for_now_says_when_to_come_again() -> None:
    answer = ask("GET", "/fhir/away")
    assert (answer.status_code, code(answer)) == (503, "store-locked")
    assert answer.headers["retry-after"] == "2"


def test_programs_get_errors_in_their_form() -> None:
    told = ask("GET", "/api/v1/bad").json()["error"]
    assert told == {"code": "no", "message": "No.", "location": "x"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/fhir/nothing", 404), ("GET", "/fhir", 405), ("DELETE", "/fhir", 405),
        ("PATCH", "/cds-services/x", 405), ("GET", "/cds-services/a/b/c", 404),
    ],
)  # fmt: skip
def test_no_such_address_or_method(method: str, path: str, status: int) -> None:
    answer = ask(method, path)
    assert (answer.status_code, code(answer)) == (status, f"http-{status}")
    if status == 405:
        assert answer.headers["allow"] == "POST"


def test_too_large_by_its_own_word_is_not_read() -> None:
    read: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(b"x")
        yield b"x"

    answer = post(body=body(), content_length=str(MOST + 1))
    assert (answer.status_code, code(answer)) == (413, "too-large")
    assert answer.headers["connection"] == "close"
    assert read == []


def test_too_large_without_saying_so_is_read_no_further() -> None:
    read: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        for number in range(100):
            read.append(number)
            yield b"x" * 100

    answer = post(body=body())
    assert (answer.status_code, code(answer)) == (413, "too-large")
    assert len(read) <= MOST / 100 + 2


def test_a_slow_body_is_given_up() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(5)

    headers = {"content-type": "application/json"}
    answer = ask("POST", "/fhir", app(seconds=0.2), content=body(), headers=headers)
    assert (answer.status_code, code(answer)) == (408, "slow-body")


@pytest.mark.parametrize(
    ("headers", "status", "said"),
    [
        ({"content_encoding": "gzip"}, 415, "content-encoding"),
        ({"expect": "200-ok"}, 417, "expectation"),
        ({"expect": "100-continue"}, 200, ""),
        ({"content_type": "application/fhir+xml"}, 415, "content-type"),
        ({"content_type": ""}, 415, "content-type"),
        ({"content_type": "text/plain"}, 415, "content-type"),
        ({"content_type": "application/json; charset=latin1"}, 415, "charset"),
        ({"content_type": "application/json; charset=UTF-8"}, 200, ""),
        ({"content_type": 'application/fhir+json;charset="utf-8";fhirVersion=4.0'}, 200, ""),
        ({"content_type": 'application/fhir+json; fhirVersion="5.0"'}, 200, ""),
        ({"content_type": "application/fhir+json; fhirVersion=9.9"}, 415, "fhir-version"),
        ({"content_type": "application/json; fhirversion=latest"}, 415, "fhir-version"),
        ({"content_type": "application/json+fhir"}, 200, ""),
        ({"accept": "application/fhir+xml"}, 406, "accept"),
        ({"accept": "application/json;q=0"}, 406, "accept"),
        ({"accept": "text/html, application/json;q=0.5"}, 200, ""),
        ({"accept": "*/*"}, 200, ""),
    ],
)  # fmt: skip
def test_forms_of_bodies_and_answers(headers: dict[str, str], status: int, said: str) -> None:
    answer = post(**headers)
    assert answer.status_code == status
    if said:
        assert code(answer) == said


@pytest.mark.parametrize("path", ["/cds-services/x", "/cds-services/breaks", "/cds-services/none"])
def test_browsers_may_read_every_answer_of_the_hooks(path: str) -> None:
    answer = ask("GET", path, headers={"origin": "https://ehr.example"})
    assert answer.status_code in (404, 405, 500)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_preflight_needs_no_token() -> None:
    headers = {"origin": "https://ehr.example", "access-control-request-method": "POST"}
    answer = ask("OPTIONS", "/cds-services/x", headers=headers)
    assert answer.status_code == 204
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-origin" not in ask("GET", "/fhir/away", headers=headers).headers


def test_only_the_origins_named_may_read() -> None:
    made = app(origins=("https://ehr.example",))
    for origin, allowed in (("https://ehr.example", True), ("https://other.example", False)):
        answer = ask("GET", "/cds-services/x", made, headers={"origin": origin})
        assert ("access-control-allow-origin" in answer.headers) is allowed
        assert "Origin" in answer.headers["vary"]


def test_a_caller_has_a_bucket_of_calls() -> None:
    now = [0.0]
    rate = Rate(60, lambda: now[0])
    for _ in range(10):
        rate.take("a")
    with pytest.raises(TooMany):
        rate.take("a")
    rate.take("b")
    now[0] += 1.0
    rate.take("a")
    with pytest.raises(TooMany):
        rate.take("a")
