"""CORS for browser-based CDS clients: on every answer under /cds-services, errors included.

No credentials are allowed: the token in the Authorization header is what counts.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ROOM = "/cds-services"
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept, X-Request-ID",
    "Access-Control-Max-Age": "600",
    "Allow": "GET, POST, OPTIONS",
}
_EXPOSED = "X-Request-ID, X-Correlation-ID, Retry-After, WWW-Authenticate"


class Cors:
    """`origins`: ("*",) or the origins that may read answers."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path == ROOM or path.startswith(f"{ROOM}/")):
            await self._app(scope, receive, send)
            return
        allowed = self._allowed(Headers(scope=scope).get("origin"))

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                headers.add_vary_header("Origin")
                if allowed:
                    headers["Access-Control-Allow-Origin"] = allowed
                    headers["Access-Control-Expose-Headers"] = _EXPOSED
            await send(message)

        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, marked)
            return
        await self._app(scope, receive, marked)

    def _allowed(self, origin: str | None) -> str | None:
        if origin is None:
            return None
        if self._origins == ("*",):
            return "*"
        return origin if origin.rstrip("/") in self._origins else None
