"""Every fault has an answer in the form of the side it happened on.

OperationOutcome under /fhir, /cds-services, /health and /metrics; `{"error": ...}` under /api;
a page elsewhere. No answer holds a stack trace, a token or patient content.
"""

from collections.abc import Callable, Mapping

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.errors import SentinelError
from service.metrics import count
from service.outcome import JSON, Issue, encoded, of_fault, operation_outcome

Page = Callable[[int, str], Response]
log = structlog.get_logger(__name__)

RETRY_S = "2"
_OUTCOMES = ("/fhir", "/cds-services", "/health", "/metrics")
_PROGRAMS = "/api/"
_SAID = {
    400: ("invalid", "The request is not valid."),
    401: ("login", "Unauthorized"),
    403: ("forbidden", "Forbidden"),
    404: ("not-found", "There is nothing at this address."),
    405: ("not-supported", "This address does not answer this method."),
    406: ("not-supported", "This form of answer is not available."),
    417: ("not-supported", "This expectation cannot be met."),
}
_OURS = "The service failed on this request. Nothing is known from this answer."


class Faults:
    """Makes the answers; `page` renders one for people."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def of(self, path: str, fault: SentinelError) -> Response:
        """The answer to an error of ours."""
        count("nms_sentinel_requests_refused_total", code=fault.code)
        extra = _headers(fault.status)
        if _speaks_fhir(path):
            body = encoded(of_fault(fault))
            return Response(body, fault.status, media_type=JSON, headers=extra)
        if path.startswith(_PROGRAMS):
            return _program(fault.status, fault.code, fault.message, fault.location, extra)
        return _with(self._page(fault.status, fault.message), extra)

    def refusal(self, path: str, fault: SentinelError) -> Response:
        """The answer to an error of ours on the way through a route: logged, too."""
        log.info("request.refused", code=fault.code, status=fault.status)
        return self.of(path, fault)

    def plain(self, path: str, status: int, extra: Mapping[str, str] | None = None) -> Response:
        """The answer for a bare status, from the router or from a failure of ours."""
        kind, words = _SAID.get(status, ("exception", _OURS))
        count("nms_sentinel_requests_refused_total", code=f"http-{status}")
        headers = {**_headers(status), **(extra or {})}
        if _speaks_fhir(path):
            severity = "fatal" if status >= 500 else "error"
            issue = Issue(severity, kind, f"http-{status}", words, "http.url")
            body = encoded(operation_outcome([issue]))
            return Response(body, status, media_type=JSON, headers=headers)
        if path.startswith(_PROGRAMS):
            return _program(status, f"http-{status}", words, None, headers)
        return _with(self._page(status, words), headers)

    def install(self, app: FastAPI) -> None:
        """Answer whatever the routes raise on purpose; the rest ends at the edge."""

        async def ours(request: Request, fault: Exception) -> Response:
            assert isinstance(fault, SentinelError)  # noqa: S101 - registered for it only
            return self.refusal(request.url.path, fault)

        async def bare(request: Request, fault: Exception) -> Response:
            assert isinstance(fault, HTTPException)  # noqa: S101 - registered for it only
            allowed = {k: v for k, v in (fault.headers or {}).items() if k.lower() == "allow"}
            return self.plain(request.url.path, fault.status_code, allowed)

        async def invalid(request: Request, _fault: Exception) -> Response:
            return self.plain(request.url.path, 400)

        app.add_exception_handler(SentinelError, ours)
        app.add_exception_handler(HTTPException, bare)
        app.add_exception_handler(RequestValidationError, invalid)


def _speaks_fhir(path: str) -> bool:
    return any(path == room or path.startswith(f"{room}/") for room in _OUTCOMES)


def _headers(status: int) -> dict[str, str]:
    if status in (429, 503):
        return {"Retry-After": RETRY_S}
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if status == 413:  # the rest of the body is not read
        return {"Connection": "close"}
    return {}


def _program(
    status: int, code: str, words: str, where: str | None, headers: Mapping[str, str]
) -> Response:
    told = {"error": {"code": code, "message": words, "location": where}}
    return Response(
        orjson.dumps(told), status, media_type="application/json", headers=dict(headers)
    )


def _with(response: Response, headers: Mapping[str, str]) -> Response:
    response.headers.update(headers)
    return response
