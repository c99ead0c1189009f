"""Bytes and time are limited before a body is read; what is compressed is not unpacked."""

import asyncio
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.edge.faults import Faults
from service.errors import BadInput, SentinelError, TooLarge, UnsupportedType

FORM_BYTES = 100_000


class SlowBody(BadInput):
    """The body did not come in time (408)."""

    status = 408
    issue = "timeout"


class ExpectationFailed(BadInput):
    """Expect asked for something else than 100-continue (417)."""

    status = 417
    issue = "not-supported"


class BodyLimits:
    """Refuses by Content-Length before reading, and by count while reading.

    `largest`: (path prefix, bytes), the first that fits counts; other paths take FORM_BYTES.
    """

    def __init__(
        self, app: ASGIApp, faults: Faults, largest: tuple[tuple[str, int], ...], seconds: float
    ) -> None:
        self._app = app
        self._faults = faults
        self._largest = largest
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._limit(scope["path"])
        refused = _refusal(Headers(scope=scope), most)
        if refused is not None:
            await self._faults.of(scope["path"], refused)(scope, receive, send)
            return
        await self._app(scope, self._counted(receive, most), send)

    def _limit(self, path: str) -> int:
        fitting = (most for start, most in self._largest if path.startswith(start))
        return next(fitting, FORM_BYTES)

    def _counted(self, receive: Receive, most: int) -> Receive:
        taken, ends, whole = 0, time.monotonic() + self._seconds, False

        async def counted() -> Message:
            nonlocal taken, whole
            if whole:  # waiting for the client to leave, which may take as long as it likes
                return await receive()
            try:
                async with asyncio.timeout(ends - time.monotonic()):
                    message = await receive()
            except TimeoutError:
                said = f"The body did not arrive within {self._seconds:g} s."
                raise SlowBody(said, code="slow-body", location="http.body") from None
            if message["type"] != "http.request":
                return message
            taken += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if taken > most:
                raise _too_large(most)
            return message

        return counted


def _refusal(headers: Headers, most: int) -> SentinelError | None:
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        said = "Send the body without Content-Encoding: compressed bodies are not unpacked."
        return UnsupportedType(said, code="content-encoding", location="http.content-encoding")
    expected = headers.get("expect", "").strip().lower()
    if expected not in ("", "100-continue"):
        said = "Expect can only be 100-continue."
        return ExpectationFailed(said, code="expectation", location="http.expect")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length[:18]) > most:
        return _too_large(most)
    return None


def _too_large(most: int) -> TooLarge:
    said = f"The body is larger than {most} bytes."
    return TooLarge(said, code="too-large", location="http.content-length")
