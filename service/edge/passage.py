"""The outer frame of a request: its id, safe headers, one log line, its measures, and an answer
even when everything inside failed. Pure ASGI: it costs next to nothing (design: stack section 6).
"""

import re
import time
import uuid
from collections.abc import Iterable
from typing import Any

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.edge.faults import Faults
from service.logs import bind, place_of
from service.metrics import count, metric

Header = tuple[bytes, bytes]
REQUEST_ID, CORRELATION_ID = "x-request-id", "x-correlation-id"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
_POLICY = b"content-security-policy"
_SAFE: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (_POLICY, b"default-src 'none'; frame-ancestors 'none'"),
)
_HSTS: Header = (b"strict-transport-security", b"max-age=31536000")
# asked every few seconds by machines: counted, not logged
_UNLOGGED = ("/health/", "/metrics")
log = structlog.get_logger(__name__)


class Passage:
    """Outermost but for CORS."""

    def __init__(self, app: ASGIApp, faults: Faults, *, https: bool, docs: bool) -> None:
        self._app = app
        self._faults = faults
        self._https = https
        self._docs = docs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope)
        request_id = _taken(given.get(REQUEST_ID)) or uuid.uuid4().hex
        correlation = _taken(given.get(CORRELATION_ID)) or request_id
        scope.setdefault("state", {})["correlation"] = correlation
        seen = {"status": 0}
        ids = (
            (REQUEST_ID.encode(), request_id.encode()),
            (CORRELATION_ID.encode(), correlation.encode()),
        )

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                headers = self._framed(scope["path"], message.get("headers", ()), ids)
                message = {**message, "headers": headers}
            await send(message)

        with bind(request_id=request_id, correlation=correlation):
            await self._timed(scope, receive, answered, seen)

    async def _timed(
        self, scope: Scope, receive: Receive, send: Send, seen: dict[str, int]
    ) -> None:
        begun = time.perf_counter()
        metric("nms_sentinel_http_in_flight").inc()
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            seen["status"] = 499
        except Exception as fault:
            log.error("request.failed", route=_route(scope), **place_of(fault))
            if seen["status"]:
                raise  # half an answer is out: the broken connection tells the client
            await self._faults.plain(scope["path"], 500)(scope, receive, send)
        finally:
            metric("nms_sentinel_http_in_flight").dec()
            _noted(scope, seen["status"] or 499, time.perf_counter() - begun)

    def _framed(self, path: str, given: Iterable[Header], ids: Iterable[Header]) -> list[Header]:
        """The headers of an answer: its own, the safe ones that it does not set itself, the ids."""
        headers = list(given)
        named = {name for name, _ in headers}
        headers += [header for header in _SAFE if header[0] not in named]
        if self._docs and path == "/docs":
            headers = [header for header in headers if header[0] != _POLICY]
        if self._https:
            headers.append(_HSTS)
        return [*headers, *ids]


def _taken(given: str | None) -> str | None:
    """An id of the caller, when it is one: it is echoed and logged."""
    return given if given and _ID.fullmatch(given) else None


def _route(scope: Scope) -> str:
    """The template of the route, never the path: paths hold patient ids."""
    route: Any = scope.get("route")
    return str(getattr(route, "path", "")) or "unmatched"


def _noted(scope: Scope, status: int, took: float) -> None:
    route, method = _route(scope), scope["method"]
    known = method if method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS") else "other"
    count("nms_sentinel_http_requests_total", method=known, route=route, status=str(status))
    metric("nms_sentinel_http_seconds", route=route).observe(took)
    if not route.startswith(_UNLOGGED):
        log.info(
            "request.answered", method=known, route=route, status=status, ms=round(took * 1000, 1)
        )
