"""Reads what a client did not prefetch from its FHIR server: pinned, bounded, inside a deadline.

Only the tenant's base is ever contacted, at the address it resolved to; redirects are refused,
pages and bytes are bounded, compressed answers are not read, the token goes to that one server
and is neither kept nor logged. Whatever goes wrong is a named failure, never an empty result.
"""

import asyncio
import re
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx
import orjson
import structlog

from service.errors import SentinelError
from service.fhir.address import Base, Resolve, addresses
from service.fhir.limits import Limits, check

log = structlog.get_logger(__name__)

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # the FHIR id grammar
_TOKEN = re.compile(r"\{\{\s*([^}]*?)\s*\}\}")
ACCEPT = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """`deadline_s` for everything together; `pages` and `page_bytes` for one query."""

    deadline_s: float = 0.45
    pages: int = 5
    page_bytes: int = 4 * 1024 * 1024
    failures_to_open: int = 5  # of the circuit, in a row
    open_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to one query: `pages` as received, `failure` a code or "".

    `complete` is False when a further page was not read: what was read is used and said.
    """

    pages: tuple[dict[str, Any], ...] = ()
    failure: str = ""
    complete: bool = True


def expanded(template: str, context: Mapping[str, Any]) -> str | None:
    """A prefetch template with its tokens filled in; None when one cannot be.

    Values must be FHIR ids: nothing of a context can change the path or the query.
    """
    missing = False

    def fill(hit: re.Match[str]) -> str:
        nonlocal missing
        value = context.get(hit.group(1).removeprefix("context."))
        if not isinstance(value, str) or not _ID.fullmatch(value):
            missing = True
            return ""
        return value

    filled = _TOKEN.sub(fill, template)
    return None if missing else filled


class _PinnedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the pinned host at the address it resolved to first, and nowhere else."""

    def __init__(self, base: Base, resolve: Resolve) -> None:
        self._base = base
        self._resolve = resolve
        self._pinned: str | None = None
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        if (host, port) != (self._base.host, self._base.port):
            raise httpcore.ConnectError("not the pinned server")
        if self._pinned is None:
            found = await asyncio.to_thread(self._resolve, host, port)
            if not found:
                raise httpcore.ConnectError("host has no address")
            self._pinned = found[0]
        return await self._inner.connect_tcp(
            self._pinned, port, timeout, local_address, socket_options
        )

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class FhirClient:
    """Reads from one tenant's FHIR server. Safe to share between requests of one event loop."""

    def __init__(
        self,
        base: Base,
        limits: FetchLimits | None = None,
        *,
        resolve: Resolve = addresses,
        verify: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.base = base
        self._limits = limits or FetchLimits()
        self._clock = clock
        self._failed_in_a_row = 0
        self._open_until = 0.0
        context = verify or ssl.create_default_context()
        # trust_env off: a proxy of the environment would see the token
        transport = httpx.AsyncHTTPTransport(verify=context, trust_env=False)
        transport._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=20,
            network_backend=_PinnedBackend(base, resolve),
        )
        self._http = httpx.AsyncClient(
            transport=transport,
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(self._limits.deadline_s),
        )

    @property
    def is_open(self) -> bool:
        """Is the circuit open: has the server failed so often that it is left alone for now?"""
        return self._clock() < self._open_until

    async def aclose(self) -> None:
        await self._http.aclose()

    async def fetch(
        self, queries: Mapping[str, str], token: str | None, deadline_s: float | None = None
    ) -> dict[str, Fetched]:
        """All queries at once, relative to the base; each has an answer within the deadline.

        Failures: deadline, connect, redirect, status-NNN, too-large, encoded, not-json,
        not-fhir, outcome, circuit-open.
        """
        if not queries:
            return {}
        if self.is_open:
            return {key: Fetched(failure="circuit-open") for key in queries}
        limit = self._limits.deadline_s if deadline_s is None else deadline_s
        until = self._clock() + limit
        read: dict[str, list[dict[str, Any]]] = {key: [] for key in queries}
        asked = {
            key: asyncio.ensure_future(self._query(query, token, read[key]))
            for key, query in queries.items()
        }
        done, late = await asyncio.wait(asked.values(), timeout=max(0.0, until - self._clock()))
        for task in late:
            task.cancel()
        if late:
            await asyncio.gather(*late, return_exceptions=True)
        found = {
            key: task.result() if task in done else _late(read[key]) for key, task in asked.items()
        }
        self._count(found.values())
        return found

    def _count(self, found: Iterable[Fetched]) -> None:
        """Open the circuit after failures in a row that are the server's, not the query's."""
        if any(not f.failure for f in found):
            self._failed_in_a_row = 0
            return
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= self._limits.failures_to_open:
            self._open_until = self._clock() + self._limits.open_s
            self._failed_in_a_row = 0
            log.warning("fhir.circuit-open", host=self.base.host, seconds=self._limits.open_s)

    async def _query(self, query: str, token: str | None, pages: list[dict[str, Any]]) -> Fetched:
        """`pages` is filled as they come: what was read counts when time runs out."""
        url: str | None = f"{self.base.url}/{query.lstrip('/')}"
        while url is not None:
            page, failure = await _guarded(self._page(url, token))
            if failure:
                return Fetched(tuple(pages), "" if pages else failure, complete=False)
            pages.append(page)
            url = self._next(url, page)
            if url is not None and len(pages) >= self._limits.pages:
                return Fetched(tuple(pages), complete=False)
            if url == "":
                return Fetched(tuple(pages), complete=False)
        return Fetched(tuple(pages))

    async def _page(self, url: str, token: str | None) -> tuple[dict[str, Any], str]:
        headers = {"Accept": ACCEPT, "Accept-Encoding": "identity"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        async with self._http.stream("GET", url, headers=headers) as answer:
            if answer.is_redirect or 300 <= answer.status_code < 400:
                return {}, "redirect"
            if answer.status_code != httpx.codes.OK:
                return {}, f"status-{answer.status_code}"
            if answer.headers.get("content-encoding", "identity").lower() != "identity":
                return {}, "encoded"
            body = bytearray()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > self._limits.page_bytes:
                    return {}, "too-large"
        return _resource(bytes(body), self._limits.page_bytes)

    def _next(self, url: str, page: Mapping[str, Any]) -> str | None:
        """The next page's URL; None when there is none, "" when it lies elsewhere."""
        links = page.get("link")
        for link in links if isinstance(links, list) else []:
            if not isinstance(link, dict) or link.get("relation") != "next":
                continue
            there = link.get("url")
            return self._within(urljoin(url, there)) if isinstance(there, str) else ""
        return None

    def _within(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            return ""
        same = (
            parts.scheme == self.base.scheme
            and (parts.hostname or "").lower() == self.base.host
            and port == self.base.port
            and "@" not in parts.netloc
        )
        inside = f"{parts.path}/".startswith(f"{self.base.path}/")
        climbs = ".." in parts.path.split("/") or "%" in parts.path
        return url if same and inside and not climbs else ""


def _late(pages: list[dict[str, Any]]) -> Fetched:
    return Fetched(tuple(pages), "" if pages else "deadline", complete=False)


def _resource(body: bytes, limit: int) -> tuple[dict[str, Any], str]:
    try:
        check(body, Limits(max_bytes=limit))
        held = orjson.loads(body)
    except (SentinelError, orjson.JSONDecodeError):
        return {}, "not-json"
    if not isinstance(held, dict) or not isinstance(held.get("resourceType"), str):
        return {}, "not-fhir"
    return (held, "outcome") if held["resourceType"] == "OperationOutcome" else (held, "")


async def _guarded(work: Awaitable[tuple[dict[str, Any], str]]) -> tuple[dict[str, Any], str]:
    try:
        return await work
    except (httpx.HTTPError, httpcore.NetworkError, httpcore.ProtocolError, OSError) as fault:
        log.info("fhir.unreachable", fault=type(fault).__name__)
        return {}, "connect"
