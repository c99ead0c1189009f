"""The busiest address without the framework's ceremonies.

Routing, its stacks and its handlers of exceptions are a third of what a bundle costs the process
that answers hooks. The limits, the log line and the measures are around this, as around the rest.
"""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.edge.faults import Faults
from service.errors import SentinelError


class Straight:
    """Answers POST `path` with `answer`; everything else goes on. Innermost, after the limits."""

    def __init__(
        self,
        app: ASGIApp,
        faults: Faults,
        path: str,
        answer: Callable[[Request], Awaitable[Response]],
    ) -> None:
        self._app = app
        self._faults = faults
        self._path = path
        self._answer = answer
        self._route = SimpleNamespace(path=path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        scope["route"] = self._route  # by which it is counted and logged
        try:
            response = await self._answer(Request(scope, receive, send))
        except SentinelError as fault:
            response = self._faults.refusal(self._path, fault)
        await response(scope, receive, send)
