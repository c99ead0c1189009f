"""The busiest addresses without the framework's ceremonies.

Routing, its stacks and its handlers of exceptions are a third of what a bundle costs the process
that answers hooks, and as much of a hook call whose chart is known. The limits, the log line and
the measures are around this, as around the rest.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.edge.faults import Faults
from service.errors import SentinelError

Answer = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Road:
    """What answers POST at one address. `template`: of its route, by which it is counted."""

    template: str
    answer: Answer


class Straight:
    """Answers POST at the addresses of `roads`; everything else goes on. Innermost, after the
    limits."""

    def __init__(self, app: ASGIApp, faults: Faults, roads: Mapping[str, Road]) -> None:
        self._app = app
        self._faults = faults
        self._roads = {
            path: (SimpleNamespace(path=road.template), road.answer) for path, road in roads.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        road = self._roads.get(scope["path"]) if scope["type"] == "http" else None
        if road is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        scope["route"], answer = road  # by the route it is counted and logged
        try:
            response = await answer(Request(scope, receive, send))
        except SentinelError as fault:
            response = self._faults.refusal(scope["path"], fault)
        await response(scope, receive, send)
